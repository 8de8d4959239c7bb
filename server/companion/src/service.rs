//! The loop that serves a data directory, as a process of its own or inside a server.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use paceline_hub::sync::Schedule;
use paceline_journal::layout::{
    companion_lock, companion_log, create_private_folder, find_journals, journals, own_folder, wake_file,
};
use paceline_journal::wake::Wake;
use paceline_journal::{FileLock, log_id};
use paceline_schema::companion::OpenRequest;
use paceline_schema::env::TRACKIO_INBOX_POLL_INTERVAL;
use paceline_schema::{Event, Metrics, ProjectName, SystemSample, Timestamp};
use paceline_storage::{Batch, Durability, Store};

use crate::detach::{close_standard_output, detach, give_way};
use crate::drainer::Drainer;
use crate::inbox::Inbox;
use crate::journals::Pass;
use crate::log::CompanionLog;
use crate::open::open_run;
use crate::sampler::Sampler;
use crate::tracked::{LiveRun, living};
use crate::webhooks::Webhooks;

/// How soon rows are committed when nobody waits for them.
const DRAIN_INTERVAL: Duration = Duration::from_millis(50);
/// A companion without journals ends after this.
const LINGER: Duration = Duration::from_secs(2);
/// … and after so many times that, when nothing that is left can be delivered.
const STUCK_LINGERS: u32 = 5;
/// … and after this when a server does not take it: it may come back within a night's maintenance, or never.
const SERVER_PATIENCE: Duration = Duration::from_secs(3_600);
/// How long a server that ends goes on storing what is journaled.
const REST_PATIENCE: Duration = Duration::from_millis(500);
/// How often a live run's heartbeat is written.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(10);
/// How often a server looks whether a companion has left the directory to it.
const LOCK_RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Whether somebody brings the rows of a data directory to its tables now.
#[must_use]
pub fn is_attended(directory: &Path) -> bool {
    FileLock::is_held(&companion_lock(directory))
}

/// Runs a companion to its end: answers `request`, drains while there are journals, leaves.
///
/// Call it while the process has one thread: it goes on in a child, and the caller's process ends at once.
///
/// # Errors
/// When the process cannot be left or the directory cannot be used; the journals stay as they are.
pub fn run_standalone(
    directory: &Path,
    request: Option<&OpenRequest>,
) -> Result<(), Box<dyn std::error::Error>> {
    detach()?;
    let log_path = companion_log(directory);
    let log = CompanionLog::hold(&log_path);
    let store = Store::open(directory, Durability::Process)?;
    if let Some(request) = request {
        // A trainer that no longer listens has given up; its rows are journaled all the same.
        let _ = writeln!(std::io::stdout(), "{}", serde_json::to_string(&open_run(&store, request))?);
    }
    close_standard_output()?;
    give_way();
    let mut service = Service::new(store)?;
    while let Some(lock) = service.acquire() {
        let ended = service.drain_until(LINGER, &AtomicBool::new(false));
        service.release(lock);
        // A trainer that came between the last look and the release found the lock taken and relies on us.
        if ended == Ended::Stuck || find_journals(directory)?.is_empty() {
            break;
        }
    }
    // What ends with it may still have something to say.
    drop(service);
    if let Some(log) = log {
        log.leave();
    }
    Ok(())
}

/// The same work on a thread of a server.
#[derive(Debug)]
pub struct Background {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    wake: Option<Wake>,
}

impl Background {
    /// Starts to serve the directory as soon as no companion does.
    ///
    /// # Errors
    /// When the thread cannot be started or the directory cannot be written.
    pub fn start(store: Store) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let wake = Wake::open(store.directory()).ok();
        let mut service = Service::new(store)?;
        let thread = {
            let stop = Arc::clone(&stop);
            thread::Builder::new().name("paceline-drain".to_owned()).spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    match service.acquire() {
                        Some(lock) => {
                            service.drain_until(Duration::MAX, &stop);
                            service.drain_rest();
                            service.release(lock);
                        }
                        None => thread::park_timeout(LOCK_RETRY_INTERVAL),
                    }
                }
            })?
        };
        Ok(Self { stop, thread: Some(thread), wake })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(wake) = &self.wake {
            wake.ring();
        }
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It only leaves its loop; a panic in it has been reported where it happened.
            let _ = thread.join();
        }
    }
}

