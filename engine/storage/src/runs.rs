//! What is known of each run: what its processes said of themselves, joined with what its rows tell.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use paceline_journal::process::{Liveness, liveness};
use paceline_schema::{ProcessIdentity, RunState, Timestamp};
use rusqlite::{Connection, Row, params_from_iter};
use serde::Deserialize;

use crate::compat::{RunTable, Shape};
use crate::heads::{RowsOfRun, Runs};
use crate::rows::{bytes, optional_text, text, time};

/// One run with all that is recorded of it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// Stable id; the name in files made before runs had ids.
    pub run_id: String,
    /// Display name, as the newest row has it.
    pub run_name: String,
    /// The state last recorded; `None` when only rows tell of the run.
    pub state: Option<RunState>,
    /// When the run was created: at `init`, else with its first row.
    pub created_at: Option<Timestamp>,
    /// When the present process began to log.
    pub started_at: Option<Timestamp>,
    /// When that process was last known to live.
    pub heartbeat_at: Option<Timestamp>,
    /// When the run ended.
    pub finished_at: Option<Timestamp>,
    /// Exit status of the process.
    pub exit_code: Option<i32>,
    /// Signal that ended the process.
    pub exit_signal: Option<i32>,
    /// Exception nobody caught.
    pub failure: Option<String>,
    /// Who logs; `None` for runs that came over HTTP.
    pub process: Option<ProcessIdentity>,
    /// Whether that process lives; `None` when the run has ended or names no process.
    pub liveness: Option<Liveness>,
    /// Command line.
    pub command: Option<String>,
    /// Commit of the code.
    pub git_commit: Option<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// Free text.
    pub notes: Option<String>,
    /// Group given at `init`.
    pub group: Option<String>,
    /// Order of creation in the project, from 0; decides the colour.
    pub colour_slot: u32,
    /// What `run.summary` was told, as a JSON object.
    pub summary_json: Option<String>,
}

/// A row of `paceline_runs`.
pub(crate) struct Recorded {
    record: RunRecord,
    has_rows: bool,
}

/// Slots that are not taken, lowest first.
pub(crate) fn free_slots(taken: &HashSet<u32>) -> impl Iterator<Item = u32> + '_ {
    (0..=u32::MAX).filter(|slot| !taken.contains(slot))
}

/// The recorded runs, all or those with `id` or `name`, by id.
pub(crate) fn recorded(
    connection: &Connection,
    shape: &Shape,
    selector: Option<&str>,
) -> rusqlite::Result<HashMap<String, Recorded>> {
    if !shape.has_runs {
        return Ok(HashMap::new());
    }
    let filter = if selector.is_some() { " WHERE run_id = ?1 OR run_name = ?1" } else { "" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT run_id, run_name, state, created_at, started_at, heartbeat_at, finished_at, exit_code, \
         exit_signal, failure, host, boot_id, pid, start_ticks, command, git_commit, tags, notes, \
         colour_slot, summary, has_rows FROM paceline_runs{filter}"
    ))?;
    statement
        .query_map(params_from_iter(selector), |row| {
            let recorded = Recorded::from_row(row)?;
            Ok((recorded.record.run_id.clone(), recorded))
        })?
        .collect()
}

impl Recorded {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let moment = |column| Ok::<_, rusqlite::Error>(time(row.get_ref(column)?));
        let process = match (row.get::<_, Option<String>>(10)?, row.get::<_, Option<u32>>(12)?) {
            (Some(host), Some(pid)) => Some(ProcessIdentity {
                host,
                pid,
                boot_id: row.get::<_, Option<String>>(11)?.unwrap_or_default(),
                start_ticks: row.get::<_, Option<i64>>(13)?.unwrap_or_default() as u64,
            }),
            _ => None,
        };
        let state = optional_text(row, 2)?.and_then(|word| RunState::parse(&word));
        let has_ended = state.is_some_and(RunState::has_ended);
        Ok(Self {
            record: RunRecord {
                run_id: row.get(0)?,
                run_name: text(row, 1)?,
                state,
                created_at: moment(3)?,
                started_at: moment(4)?,
                heartbeat_at: moment(5)?,
                finished_at: moment(6)?,
                exit_code: row.get(7)?,
                exit_signal: row.get(8)?,
                failure: optional_text(row, 9)?,
                liveness: process.as_ref().filter(|_| !has_ended).map(liveness),
                process,
                command: optional_text(row, 14)?,
                git_commit: optional_text(row, 15)?,
                tags: serde_json::from_str(&text(row, 16)?).unwrap_or_default(),
                notes: optional_text(row, 17)?,
                group: None,
                colour_slot: row.get(18)?,
                summary_json: optional_text(row, 19)?,
            },
            has_rows: row.get(20)?,
        })
    }

    /// The run with what its rows tell; `None` when it had rows and they were deleted.
    pub(crate) fn join(self, rows: Option<&RowsOfRun>) -> Option<RunRecord> {
        let mut record = self.record;
        match rows {
            Some(rows) => {
                record.run_name = rows.name.to_string();
                record.created_at = record.created_at.or(rows.heads.first_time());
                Some(record)
            }
            None if self.has_rows => None,
            None => Some(record),
        }
    }
}

