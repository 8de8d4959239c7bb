//! A file on this machine that is to be in a repository.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::fault::HubFault;

/// How much of a file the Hub wants to see before it says how to send it.
pub(crate) const SAMPLE_BYTES: usize = 512;
const CHUNK_BYTES: usize = 256 << 10;

/// A file with what identifies its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

impl LocalFile {
    /// Reads a file to know its content, piece by piece.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(path: &Path) -> Result<Self, HubFault> {
        let failed = |error| HubFault::local(path, &error);
        let mut file = File::open(path).map_err(failed)?;
        let (bytes, sha256) = digest(&mut file).map_err(failed)?;
        Ok(Self { path: path.to_owned(), bytes, sha256 })
    }

    /// Its first bytes.
    pub(crate) fn sample(&self) -> Result<Vec<u8>, HubFault> {
        let mut sample = Vec::with_capacity(SAMPLE_BYTES);
        let opened = File::open(&self.path);
        let read = opened.and_then(|file| file.take(SAMPLE_BYTES as u64).read_to_end(&mut sample));
        read.map(|_| sample).map_err(|error| HubFault::local(&self.path, &error))
    }
}

/// Size and SHA-256 of what a reader gives.
pub(crate) fn digest(reader: &mut impl Read) -> std::io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut bytes = 0;
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, hexadecimal(&hash.finalize())));
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
    }
}

/// SHA-256 of a text.
pub(crate) fn digest_text(text: &str) -> String {
    hexadecimal(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
pub(crate) fn digest_bytes(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
