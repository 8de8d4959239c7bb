//! Moves records from all journals of a directory to the tables, project by project.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use paceline_journal::drain::delivery_problem;
use paceline_journal::layout::{JournalPath, companion_lock, find_journals};
use paceline_journal::{Checkpoint, Drain, Drained, FileLock, Owner};
use paceline_schema::event::RunKey;
use paceline_schema::{Event, ProjectName, RunEnd, RunStart, RunState, Timestamp};
use paceline_storage::{Batch, Pending, Store};

use crate::exit::{ExitStatus, ExitWatch};

/// Rows of one transaction, shared by the project's journals: larger ones hold the file's lock for longer
/// than other programs should wait, smaller ones cost throughput.
const ROWS_PER_COMMIT: usize = 5_000;
/// The first transaction of a pass is smaller, so that storing begins while the rest is still being read.
const ROWS_OF_FIRST_COMMIT: usize = 1_000;
/// After so many, heartbeats, samples and other projects have their turn.
const COMMITS_PER_PASS: usize = 8;
/// At least this many rows are read from each journal in turn.
const LEAST_ROWS_PER_JOURNAL: usize = 250;
/// How long the exit status of a process that is gone may take to be known: its parent has to ask for it.
const STATUS_PATIENCE: Duration = Duration::from_millis(500);
/// How long another process may take to commit what an ended one left.
const OTHERS_PATIENCE: Duration = Duration::from_secs(3);
/// How long a project that cannot be written is left alone.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// All journals of a directory that this process drains.
pub(crate) struct Drainer {
    store: Store,
    journals: HashMap<PathBuf, Tracked>,
    /// Projects that could not be written, and since when.
    troubled: HashMap<String, Instant>,
}

/// One journal, with what is known of its end.
#[derive(Debug)]
struct Tracked {
    drain: Drain,
    exit: Option<ExitWatch>,
    end: Option<RunEnd>,
    committed_end: Option<RunEnd>,
    gone_since: Option<Instant>,
    reported_lost: u64,
}

/// A live run of this machine.
#[derive(Debug, Clone)]
pub(crate) struct LiveRun {
    pub(crate) project: String,
    pub(crate) run: RunKey,
    pub(crate) start: RunStart,
}

/// What a pass over all journals found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// There are no journals.
    NoJournals,
    /// There are, and nothing new stood in them.
    Idle,
    /// Records were committed.
    Progress,
}

/// Commits what stands in the journals of one project, or of all: whatever ended processes left, and what
/// live ones have written by now.
///
/// Journals that another process drains are left to it; what it has of ended processes is waited for, for a
/// moment. Nothing fails: what cannot be committed stays.
pub fn drain_leftovers(store: &Store, project: Option<&str>) {
    let wanted = |journal: &JournalPath| project.is_none_or(|project| journal.project == project);
    let mut drainer = Drainer::new(store.clone());
    let mut pass = drainer.pass(wanted);
    // A live process may write faster than tables take rows: its journal is not followed to its end.
    drainer.journals.retain(|path, _| Owner::is_gone(path));
    while pass == Pass::Progress {
        pass = drainer.pass(|_| false);
    }
    drop(drainer);
    await_others(store.directory(), wanted);
}

fn await_others(directory: &Path, wanted: impl Fn(&JournalPath) -> bool) {
    let begun = Instant::now();
    let pending = || {
        let journals = find_journals(directory).unwrap_or_default();
        journals.iter().any(|journal| {
            wanted(journal) && Owner::is_gone(&journal.path) && delivery_problem(&journal.path).is_none()
        })
    };
    while pending() && FileLock::is_held(&companion_lock(directory)) && begun.elapsed() < OTHERS_PATIENCE {
        std::thread::sleep(Duration::from_millis(2));
    }
}

