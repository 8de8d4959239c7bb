//! Makes the tables of a file and brings those of older versions of the peer to the present form.
//!
//! Everything happens inside the transaction of the first write, so a file is either as it was or complete;
//! a copy of a file that has to be rebuilt is kept. Reading never comes here.

use std::collections::{HashMap, HashSet};
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;

use paceline_schema::ddl::{
    self, PEER_INDEXES, PEER_RUN_TABLES, PEER_TABLES, REGISTRY_INDEXES, REGISTRY_TABLES, SCHEMA_VERSION,
};
use rusqlite::Connection;

use crate::error::{Location, StorageError};

/// Makes what is missing. Costs one look at the catalogue when nothing is.
///
/// # Errors
/// `SchemaTooNew` for a file that a later version made; it stays untouched.
pub(crate) fn complete(connection: &Connection, location: &Location) -> Result<(), StorageError> {
    let sql = |error| location.explain("prepare its tables", error);
    let version = user_version(connection).map_err(sql)?;
    if version > SCHEMA_VERSION {
        return Err(StorageError::SchemaTooNew {
            project: location.project.clone(),
            version,
            supported: SCHEMA_VERSION,
        });
    }
    complete_peer_tables(connection, version).map_err(sql)?;
    for (_, create) in ddl::OWN_TABLES {
        connection.execute_batch(create).map_err(sql)?;
    }
    Ok(())
}

/// Keeps a copy of a file whose run tables have to be rebuilt, once, beside the journal of the directory:
/// `.paceline/before-migration/<file>`, where the peer does not look for projects.
pub(crate) fn keep_copy_of_legacy(connection: &Connection, location: &Location) -> Result<(), StorageError> {
    let sql = |error| location.explain("copy it before its tables change", error);
    if user_version(connection).map_err(sql)? >= SCHEMA_VERSION
        || legacy_tables(&columns_of_tables(connection).map_err(sql)?).is_empty()
    {
        return Ok(());
    }
    let directory = location.path.with_file_name(".paceline").join("before-migration");
    let copy = directory.join(format!("{}.db", location.project));
    if copy.exists() {
        return Ok(());
    }
    let partial = copy.with_extension("partial");
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&directory);
    made.and_then(|()| if partial.exists() { fs::remove_file(&partial) } else { Ok(()) })
        .map_err(|error| StorageError::from_write(&directory, &error))?;
    connection.execute("VACUUM INTO ?1", [partial.to_string_lossy()]).map_err(sql)?;
    fs::rename(&partial, &copy).map_err(|error| StorageError::from_write(&copy, &error))
}

/// `PRAGMA user_version`.
pub(crate) fn user_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

type Columns = HashMap<String, HashSet<String>>;

/// The columns of every table of the file.
pub(crate) fn columns_of_tables(connection: &Connection) -> rusqlite::Result<Columns> {
    let mut statement = connection.prepare_cached(
        "SELECT tables.name, columns.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns \
         WHERE tables.type = 'table'",
    )?;
    let mut columns = Columns::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        columns.entry(row.get(0)?).or_default().insert(row.get(1)?);
    }
    Ok(columns)
}

/// Tables made before runs had ids.
fn legacy_tables(columns: &Columns) -> Vec<&'static str> {
    PEER_RUN_TABLES
        .into_iter()
        .chain(["pending_uploads"])
        .filter(|table| columns.get(*table).is_some_and(|columns| !columns.contains("run_id")))
        .collect()
}

fn complete_peer_tables(connection: &Connection, version: i64) -> rusqlite::Result<()> {
    let columns = columns_of_tables(connection)?;
    let legacy = legacy_tables(&columns);
    if !legacy.is_empty() {
        add_run_ids(connection, &columns, &legacy)?;
    }
    complete_tables(connection, PEER_TABLES, &columns, &legacy)?;
    complete_indexes(connection, PEER_INDEXES)?;
    if version < SCHEMA_VERSION {
        connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    }
    Ok(())
}

/// Makes what is missing of the tables of a registry.
pub(crate) fn complete_registry(connection: &Connection) -> rusqlite::Result<()> {
    complete_tables(connection, REGISTRY_TABLES, &columns_of_tables(connection)?, &[])?;
    complete_indexes(connection, REGISTRY_INDEXES)
}

