//! A run moved to another project.
//!
//! Its rows are copied first, each under an id that makes it storable once only, and deleted when all are
//! there. A move that was cut off leaves the run whole in its old project; moving it again completes it.

use paceline_schema::event::RunKey;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use crate::apply::colour_slot;
use crate::error::{ChangeError, StorageError};
use crate::media::MediaFolder;
use crate::media_paths::Prefix;
use crate::project::Project;
use crate::run_changes::delete_rows;
use crate::run_media::{MediaOfRun, names_of_run, refuse, rewrite_paths};

/// Rows copied in one transaction.
const ROWS_PER_COPY: i64 = 5_000;

/// A table whose rows move along.
struct Table {
    name: &'static str,
    /// Its columns but for a counted `id`; the last one makes a row storable once only.
    columns: &'static str,
}

const TABLES: [Table; 4] = [
    Table { name: "metrics", columns: "run_id, timestamp, run_name, step, metrics, space_id, log_id" },
    Table { name: "system_metrics", columns: "run_id, timestamp, run_name, metrics, space_id, log_id" },
    Table { name: "alerts", columns: "run_id, timestamp, run_name, title, text, level, step, alert_id" },
    Table {
        name: "traces",
        columns: "run_id, timestamp, run_name, step, key, trace_index, messages, metadata, search_text, log_id, \
            space_id, spans, id",
    },
];

impl Project {
    /// Moves a run to another project of the same data directory, with its config, samples, alerts, traces and
    /// media. Artifacts stay where they are. `selector` is its id, or a name and then the latest run of that name.
    ///
    /// # Errors
    /// `RunNotFound`, `InvalidPath` when both are the same project, otherwise as [`Self::append`] for either one.
    pub fn move_run(&self, selector: &str, target: &Self) -> Result<RunKey, StorageError> {
        if target.name() == self.name() {
            let path = target.name().to_owned();
            return Err(StorageError::InvalidPath { path, reason: "is the project the run is in" });
        }
        let run = self.run_to_change(selector)?;
        let mut copied = [0_i64; TABLES.len()];
        loop {
            for (table, copied) in TABLES.iter().zip(&mut copied) {
                while let Some(last) = self.copy_rows(table, *copied, &run, target)? {
                    *copied = last;
                }
            }
            self.copy_media_and_record(&run, target)?;
            let (key, until) = (run.clone(), copied);
            let project = self.name().to_owned();
            // Whoever logs meanwhile has added rows: they are copied too before anything is deleted.
            let media = self.change("delete a moved run", move |connection| {
                for (table, until) in TABLES.iter().zip(until) {
                    let sql = format!("SELECT 1 FROM {} WHERE run_id = ?1 AND rowid > ?2", table.name);
                    if connection.prepare_cached(&sql)?.exists(params![key.id, until])? {
                        return Ok(None);
                    }
                }
                let names = names_of_run(connection, &key.id)?;
                let media = MediaOfRun::find(connection, &project, &key.id, &names)?;
                delete_rows(connection, &key, &names)?;
                Ok(Some(media))
            })?;
            if let Some(media) = media {
                self.forget_heads();
                self.series().forget(&run.id);
                target.forget_heads();
                media.remove(self.directory())?;
                return Ok(run);
            }
        }
    }

    /// Copies the next rows after `copied`; the last one's id, or `None` when there were none.
    fn copy_rows(
        &self,
        table: &'static Table,
        copied: i64,
        run: &RunKey,
        target: &Self,
    ) -> Result<Option<i64>, StorageError> {
        let columns: Vec<&str> = table.columns.split(", ").collect();
        let sql = format!(
            "SELECT rowid, {} FROM {} NOT INDEXED WHERE rowid > ?1 AND run_id = ?2 ORDER BY rowid LIMIT {ROWS_PER_COPY}",
            table.columns, table.name
        );
        let mut rows: Vec<Vec<Value>> = self.read(|reader| {
            let read = || -> rusqlite::Result<Vec<Vec<Value>>> {
                let mut statement = reader.connection.prepare_cached(&sql)?;
                let read_row =
                    |row: &rusqlite::Row<'_>| (0..=columns.len()).map(|column| row.get(column)).collect();
                statement.query_map(params![copied, run.id], read_row)?.collect()
            };
            read().map_err(|error| reader.location.explain("copy a run", error))
        })?;
        let Some(last) = rows.last().and_then(|row| match row[0] {
            Value::Integer(id) => Some(id),
            Value::Null | Value::Real(_) | Value::Text(_) | Value::Blob(_) => None,
        }) else {
            return Ok(None);
        };
        for row in &mut rows {
            let id = row.remove(0);
            if let (Some(once @ Value::Null), Value::Integer(id)) = (row.last_mut(), id) {
                // A row without an id gets one that a second attempt gives it again.
                *once = Value::Text(format!("{}:{}:{id}", self.name(), run.id));
            }
        }
        let places = vec!["?"; columns.len()].join(", ");
        let sql = format!("INSERT OR IGNORE INTO {} ({}) VALUES ({places})", table.name, table.columns);
        target.change("take in a run", move |connection| {
            let mut insert = connection.prepare_cached(&sql)?;
            for row in &rows {
                insert.execute(params_from_iter(row))?;
            }
            Ok(())
        })?;
        Ok(Some(last))
    }

