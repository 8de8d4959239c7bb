//! Runs deleted and renamed, with everything that belongs to them.

use std::path::Path;

use paceline_schema::event::RunKey;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{ChangeError, StorageError};
use crate::media::{MediaFolder, run_folder};
use crate::media_paths::Prefix;
use crate::project::Project;
use crate::run_media::{MediaOfRun, names_of_run, refuse, rewrite_paths};

/// Tables whose rows belong to a run by its id and carry its name.
const NAMED_TABLES: [&str; 8] = [
    "metrics",
    "configs",
    "system_metrics",
    "alerts",
    "traces",
    "run_artifact_links",
    "external_run_artifact_links",
    "paceline_runs",
];

impl Project {
    /// Deletes a run: its rows, config, samples, alerts, traces, artifact links and media. Versions of artifacts
    /// it made stay. `selector` is its id, or a name and then the latest run of that name.
    ///
    /// A process that still logs into the run begins it anew with its next row.
    ///
    /// # Errors
    /// `RunNotFound`, otherwise as [`Self::append`]. When media cannot be removed, the rows are gone already.
    pub fn delete_run(&self, selector: &str) -> Result<RunKey, StorageError> {
        let run = self.run_to_change(selector)?;
        let (project, key) = (self.name().to_owned(), run.clone());
        let media = self.change("delete a run", move |connection| {
            let names = names_of_run(connection, &key.id)?;
            let media = MediaOfRun::find(connection, &project, &key.id, &names)?;
            delete_rows(connection, &key, &names)?;
            Ok(media)
        })?;
        self.forget_heads();
        self.series().forget(&run.id);
        media.remove(self.directory())?;
        Ok(run)
    }

    /// Gives a run another name: in all its rows, and in the paths of its media, which move along.
    ///
    /// # Errors
    /// `RunNotFound`; `RunNameTaken` when a run has the new name, `InvalidPath` when it is empty or its media
    /// cannot be kept under it; otherwise as [`Self::append`].
    pub fn rename_run(&self, selector: &str, new_name: &str) -> Result<RunKey, StorageError> {
        let new_name = new_name.trim().to_owned();
        if new_name.is_empty() {
            return Err(StorageError::InvalidPath { path: new_name, reason: "is no name for a run" });
        }
        let run = self.run_to_change(selector)?;
        let renamed = RunKey { id: run.id.clone(), name: new_name.clone() };
        if run.name == new_name {
            return Ok(renamed);
        }
        if self.read(|reader| {
            Ok(reader.runs()?.iter().any(|other| other.run_name == new_name && other.run_id != run.id))
        })? {
            return Err(StorageError::RunNameTaken { project: self.name().to_owned(), run: new_name });
        }
        let (project, directory) = (self.name().to_owned(), self.directory().to_owned());
        let media = self.change("rename a run", move |connection| {
            rename(connection, &directory, &project, &run, &new_name)
        })?;
        self.forget_heads();
        media.remove(self.directory())?;
        Ok(renamed)
    }

    /// The run that is meant, in complete tables; also one that only links of artifacts tell of.
    pub(crate) fn run_to_change(&self, selector: &str) -> Result<RunKey, StorageError> {
        self.change("prepare its tables", |_| Ok(()))?;
        self.read(|reader| {
            let key = reader.find_run(selector).map(|run| RunKey { id: run.run_id, name: run.run_name });
            match key {
                Err(missing @ StorageError::RunNotFound { .. }) => {
                    let linked = run_of_links(reader.connection, selector)
                        .map_err(|error| reader.location.explain("find a run", error))?;
                    linked.ok_or(missing)
                }
                found => found,
            }
        })
    }

    /// The data directory.
    pub(crate) fn directory(&self) -> &Path {
        self.location().path.parent().unwrap_or(Path::new("."))
    }
}

fn run_of_links(connection: &Connection, selector: &str) -> rusqlite::Result<Option<RunKey>> {
    connection
        .prepare_cached(
            "SELECT run_id, coalesce(run_name, run_id) FROM (SELECT run_id, run_name FROM run_artifact_links \
             UNION ALL SELECT run_id, run_name FROM external_run_artifact_links) \
             WHERE run_id IS NOT NULL AND (run_id = ?1 OR run_name = ?1) ORDER BY run_id = ?1 DESC LIMIT 1",
        )?
        .query_row([selector], |row| Ok(RunKey { id: row.get(0)?, name: row.get(1)? }))
        .optional()
}

/// Deletes what the tables hold of a run.
pub(crate) fn delete_rows(connection: &Connection, run: &RunKey, names: &[String]) -> rusqlite::Result<()> {
    for table in NAMED_TABLES.into_iter().chain([
        "paceline_heads",
        "paceline_ranks",
        "paceline_environments",
        "paceline_console",
    ]) {
        connection.execute(&format!("DELETE FROM {table} WHERE run_id = ?1"), [&run.id])?;
    }
    connection.execute("DELETE FROM pending_uploads WHERE run_id = ?1 AND kind = 'media'", [&run.id])?;
    connection.execute(
        "UPDATE artifact_versions SET producer_run_id = NULL, producer_run_name = NULL WHERE producer_run_id = ?1",
        [&run.id],
    )?;
    // Links made before runs had ids go with the last run of their name.
    for name in names {
        if !name_stays(connection, name)? {
            for table in ["run_artifact_links", "external_run_artifact_links"] {
                let sql = format!("DELETE FROM {table} WHERE run_id IS NULL AND run_name = ?1");
                connection.execute(&sql, [name])?;
            }
            connection.execute(
                "UPDATE artifact_versions SET producer_run_name = NULL \
                 WHERE producer_run_id IS NULL AND producer_run_name = ?1",
                [name],
            )?;
        }
    }
    Ok(())
}

/// Whether rows or links still carry the name.
fn name_stays(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM metrics WHERE run_name = ?1) \
             OR EXISTS (SELECT 1 FROM run_artifact_links WHERE run_name = ?1 AND run_id IS NOT NULL) \
             OR EXISTS (SELECT 1 FROM external_run_artifact_links WHERE run_name = ?1 AND run_id IS NOT NULL)",
        )?
        .query_row([name], |row| row.get(0))
}

fn rename(
    connection: &Connection,
    directory: &Path,
    project: &str,
    run: &RunKey,
    new_name: &str,
) -> Result<MediaOfRun, ChangeError> {
    let names = names_of_run(connection, &run.id)?;
    let prefixes = prefixes(project, &names, new_name)?;
    let old_media = match MediaFolder::open(directory)? {
        Some(media) => MediaOfRun::find(connection, project, &run.id, &names)?
            .link(&media, &prefixes)
            .map_err(|error| refuse(&media, &error))?,
        None => MediaOfRun::default(),
    };
    rewrite_paths(connection, &run.id, &prefixes)?;
    for table in NAMED_TABLES {
        let sql = format!("UPDATE {table} SET run_name = ?2 WHERE run_id = ?1");
        connection.execute(&sql, params![run.id, new_name])?;
    }
    connection.execute(
        "UPDATE artifact_versions SET producer_run_name = ?2 WHERE producer_run_id = ?1",
        params![run.id, new_name],
    )?;
    Ok(old_media)
}

/// How the paths of a run's media change with its name.
fn prefixes(project: &str, names: &[String], new_name: &str) -> Result<Vec<Prefix>, StorageError> {
    let new = format!("{}/", run_folder(project, new_name)?.to_string_lossy());
    let old = names.iter().filter(|name| *name != new_name);
    Ok(old.map(|name| Prefix { old: format!("{project}/{name}/"), new: new.clone() }).collect())
}