/// Why draining ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// There are no journals.
    Alone,
    /// What there is cannot be delivered and nobody adds to it; the next opener tries again.
    Stuck,
    /// Somebody asked for it.
    Stopped,
}

struct Service {
    store: Store,
    wake: Wake,
    drainer: Drainer,
    inbox: Inbox,
    webhooks: Webhooks,
    schedule: Schedule,
    sampler: Option<Sampler>,
    nonce: u64,
    samples: u64,
    sampled: HashMap<String, SampledAt>,
    heartbeat: Option<Instant>,
}

#[derive(Debug, Default, Clone, Copy)]
struct SampledAt {
    processors: Option<Instant>,
    graphics: Option<Instant>,
}

impl Service {
    fn new(store: Store) -> std::io::Result<Self> {
        let wake = Wake::open(store.directory())?;
        let nonce = getrandom::u64().unwrap_or_else(|_| u64::from(std::process::id()));
        Ok(Self {
            drainer: Drainer::new(store.clone()),
            inbox: Inbox::new(std::env::var(TRACKIO_INBOX_POLL_INTERVAL).ok().as_deref()),
            webhooks: Webhooks::new(store.directory()),
            schedule: Schedule::default(),
            store,
            wake,
            sampler: None,
            nonce,
            samples: 0,
            sampled: HashMap::new(),
            heartbeat: None,
        })
    }

    fn acquire(&self) -> Option<FileLock> {
        let path = companion_lock(self.store.directory());
        create_private_folder(&own_folder(self.store.directory())).ok()?;
        FileLock::try_acquire(&path).ok().flatten()
    }

    /// Leaves the directory to the next one, without locks or empty folders.
    fn release(&self, lock: FileLock) {
        let directory = self.store.directory();
        // Whoever still waits on the old doorbell looks again after a moment by itself.
        let _ = std::fs::remove_file(wake_file(directory));
        let _ = std::fs::remove_dir(journals(directory));
        lock.remove();
    }

    /// Drains until there were no journals for `linger`, until nothing could be delivered for long, or until
    /// stopped.
    fn drain_until(&mut self, linger: Duration, stop: &AtomicBool) -> Ended {
        let mut alone_since: Option<Instant> = None;
        let mut stuck_since: Option<Instant> = None;
        let mut deliveries = 0;
        while !stop.load(Ordering::Relaxed) {
            // Read before looking for work, so that a ring during the look is not missed.
            let seen = self.wake.value();
            let pass = self.drainer.pass(|_| true);
            let delivered = self.drainer.deliveries_to_servers();
            // Alerts on their way to webhooks are something to wait for; attempts at them come to an end.
            let is_moving =
                self.webhooks.attend() | (std::mem::replace(&mut deliveries, delivered) != delivered);
            // The last sync of a project that ended is waited for by a companion; a server has the time.
            let is_leaving = linger != Duration::MAX && pass == Pass::NoJournals;
            let is_moving = is_moving | self.attend_datasets(is_leaving);
            match pass {
                Pass::NoJournals if self.drainer.is_surveying() => alone_since = None,
                Pass::NoJournals if !is_moving => {
                    let since = *alone_since.get_or_insert_with(Instant::now);
                    if since.elapsed() >= linger {
                        return Ended::Alone;
                    }
                }
                Pass::Idle if !is_moving && !self.drainer.has_writers() => {
                    let since = *stuck_since.get_or_insert_with(Instant::now);
                    let server_patience =
                        if self.drainer.waits_for_servers() { SERVER_PATIENCE } else { Duration::ZERO };
                    if since.elapsed() >= linger.saturating_mul(STUCK_LINGERS).max(server_patience) {
                        return Ended::Stuck;
                    }
                }
                Pass::NoJournals | Pass::Idle | Pass::Progress => (alone_since, stuck_since) = (None, None),
            }
            self.drainer.deliver_surveys();
            self.attend_live_runs();
            self.inbox.attend(&self.store);
            if pass != Pass::Progress {
                self.wake.wait(seen, DRAIN_INTERVAL);
            }
        }
        Ended::Stopped
    }

