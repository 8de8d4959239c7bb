//! Journals with one destination: read, delivered and marked, project by project.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Instant;

use paceline_journal::{Drain, Owner};
use paceline_storage::Batch;

use crate::sink::{Settled, Sink};
use crate::tracked::{LiveRun, Reading, Tracked};
use crate::webhooks::Spool;

/// The first delivery of a pass is smaller, so that storing begins while the rest is still being read.
const ROWS_OF_FIRST_DELIVERY: usize = 1_000;
/// After so many, heartbeats, samples and other projects have their turn.
const DELIVERIES_PER_PASS: usize = 8;
/// At least this many rows are read from each journal in turn.
const LEAST_ROWS_PER_JOURNAL: usize = 250;

/// What a pass over journals found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// There are no journals.
    NoJournals,
    /// There are, and nothing new stood in them.
    Idle,
    /// Records were delivered.
    Progress,
}

/// Journals that this process drains into one sink.
pub(crate) struct Journals<S> {
    pub(crate) sink: S,
    tracked: HashMap<PathBuf, Tracked>,
    /// Projects that could not be delivered, and since when.
    troubled: HashMap<String, Instant>,
    webhooks: Spool,
}

impl<S: Sink> Journals<S> {
    pub(crate) fn new(directory: &Path, sink: S) -> Self {
        let webhooks = Spool::of(directory);
        Self { sink, tracked: HashMap::new(), troubled: HashMap::new(), webhooks }
    }

    pub(crate) fn add(&mut self, drain: Drain) {
        self.tracked.insert(drain.journal().path.clone(), Tracked::new(drain));
    }

    pub(crate) fn holds(&self, path: &Path) -> bool {
        self.tracked.contains_key(path)
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.tracked.keys()
    }

    /// Gives back journals whose processes still write.
    pub(crate) fn leave_live_ones(&mut self) {
        self.tracked.retain(|path, _| Owner::is_gone(path));
    }

    /// Some process still writes into one of the journals.
    pub(crate) fn has_writers(&self) -> bool {
        self.tracked.keys().any(|path| !Owner::is_gone(path))
    }

    /// Runs whose processes still log, for heartbeats and samples.
    pub(crate) fn live_runs(&self) -> Vec<LiveRun> {
        self.tracked.values().filter_map(Tracked::live_run).collect()
    }

    /// Looks at every journal once.
    pub(crate) fn pass(&mut self) -> Pass {
        if self.tracked.is_empty() {
            return Pass::NoJournals;
        }
        let mut projects: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for (path, tracked) in &self.tracked {
            projects.entry(tracked.drain.journal().project.clone()).or_default().push(path.clone());
        }
        let mut progress = false;
        for (project, paths) in projects {
            let retry_interval = self.sink.retry_interval();
            let resting = self.troubled.get(&project).is_some_and(|since| since.elapsed() < retry_interval);
            progress |= !resting && self.drain_project(&project, &paths);
        }
        if progress { Pass::Progress } else { Pass::Idle }
    }

    /// Delivers what the project's journals hold, reading on while the last rows are being delivered. `true`
    /// when there may be more.
    fn drain_project(&mut self, project: &str, paths: &[PathBuf]) -> bool {
        let mut progress = false;
        let mut rows = self.sink.rows_per_delivery().min(ROWS_OF_FIRST_DELIVERY);
        let mut open = paths.to_vec();
        let mut in_flight: Option<(Vec<Reading>, S::Pending)> = None;
        for _ in 0..DELIVERIES_PER_PASS {
            let limit = (rows / paths.len()).max(LEAST_ROWS_PER_JOURNAL);
            rows = self.sink.rows_per_delivery();
            let (batches, readings) = self.read(&open, limit);
            open.retain(|path| !readings.iter().any(|reading| reading.ended && reading.path == *path));
            if let Some((before, pending)) = in_flight.take() {
                match self.settle(project, before, pending) {
                    Ok(Settled::Delivered) => progress = true,
                    Ok(Settled::Held) => {
                        self.rewind(&readings, None);
                        break;
                    }
                    Err(problem) => {
                        self.rewind(&readings, Some(&problem));
                        break;
                    }
                }
            }
            let is_full = readings.iter().any(|reading| reading.is_full);
            in_flight = Some((readings, self.sink.begin(project, batches)));
            if !is_full {
                break;
            }
        }
        if let Some((readings, pending)) = in_flight {
            let ended = readings.iter().any(|reading| reading.ended);
            let delivered = self.settle(project, readings, pending) == Ok(Settled::Delivered);
            progress |= delivered && (ended || self.have_moved(paths));
        }
        progress
    }

    fn read(&mut self, paths: &[PathBuf], limit: usize) -> (Vec<Batch>, Vec<Reading>) {
        let (mut batches, mut readings) = (Vec::new(), Vec::new());
        for path in paths {
            let Some(tracked) = self.tracked.get_mut(path) else { continue };
            match tracked.read(limit) {
                Ok((batch, reading)) => {
                    readings.push(reading);
                    batches.extend(batch);
                }
                Err(error) => tracing::warn!(%error, "a journal cannot be read"),
            }
        }
        (batches, readings)
    }

    /// Waits until a reading is delivered, and marks it; after a failure everything is read again.
    fn settle(
        &mut self,
        project: &str,
        readings: Vec<Reading>,
        pending: S::Pending,
    ) -> Result<Settled, String> {
        let settled = self.sink.settle(project, pending);
        match &settled {
            Ok(Settled::Delivered) => {
                self.troubled.remove(project);
                readings.into_iter().for_each(|reading| self.mark(&reading));
            }
            Ok(Settled::Held) => self.rewind(&readings, None),
            Err(error) => {
                self.rewind(&readings, Some(error));
                if self.troubled.insert(project.to_owned(), Instant::now()).is_none() {
                    tracing::warn!(project, error, "rows stay in the journal until they can be delivered");
                }
            }
        }
        settled
    }

    fn rewind(&mut self, readings: &[Reading], problem: Option<&str>) {
        for reading in readings {
            if let Some(tracked) = self.tracked.get_mut(&reading.path) {
                tracked.rewind(problem);
            }
        }
    }

    fn mark(&mut self, reading: &Reading) {
        let Some(tracked) = self.tracked.get_mut(&reading.path) else { return };
        // Kept before the mark: whoever reads these records again keeps the same requests.
        for (id, call) in &reading.webhooks {
            if let Err(error) = self.webhooks.keep(id, call) {
                tracing::warn!(%error, webhook = call.target.shown(), "an alert is stored and cannot be sent");
            }
        }
        let marked = tracked.mark(reading);
        let ended = |()| reading.ended.then(|| self.tracked.remove(&reading.path)).flatten();
        let result = marked.map(ended).and_then(|ended| ended.map_or(Ok(()), |ended| ended.drain.remove()));
        if let Err(error) = result {
            tracing::warn!(%error, "a journal could not be marked; its records may be read again");
        }
    }

    fn have_moved(&mut self, paths: &[PathBuf]) -> bool {
        paths.iter().any(|path| self.tracked.get_mut(path).is_some_and(|tracked| tracked.drain.take_moved()))
    }
}
