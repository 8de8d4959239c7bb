//! What tells files and rows from other ones: digests of their contents.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use paceline_storage::Cell;
use sha2::{Digest, Sha256};

use super::error::ParquetError;
use super::tables::Table;

/// A file that is written once, from its beginning to its end, with the digest of what went into it.
pub(crate) struct DigestedFile {
    file: BufWriter<File>,
    digest: Sha256,
    bytes: u64,
}

impl DigestedFile {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::with_capacity(1 << 18, File::create_new(path)?);
        Ok(Self { file, digest: Sha256::new(), bytes: 0 })
    }

    /// Brings it to the disk; its bytes and their SHA-256.
    pub(crate) fn finish(self) -> io::Result<(u64, String)> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok((self.bytes, hex(&self.digest.finalize())))
    }
}

impl Write for DigestedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file that is read once, with the digest of what came out of it.
pub(crate) struct DigestingReader {
    file: File,
    digest: Sha256,
}

impl DigestingReader {
    pub(crate) fn new(file: File) -> Self {
        Self { file, digest: Sha256::new() }
    }

    /// The SHA-256 of what was read.
    pub(crate) fn finish(self) -> String {
        hex(&self.digest.finalize())
    }
}

impl Read for DigestingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.digest.update(&buffer[..read]);
        Ok(read)
    }
}

/// The SHA-256 of a file.
pub(crate) fn of_file(path: &Path) -> Result<String, ParquetError> {
    let reading = ParquetError::reading(path);
    let mut file = DigestingReader::new(File::open(path).map_err(&reading)?);
    let mut buffer = vec![0; 1 << 18];
    while file.read(&mut buffer).map_err(&reading)? > 0 {}
    Ok(file.finish())
}

/// The digest of rows, one after the other.
#[derive(Default)]
pub(crate) struct ContentsDigest(Sha256);

impl ContentsDigest {
    pub(crate) fn add<'a>(&mut self, cell: Cell<'a>) {
        let mut bytes = |kind: u8, bytes: &[u8]| {
            self.0.update([kind]);
            self.0.update((bytes.len() as u64).to_le_bytes());
            self.0.update(bytes);
        };
        match cell {
            Cell::Null => bytes(0, &[]),
            Cell::Integer(number) => bytes(1, &number.to_le_bytes()),
            Cell::Real(number) => bytes(2, &number.to_bits().to_le_bytes()),
            // The same JSON may be text in one file and bytes in another.
            Cell::Text(text) | Cell::Blob(text) => bytes(3, text),
        }
    }

    pub(crate) fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

/// What tells a row from another one under the same number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowMark(pub(crate) String);

impl RowMark {
    /// Of a row's cells, but for the mark of rows that wait to be sent, which goes when they are.
    pub(crate) fn of<'a>(table: &Table, cell: impl Fn(usize) -> Cell<'a>) -> Self {
        let mut digest = ContentsDigest::default();
        for (place, column) in table.selected().into_iter().enumerate() {
            if column != "space_id" {
                digest.add(cell(place));
            }
        }
        let mut mark = digest.finish();
        mark.truncate(16);
        Self(mark)
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