    /// Begins a sync that is due; gives whether one is to be waited for.
    fn attend_datasets(&mut self, is_leaving: bool) -> bool {
        let drainer = &self.drainer;
        let is_open = |project: &str| drainer.live_runs().iter().any(|run| run.project == project);
        self.schedule.attend(&self.store, is_open, is_leaving)
    }

    /// Stores what stands in the journals by now; who logs faster than this is followed no further.
    fn drain_rest(&mut self) {
        let began = Instant::now();
        while self.drainer.pass(|_| true) == Pass::Progress && began.elapsed() < REST_PATIENCE {}
    }

    /// Heartbeats and samples of runs whose processes log now.
    fn attend_live_runs(&mut self) {
        let live = self.drainer.live_runs();
        let live_elsewhere = self.drainer.live_runs_of_servers();
        if self.sampled.len() > live.len() + live_elsewhere.len() {
            let still: HashSet<&str> =
                live.iter().chain(&live_elsewhere).map(|run| run.run.id.as_str()).collect();
            self.sampled.retain(|id, _| still.contains(id.as_str()));
        }
        if live.is_empty() && live_elsewhere.is_empty() {
            return;
        }
        for run in &live_elsewhere {
            for batch in self.due_batches(run) {
                self.drainer.add_sample(&run.project, batch);
            }
        }
        let mut batches: HashMap<String, Vec<Batch>> = HashMap::new();
        for run in &live {
            let due = self.due_batches(run);
            if !due.is_empty() {
                batches.entry(run.project.clone()).or_default().extend(due);
            }
        }
        for (project, batches) in batches {
            self.write(&project, |project| project.append(batches).map(drop));
        }
        if self.heartbeat.is_none_or(|before| before.elapsed() >= HEARTBEAT_INTERVAL) {
            self.heartbeat = Some(Instant::now());
            for (project, alive) in living(&live) {
                self.write(project, |project| project.heartbeat(alive.runs, alive.ranks, now()));
            }
        }
    }

    /// Samples of the machine that are due for a run, as events.
    fn due_batches(&mut self, run: &LiveRun) -> Vec<Batch> {
        let samples = self.due_samples(run);
        samples
            .into_iter()
            .map(|metrics| {
                let time = now();
                self.samples += 1;
                let log_id = Some(log_id(time.0, self.nonce, self.samples));
                let events = vec![Event::System(SystemSample { log_id, time, metrics })];
                Batch { run: run.run.clone(), events }
            })
            .collect()
    }

    fn due_samples(&mut self, run: &LiveRun) -> Vec<Metrics> {
        let at = self.sampled.entry(run.run.id.clone()).or_default();
        let due = |before: Option<Instant>, interval: Option<f64>| {
            interval
                .is_some_and(|seconds| before.is_none_or(|before| before.elapsed().as_secs_f64() >= seconds))
        };
        let processors = due(at.processors, run.start.cpu_interval_seconds);
        let graphics = due(at.graphics, run.start.gpu_interval_seconds);
        let mut due = Vec::new();
        if processors || graphics {
            if self.sampler.is_none() {
                self.sampler = Sampler::new();
            }
            let Some(sampler) = &mut self.sampler else { return Vec::new() };
            if processors {
                // The first reading has no rates yet and only starts the counters.
                let metrics = sampler.processors();
                if at.processors.is_some() {
                    due.push(metrics);
                }
                at.processors = Some(Instant::now());
            }
            if graphics {
                at.graphics = Some(Instant::now());
                due.push(sampler.graphics());
            }
        }
        due.retain(|metrics| !metrics.is_empty());
        due
    }

    fn write(
        &self,
        project: &str,
        work: impl FnOnce(&paceline_storage::Project) -> Result<(), paceline_storage::StorageError>,
    ) {
        let Ok(name) = ProjectName::new(project) else { return };
        if let Err(error) = self.store.project_for_writing(&name).and_then(|project| work(&project)) {
            tracing::warn!(project, %error, "heartbeats and samples of the machine are left out");
        }
    }
}

fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}
