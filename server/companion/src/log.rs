//! The file that a companion's messages go to: shared by all companions of a directory, and not left behind empty.
//!
//! The trainer opens it as the companion's standard error. Companions come and go side by side, so that the file
//! may be removed by one between being opened for another and its first message. Each holds a shared lock on the
//! file that it writes to; who finds none but its own removes an empty one.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Standard error of this process where it is the log of the directory.
pub(crate) struct CompanionLog<'a> {
    path: &'a Path,
    file: File,
}

impl<'a> CompanionLog<'a> {
    /// Holds the log at `path`; nothing where standard error is something else, as a terminal.
    pub(crate) fn hold(path: &'a Path) -> Option<Self> {
        Self::hold_as(path, &io::stderr())
    }

    fn hold_as(path: &'a Path, output: &(impl AsFd + AsRawFd)) -> Option<Self> {
        let mut file = File::from(output.as_fd().try_clone_to_owned().ok()?);
        if !file.metadata().ok()?.is_file() {
            return None;
        }
        loop {
            file.lock_shared().ok()?;
            match file.metadata().ok()?.nlink() {
                // Removed before the lock was ours; nobody would ever read what is written into it.
                0 => file = replace(path, output).ok()?,
                _ => break,
            }
        }
        let log = Self { path, file };
        log.is_at_its_path().then_some(log)
    }

    fn is_at_its_path(&self) -> bool {
        let identity = |found: fs::Metadata| (found.dev(), found.ino());
        let there = fs::metadata(self.path).map(identity);
        let ours = self.file.metadata().map(identity);
        matches!((there, ours), (Ok(there), Ok(ours)) if there == ours)
    }

    /// Removes the log when nothing was written to it and nobody else holds it.
    pub(crate) fn leave(self) {
        let is_alone = self.file.unlock().is_ok() && self.file.try_lock().is_ok();
        let is_empty = self.file.metadata().is_ok_and(|log| log.len() == 0);
        if is_alone && is_empty && self.is_at_its_path() {
            // Its directory may go as a whole at the same moment.
            let _ = fs::remove_file(self.path);
        }
        // Whoever opened it before that sees now that it is gone.
        let _ = self.file.unlock();
    }
}

/// Lets `output` go on into a new log.
fn replace(path: &Path, output: &impl AsRawFd) -> io::Result<File> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    #[allow(unsafe_code, reason = "the standard library does not replace its own descriptors")]
    // SAFETY: both descriptors are open, and the one that is replaced keeps its number.
    let status = unsafe { libc::dup2(file.as_raw_fd(), output.as_raw_fd()) };
    if status == -1 { Err(io::Error::last_os_error()) } else { Ok(file) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn open(path: &Path) -> File {
        OpenOptions::new().create(true).append(true).open(path).expect("a log can be opened")
    }

    #[test]
    fn an_empty_log_goes_with_the_last_who_holds_it() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let path = scratch.path().join("companion.log");
        let (first, second) = (open(&path), open(&path));
        let first_log = CompanionLog::hold_as(&path, &first).expect("it is the log");
        let second_log = CompanionLog::hold_as(&path, &second).expect("it is the log");
        second_log.leave();
        assert!(path.exists(), "the first still writes to it");
        first_log.leave();
        assert!(!path.exists());
    }

    #[test]
    fn what_is_written_after_another_left_can_be_read() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let path = scratch.path().join("companion.log");
        let (first, mut second) = (open(&path), open(&path));
        // The second was opened, and holds nothing yet, when the first leaves.
        CompanionLog::hold_as(&path, &first).expect("it is the log").leave();
        assert!(!path.exists());
        let log = CompanionLog::hold_as(&path, &second).expect("it is the log");
        second.write_all(b"a message").expect("it is written");
        log.leave();
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "a message");
    }

    #[test]
    fn what_is_not_the_log_is_left_alone() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let path = scratch.path().join("companion.log");
        let other = open(&scratch.path().join("elsewhere"));
        assert!(CompanionLog::hold_as(&path, &other).is_none());
        drop(open(&path));
        assert!(CompanionLog::hold_as(&path, &other).is_none());
        assert!(path.exists());
    }
}
