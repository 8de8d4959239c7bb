//! What is known of each run: what its processes said of themselves, joined with what its rows tell.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use paceline_journal::process::Liveness;
use paceline_schema::Timestamp;
use rusqlite::{Connection, Row, params_from_iter};

use crate::compat::Shape;
use crate::heads::{RowsOfRun, Runs};
use crate::process_record::{PROCESS_COLUMNS, ProcessRecord};
use crate::ranks;
use crate::rows::{optional_text, text, time};

/// One run with all that is recorded of it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// Stable id; the name in files made before runs had ids.
    pub run_id: String,
    /// Display name, as the newest row has it.
    pub run_name: String,
    /// When the run was created: at `init`, else with its first row.
    pub created_at: Option<Timestamp>,
    /// The process that logs, of rank 0 unless none of rank 0 has begun.
    pub process: ProcessRecord,
    /// Command line.
    pub command: Option<String>,
    /// Commit of the code.
    pub git_commit: Option<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// Free text.
    pub notes: Option<String>,
    /// Order of creation in the project, from 0; decides the colour.
    pub colour_slot: u32,
    /// What `run.summary` was told, as a JSON object.
    pub summary_json: Option<String>,
    /// The processes of other ranks that share the run, in order.
    pub ranks: Vec<ProcessRecord>,
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
        "SELECT run_id, run_name, created_at, command, git_commit, tags, notes, colour_slot, summary, has_rows, \
         {PROCESS_COLUMNS} FROM paceline_runs{filter}"
    ))?;
    let mut ranks = ranks::recorded(connection, shape, selector)?;
    statement
        .query_map(params_from_iter(selector), |row| {
            let mut recorded = Recorded::from_row(row)?;
            if let Some(ranks) = ranks.remove(&recorded.record.run_id) {
                recorded.record.add_ranks(ranks);
            }
            Ok((recorded.record.run_id.clone(), recorded))
        })?
        .collect()
}

impl Recorded {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            record: RunRecord {
                run_id: row.get(0)?,
                run_name: text(row, 1)?,
                created_at: time(row.get_ref(2)?),
                process: ProcessRecord::from_row(row, 10, 0)?,
                command: optional_text(row, 3)?,
                git_commit: optional_text(row, 4)?,
                tags: serde_json::from_str(&text(row, 5)?).unwrap_or_default(),
                notes: optional_text(row, 6)?,
                colour_slot: row.get(7)?,
                summary_json: optional_text(row, 8)?,
                ranks: Vec::new(),
            },
            has_rows: row.get(9)?,
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
            created_at: rows.heads.first_time(),
            process: ProcessRecord::default(),
            command: None,
            git_commit: None,
            tags: Vec::new(),
            notes: None,
            colour_slot,
            summary_json: None,
            ranks: Vec::new(),
        }
    }

    /// Takes in the other processes of the run; without one of rank 0 the lowest that goes on stands for it.
    fn add_ranks(&mut self, ranks: Vec<ProcessRecord>) {
        if self.process.started_at.is_none()
            && let Some(first) = ranks.iter().min_by_key(|rank| (rank.is_over(), rank.rank))
        {
            self.process = first.clone();
        }
        self.ranks = ranks;
    }

    /// Its processes that are not known to have ended and do not live, with the run's id.
    pub(crate) fn processes_that_are_gone(&mut self) -> impl Iterator<Item = (&str, &mut ProcessRecord)> {
        let Self { run_id, process, ranks, .. } = self;
        std::iter::once(process)
            .chain(ranks)
            .filter(|process| process.liveness == Some(Liveness::Gone))
            .map(|process| (run_id.as_str(), process))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_slots_leave_out_what_is_taken() {
        assert_eq!(free_slots(&HashSet::from([0, 2])).take(3).collect::<Vec<_>>(), [1, 3, 4]);
    }
}
