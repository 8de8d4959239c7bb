//! A project replaced by a file from elsewhere.
//!
//! Such a file is not trusted: it is checked, brought to the present form where it lies, and its rows are taken
//! into the tables that stand here, in one transaction. Whoever reads or writes the project meanwhile sees the
//! old rows or the new ones. A copy of the old file is kept.

use std::collections::HashMap;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use paceline_schema::Timestamp;
use paceline_schema::ddl::{DERIVED_TABLES, OWN_TABLES, PEER_INDEXES, PEER_TABLES};
use rusqlite::{Connection, OpenFlags, params_from_iter};

use crate::connection::open_writer;
use crate::error::{ChangeError, Location, StorageError};
use crate::migrate::{columns_of_tables, complete};
use crate::project::Project;

/// The index of ours, on what trainings printed.
const OWN_INDEX: &str = "paceline_console_run";

impl Project {
    /// Replaces all rows of the project by those of a project file at `staged`, which is changed by that.
    /// The old file is kept below `.paceline/replaced/`.
    ///
    /// # Errors
    /// `UploadRefused` when it is no sound project file or holds anything else, `SchemaTooNew` when a later
    /// version made it, otherwise as [`Self::append`]; then everything is as it was.
    pub fn replace(&self, staged: &Path) -> Result<(), StorageError> {
        let source = Location { project: self.name().to_owned(), path: staged.to_owned() };
        let uploaded = open_checked(&source)?;
        self.change("prepare its tables", |_| Ok(()))?;
        self.keep_copy()?;
        let (kept, derived) = OWN_TABLES.split_at(OWN_TABLES.len() - DERIVED_TABLES);
        let kept = kept.iter().map(|(table, _)| *table);
        let tables: Vec<&str> = PEER_TABLES.iter().map(|table| table.name).chain(kept).collect();
        self.change("take in a project file", move |connection| {
            for table in &tables {
                take_in(connection, &uploaded, table)?;
            }
            for (table, _) in derived {
                connection.execute(&format!("DELETE FROM {table}"), [])?;
            }
            Ok(())
        })?;
        self.reset_derived();
        Ok(())
    }

    fn keep_copy(&self) -> Result<(), StorageError> {
        let location = self.location();
        let folder = self.directory().join(".paceline").join("replaced");
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|error| StorageError::from_write(&folder, &error))?;
        let time = Timestamp::from(SystemTime::now()).to_string().replace(':', "");
        let copy: PathBuf = folder.join(format!("{}-{time}.db", self.name()));
        let sql = |error| location.explain("copy it before it is replaced", error);
        let connection = open_writer(location, self.durability()).map_err(sql)?;
        connection.execute("VACUUM INTO ?1", [copy.to_string_lossy()]).map(drop).map_err(sql)
    }
}

/// Opens an uploaded file if it is a project file and nothing more, in its present form.
fn open_checked(source: &Location) -> Result<Connection, StorageError> {
    let refused = |reason: String| StorageError::UploadRefused { project: source.project.clone(), reason };
    let sql = |error: rusqlite::Error| refused(error.to_string());
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&source.path, flags).map_err(sql)?;
    connection
        .execute_batch(
            "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA locking_mode = EXCLUSIVE",
        )
        .map_err(sql)?;
    // Nothing is left beside the file.
    connection.pragma_update_and_check(None, "journal_mode", "MEMORY", |_| Ok(())).map_err(sql)?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(sql)?;
    if verdict != "ok" {
        return Err(refused(verdict));
    }
    if let Some(object) = foreign_object(&connection).map_err(sql)? {
        return Err(refused(format!("it holds `{object}`, which is not part of a project")));
    }
    complete(&connection, source).map_err(|error| {
        if matches!(error, StorageError::SchemaTooNew { .. }) { error } else { refused(error.to_string()) }
    })?;
    Ok(connection)
}

/// The name of something in the file that no project has.
fn foreign_object(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let model = Connection::open_in_memory()?;
    for create in PEER_TABLES.iter().map(|table| table.create).chain(OWN_TABLES.map(|(_, create)| create)) {
        model.execute_batch(create)?;
    }
    let known = columns_of_tables(&model)?;
    let mut statement = connection.prepare("SELECT type, name FROM sqlite_master")?;
    let objects: HashMap<String, String> =
        statement.query_map([], |row| Ok((row.get(1)?, row.get(0)?)))?.collect::<rusqlite::Result<_>>()?;
    let is_known = |kind: &str, name: &str| {
        name.starts_with("sqlite_")
            || (kind == "index" && (name == OWN_INDEX || PEER_INDEXES.iter().any(|index| index.name == name)))
            || (kind == "table"
                && (OWN_TABLES.iter().any(|(table, _)| *table == name)
                    || PEER_TABLES.iter().any(|table| table.name == name)))
    };
    if let Some((name, _)) = objects.iter().find(|(name, kind)| !is_known(kind, name)) {
        return Ok(Some(name.clone()));
    }
    let present = columns_of_tables(connection)?;
    let tables = present.iter().filter(|(table, _)| known.contains_key(*table));
    Ok(tables
        .flat_map(|(table, columns)| {
            columns.difference(&known[table]).map(move |column| format!("{table}.{column}"))
        })
        .next())
}

/// Replaces the rows of one table.
fn take_in(connection: &Connection, uploaded: &Connection, table: &str) -> Result<(), ChangeError> {
    connection.execute(&format!("DELETE FROM {table}"), [])?;
    let mut select = uploaded.prepare(&format!("SELECT * FROM {table}"))?;
    let columns = select.column_names().join(", ");
    let places = vec!["?"; select.column_count()].join(", ");
    let mut insert = connection.prepare(&format!("INSERT INTO {table} ({columns}) VALUES ({places})"))?;
    let count = select.column_count();
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let values: Vec<rusqlite::types::Value> =
            (0..count).map(|column| row.get(column)).collect::<rusqlite::Result<_>>()?;
        insert.execute(params_from_iter(values))?;
    }
    Ok(())
}