impl RunRecord {
    /// A run of which only rows tell.
    pub(crate) fn of_rows(run_id: &str, rows: &RowsOfRun, colour_slot: u32) -> Self {
        Self {
            run_id: run_id.to_owned(),
            run_name: rows.name.to_string(),
            state: None,
            created_at: rows.heads.first_time(),
            started_at: None,
            heartbeat_at: None,
            finished_at: None,
            exit_code: None,
            exit_signal: None,
            failure: None,
            process: None,
            liveness: None,
            command: None,
            git_commit: None,
            tags: Vec::new(),
            notes: None,
            group: None,
            colour_slot,
            summary_json: None,
        }
    }

    /// Sorts runs oldest first: by creation, then by colour, which follows the order of creation.
    pub(crate) fn age_order(&self) -> impl Ord + use<> {
        (self.created_at, self.colour_slot)
    }
}

/// The colours of runs that have none recorded: the free ones in the order of their first rows.
pub(crate) fn colours_of_unrecorded(
    connection: &Connection,
    shape: &Shape,
    runs: &Runs,
) -> rusqlite::Result<HashMap<Arc<str>, u32>> {
    let mut taken = HashSet::new();
    let mut known = HashSet::new();
    if shape.has_runs {
        let mut statement = connection.prepare_cached("SELECT run_id, colour_slot FROM paceline_runs")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            known.insert(text(row, 0)?);
            taken.insert(row.get(1)?);
        }
    }
    let mut unrecorded: Vec<_> = runs.iter().filter(|(run_id, _)| !known.contains(run_id.as_ref())).collect();
    unrecorded.sort_unstable_by_key(|(run_id, run)| (run.heads.first_time(), Arc::clone(run_id)));
    Ok(unrecorded.into_iter().map(|(run_id, _)| Arc::clone(run_id)).zip(free_slots(&taken)).collect())
}

/// The part of a config that lists of runs show.
#[derive(Deserialize)]
struct GroupOfConfig {
    #[serde(rename = "_Group", default)]
    group: Option<serde_json::Value>,
}

/// The groups runs were put in at `init`, by run id; of all runs or of one.
pub(crate) fn groups(
    connection: &Connection,
    table: Option<RunTable>,
    run_id: Option<&str>,
) -> rusqlite::Result<HashMap<String, String>> {
    let Some(RunTable { run, .. }) = table else { return Ok(HashMap::new()) };
    let filter = if run_id.is_some() { format!(" WHERE {run} = ?1") } else { String::new() };
    let mut statement = connection.prepare_cached(&format!("SELECT {run}, config FROM configs{filter}"))?;
    let mut rows = statement.query(params_from_iter(run_id))?;
    let mut groups = HashMap::new();
    while let Some(row) = rows.next()? {
        let config =
            bytes(row.get_ref(1)?).and_then(|json| serde_json::from_slice::<GroupOfConfig>(json).ok());
        match config.and_then(|config| config.group) {
            Some(serde_json::Value::String(group)) => groups.insert(text(row, 0)?, group),
            Some(serde_json::Value::Null) | None => None,
            Some(other) => groups.insert(text(row, 0)?, other.to_string()),
        };
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_slots_leave_out_what_is_taken() {
        assert_eq!(free_slots(&HashSet::from([0, 2])).take(3).collect::<Vec<_>>(), [1, 3, 4]);
    }
}
