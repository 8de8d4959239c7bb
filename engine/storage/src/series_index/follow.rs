//! Rows that a server has just committed, taken in without reading them again.

use std::collections::HashMap;
use std::sync::Arc;

use super::catch_up::RowsOfProject;
use super::failure::IndexFailure;
use super::open_run::{OpenRun, RowToTake, checksum_of_row};
use super::row_scan::checksum_at;
use super::state::{Position, RunState};
use super::storing::Wait;
use super::{SeriesIndex, tables};
use crate::batch::Prepared;
use crate::heads::CommittedRow;

impl SeriesIndex {
    /// Takes in the rows of `batches`, which were committed in this order; `after` tells where each of their runs
    /// stands with them. Runs that lack other rows are left to the next reader. Never waits for one.
    pub(crate) fn follow(
        &self,
        rows: RowsOfProject<'_>,
        batches: &[&Prepared],
        after: &HashMap<String, Position>,
    ) {
        self.check_files(rows.file);
        let mut batches = batches.to_vec();
        // Those of one run stay in their order.
        batches.sort_by_key(|batch| batch.run_id());
        for of_run in batches.chunk_by(|one, next| one.run_id() == next.run_id()) {
            let run_id = of_run[0].run_id();
            let Some(after) = after.get(run_id) else { continue };
            let committed: Vec<_> = of_run.iter().flat_map(|batch| batch.committed().rows).collect();
            if let Err(failure) = self.follow_run(rows, run_id, &committed, *after) {
                tracing::debug!(run_id, ?failure, "series are behind");
                self.mend(run_id, &failure);
            }
        }
        self.shrink();
    }

    fn follow_run(
        &self,
        rows: RowsOfProject<'_>,
        run_id: &str,
        committed: &[CommittedRow<'_>],
        after: Position,
    ) -> Result<(), IndexFailure> {
        let is_new = after.rows == committed.len() as u64;
        let entry = match self.known(run_id) {
            Some(entry) => entry,
            None if !is_new && self.open().not_followed.contains(run_id) => return Ok(()),
            None => self.entry(&Arc::from(run_id)),
        };
        let Ok(mut run) = entry.run.try_lock() else { return Ok(()) };
        if is_new && run.position.first_id != after.first_id {
            *run = OpenRun::default();
        } else if run.position.rows == 0 {
            *run = self.load_before(rows, run_id, committed.len() as u64, after)?;
        }
        let missing = &committed[committed.partition_point(|row| row.id <= run.position.last_id)..];
        let Some(last) = missing.last() else { return Ok(()) };
        let first_id = if run.position.rows > 0 { run.position.first_id } else { missing[0].id };
        let with_them =
            Position { first_id, last_id: last.id, rows: run.position.rows + missing.len() as u64 };
        if with_them != after {
            return Ok(());
        }
        for row in missing {
            let checksum = if row.id == last.id { checksum_of_row(run_id, row.step, row.json) } else { 0 };
            let CommittedRow { id, time, step, metrics, .. } = *row;
            run.take(RowToTake { id, time: Some(time), step, metrics, checksum });
        }
        // Rows that are lost with the process are read again; to store tails more often costs more than that.
        let stored =
            if run.full_blocks() >= run.tracks() { self.store(run_id, &mut run, Wait::No) } else { Ok(()) };
        self.count(&mut run);
        match stored {
            Err(failure) if !failure.is_damage() && !matches!(failure, IndexFailure::Moved) => Ok(()),
            stored => stored,
        }
    }

    /// The run as it is stored, if it lacks no more than the newest `committed` rows.
    fn load_before(
        &self,
        rows: RowsOfProject<'_>,
        run_id: &str,
        committed: u64,
        after: Position,
    ) -> Result<OpenRun, IndexFailure> {
        let Some(side) = self.begin_to_read()? else { return Ok(OpenRun::default()) };
        let loaded = tables::stored_run(&side.connection, run_id).and_then(|stored| {
            let Some(stored) = stored else { return Ok(OpenRun::default()) };
            let RunState { position, last_row, .. } = stored.state;
            let lacks_no_more = position.may_become(&after) && position.rows + committed >= after.rows;
            if lacks_no_more && checksum_at(rows.connection, rows.table, position.last_id)? == Some(last_row)
            {
                OpenRun::load(&side, stored)
            } else {
                Ok(OpenRun::default())
            }
        });
        self.end_to_read(side);
        loaded
    }
}
