//! The side file of a project's series index: where it is, how it is opened, made and removed.
//!
//! Everything in it is derived from the rows, so whatever is wrong with it is mended by making it anew. Others
//! may do the same at any moment, and users may delete it: it is made and removed under a lock on its folder,
//! with the log beside it, and no connection that closes removes a log, which may be that of a newer file.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use paceline_journal::layout::{create_private_folder, own_folder};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::failure::IndexFailure;
use crate::connection::{Backoff, FileIdentity};

/// `PSIX`: what the file is.
const APPLICATION_ID: i32 = 0x5053_4958;
/// The form of the tables and of what is in them; a file of another one is made anew.
const FORMAT: i32 = 2;
/// Page cache of a connection, in KiB (negative is SQLite's sign for this unit).
const CACHE_KIB: i64 = -2_000;
/// How long others may take to make or remove the file, or to look after its log.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// Small heads apart from large blobs, so that a scan of heads reads few pages. A blob that is short stands in
/// the place of its number in `data`. `rid` is never used again, so a run that is built anew has nothing in
/// common with what it replaces.
const TABLES: &str = "
    CREATE TABLE run (rid INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL UNIQUE, state BLOB NOT NULL);
    CREATE TABLE block (rid INTEGER, rank INTEGER, number INTEGER, head BLOB NOT NULL, metrics BLOB NOT NULL,
        ids NOT NULL, steps NOT NULL, times NOT NULL, PRIMARY KEY (rid, rank, number)) WITHOUT ROWID;
    CREATE TABLE chunk (rid INTEGER, rank INTEGER, metric INTEGER, number INTEGER, head BLOB NOT NULL,
        content NOT NULL, PRIMARY KEY (rid, rank, metric, number)) WITHOUT ROWID;
    CREATE TABLE roll (rid INTEGER, rank INTEGER, metric INTEGER, number INTEGER, content BLOB NOT NULL,
        PRIMARY KEY (rid, rank, metric, number)) WITHOUT ROWID;
    CREATE TABLE data (id INTEGER PRIMARY KEY, content BLOB NOT NULL);
";

/// Where the side file of one project stands.
#[derive(Debug)]
pub(crate) struct SideFile {
    path: PathBuf,
}

/// A connection, and to which file.
#[derive(Debug)]
pub(crate) struct SideConnection {
    pub(crate) connection: Connection,
    pub(crate) file: FileIdentity,
}

impl SideFile {
    pub(crate) fn new(data_directory: &Path, project: &str) -> Self {
        Self { path: own_folder(data_directory).join(format!("{project}.series")) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file that stands there now, if there is one.
    pub(crate) fn identity(&self) -> Option<FileIdentity> {
        FileIdentity::of(&self.path).ok().flatten()
    }

    /// Opens the file; `None` where there is none, or one of another form.
    pub(crate) fn open(&self) -> Result<Option<SideConnection>, IndexFailure> {
        let Some(file) = self.identity() else { return Ok(None) };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match Connection::open_with_flags(&self.path, flags) {
            Err(_) if self.identity() != Some(file) => return Ok(None),
            opened => opened?,
        };
        configure(&connection)?;
        let is_ours = pragma(&connection, "application_id")? == APPLICATION_ID
            && pragma(&connection, "user_version")? == FORMAT;
        // Another file may have come in between.
        Ok((is_ours && self.identity() == Some(file)).then_some(SideConnection { connection, file }))
    }

    /// Opens the file for who writes and does not wait for others.
    pub(crate) fn open_to_write(&self) -> Result<SideConnection, IndexFailure> {
        let opened = self.open_or_make()?;
        opened.connection.busy_timeout(Duration::ZERO)?;
        Ok(opened)
    }

    /// Opens the file, made where there is none that can be used.
    fn open_or_make(&self) -> Result<SideConnection, IndexFailure> {
        match self.open() {
            Ok(Some(opened)) => return Ok(opened),
            Err(failure) if !failure.is_damage() => return Err(failure),
            Ok(None) | Err(_) => {}
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        create_private_folder(folder)?;
        let _lock = lock(folder)?;
        // Whoever had the lock before may have made it.
        match self.open() {
            Ok(Some(opened)) => return Ok(opened),
            Err(failure) if !failure.is_damage() => return Err(failure),
            Ok(None) | Err(_) => {}
        }
        self.remove_files()?;
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path)?;
        // Somebody may delete it at any time, this one too; that says nothing of the next one.
        self.fill().map_err(|failure| if self.identity().is_some() { failure } else { IndexFailure::Moved })
    }

    /// Makes what belongs into a file that is empty.
    fn fill(&self) -> Result<SideConnection, IndexFailure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.pragma_update(None, "page_size", 8_192)?;
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        configure(&connection)?;
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE; {TABLES} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT}; \
             COMMIT"
        ))?;
        let file = self.identity().ok_or(IndexFailure::Moved)?;
        Ok(SideConnection { connection, file })
    }

    /// Removes the file with what stands beside it.
    pub(crate) fn remove(&self) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Ok(());
        }
        let _lock = lock(folder)?;
        self.remove_files()
    }

    /// The log goes last but for its index: a file without its log is damaged, a log without a file is nothing.
    fn remove_files(&self) -> io::Result<()> {
        for ending in ["", "-wal", "-shm"] {
            let mut path = self.path.as_os_str().to_owned();
            path.push(ending);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(LOCK_PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(32);
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "trusted_schema", false)
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// Held by whoever makes or removes a side file of the folder; it goes with the value.
fn lock(folder: &Path) -> io::Result<File> {
    let opened = File::open(folder)?;
    let (mut backoff, began) = (Backoff::new(), Instant::now());
    loop {
        match opened.try_lock() {
            Ok(()) => return Ok(opened),
            Err(fs::TryLockError::WouldBlock) if began.elapsed() < LOCK_PATIENCE => backoff.pause(),
            Err(fs::TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
    }
}