/// Makes tables and columns that are missing, but for what was `rebuilt` a moment ago.
fn complete_tables(
    connection: &Connection,
    tables: &[ddl::Table],
    columns: &Columns,
    rebuilt: &[&str],
) -> rusqlite::Result<()> {
    for table in tables {
        let Some(present) = columns.get(table.name) else {
            connection.execute_batch(table.create)?;
            continue;
        };
        if PEER_RUN_TABLES.contains(&table.name) && rebuilt.contains(&table.name) {
            continue;
        }
        for definition in table.later_columns {
            let name = definition.split(' ').next().unwrap_or(definition);
            if !present.contains(name) {
                connection.execute_batch(&format!("ALTER TABLE {} ADD COLUMN {definition}", table.name))?;
            }
        }
    }
    Ok(())
}

fn complete_indexes(connection: &Connection, indexes: &[ddl::Index]) -> rusqlite::Result<()> {
    let present = index_names(connection)?;
    for index in indexes.iter().filter(|index| !present.contains(index.name)) {
        connection.execute_batch(index.create)?;
    }
    Ok(())
}

fn index_names(connection: &Connection) -> rusqlite::Result<HashSet<String>> {
    let mut statement = connection.prepare_cached("SELECT name FROM sqlite_master WHERE type = 'index'")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// Gives every run name of the `legacy` tables one run id, the one newer tables know where they do, and
/// rebuilds the tables with it. Source: the peer's `_migrate_add_run_ids`.
fn add_run_ids(connection: &Connection, columns: &Columns, legacy: &[&str]) -> rusqlite::Result<()> {
    connection
        .execute_batch("CREATE TEMP TABLE paceline_run_ids (run_name TEXT PRIMARY KEY, run_id TEXT)")?;
    for table in PEER_RUN_TABLES {
        let Some(present) = columns.get(table).filter(|_| !legacy.contains(&table)) else { continue };
        let newest_first = if present.contains("timestamp") { " ORDER BY timestamp DESC" } else { "" };
        connection.execute_batch(&format!(
            "INSERT OR IGNORE INTO paceline_run_ids SELECT run_name, run_id FROM {table}{newest_first}"
        ))?;
    }
    for table in legacy {
        connection.execute_batch(&format!(
            "INSERT OR IGNORE INTO paceline_run_ids \
             SELECT run_name, lower(hex(randomblob(16))) FROM {table} WHERE run_name IS NOT NULL GROUP BY run_name"
        ))?;
    }
    for table in legacy {
        if *table == "pending_uploads" {
            connection.execute_batch(
                "ALTER TABLE pending_uploads ADD COLUMN run_id TEXT; \
                 UPDATE pending_uploads SET run_id = (SELECT ids.run_id FROM paceline_run_ids AS ids \
                 WHERE ids.run_name = pending_uploads.run_name)",
            )?;
        } else {
            rebuild_with_run_id(connection, table, &columns[*table])?;
        }
    }
    connection.execute_batch("DROP TABLE temp.paceline_run_ids")
}

fn rebuild_with_run_id(connection: &Connection, name: &str, old: &HashSet<String>) -> rusqlite::Result<()> {
    let table = PEER_TABLES.iter().find(|table| table.name == name).expect("it is a table of the peer");
    connection.execute_batch(&format!("ALTER TABLE {name} RENAME TO paceline_legacy"))?;
    connection.execute_batch(table.create)?;
    let mut kept: Vec<String> =
        columns_of_tables(connection)?.remove(name).unwrap_or_default().intersection(old).cloned().collect();
    kept.sort_unstable();
    let sources: Vec<String> = kept.iter().map(|column| format!("legacy.{column}")).collect();
    connection.execute_batch(&format!(
        "INSERT INTO {name} ({}, run_id) SELECT {}, ids.run_id FROM paceline_legacy AS legacy \
         JOIN paceline_run_ids AS ids ON ids.run_name = legacy.run_name ORDER BY legacy.id; \
         DROP TABLE paceline_legacy",
        kept.join(", "),
        sources.join(", "),
    ))
}
