//! Files that were uploaded and wait for the call that uses them.
//!
//! They lie in `<data>/.paceline/uploads/` under names made here, so that the call only renames them into
//! place. What the client gets is a handle, not a path: it is looked up in memory, good for one call, and
//! forgotten with its file after an hour or when the server ends.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use paceline_schema::ErrorCode;
use paceline_schema::upload::FileData;

use crate::error::ApiError;

/// All waiting files together.
const MAX_WAITING_BYTES: u64 = 8 << 30;
/// The least a file counts, so that their number is limited too.
const BYTES_PER_FILE: u64 = 4 << 10;
/// How long a file waits for its call.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The waiting files of a server.
pub(crate) struct Uploads {
    directory: PathBuf,
    waiting: Mutex<HashMap<String, Waiting>>,
    /// Bytes of all files there are, unfinished ones included.
    held_bytes: Arc<AtomicU64>,
}

struct Waiting {
    file: UploadedFile,
    since: Instant,
}

/// An uploaded file. Whoever has it may move it away; what still lies there goes when this is dropped.
#[derive(Debug)]
pub(crate) struct UploadedFile {
    path: PathBuf,
    bytes: u64,
    held_bytes: Arc<AtomicU64>,
}

/// An uploaded file that is being written.
pub(crate) struct PartialFile {
    file: File,
    uploaded: UploadedFile,
}

impl Uploads {
    /// For a data directory. Files that earlier servers left behind are removed.
    pub(crate) fn open(data_directory: &Path) -> Self {
        let directory = data_directory.join(".paceline").join("uploads");
        remove_stale(&directory, SystemTime::now());
        Self { directory, waiting: Mutex::default(), held_bytes: Arc::default() }
    }

    /// Begins a file. Touches the disk.
    ///
    /// # Errors
    /// `Busy` when too much waits already, `StorageUnavailable` when the file cannot be made.
    pub(crate) fn begin(&self) -> Result<PartialFile, ApiError> {
        self.waiting().retain(|_, waiting| waiting.since.elapsed() < LIFETIME);
        let mut bits = [0_u8; 16];
        getrandom::fill(&mut bits).map_err(|error| ApiError::internal(error.to_string()))?;
        let name: String = bits.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = self.directory.join(name);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)
            .and_then(|()| OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path))
            .map_err(|error| not_writable(&error))
            .and_then(|file| {
                let uploaded = UploadedFile { path, bytes: 0, held_bytes: Arc::clone(&self.held_bytes) };
                let mut partial = PartialFile { file, uploaded };
                partial.uploaded.reserve(BYTES_PER_FILE)?;
                Ok(partial)
            })
    }

    /// Lets finished files wait for their calls; their handles in the same order.
    pub(crate) fn publish(&self, files: Vec<UploadedFile>) -> Vec<String> {
        let mut waiting = self.waiting();
        files
            .into_iter()
            .map(|file| {
                let name = file.path.file_name().unwrap_or_default().to_string_lossy();
                let handle = format!("upload-{name}");
                waiting.insert(handle.clone(), Waiting { file, since: Instant::now() });
                handle
            })
            .collect()
    }

    /// The file a call names; its handle is used up.
    ///
    /// # Errors
    /// `InvalidRequest` when that is no handle of this server, or was one.
    pub(crate) fn take(&self, named: &FileData) -> Result<UploadedFile, ApiError> {
        let waiting = self.waiting().remove(&named.path);
        match waiting.filter(|waiting| waiting.since.elapsed() < LIFETIME) {
            Some(waiting) => Ok(waiting.file),
            None => Err(ApiError::invalid("an uploaded file is not one that waits on this server")
                .with_hint("send the file to `POST /api/upload` and name it by the path in the answer; each is good for one call within an hour")),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartialFile {
    /// Writes on. Touches the disk.
    ///
    /// # Errors
    /// `Busy` when too much waits already, `StorageUnavailable` when it cannot be written.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), ApiError> {
        self.uploaded.reserve(bytes.len() as u64)?;
        self.file.write_all(bytes).map_err(|error| not_writable(&error))
    }

    /// The file is complete.
    pub(crate) fn finish(self) -> UploadedFile {
        self.uploaded
    }
}

impl UploadedFile {
    /// Where it lies, in the data directory's own file system.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn reserve(&mut self, bytes: u64) -> Result<(), ApiError> {
        self.bytes += bytes;
        if self.held_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > MAX_WAITING_BYTES {
            return Err(ApiError::new(ErrorCode::Busy, "too many uploaded files wait for their calls"));
        }
        Ok(())
    }
}

