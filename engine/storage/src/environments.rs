//! What each run was made with, in a table of its own: lists of runs do not read it.

use paceline_schema::environment::{EnvironmentReport, RunEnvironment};
use paceline_schema::event::RunKey;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StorageError;
use crate::reader::Reader;
use crate::rows::{bytes, optional_text};

/// Records what a process said at its start; what another process of the run found out before stays, unless this one
/// is of rank 0.
pub(crate) fn record_said(
    connection: &Connection,
    run: &RunKey,
    environment: &RunEnvironment,
    rank: u32,
) -> rusqlite::Result<()> {
    let sql = match rank {
        0 => "INSERT OR REPLACE INTO paceline_environments (run_id, environment) VALUES (?1, ?2)",
        _ => "INSERT OR IGNORE INTO paceline_environments (run_id, environment) VALUES (?1, ?2)",
    };
    connection.prepare_cached(sql)?.execute(params![run.id, json(environment)?])?;
    Ok(())
}

/// Records what was found out.
pub(crate) fn record(
    connection: &Connection,
    run: &RunKey,
    report: &EnvironmentReport,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO paceline_environments (run_id, environment, diff) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![run.id, json(&report.environment)?, report.diff])?;
    Ok(())
}

fn json(environment: &RunEnvironment) -> rusqlite::Result<String> {
    serde_json::to_string(environment).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

impl Reader<'_> {
    /// What a run was made with; `None` when nothing of that is recorded.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn environment(&self, run_id: &str) -> Result<Option<RunEnvironment>, StorageError> {
        if !self.shape.has_environments {
            return Ok(None);
        }
        let read = || {
            self.connection
                .prepare_cached("SELECT environment FROM paceline_environments WHERE run_id = ?1")?
                .query_row([run_id], |row| Ok(bytes(row.get_ref(0)?).map(<[u8]>::to_vec)))
                .optional()
        };
        let json = read().map_err(self.explain("read the environment of a run"))?.flatten();
        Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    /// The changes of its code that were not committed; `None` when none are kept.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn diff(&self, run_id: &str) -> Result<Option<String>, StorageError> {
        if !self.shape.has_environments {
            return Ok(None);
        }
        let read = || {
            self.connection
                .prepare_cached("SELECT diff FROM paceline_environments WHERE run_id = ?1")?
                .query_row([run_id], |row| optional_text(row, 0))
                .optional()
        };
        Ok(read().map_err(self.explain("read the changes of a run's code"))?.flatten())
    }
}
