//! What of a series index is written to its side file, and when.
//!
//! One transaction holds the blocks of a run with the state that goes on from them. It finds out whether another
//! process has moved the run on, and then what this one has is dropped. Nobody waits for a file that another
//! process writes, but for a run that is too long to be kept in memory until it is there.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::failure::IndexFailure;
use super::open_run::OpenRun;
use super::side_file::SideConnection;
use super::{Entry, SeriesIndex, tables};
use crate::connection::Backoff;

/// Rows of a run that are worth a transaction.
pub(crate) const ROWS_WORTH_STORING: u64 = 2_000;
/// How long a long run waits for another process.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pages that are given back to the disk in one transaction, and how long that may go on.
const PAGES_AT_A_TIME: usize = 1_000;
const TIME_TO_GIVE_BACK: Duration = Duration::from_secs(1);
/// A file that cannot be written is left alone for so long.
const TIME_BETWEEN_ATTEMPTS: Duration = Duration::from_secs(10);

/// The connection that writes.
#[derive(Debug, Default)]
pub(crate) struct Storing {
    side: Option<SideConnection>,
    /// When the file could not be made or written.
    refused_at: Option<Instant>,
}

/// Whether to wait for another process that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    No,
    Shortly,
}

impl Storing {
    pub(crate) fn close(&mut self) {
        self.side = None;
        self.refused_at = None;
    }
}

impl SeriesIndex {
    pub(super) fn storing(&self) -> MutexGuard<'_, Storing> {
        self.storing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `write` write in a transaction of its own; the file is made where it is missing.
    fn change<T>(
        &self,
        wait: Wait,
        write: impl FnOnce(&SideConnection) -> Result<T, IndexFailure>,
    ) -> Result<T, IndexFailure> {
        let mut storing = match wait {
            Wait::Shortly => self.storing(),
            Wait::No => self.storing.try_lock().map_err(|_| IndexFailure::Busy)?,
        };
        if storing.refused_at.is_some_and(|refused| refused.elapsed() < TIME_BETWEEN_ATTEMPTS) {
            return Err(IndexFailure::Busy);
        }
        let changed = self.change_by(&mut storing, wait, write);
        match &changed {
            Ok(_) => self.has_warned.store(false, Ordering::Relaxed),
            Err(failure) => {
                self.warn_of(failure);
                if failure.is_refusal() {
                    storing.refused_at = Some(Instant::now());
                }
                if !failure.is_busy() {
                    storing.side = None;
                }
            }
        }
        changed
    }

    fn change_by<T>(
        &self,
        storing: &mut Storing,
        wait: Wait,
        write: impl FnOnce(&SideConnection) -> Result<T, IndexFailure>,
    ) -> Result<T, IndexFailure> {
        let standing = self.side.identity();
        let mut is_usable = true;
        let side = match storing.side.take().filter(|side| Some(side.file) == standing) {
            Some(side) => storing.side.insert(side),
            None => storing.side.insert(self.side.open_to_write()?),
        };
        let file = side.file;
        let changed = begin(&side.connection, wait).and_then(|()| {
            let written = write(side).and_then(|written| {
                side.connection.execute_batch("COMMIT")?;
                Ok(written)
            });
            if written.is_err() && side.connection.execute_batch("ROLLBACK").is_err() {
                // What cannot be rolled back ends with the connection.
                is_usable = false;
            }
            written
        });
        if !is_usable {
            storing.side = None;
        }
        // What failed over a file that somebody deleted meanwhile says nothing of the next one.
        changed
            .map_err(|failure| if self.side.identity() == Some(file) { failure } else { IndexFailure::Moved })
    }

    /// Stores what the file does not hold of a run.
    pub(super) fn store(&self, run_id: &str, run: &mut OpenRun, wait: Wait) -> Result<(), IndexFailure> {
        let written = self.change(wait, |side| run.write(side, run_id))?;
        run.written(written);
        Ok(())
    }

    /// Deletes what the file holds of a run; without a file there is nothing to delete.
    pub(super) fn delete_stored(&self, run_id: &str) -> Result<(), IndexFailure> {
        if self.side.identity().is_none() {
            return Ok(());
        }
        self.change(Wait::Shortly, |side| Ok(tables::delete_by_id(&side.connection, run_id)?))
    }