impl Drop for UploadedFile {
    fn drop(&mut self) {
        self.held_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        // Usually it was moved away.
        let _ = fs::remove_file(&self.path);
    }
}

fn not_writable(error: &io::Error) -> ApiError {
    ApiError::new(ErrorCode::StorageUnavailable, format!("an uploaded file cannot be written: {error}"))
}

/// Removes files that no server can still be waiting with; another one may share the directory.
fn remove_stale(directory: &Path, now: SystemTime) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let written = entry.metadata().and_then(|metadata| metadata.modified());
        let is_stale =
            written.is_ok_and(|written| now.duration_since(written).is_ok_and(|age| age > 2 * LIFETIME));
        if is_stale {
            // Whoever shares the directory may have been quicker.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(uploads: &Uploads, bytes: &[u8]) -> FileData {
        let mut partial = uploads.begin().expect("a file");
        partial.write(bytes).expect("it is written");
        let path = uploads.publish(vec![partial.finish()]).remove(0);
        FileData { path, orig_name: None, meta: Default::default() }
    }

    fn files(uploads: &Uploads) -> usize {
        fs::read_dir(&uploads.directory).expect("a folder").count()
    }

    #[test]
    fn a_handle_is_good_once_and_its_file_goes_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let uploads = Uploads::open(folder.path());
        let named = upload(&uploads, b"bytes");
        let file = uploads.take(&named).expect("it waits");
        assert_eq!(fs::read(file.path()).expect("it is there"), b"bytes");
        assert!(uploads.take(&named).is_err());
        let kept = folder.path().join("kept");
        fs::rename(file.path(), &kept).expect("it moves");
        drop(file);
        assert!(kept.exists());
        drop(uploads.take(&upload(&uploads, b"unused")).expect("it waits"));
        assert_eq!((files(&uploads), uploads.held_bytes.load(Ordering::Relaxed)), (0, 0));
    }

    #[test]
    fn a_path_is_no_handle() {
        let folder = tempfile::tempdir().expect("a folder");
        let uploads = Uploads::open(folder.path());
        let named = upload(&uploads, b"bytes");
        let name = named.path.trim_start_matches("upload-");
        let real = uploads.directory.join(name).to_string_lossy().into_owned();
        for path in [real, name.to_owned(), "/etc/passwd".to_owned(), String::new()] {
            assert!(uploads.take(&FileData { path, ..named.clone() }).is_err());
        }
        assert!(uploads.take(&named).is_ok());
    }

    #[test]
    fn what_is_left_behind_goes_when_it_is_old() {
        let folder = tempfile::tempdir().expect("a folder");
        let uploads = Uploads::open(folder.path());
        let _waits = upload(&uploads, b"bytes");
        remove_stale(&uploads.directory, SystemTime::now());
        assert_eq!(files(&uploads), 1);
        remove_stale(&uploads.directory, SystemTime::now() + 3 * LIFETIME);
        assert_eq!(files(&uploads), 0);
    }

    #[test]
    fn too_much_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let uploads = Uploads::open(folder.path());
        uploads.held_bytes.store(MAX_WAITING_BYTES - BYTES_PER_FILE - 1, Ordering::Relaxed);
        let mut partial = uploads.begin().expect("a file");
        assert!(partial.write(b"1").is_ok());
        assert_eq!(partial.write(b"2").expect_err("no room").code(), ErrorCode::Busy);
    }
}
