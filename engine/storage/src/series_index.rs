//! The series of a project's runs as columns, in a side file: charts and values without a scan of the rows.
//!
//! It follows the heads ([`crate::heads`]): what it holds of a run is right when it has taken in the rows that
//! the heads tell of, and those find out what other programs changed. Rows that are missing are read when a
//! reader asks for the run, or taken in by a server as it commits them. Everything here is derived: what is
//! damaged, or what somebody else changed meanwhile, is dropped and built anew.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::connection::FileIdentity;
use crate::error::Location;

mod catch_up;
mod failure;
mod follow;
mod memory;
mod open_run;
mod row_scan;
mod seal;
mod side_file;
mod snapshot;
mod state;
mod storing;
mod tables;
mod typed_rows;

pub use failure::SeriesUnavailable;
pub use snapshot::{MetricSeries, SeriesSnapshot};

pub(crate) use catch_up::{RowsOfProject, Wanted};
pub(crate) use memory::SeriesMemory;
pub(crate) use state::Position;

use failure::IndexFailure;
use open_run::OpenRun;
use side_file::{SideConnection, SideFile};
use storing::Storing;

/// So many damaged runs make the whole file suspect.
const DAMAGES_OF_FILE: u32 = 8;
/// Connections kept for the next readers.
const IDLE_READERS: usize = 8;

/// What the indexes of all projects of a store share.
#[derive(Debug, Clone)]
pub(crate) struct SeriesOfStore {
    /// Rows are taken in as they are committed.
    pub(crate) keeps_up: bool,
    pub(crate) memory: Arc<SeriesMemory>,
}

/// Removes the side file of a project that is deleted.
pub(crate) fn remove_side_file(data_directory: &Path, project: &str) -> io::Result<()> {
    SideFile::new(data_directory, project).remove()
}

/// The series index of one project.
pub(crate) struct SeriesIndex {
    pub(crate) keeps_up: bool,
    side: SideFile,
    memory: Arc<SeriesMemory>,
    open: Mutex<OpenRuns>,
    storing: Mutex<Storing>,
    readers: Mutex<Vec<SideConnection>>,
    /// Damaged runs of the file that stands there.
    damages: AtomicU32,
    /// It was said that the file cannot be used.
    has_warned: AtomicBool,
    clock: AtomicU64,
}

/// The runs in memory. The lock on it is held for moments only.
#[derive(Default)]
struct OpenRuns {
    /// The project's file they were read from, and the side file they are stored in.
    project: Option<FileIdentity>,
    side: Option<FileIdentity>,
    runs: HashMap<Arc<str>, Arc<Entry>>,
    /// Runs whose commits are not taken in until a reader asks for them.
    not_followed: HashSet<Arc<str>>,
}

/// A run in memory. Its lock is held while its rows are read.
#[derive(Default)]
struct Entry {
    run: Mutex<OpenRun>,
    /// When it was last used, by the clock of the index.
    used: AtomicU64,
}

impl Entry {
    fn lock(&self) -> MutexGuard<'_, OpenRun> {
        self.run.lock().unwrap_or_else(|poisoned| {
            self.run.clear_poison();
            let mut run = poisoned.into_inner();
            *run = OpenRun::default();
            run
        })
    }
}

impl SeriesIndex {
    pub(crate) fn new(location: &Location, of_store: &SeriesOfStore) -> Self {
        let data_directory = location.path.parent().unwrap_or(Path::new("."));
        Self {
            keeps_up: of_store.keeps_up,
            side: SideFile::new(data_directory, &location.project),
            memory: Arc::clone(&of_store.memory),
            open: Mutex::default(),
            storing: Mutex::default(),
            readers: Mutex::default(),
            damages: AtomicU32::default(),
            has_warned: AtomicBool::default(),
            clock: AtomicU64::default(),
        }
    }

    /// Forgets what was taken in of another project's file or stored in another side file than stand there now.
    fn check_files(&self, project: FileIdentity) {
        let side = self.side.identity();
        let mut open = self.open();
        if open.project != Some(project) || (open.side.is_some() && open.side != side) {
            *open = OpenRuns { project: Some(project), ..OpenRuns::default() };
        }
        open.side = side;
    }