impl Drainer {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, journals: HashMap::new(), troubled: HashMap::new() }
    }

    /// Looks at every journal that `wanted` admits once.
    pub(crate) fn pass(&mut self, wanted: impl Fn(&JournalPath) -> bool) -> Pass {
        self.discover(wanted);
        if self.journals.is_empty() {
            return Pass::NoJournals;
        }
        let mut projects: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for (path, tracked) in &self.journals {
            projects.entry(tracked.drain.journal().project.clone()).or_default().push(path.clone());
        }
        let mut progress = false;
        for (project, paths) in projects {
            let resting = self.troubled.get(&project).is_some_and(|since| since.elapsed() < RETRY_INTERVAL);
            progress |= !resting && self.drain_project(&project, &paths);
        }
        if progress { Pass::Progress } else { Pass::Idle }
    }

    /// Runs whose processes still log, for heartbeats and samples.
    pub(crate) fn live_runs(&self) -> Vec<LiveRun> {
        self.journals
            .values()
            .filter(|tracked| tracked.end.is_none() && tracked.gone_since.is_none())
            .filter_map(|tracked| {
                let owner = tracked.drain.owner()?;
                let start = owner.start.clone()?;
                Some(LiveRun {
                    project: tracked.drain.journal().project.clone(),
                    run: owner.run.clone(),
                    start,
                })
            })
            .collect()
    }

    fn discover(&mut self, wanted: impl Fn(&JournalPath) -> bool) {
        let found = match find_journals(self.store.directory()) {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "the journals cannot be listed");
                return;
            }
        };
        for journal in found.into_iter().filter(wanted) {
            if self.journals.contains_key(&journal.path) {
                continue;
            }
            match Drain::open(&journal) {
                Ok(Some(drain)) => {
                    let exit = drain.owner().filter(|owner| owner.start.is_some());
                    let exit = exit.and_then(|owner| ExitWatch::new(owner.process.pid));
                    let tracked = Tracked {
                        drain,
                        exit,
                        end: None,
                        committed_end: None,
                        gone_since: None,
                        reported_lost: 0,
                    };
                    self.journals.insert(journal.path, tracked);
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "a journal cannot be opened"),
            }
        }
    }

    /// Stores what the project's journals hold, reading on while the last rows are being stored. `true` when
    /// there may be more.
    fn drain_project(&mut self, project: &str, paths: &[PathBuf]) -> bool {
        let mut progress = false;
        let mut rows = ROWS_OF_FIRST_COMMIT;
        let mut open = paths.to_vec();
        let mut in_flight: Option<(Vec<Reading>, Begun)> = None;
        for _ in 0..COMMITS_PER_PASS {
            let limit = (rows / paths.len()).max(LEAST_ROWS_PER_JOURNAL);
            rows = ROWS_PER_COMMIT;
            let (batches, readings) = self.read(&open, limit);
            open.retain(|path| !readings.iter().any(|reading| reading.ended && reading.path == *path));
            if let Some((before, pending)) = in_flight.take() {
                if let Err(problem) = self.settle(project, before, pending) {
                    self.rewind(&readings, &problem);
                    break;
                }
                progress = true;
            }
            let is_full = readings.iter().any(|reading| reading.is_full);
            in_flight = Some((readings, self.begin_to_store(project, batches)));
            if !is_full {
                break;
            }
        }
        if let Some((readings, pending)) = in_flight {
            let ended = readings.iter().any(|reading| reading.ended);
            let stored = self.settle(project, readings, pending).is_ok();
            progress |= stored && (ended || self.journals_moved(paths));
        }
        progress
    }

    fn read(&mut self, paths: &[PathBuf], limit: usize) -> (Vec<Batch>, Vec<Reading>) {
        let (mut batches, mut readings) = (Vec::new(), Vec::new());
        for path in paths {
            let Some(tracked) = self.journals.get_mut(path) else { continue };
            match tracked.read(limit) {
                Ok((batch, ended)) => {
                    readings.push(Reading {
                        path: path.clone(),
                        checkpoint: tracked.drain.checkpoint(),
                        end: tracked.end.clone(),
                        is_full: batch.as_ref().is_some_and(|batch| batch.events.len() >= limit),
                        ended,
                    });
                    batches.extend(batch);
                }
                Err(error) => tracing::warn!(%error, "a journal cannot be read"),
            }
        }
        (batches, readings)
    }

    /// Some process still writes into a journal of ours.
    pub(crate) fn has_writers(&self) -> bool {
        self.journals.keys().any(|path| !Owner::is_gone(path))
    }

    fn begin_to_store(&self, project: &str, batches: Vec<Batch>) -> Begun {
        if batches.is_empty() {
            return Ok(None);
        }
        let name = ProjectName::new(project).map_err(|error| error.to_string())?;
        let project = self.store.project_for_writing(&name).map_err(|error| error.to_string())?;
        project.begin_append(batches).map(Some).map_err(|error| error.to_string())
    }

    /// Waits until a reading is stored, and marks it; after a failure everything is read again.
    fn settle(&mut self, project: &str, readings: Vec<Reading>, pending: Begun) -> Result<(), String> {
        let stored = pending.and_then(|pending| {
            pending.map_or(Ok(()), |pending| pending.wait().map(drop).map_err(|error| error.to_string()))
        });
        match &stored {
            Ok(()) => {
                self.troubled.remove(project);
                readings.into_iter().for_each(|reading| self.mark(reading));
            }
            Err(error) => {
                self.rewind(&readings, error);
                if self.troubled.insert(project.to_owned(), Instant::now()).is_none() {
                    tracing::warn!(
                        project,
                        error,
                        "rows stay in the journal until the project can be written"
                    );
                }
            }
        }
        stored
    }

    fn rewind(&mut self, readings: &[Reading], problem: &str) {
        for reading in readings {
            if let Some(tracked) = self.journals.get_mut(&reading.path) {
                tracked.rewind(problem);
            }
        }
    }

    fn mark(&mut self, reading: Reading) {
        let Some(tracked) = self.journals.get_mut(&reading.path) else { return };
        let committed = tracked.drain.commit(&reading.checkpoint);
        tracked.committed_end = reading.end;
        let lost = tracked.drain.lost();
        if lost > tracked.reported_lost {
            tracing::warn!(journal = %reading.path.display(), lost, "records are missing or damaged");
            tracked.reported_lost = lost;
        }
        let ended = |()| reading.ended.then(|| self.journals.remove(&reading.path)).flatten();
        let result =
            committed.map(ended).and_then(|ended| ended.map_or(Ok(()), |ended| ended.drain.remove()));
        if let Err(error) = result {
            tracing::warn!(%error, "a journal could not be marked; its records may be read again");
        }
    }

    fn journals_moved(&mut self, paths: &[PathBuf]) -> bool {
        paths.iter().any(|path| self.journals.get_mut(path).is_some_and(|tracked| tracked.drain.take_moved()))
    }
}