    /// Config, record and media, and the paths in the rows that are there by now.
    fn copy_media_and_record(&self, run: &RunKey, target: &Self) -> Result<(), StorageError> {
        let location = self.location();
        let sql = |error| location.explain("copy a run", error);
        let (config, record, ranks, environment, console, names) = self.read(|reader| {
            let read = || -> rusqlite::Result<_> {
                Ok((
                    rows_of(reader.connection, "configs", &run.id)?,
                    rows_of(reader.connection, "paceline_runs", &run.id)?,
                    rows_of(reader.connection, "paceline_ranks", &run.id)?,
                    rows_of(reader.connection, "paceline_environments", &run.id)?,
                    rows_of(reader.connection, "paceline_console", &run.id)?,
                    names_of_run(reader.connection, &run.id)?,
                ))
            };
            read().map_err(sql)
        })?;
        let moved = vec![Prefix { old: format!("{}/", self.name()), new: format!("{}/", target.name()) }];
        if let Some(media) = MediaFolder::open(self.directory())? {
            let (project, run_id, prefixes) = (self.name().to_owned(), run.id.clone(), moved.clone());
            self.change("copy the media of a run", move |connection| {
                let found = MediaOfRun::find(connection, &project, &run_id, &names)?;
                found.link(&media, &prefixes).map_err(|error| refuse(&media, &error))?;
                Ok(())
            })?;
        }
        let run_id = run.id.clone();
        target.change("take in a run", move |connection| {
            rewrite_paths(connection, &run_id, &moved)?;
            let tables = [
                ("configs", &config),
                ("paceline_runs", &record),
                ("paceline_ranks", &ranks),
                ("paceline_environments", &environment),
                ("paceline_console", &console),
            ];
            for (table, rows) in tables {
                for row in rows {
                    insert_row(connection, table, &run_id, row)?;
                }
            }
            Ok(())
        })
    }
}

/// Names and values of a row.
type NamedValues = Vec<(String, Value)>;

/// The rows of a run in a table that has one for each, or one for each of its processes.
fn rows_of(connection: &Connection, table: &str, run_id: &str) -> rusqlite::Result<Vec<NamedValues>> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table} WHERE run_id = ?1"))?;
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let rows = statement.query_map([run_id], |row| {
        names.iter().enumerate().map(|(column, name)| Ok((name.clone(), row.get(column)?))).collect()
    })?;
    rows.collect()
}

/// Stores such a row under an id and a colour of its new project.
fn insert_row(
    connection: &Connection,
    table: &str,
    run_id: &str,
    row: &NamedValues,
) -> Result<(), ChangeError> {
    let mut row: NamedValues = row.iter().filter(|(name, _)| name != "id").cloned().collect();
    for (name, value) in &mut row {
        if name == "colour_slot" {
            let slot: Option<u32> = connection
                .query_row("SELECT colour_slot FROM paceline_runs WHERE run_id = ?1", [run_id], |row| {
                    row.get(0)
                })
                .optional()?;
            *value = Value::Integer(slot.map_or_else(|| colour_slot(connection, run_id), Ok)?.into());
        }
    }
    let names: Vec<&str> = row.iter().map(|(name, _)| name.as_str()).collect();
    let places = vec!["?"; row.len()].join(", ");
    let sql = format!("INSERT OR REPLACE INTO {table} ({}) VALUES ({places})", names.join(", "));
    connection.execute(&sql, params_from_iter(row.iter().map(|(_, value)| value)))?;
    Ok(())
}
