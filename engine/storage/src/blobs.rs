//! The files of artifacts, each stored once under its SHA-256:
//! `artifacts/<project>/blobs/sha256/<first two digits>/<digest>`, as the peer keeps them.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use paceline_schema::artifact::BlobDigest;
use sha2::{Digest, Sha256};

use crate::error::StorageError;

/// Bytes hashed at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// The blobs of one project.
#[derive(Debug, Clone)]
pub struct Blobs {
    directory: PathBuf,
}

impl Blobs {
    /// In a data directory; `project` is a canonical name.
    pub(crate) fn new(data_directory: &Path, project: &str) -> Self {
        Self { directory: data_directory.join("artifacts").join(project).join("blobs").join("sha256") }
    }

    /// Whether a blob is there.
    #[must_use]
    pub fn contains(&self, digest: &BlobDigest) -> bool {
        self.path(digest).is_file()
    }

    /// Opens a blob; its size in bytes with it. `None` when it is not there.
    ///
    /// # Errors
    /// `NotReadable` when it is there and cannot be read.
    pub fn open(&self, digest: &BlobDigest) -> Result<Option<(File, u64)>, StorageError> {
        let path = self.path(digest);
        let opened = File::open(&path).and_then(|file| Ok((file.metadata()?, file)));
        match opened {
            Ok((metadata, file)) => Ok(metadata.is_file().then_some((file, metadata.len()))),
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename) =>
            {
                Ok(None)
            }
            Err(error) => Err(StorageError::NotReadable { path, reason: error.to_string() }),
        }
    }

    /// Moves a finished file of this file system to where its digest belongs, and returns when it is safe on
    /// the disk. A blob that is there already stays, and the file too.
    ///
    /// # Errors
    /// `DigestDiffers` when the file has another digest, else what keeps it from being read or moved.
    pub fn take_in(&self, digest: &BlobDigest, file: &Path) -> Result<(), StorageError> {
        if self.contains(digest) {
            return Ok(());
        }
        let unreadable =
            |error: io::Error| StorageError::NotReadable { path: file.to_owned(), reason: error.to_string() };
        let mut content = File::open(file).map_err(unreadable)?;
        let actual = sha256_of(&mut content).map_err(unreadable)?;
        if actual != digest.as_str() {
            return Err(StorageError::DigestDiffers { claimed: digest.to_string(), actual });
        }
        let path = self.path(digest);
        self.place(&content, file, &path).map_err(|error| StorageError::from_write(&path, &error))
    }

    /// Copies a file from anywhere to where its digest belongs, and returns when the copy is safe on the disk. A
    /// blob that is there already stays.
    ///
    /// # Errors
    /// `DigestDiffers` when the file has another digest, else what keeps it from being read or written.
    pub fn copy_in(&self, digest: &BlobDigest, file: &Path) -> Result<(), StorageError> {
        if self.contains(digest) {
            return Ok(());
        }
        let path = self.path(digest);
        let failed = |error: io::Error| StorageError::from_write(&path, &error);
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory).map_err(failed)?;
        // In the same file system, under a name that the peer takes for unfinished, too.
        let copy = self.directory.join(format!("{digest}.partial.{:016x}", fastrand::u64(..)));
        let copied = fs::copy(file, &copy)
            .map_err(|error| StorageError::NotReadable { path: file.to_owned(), reason: error.to_string() });
        let taken = copied.and_then(|_| self.take_in(digest, &copy));
        // Moved away by now, unless something failed or another process was faster.
        let _ = fs::remove_file(&copy);
        taken
    }

    fn place(&self, content: &File, file: &Path, path: &Path) -> io::Result<()> {
        content.sync_all()?;
        let folder = path.parent().unwrap_or(&self.directory);
        loop {
            match DirBuilder::new().recursive(true).mode(0o700).create(folder) {
                // It stood there, and was gone before it was looked at.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !folder.is_file() => continue,
                made => made?,
            }
            match fs::rename(file, path) {
                // Whoever removed its last blob just now took the folder along.
                Err(error) if error.kind() == io::ErrorKind::NotFound && file.exists() => {}
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        match File::open(folder) {
            // The same, after it had stood there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            opened => opened?.sync_all(),
        }
    }

    /// Removes a blob, and its folder when that is empty then.
    pub(crate) fn remove(&self, digest: &BlobDigest) -> io::Result<()> {
        let path = self.path(digest);
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        if let Some(folder) = path.parent() {
            // It goes only when it is empty.
            let _ = fs::remove_dir(folder);
        }
        Ok(())
    }

    /// Where a blob belongs.
    #[must_use]
    pub fn path(&self, digest: &BlobDigest) -> PathBuf {
        let name = digest.as_str();
        self.directory.join(&name[..2]).join(name)
    }
}

/// SHA-256 of some bytes, in hexadecimal.
pub(crate) fn sha256_text(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn sha256_of(content: &mut impl Read) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match content.read(&mut chunk)? {
            0 => return Ok(hexadecimal(&hash.finalize())),
            length => hash.update(&chunk[..length]),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(bytes: &[u8]) -> BlobDigest {
        BlobDigest::new(sha256_text(bytes)).expect("a digest")
    }

    #[test]
    fn a_file_is_taken_in_under_its_own_digest_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::new(folder.path(), "p");
        let uploaded = folder.path().join("uploaded");
        fs::write(&uploaded, b"weights").expect("it is written");
        let wrong = blobs.take_in(&digest(b"other"), &uploaded);
        assert!(matches!(wrong, Err(StorageError::DigestDiffers { .. })), "{wrong:?}");
        assert!(uploaded.exists() && !blobs.contains(&digest(b"other")));

        blobs.take_in(&digest(b"weights"), &uploaded).expect("it moves");
        assert!(!uploaded.exists());
        let (mut file, size) = blobs.open(&digest(b"weights")).expect("it opens").expect("it is there");
        let mut content = Vec::new();
        file.read_to_end(&mut content).expect("it is read");
        assert_eq!((content.as_slice(), size), (&b"weights"[..], 7));
        assert!(blobs.open(&digest(b"other")).expect("nothing is wrong").is_none());

        blobs.remove(&digest(b"weights")).expect("it goes");
        blobs.remove(&digest(b"weights")).expect("it is gone");
        assert_eq!(fs::read_dir(&blobs.directory).expect("the folder").count(), 0);
    }

    #[test]
    fn a_copy_leaves_its_file_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::new(folder.path(), "p");
        let file = folder.path().join("weights.bin");
        fs::write(&file, b"weights").expect("it is written");
        let wrong = blobs.copy_in(&digest(b"other"), &file);
        assert!(matches!(wrong, Err(StorageError::DigestDiffers { .. })), "{wrong:?}");
        let missing = blobs.copy_in(&digest(b"weights"), Path::new("/no/such/file"));
        assert!(matches!(missing, Err(StorageError::NotReadable { .. })), "{missing:?}");
        assert_eq!(fs::read_dir(&blobs.directory).expect("the folder").count(), 0);

        for _ in 0..2 {
            blobs.copy_in(&digest(b"weights"), &file).expect("it is copied");
        }
        assert!(file.exists() && blobs.contains(&digest(b"weights")));
        assert_eq!(fs::read_dir(&blobs.directory).expect("the folder").count(), 1);
    }

    #[test]
    fn a_blob_is_placed_while_others_empty_its_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::new(folder.path(), "p");
        let uploaded = folder.path().join("uploaded");
        std::thread::scope(|scope| {
            let placing = scope.spawn(|| {
                for _ in 0..300 {
                    fs::write(&uploaded, b"weights").expect("it is written");
                    blobs.take_in(&digest(b"weights"), &uploaded).expect("it moves");
                }
            });
            while !placing.is_finished() {
                blobs.remove(&digest(b"weights")).expect("it goes");
            }
            placing.join().expect("no panic");
        });
    }

    #[test]
    fn digests_are_of_the_whole_content() {
        let long = vec![7; CHUNK_BYTES + 1];
        assert_eq!(sha256_of(&mut long.as_slice()).expect("it is read"), sha256_text(&long));
        assert_eq!(sha256_text(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
