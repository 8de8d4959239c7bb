//! Rows that the index lacks, read from the tables when somebody asks for their runs.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard};

use paceline_series::RunHeads;
use rusqlite::Connection;

use super::failure::IndexFailure;
use super::open_run::OpenRun;
use super::row_scan::{checksum_at, newest_id, scan};
use super::state::Position;
use super::storing::{ROWS_WORTH_STORING, Wait};
use super::{Entry, SeriesIndex, tables};
use crate::compat::RunTable;
use crate::connection::FileIdentity;

/// Rows after which the memory of a run is counted again.
const ROWS_BETWEEN_COUNTS: u64 = 1_024;
/// Full blocks of a run that are stored together.
const ROWS_OF_A_TRANSACTION: u64 = 16 * 4_096;
/// Memory of a metric and of a rank in a tail that is full.
const FULL_COLUMN_BYTES: usize = 4_096 * 8;
/// A tail takes no more than this.
const LARGEST_TAIL_BYTES: usize = 8 << 20;

/// One snapshot of the rows.
#[derive(Clone, Copy)]
pub(crate) struct RowsOfProject<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) table: RunTable,
    pub(crate) file: FileIdentity,
}

/// A run to bring up to the rows that its heads tell of.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) run_id: Arc<str>,
    pub(crate) heads: Arc<RunHeads>,
}

/// A failure and the run it is about.
pub(crate) struct FailureOfRun {
    pub(crate) run_id: Arc<str>,
    pub(crate) failure: IndexFailure,
}

/// A run whose rows are being read.
struct Behind<'a> {
    run_id: &'a str,
    run: &'a mut OpenRun,
    target: Position,
    rows_when_counted: u64,
}

impl SeriesIndex {
    /// Takes in the rows of these runs that the index lacks. Others that want one of them wait.
    pub(super) fn bring_up(
        &self,
        rows: RowsOfProject<'_>,
        mut wanted: Vec<Wanted>,
        newest: &impl Fn(&str) -> Option<Position>,
    ) -> Result<(), FailureOfRun> {
        wanted.sort_unstable_by_key(|wanted| wanted.heads.first_id());
        for group in self.groups(&wanted) {
            self.bring_up_group(rows, group, newest)?;
            self.shrink();
        }
        Ok(())
    }

