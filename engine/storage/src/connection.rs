//! Connections to a project's file: how they are opened, how long they wait for others.

use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::{Connection, OpenFlags, ffi};

use crate::Durability;
use crate::activity::count_lock_wait;
use crate::error::{Location, StorageError};

/// Page cache of each connection, in KiB (negative is SQLite's sign for this unit).
const CACHE_KIB: i64 = -8_000;
/// The same for statements of strangers: what is sorted at once, without a look at the clock, is as much.
const SANDBOX_CACHE_KIB: i64 = -1_000;
/// The first wait for a lock and the longest one, in seconds.
const SHORTEST_WAIT_SECONDS: f64 = 150e-6;
const LONGEST_WAIT_SECONDS: f64 = 8e-3;
/// Attempts of a reader before it gives up; at 6 ms on average this is half a minute.
const READER_ATTEMPTS: i32 = 5_000;

/// Which file a path led to; another one under the same path means the project was deleted and made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileIdentity {
    device: u64,
    inode: u64,
    /// Nanoseconds since 1970 at which the file was made, where the system tells: numbers are given out again.
    born: u128,
}

impl FileIdentity {
    /// The file at `path`, if there is one.
    pub(crate) fn of(path: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(metadata) => {
                let born = metadata.created().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                let born = born.map_or(0, |since| since.as_nanos());
                Ok(Some(Self { device: metadata.dev(), inode: metadata.ino(), born }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Display for FileIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}{:x}{:x}", self.device, self.inode, self.born)
    }
}

/// Waits between attempts to get a lock: short at first, longer later, always by chance, so that those who
/// wait do not move in step and each gets its turn.
pub(crate) struct Backoff {
    attempt: i32,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { attempt: 0 }
    }

    /// Sleeps once.
    pub(crate) fn pause(&mut self) {
        pause(self.attempt);
        self.attempt = self.attempt.saturating_add(1);
    }
}

fn pause(attempt: i32) {
    count_lock_wait();
    let longest = (SHORTEST_WAIT_SECONDS * 2f64.powi(attempt.min(16))).min(LONGEST_WAIT_SECONDS);
    std::thread::sleep(Duration::from_secs_f64(longest * (0.5 + 0.5 * fastrand::f64())));
}

fn reader_waits(attempt: i32) -> bool {
    pause(attempt);
    attempt < READER_ATTEMPTS
}

/// Makes the data directory (0700) and an empty file (0600) where they are missing.
pub(crate) fn create_file(path: &Path) -> Result<(), StorageError> {
    if let Some(directory) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| StorageError::from_write(directory, &error))?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StorageError::from_write(path, &error)),
    }
}

/// Opens the file for the writer. A lock that another holds is an error at once: the writer has its own way
/// to wait.
pub(crate) fn open_writer(location: &Location, durability: Durability) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&location.path, flags)?;
    connection.busy_timeout(Duration::ZERO)?;
    configure(&connection)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(
        None,
        "synchronous",
        match durability {
            Durability::Process => "NORMAL",
            Durability::Power => "FULL",
        },
    )?;
    Ok(connection)
}

/// Opens the file to move its write-ahead log into it.
pub(crate) fn open_to_checkpoint(location: &Location) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(&location.path, flags)
}

/// Opens the file for a reader. The handle may write what SQLite itself needs to write (a journal left by a
/// crash, the index of the write-ahead log), statements may not.
///
/// Where neither is possible, as in a directory without write permission, the file is read as it stands,
/// provided that no write-ahead log holds more of it.
pub(crate) fn open_reader(location: &Location) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    match Connection::open_with_flags(&location.path, flags).and_then(ready_to_read) {
        Err(error) if cannot_share(&error) && !has_write_ahead_log(&location.path) => {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
                | OpenFlags::SQLITE_OPEN_URI
                | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Connection::open_with_flags(immutable_uri(&location.path), flags).and_then(ready_to_read)
        }
        opened => opened,
    }
}

/// Opens the file for a statement of a stranger: the handle itself cannot write, and what does not fit into
/// its cache goes to temporary files, which vanish when they are closed.
pub(crate) fn open_sandbox(location: &Location) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(&location.path, flags).and_then(ready_to_read);
    let connection = match opened {
        Err(error) if cannot_share(&error) && !has_write_ahead_log(&location.path) => {
            let flags = flags | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(immutable_uri(&location.path), flags).and_then(ready_to_read)
        }
        opened => opened,
    }?;
    connection.pragma_update(None, "temp_store", "FILE")?;
    connection.pragma_update(None, "cache_size", SANDBOX_CACHE_KIB)?;
    Ok(connection)
}

fn ready_to_read(connection: Connection) -> rusqlite::Result<Connection> {
    connection.busy_handler(Some(reader_waits))?;
    configure(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    // Opening is lazy; this reads the first page and joins the write-ahead log.
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "trusted_schema", false)
}

fn cannot_share(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ffi::ErrorCode::CannotOpen | ffi::ErrorCode::ReadOnly))
}

fn has_write_ahead_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(log).is_ok_and(|metadata| metadata.len() > 0)
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.') {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri.push_str("?immutable=1");
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_and_file_are_for_the_owner_only() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let path = scratch.path().join("a/b/p.db");
        create_file(&path).expect("it is made");
        create_file(&path).expect("once is enough");
        let mode = |path: &Path| fs::metadata(path).expect("it is there").mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&scratch.path().join("a")), 0o700);
    }

    #[test]
    fn a_file_is_read_where_nothing_can_be_written_beside_it() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let path = scratch.path().join("ä %1.db");
        let location = Location { project: "x".into(), path: path.clone() };
        create_file(&path).expect("it is made");
        let writer = open_writer(&location, Durability::Process).expect("it opens");
        writer.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (7)").expect("it is written");
        drop(writer);
        // A directory in the way of the log's index stands for a directory without write permission, which
        // the superuser would not notice.
        fs::create_dir(scratch.path().join("ä %1.db-shm")).expect("it is made");
        let reader = open_reader(&location).expect("it falls back");
        let seven: i64 = reader.query_row("SELECT x FROM t", [], |row| row.get(0)).expect("it is read");
        assert_eq!(seven, 7);
    }

    #[test]
    fn readers_do_not_write() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let location = Location { project: "x".into(), path: scratch.path().join("x.db") };
        create_file(&location.path).expect("it is made");
        let reader = open_reader(&location).expect("it opens");
        assert!(reader.execute_batch("CREATE TABLE t (x)").is_err());
    }
}
