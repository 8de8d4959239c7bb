//! Advisory whole-file locks that end with the process that holds them.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::layout::open_private;

/// A lock that is held until this value is dropped or the process ends.
#[derive(Debug)]
pub struct FileLock {
    file: File,
    path: PathBuf,
}

impl FileLock {
    /// Takes the lock of `path`, made when missing; `None` when somebody else holds it.
    ///
    /// # Errors
    /// When the file cannot be opened or locks are not to be had there.
    pub fn try_acquire(path: &Path) -> io::Result<Option<Self>> {
        loop {
            let file = open_private(path)?;
            if !try_lock(&file)? {
                return Ok(None);
            }
            // Between opening and locking the file may have been removed and made again by another.
            match std::fs::metadata(path) {
                Ok(there) if there.ino() == file.metadata()?.ino() => {
                    return Ok(Some(Self { file, path: path.to_owned() }));
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether somebody holds the lock of `path`; a missing file is held by nobody. Where it cannot be told, as with too
    /// many files open, it is held: who is taken for gone wrongly loses what it writes.
    #[must_use]
    pub fn is_held(path: &Path) -> bool {
        match File::open(path) {
            // Shared: lookers do not take each other for a holder.
            Ok(file) => file.try_lock_shared().is_err(),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }

    /// The locked file, to read or write what stands in it.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Ends the lock and removes its file, so that nothing is left behind. Who waits for the old file
    /// notices and takes the new one.
    pub fn remove(self) {
        // A file that cannot be removed is only an empty file.
        let _ = std::fs::remove_file(&self.path);
    }

    pub(crate) fn descriptor(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(std::fs::TryLockError::WouldBlock) => Ok(false),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        assert!(!FileLock::is_held(&path));
        let first = FileLock::try_acquire(&path).expect("locks work").expect("free");
        assert!(FileLock::is_held(&path));
        assert!(FileLock::try_acquire(&path).expect("locks work").is_none());
        first.remove();
        assert!(!FileLock::is_held(&path) && !path.exists());
        assert!(FileLock::try_acquire(&path).expect("locks work").is_some());
    }

    #[test]
    fn who_looks_is_no_holder() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        drop(FileLock::try_acquire(&path).expect("locks work"));
        let looking = File::open(&path).expect("readable");
        looking.try_lock_shared().expect("free");
        assert!(!FileLock::is_held(&path));
    }

    #[test]
    fn a_lock_that_cannot_be_looked_at_is_held() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        // Leads to itself: opening it fails, as it does with too many files open.
        std::os::unix::fs::symlink(&path, &path).expect("it is made");
        assert!(FileLock::is_held(&path));
    }
}