    /// Stores every run that has rows which the file does not hold, if the file is free, and deletes runs that are
    /// gone: `is_gone` says so of a run with an id and rows up to one.
    pub(crate) fn store_all(&self, is_gone: impl Fn(&str, i64) -> bool) {
        let runs: Vec<_> = {
            let open = self.open();
            open.runs.iter().map(|(run_id, entry)| (Arc::clone(run_id), Arc::clone(entry))).collect()
        };
        let mut has_stored = false;
        for (run_id, entry) in runs {
            let Ok(mut run) = entry.run.try_lock() else { continue };
            if is_gone(&run_id, run.position.last_id) {
                self.open().runs.remove(&run_id);
                continue;
            }
            if run.rows_not_stored == 0 {
                continue;
            }
            match self.store(&run_id, &mut run, Wait::No) {
                Ok(()) => {
                    has_stored = true;
                    self.count(&mut run);
                }
                Err(failure) => {
                    drop(run);
                    tracing::debug!(%run_id, ?failure, "series are not stored");
                    self.mend(&run_id, &failure);
                    if !matches!(failure, IndexFailure::Moved | IndexFailure::Damaged(_)) {
                        return;
                    }
                }
            }
        }
        if has_stored {
            match self.delete_gone(is_gone) {
                Ok(true) => self.give_back_pages(),
                Ok(false) => {}
                Err(failure) => tracing::debug!(?failure, "series of deleted runs stay"),
            }
        }
    }

    /// Whether any was.
    fn delete_gone(&self, is_gone: impl Fn(&str, i64) -> bool) -> Result<bool, IndexFailure> {
        self.change(Wait::No, |side| {
            let mut has_deleted = false;
            for (rid, run_id) in tables::all_runs(&side.connection)? {
                // The common case needs no look at its state.
                if is_gone(&run_id, 0) {
                    let stored = tables::stored_run(&side.connection, &run_id)?;
                    if stored.is_some_and(|stored| is_gone(&run_id, stored.state.position.last_id)) {
                        tables::delete_run(&side.connection, rid)?;
                        has_deleted = true;
                    }
                }
            }
            Ok(has_deleted)
        })
    }

    /// Gives the disk back what deleted runs took, as far as that goes quickly; what stays is used for other runs.
    pub(super) fn give_back_pages(&self) {
        if self.side.identity().is_none() {
            return;
        }
        let began = Instant::now();
        while began.elapsed() < TIME_TO_GIVE_BACK {
            let given =
                self.change(Wait::No, |side| Ok(tables::give_back_pages(&side.connection, PAGES_AT_A_TIME)?));
            if given.is_ok_and(|given| given >= PAGES_AT_A_TIME) {
                continue;
            }
            return;
        }
    }

    /// Counts the memory of a run after it changed.
    pub(super) fn count(&self, run: &mut OpenRun) {
        let bytes = run.bytes();
        run.share.set(&self.memory, bytes);
    }

    /// Takes runs out of memory, those that were not used for longest first, until what is left may stay.
    pub(super) fn shrink(&self) {
        if !self.memory.is_over() {
            return;
        }
        let mut runs: Vec<(u64, Arc<str>, Arc<Entry>)> = self
            .open()
            .runs
            .iter()
            .map(|(run_id, entry)| {
                (entry.used.load(Ordering::Relaxed), Arc::clone(run_id), Arc::clone(entry))
            })
            .collect();
        runs.sort_unstable_by_key(|(used, ..)| *used);
        for (_, run_id, entry) in runs {
            if !self.memory.is_over() {
                return;
            }
            let Ok(mut run) = entry.run.try_lock() else { continue };
            if run.rows_not_stored > 0
                && let Err(failure) = self.store(&run_id, &mut run, Wait::No)
            {
                // The rows tell it again.
                tracing::debug!(%run_id, ?failure, "series are dropped from memory");
            }
            *run = OpenRun::default();
            self.drop_run(&run_id);
        }
    }
}

fn begin(connection: &Connection, wait: Wait) -> Result<(), IndexFailure> {
    let (mut backoff, began) = (Backoff::new(), Instant::now());
    loop {
        match connection.execute_batch("BEGIN IMMEDIATE").map_err(IndexFailure::from) {
            Err(failure) if failure.is_busy() && wait == Wait::Shortly && began.elapsed() < PATIENCE => {
                backoff.pause();
            }
            begun => return begun,
        }
    }
}
