//! Finds the journals of a directory and sees that each is drained to where it belongs: the tables, or the
//! server its run names.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use paceline_journal::drain::delivery_problem;
use paceline_journal::layout::{JournalPath, companion_lock, find_journals};
use paceline_journal::{Drain, FileLock, Owner};
use paceline_schema::{Destination, ProjectName};
use paceline_storage::{Batch, Store};

use crate::inbox;
use crate::journals::{Journals, Pass};
use crate::remote::Lane;
use crate::sink::Tables;
use crate::survey::{Surveyed, Surveys};
use crate::tracked::LiveRun;

/// How long another process may take to commit what an ended one left.
const OTHERS_PATIENCE: Duration = Duration::from_secs(3);
/// How long servers may take for what ended processes left, where somebody waits for something else.
const SERVERS_PATIENCE: Duration = Duration::from_secs(3);

/// All journals of a directory that this process drains.
pub(crate) struct Drainer {
    store: Store,
    tables: Journals<Tables>,
    servers: HashMap<Destination, Lane>,
    surveys: Surveys,
    /// Journals of live processes are for whoever stays.
    leaves_live_ones: bool,
}

/// Brings journals of one project, or of all, to where they belong: whatever ended processes left, and for
/// the tables what live ones have written by now.
///
/// Journals that another process drains are left to it; what it has of ended processes is waited for, for a
/// moment. Servers are given a moment too. Nothing fails: what cannot be delivered stays.
pub fn drain_leftovers(store: &Store, project: Option<&str>) {
    let wanted = |journal: &JournalPath| project.is_none_or(|project| journal.project == project);
    let mut drainer = Drainer::new(store.clone());
    drainer.leaves_live_ones = true;
    let mut pass = drainer.pass(wanted);
    // A live process may write faster than tables take rows: its journal is not followed to its end.
    drainer.tables.leave_live_ones();
    while pass == Pass::Progress {
        pass = drainer.tables.pass();
    }
    inbox::import(store);
    await_others(store.directory(), wanted);
    drainer.await_servers();
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
        Self {
            tables: Journals::new(store.directory(), Tables::new(store.clone())),
            store,
            servers: HashMap::new(),
            surveys: Surveys::new(),
            leaves_live_ones: false,
        }
    }

    /// Looks for journals that `wanted` admits, and once into each that goes to the tables. Servers are served
    /// at the same time, by threads of their own.
    pub(crate) fn pass(&mut self, wanted: impl Fn(&JournalPath) -> bool) -> Pass {
        self.discover(wanted);
        match self.tables.pass() {
            Pass::NoJournals if self.servers.values().any(|server| !server.is_empty()) => Pass::Idle,
            pass @ (Pass::NoJournals | Pass::Idle | Pass::Progress) => pass,
        }
    }

    /// Runs whose rows go to the tables and whose processes still log.
    pub(crate) fn live_runs(&self) -> Vec<LiveRun> {
        self.tables.live_runs()
    }

    /// Runs whose rows go to servers and whose processes still log.
    pub(crate) fn live_runs_of_servers(&self) -> Vec<LiveRun> {
        self.servers.values().flat_map(Lane::live_runs).collect()
    }

    /// Sends a sample of the machine along with the rows of its run.
    pub(crate) fn add_sample(&self, project: &str, batch: Batch) {
        let is_its = |server: &&Lane| server.live_runs().iter().any(|live| live.run == batch.run);
        if let Some(server) = self.servers.values().find(is_its) {
            server.add_sample(project.to_owned(), batch);
        }
    }

    /// Delivers what was found out of runs beside their journals. Call it after a pass, so that a run is known before.
    pub(crate) fn deliver_surveys(&mut self) {
        for Surveyed { project, destination, batch } in self.surveys.take() {
            match destination {
                Some(destination) => {
                    if let Some(server) = self.servers.get(&destination) {
                        server.add_sample(project, batch);
                    }
                }
                None => {
                    let stored = ProjectName::new(&project)
                        .map_err(|error| error.to_string())
                        .and_then(|name| {
                            self.store.project_for_writing(&name).map_err(|error| error.to_string())
                        })
                        .and_then(|project| project.append(vec![batch]).map_err(|error| error.to_string()));
                    if let Err(error) = stored {
                        tracing::warn!(project, error, "the environment of a run is left out");
                    }
                }
            }
        }
    }

    /// Something is still being found out of a run.
    pub(crate) fn is_surveying(&self) -> bool {
        self.surveys.is_pending()
    }

    /// Some process still writes into a journal of ours.
    pub(crate) fn has_writers(&self) -> bool {
        self.tables.has_writers() || self.servers.values().any(Lane::has_writers)
    }

    /// Rows wait for a server.
    pub(crate) fn waits_for_servers(&self) -> bool {
        self.servers.values().any(|server| !server.is_empty())
    }

    /// How often servers have taken something.
    pub(crate) fn deliveries_to_servers(&self) -> u64 {
        self.servers.values().map(Lane::deliveries).sum()
    }

    fn await_servers(&self) {
        let begun = Instant::now();
        while !self.servers.values().all(Lane::is_at_rest) && begun.elapsed() < SERVERS_PATIENCE {
            std::thread::sleep(Duration::from_millis(2));
        }
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
            let path = &journal.path;
            if self.tables.holds(path) || self.servers.values().any(|server| server.holds(path)) {
                continue;
            }
            match Drain::open(&journal) {
                Ok(Some(drain)) => self.take(drain),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "a journal cannot be opened"),
            }
        }
    }

    fn take(&mut self, drain: Drain) {
        if let Some(owner) = drain.owner().filter(|_| !self.leaves_live_ones) {
            self.surveys.begin(&drain.journal().project, owner);
        }
        let Some(destination) = drain.owner().and_then(|owner| owner.destination.clone()) else {
            self.tables.add(drain);
            return;
        };
        if self.leaves_live_ones && !Owner::is_gone(&drain.journal().path) {
            return;
        }
        if !self.servers.contains_key(&destination) {
            match Lane::start(self.store.directory(), destination.clone()) {
                Ok(lane) => {
                    self.servers.insert(destination.clone(), lane);
                }
                Err(error) => tracing::warn!(%destination, %error, "rows for a server stay in the journal"),
            }
        }
        if let Some(server) = self.servers.get(&destination) {
            server.take(drain);
        }
    }
}