    /// Cuts the runs into groups whose tails fit into the memory together.
    fn groups<'a>(&self, wanted: &'a [Wanted]) -> Vec<&'a [Wanted]> {
        let room = self.memory.limit_bytes() / 2;
        let mut groups = Vec::new();
        let (mut start, mut taken) = (0, 0);
        for (place, one) in wanted.iter().enumerate() {
            let columns = (one.heads.metric_count() + 3) * one.heads.ranks().count();
            let bytes = (columns * FULL_COLUMN_BYTES).min(LARGEST_TAIL_BYTES);
            if place > start && taken + bytes > room {
                groups.push(&wanted[start..place]);
                (start, taken) = (place, 0);
            }
            taken += bytes;
        }
        groups.push(&wanted[start..]);
        groups
    }

    fn bring_up_group(
        &self,
        rows: RowsOfProject<'_>,
        group: &[Wanted],
        newest: &impl Fn(&str) -> Option<Position>,
    ) -> Result<(), FailureOfRun> {
        let mut group: Vec<&Wanted> = group.iter().collect();
        // All who take several locks take them in this order.
        group.sort_unstable_by(|a, b| a.run_id.cmp(&b.run_id));
        let entries: Vec<Arc<Entry>> = group.iter().map(|wanted| self.entry(&wanted.run_id)).collect();
        let mut runs: Vec<MutexGuard<'_, OpenRun>> = entries.iter().map(|entry| entry.lock()).collect();
        let mut behind = Vec::new();
        for ((wanted, entry), run) in group.iter().zip(&entries).zip(&mut runs) {
            let of_run = |failure| FailureOfRun { run_id: Arc::clone(&wanted.run_id), failure };
            if !self.is_known(&wanted.run_id, entry) {
                return Err(of_run(IndexFailure::Moved));
            }
            let target = Position::of(&wanted.heads);
            let newest = newest(&wanted.run_id);
            if self.begin(rows, &wanted.run_id, run, target, newest).map_err(of_run)? {
                let rows_when_counted = run.position.rows;
                behind.push(Behind { run_id: &wanted.run_id, run, target, rows_when_counted });
            }
        }
        // Runs that lie side by side in the table are read in one walk.
        behind.sort_unstable_by_key(Behind::start);
        let mut rest = behind.as_mut_slice();
        while !rest.is_empty() {
            let mut end = rest[0].target.last_id;
            let mut count = 1;
            while let Some(next) = rest.get(count).filter(|next| next.start() < end) {
                end = end.max(next.target.last_id);
                count += 1;
            }
            let (together, after) = rest.split_at_mut(count);
            self.read(rows, together, end)?;
            rest = after;
        }
        Ok(())
    }

    /// Makes `run` one that the missing rows can be added to; false when it lacks none.
    fn begin(
        &self,
        rows: RowsOfProject<'_>,
        run_id: &str,
        run: &mut OpenRun,
        target: Position,
        newest: Option<Position>,
    ) -> Result<bool, IndexFailure> {
        let stands = |position: &Position, last_row: u32| -> Result<bool, IndexFailure> {
            Ok(position.may_become(&target)
                && (position.rows == 0
                    || checksum_at(rows.connection, rows.table, position.last_id)? == Some(last_row)))
        };
        if run.position.rows > 0 {
            if run.position == target || is_ahead(rows, run.position, target, newest)? {
                // Somebody was faster.
                return Ok(false);
            }
            if stands(&run.position, run.last_row())? {
                return Ok(true);
            }
            *run = OpenRun::default();
        }
        if let Some(side) = self.begin_to_read()? {
            let loaded = tables::stored_run(&side.connection, run_id).and_then(|stored| match stored {
                Some(stored) if stands(&stored.state.position, stored.state.last_row)? => {
                    OpenRun::load(&side, stored).map(Some)
                }
                Some(_) => Err(IndexFailure::damage("it is not the run it was")),
                None => Ok(None),
            });
            self.end_to_read(side);
            match loaded {
                Ok(loaded) => *run = loaded.unwrap_or_default(),
                Err(failure) if failure.is_damage() && !failure.is_damage_of_file() => {
                    self.delete_stored(run_id)?;
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(run.position != target)
    }

    /// Reads the rows that these runs lack, up to `end`.
    fn read(&self, rows: RowsOfProject<'_>, behind: &mut [Behind<'_>], end: i64) -> Result<(), FailureOfRun> {
        let start = behind[0].start();
        let only = (behind.len() == 1).then(|| behind[0].run_id);
        let names: Vec<&str> = behind.iter().map(|behind| behind.run_id).collect();
        let places: HashMap<&str, usize> = names.iter().copied().zip(0..).collect();
        let starts: Vec<i64> = behind.iter().map(|behind| behind.run.position.last_id).collect();
        let mut at = 0;
        let mut newest = 0;
        let which = |run_id: &str, id: i64| {
            if names.get(newest) != Some(&run_id) {
                newest = *places.get(run_id)?;
            }
            (id > starts[newest]).then_some(newest)
        };
        let scanned = scan(rows.connection, rows.table, (start, end), only, which, |place, row| {
            at = place;
            let behind = &mut behind[place];
            behind.run.take(row);
            if behind.run.position.rows - behind.rows_when_counted >= ROWS_BETWEEN_COUNTS {
                behind.rows_when_counted = behind.run.position.rows;
                self.keep_bounded(behind)?;
            }
            Ok(())
        });
        let of_run = |place: usize, failure| FailureOfRun { run_id: names[place].into(), failure };
        scanned.map_err(|failure| of_run(at, failure))?;
        for (place, behind) in behind.iter_mut().enumerate() {
            self.count(behind.run);
            if behind.run.position != behind.target {
                return Err(of_run(place, IndexFailure::damage("rows of the run are others")));
            }
            if behind.run.rows_not_stored >= ROWS_WORTH_STORING || behind.run.full_blocks() > 0 {
                self.store_or_keep(behind).map_err(|failure| of_run(place, failure))?;
            }
        }
        Ok(())
    }

    /// Stores what is full from time to time, and keeps the memory within its bounds.
    fn keep_bounded(&self, behind: &mut Behind<'_>) -> Result<(), IndexFailure> {
        self.count(behind.run);
        if behind.run.rows_not_stored >= ROWS_OF_A_TRANSACTION {
            self.store_or_keep(behind)?;
        }
        if self.memory.is_over() {
            self.shrink();
        }
        if self.memory.is_over() {
            behind.run.cut();
            self.store(behind.run_id, behind.run, Wait::Shortly)?;
            self.count(behind.run);
        }
        Ok(())
    }

    /// Stores a run. Where nothing can be written it stays in memory, as long as there is room.
    fn store_or_keep(&self, behind: &mut Behind<'_>) -> Result<(), IndexFailure> {
        let stored = self.store(behind.run_id, behind.run, Wait::Shortly);
        self.count(behind.run);
        match stored {
            Err(failure) if failure.is_damage() || matches!(failure, IndexFailure::Moved) => Err(failure),
            Err(failure) if self.memory.is_over() => Err(failure),
            _ => Ok(()),
        }
    }
}

/// The index has taken in rows that this snapshot of the rows does not show yet, and the heads know of them.
pub(super) fn is_ahead(
    rows: RowsOfProject<'_>,
    position: Position,
    target: Position,
    newest: Option<Position>,
) -> Result<bool, IndexFailure> {
    let is_known = newest.is_some_and(|newest| position.may_become(&newest));
    Ok(target.may_become(&position) && is_known && newest_id(rows.connection)? < position.last_id)
}

impl Behind<'_> {
    /// The rows after this one are missing.
    fn start(&self) -> i64 {
        if self.run.position.rows > 0 { self.run.position.last_id } else { self.target.first_id - 1 }
    }
}