    fn open(&self) -> MutexGuard<'_, OpenRuns> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The run, if it is in memory.
    fn known(&self, run_id: &str) -> Option<Arc<Entry>> {
        let entry = self.open().runs.get(run_id).cloned()?;
        entry.used.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Some(entry)
    }

    /// The run, brought into memory empty where it is not there.
    fn entry(&self, run_id: &Arc<str>) -> Arc<Entry> {
        let mut open = self.open();
        open.not_followed.remove(run_id);
        let entry = Arc::clone(open.runs.entry(Arc::clone(run_id)).or_default());
        entry.used.store(self.clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        entry
    }

    /// The entry is the one that others find.
    fn is_known(&self, run_id: &str, entry: &Arc<Entry>) -> bool {
        self.open().runs.get(run_id).is_some_and(|known| Arc::ptr_eq(known, entry))
    }

    /// Drops the run from memory; it goes on from what is stored.
    fn drop_run(&self, run_id: &str) {
        let mut open = self.open();
        if let Some((run_id, _)) = open.runs.remove_entry(run_id) {
            open.not_followed.insert(run_id);
        }
    }

    /// The run is deleted.
    pub(crate) fn forget(&self, run_id: &str) {
        self.build_anew(run_id);
        self.give_back_pages();
    }

    /// What is stored of the run is not believed: it is built anew from its rows, if it has any.
    fn build_anew(&self, run_id: &str) {
        self.open().runs.remove(run_id);
        if let Err(failure) = self.delete_stored(run_id)
            && failure.is_damage()
        {
            self.reset();
        }
    }

    /// All runs are deleted, or are others now, or the file is damaged.
    pub(crate) fn reset(&self) {
        *self.open() = OpenRuns::default();
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.storing().close();
        self.damages.store(0, Ordering::Relaxed);
        if let Err(error) = self.side.remove() {
            tracing::debug!(%error, "a series index is not removed");
        }
    }

    /// After `failure` over a run: makes sure that the next attempt goes another way.
    fn mend(&self, run_id: &str, failure: &IndexFailure) {
        match failure {
            IndexFailure::Moved => self.drop_run(run_id),
            failure if failure.is_damage_of_file() => self.reset(),
            IndexFailure::Damaged(damaged) => {
                tracing::warn!(run_id, %damaged, "the series of a run are built anew");
                if self.damages.fetch_add(1, Ordering::Relaxed) < DAMAGES_OF_FILE {
                    self.build_anew(run_id);
                } else {
                    self.reset();
                }
            }
            IndexFailure::Sql(_) | IndexFailure::File(_) | IndexFailure::Busy | IndexFailure::Rows(_) => {}
        }
    }

    /// Says once that the file cannot be used, until it can be again.
    fn warn_of(&self, failure: &IndexFailure) {
        if failure.is_refusal() && !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                path = %self.side.path().display(),
                %failure,
                "the series index cannot be read or written; charts are drawn from the rows, which takes longer"
            );
        }
    }

    /// A connection to read the side file by, inside a transaction that has begun; `None` where there is no file.
    fn begin_to_read(&self) -> Result<Option<SideConnection>, IndexFailure> {
        let standing = self.side.identity();
        let idle = {
            let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            readers.retain(|reader| Some(reader.file) == standing);
            readers.pop()
        };
        let Some(side) = (match idle {
            Some(idle) => Some(idle),
            None => self.side.open()?,
        }) else {
            return Ok(None);
        };
        side.connection.execute_batch("BEGIN")?;
        // The first look fixes what the transaction sees.
        side.connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
        Ok(Some(side))
    }

    fn end_to_read(&self, side: SideConnection) {
        if side.connection.execute_batch("ROLLBACK").is_ok() {
            let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            if readers.len() < IDLE_READERS {
                readers.push(side);
            }
        }
    }
}
