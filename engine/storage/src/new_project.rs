//! A project made from rows and media that come from elsewhere, whole or not at all.
//!
//! The rows go into a file of their own below `.paceline/`, the media into a folder beside it. Both get the project's
//! name when they are complete and on the disk, the rows last. Nobody sees a part of it, and a project that is there
//! already stays as it is. A lock says that somebody is at it: what a killed process leaves goes with the next one.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use paceline_journal::FileLock;
use paceline_schema::ddl::{OWN_TABLES, PEER_TABLES};
use paceline_schema::{ProjectName, canonical_project};
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OpenFlags, ToSql, params_from_iter};

use crate::connection::create_file;
use crate::error::{Location, StorageError};
use crate::media::NewMedia;
use crate::media_paths::{self, Prefix};
use crate::migrate::complete;
use crate::store::Store;
use crate::tables::Cell;

/// Ending of the file whose lock says that somebody makes a project.
const LOCK: &str = "lock";

/// The tables of a project that is being made, inside [`Store::make_project`].
pub struct NewTables<'a> {
    connection: &'a Connection,
    location: &'a Location,
    media: &'a NewMedia,
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        use rusqlite::types::ValueRef;
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(number),
            Self::Real(number) => ValueRef::Real(number),
            Self::Text(text) => ValueRef::Text(text),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl NewTables<'_> {
    /// Inserts a row: one cell for each of the columns.
    ///
    /// # Errors
    /// `RowsRefused` when the table does not take it, otherwise what keeps the file from being written.
    pub fn insert(
        &self,
        table: &'static str,
        columns: &[&'static str],
        cells: &[Cell<'_>],
    ) -> Result<(), StorageError> {
        let places = vec!["?"; columns.len()].join(", ");
        let sql = format!("INSERT INTO {table} ({}) VALUES ({places})", columns.join(", "));
        let inserted = self
            .connection
            .prepare_cached(&sql)
            .and_then(|mut insert| insert.execute(params_from_iter(cells)));
        inserted.map(drop).map_err(|error| self.refused(table, error))
    }

    /// A new file for media of the project, by its path below them; it takes its place with the rows.
    ///
    /// # Errors
    /// `InvalidPath` for one that leads elsewhere, otherwise what keeps the file from being written.
    pub fn create_media(&self, path: &str) -> Result<File, StorageError> {
        self.media.create(path)
    }

    /// The JSON of a row whose media belonged to the project `from`, as a row of this one; `None` where it names none.
    #[must_use]
    pub fn with_own_media(&self, json: &str, from: &str) -> Option<String> {
        let (from, to) = (canonical_project(from), &self.location.project);
        media_paths::rewrite(json, &[Prefix { old: format!("{from}/"), new: format!("{to}/") }])
    }

    fn refused(&self, table: &'static str, error: rusqlite::Error) -> StorageError {
        if error.sqlite_error_code() == Some(rusqlite::ffi::ErrorCode::ConstraintViolation) {
            let (project, reason) = (self.location.project.clone(), error.to_string());
            return StorageError::RowsRefused { project, table, reason };
        }
        self.location.explain("make a project", error)
    }
}

impl Store {
    /// Makes a project with the rows that `fill` inserts.
    ///
    /// # Errors
    /// What `fill` returns; as [`Store::expect_no_project`]; otherwise what keeps it from being written. Then nothing is
    /// there.
    pub fn make_project<T, E: From<StorageError>>(
        &self,
        name: &ProjectName,
        fill: impl FnOnce(&NewTables<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let project = name.as_str().to_owned();
        let target = self.directory().join(format!("{project}.db"));
        self.expect_no_project(name)?;
        let folder = self.directory().join(".paceline").join("imports");
        remove_abandoned(&folder);
        let partial = Partial::begin(&folder, &project)?;
        let media = NewMedia::new(partial.path.with_extension("media"));
        let location = Location { project: project.clone(), path: partial.path.clone() };
        let filled = fill_file(&location, &media, fill)?;
        // Somebody may have begun one meanwhile, and may have media.
        self.expect_no_project(name)?;
        media.put_in_place(self.directory(), &project)?;
        put_in_place(&partial.path, &target, &project)?;
        self.forget(&project);
        Ok(filled)
    }
}

/// A file that goes when it is not needed any more, whatever happened.
struct Partial {
    path: PathBuf,
    /// Held until all else is gone.
    lock: Option<FileLock>,
}

impl Partial {
    /// The place for a new one, with the lock that says that somebody is at it.
    fn begin(folder: &Path, project: &str) -> Result<Self, StorageError> {
        let failed = |error: io::Error| StorageError::from_write(folder, &error);
        loop {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
            let path = folder.join(format!("{project}-{:016x}.db", fastrand::u64(..)));
            match FileLock::try_acquire(&path.with_extension(LOCK)) {
                Ok(Some(lock)) => return Ok(Self { path, lock: Some(lock) }),
                // Somebody who clears up was faster, with the file or with the folder.
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // It may never have been made, and others may use the folder.
        let _ = fs::remove_file(&self.path);
        if let Some(lock) = self.lock.take() {
            lock.remove();
        }
        let _ = self.path.parent().map(fs::remove_dir);
    }
}

/// Removes what processes have left that were killed while they made a project.
fn remove_abandoned(folder: &Path) {
    let paths = || fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in paths().filter(|path| path.extension().is_some_and(|ending| ending != LOCK)) {
        // Its maker holds the lock for longer than the file is there.
        if let Ok(Some(lock)) = FileLock::try_acquire(&path.with_extension(LOCK)) {
            // What cannot go now is looked at again by the next one.
            let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            lock.remove();
        }
    }
    for path in paths().filter(|path| path.extension().is_some_and(|ending| ending == LOCK)) {
        if let Ok(Some(lock)) = FileLock::try_acquire(&path) {
            lock.remove();
        }
    }
}

fn fill_file<T, E: From<StorageError>>(
    location: &Location,
    media: &NewMedia,
    fill: impl FnOnce(&NewTables<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let sql = |error| location.explain("make a project", error);
    create_file(&location.path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&location.path, flags).map_err(sql)?;
    // Nobody else knows the file, and one that is not complete is thrown away: no log is needed. Tables come in any
    // order, so what they refer to may come later.
    connection
        .execute_batch(
            "PRAGMA foreign_keys = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = OFF; PRAGMA trusted_schema = OFF",
        )
        .map_err(sql)?;
    connection.pragma_update_and_check(None, "journal_mode", "OFF", |_| Ok(())).map_err(sql)?;
    connection.execute_batch("BEGIN").map_err(sql)?;
    for create in PEER_TABLES.iter().map(|table| table.create).chain(OWN_TABLES.map(|(_, create)| create)) {
        connection.execute_batch(create).map_err(sql)?;
    }
    let tables = NewTables { connection: &connection, location, media };
    let filled = fill(&tables)?;
    // The indexes come last: they are made faster in one go.
    complete(&connection, location).map_err(|error| {
        if let StorageError::Sqlite { source, .. } = error {
            tables.refused("metrics", source)
        } else {
            error
        }
    })?;
    connection.execute_batch("COMMIT").map_err(sql)?;
    connection.close().map_err(|(_, error)| sql(error))?;
    let synced = File::open(&location.path).and_then(|file| file.sync_all());
    synced.map_err(|error| StorageError::from_write(&location.path, &error))?;
    Ok(filled)
}

/// Gives the complete file its name, unless there is one of that name.
fn put_in_place(partial: &Path, target: &Path, project: &str) -> Result<(), StorageError> {
    match fs::hard_link(partial, target) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(StorageError::ProjectExists { project: project.to_owned() });
        }
        Err(error) => return Err(StorageError::from_write(target, &error)),
    }
    let directory = target.parent().unwrap_or(Path::new("."));
    let synced = File::open(directory).and_then(|directory| directory.sync_all());
    synced.map_err(|error| StorageError::from_write(target, &error))
}