/// An append that was begun, `None` when there was nothing to store, or why it could not begin.
type Begun = Result<Option<Pending>, String>;

/// What was read of one journal and is to be marked once it is stored.
#[derive(Debug)]
struct Reading {
    path: PathBuf,
    checkpoint: Checkpoint,
    end: Option<RunEnd>,
    /// As much was there as was asked for.
    is_full: bool,
    /// Nothing will follow.
    ended: bool,
}

impl Tracked {
    /// Reads on; with the end of the run added when its process is gone. `true` when nothing will follow.
    fn read(&mut self, limit: usize) -> Result<(Option<Batch>, bool), paceline_journal::JournalError> {
        let Drained { mut events, mut ended } = self.drain.read(limit)?;
        for event in &events {
            if let Event::End(end) = event {
                self.end = Some(end.clone());
            }
        }
        let Some(owner) = self.drain.owner().cloned() else { return Ok((None, ended)) };
        if ended && owner.start.is_some() {
            match self.final_end() {
                EndKnown::Yes(end) => events.extend(end.map(Event::End)),
                EndKnown::NotYet => ended = false,
            }
        }
        let batch = (!events.is_empty()).then_some(Batch { run: owner.run, events });
        Ok((batch, ended))
    }

    /// What is to be said of the end beyond what the process said itself.
    fn final_end(&mut self) -> EndKnown {
        // What `finish()` said stands. What the process said while it was leaving, its status knows better.
        if self.end.as_ref().is_some_and(|end| !end.leaving) {
            return EndKnown::Yes(None);
        }
        let status = self.exit.as_ref().and_then(ExitWatch::status);
        let since = *self.gone_since.get_or_insert_with(Instant::now);
        if status.is_none() && self.exit.is_some() && since.elapsed() < STATUS_PATIENCE {
            return EndKnown::NotYet;
        }
        let time = Timestamp::from(SystemTime::now());
        let end = match (&self.end, status) {
            (Some(_), None) => return EndKnown::Yes(None),
            (Some(end), Some(ExitStatus::Code(0))) => {
                RunEnd { state: RunState::Finished, exit_code: Some(0), failure: None, ..end.clone() }
            }
            (Some(end), Some(ExitStatus::Code(code))) => {
                RunEnd { state: RunState::Failed, exit_code: Some(code), ..end.clone() }
            }
            (Some(end), Some(ExitStatus::Signal(signal))) => {
                RunEnd { state: RunState::Crashed, exit_signal: Some(signal), ..end.clone() }
            }
            (None, status) => {
                let (state, exit_code, exit_signal) = match status {
                    Some(ExitStatus::Code(0)) => (RunState::Crashed, Some(0), None),
                    Some(ExitStatus::Code(code)) => (RunState::Failed, Some(code), None),
                    Some(ExitStatus::Signal(signal)) => (RunState::Crashed, None, Some(signal)),
                    None => (RunState::Crashed, None, None),
                };
                RunEnd { time, state, exit_code, exit_signal, failure: None, leaving: false }
            }
        };
        EndKnown::Yes(Some(end))
    }

    /// What was read since the last mark could not be stored.
    fn rewind(&mut self, problem: &str) {
        self.drain.rewind();
        self.end = self.committed_end.clone();
        if let Err(error) = self.drain.say_problem(problem) {
            tracing::debug!(%error, "a trainer cannot be told why its rows wait");
        }
    }
}

enum EndKnown {
    Yes(Option<RunEnd>),
    NotYet,
}
