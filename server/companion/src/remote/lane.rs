//! The thread that serves one server: a slow one holds up neither the tables nor the others.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use paceline_journal::Drain;
use paceline_journal::wake::Wake;
use paceline_schema::Destination;
use paceline_storage::Batch;

use super::sink::ServerSink;
use crate::journals::{Journals, Pass};
use crate::sink::Sink;
use crate::tracked::LiveRun;

/// How soon rows are sent when nobody waits for them.
const SEND_INTERVAL: Duration = Duration::from_millis(250);
/// How often somebody who waits, or an end of the thread, is looked for during a pause.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(10);
/// Samples of the machine kept for a server that is away; older ones give way.
const MOST_SAMPLES: usize = 2_000;
/// A request under way at the end is waited for this long.
const END_PATIENCE: Duration = Duration::from_secs(2);

/// A server being served.
pub(crate) struct Lane {
    shared: Arc<Mutex<Shared>>,
    thread: Option<JoinHandle<()>>,
}

/// What the two sides tell each other.
#[derive(Default)]
struct Shared {
    arriving: Vec<Drain>,
    samples: VecDeque<(String, Batch)>,
    stop: bool,
    held: HashSet<PathBuf>,
    live: Vec<LiveRun>,
    has_writers: bool,
    is_troubled: bool,
    deliveries: u64,
}

impl Lane {
    /// Starts to serve; a thread that cannot be started is an error of the system.
    pub(crate) fn start(directory: &Path, destination: Destination) -> std::io::Result<Self> {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let worker = Worker {
            shared: Arc::clone(&shared),
            wake: Wake::open(directory)?,
            journals: Journals::new(directory, ServerSink::new(directory, destination)),
            heartbeat: None,
        };
        let thread = thread::Builder::new().name("paceline-send".to_owned()).spawn(move || worker.run())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }

    /// Hands over a journal.
    pub(crate) fn take(&self, drain: Drain) {
        let mut shared = self.shared();
        shared.held.insert(drain.journal().path.clone());
        shared.has_writers = true;
        shared.arriving.push(drain);
    }

    pub(crate) fn holds(&self, path: &Path) -> bool {
        self.shared().held.contains(path)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.shared().held.is_empty()
    }

    /// Some process still writes into a journal that is sent here.
    pub(crate) fn has_writers(&self) -> bool {
        self.shared().has_writers
    }

    /// Nothing more can be done now: all is delivered, or the server does not take it.
    pub(crate) fn is_at_rest(&self) -> bool {
        let shared = self.shared();
        shared.arriving.is_empty() && (shared.held.is_empty() || shared.is_troubled)
    }

    /// How often something was delivered.
    pub(crate) fn deliveries(&self) -> u64 {
        self.shared().deliveries
    }

    pub(crate) fn live_runs(&self) -> Vec<LiveRun> {
        self.shared().live.clone()
    }

    /// Sends a sample of the machine with what goes next.
    pub(crate) fn add_sample(&self, project: String, batch: Batch) {
        let mut shared = self.shared();
        if shared.samples.len() >= MOST_SAMPLES {
            shared.samples.pop_front();
        }
        shared.samples.push_back((project, batch));
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.shared().stop = true;
        let Some(thread) = self.thread.take() else { return };
        let begun = Instant::now();
        while !thread.is_finished() && begun.elapsed() < END_PATIENCE {
            thread::sleep(Duration::from_millis(1));
        }
        if thread.is_finished() {
            // A panic in it has been reported where it happened.
            let _ = thread.join();
        }
    }
}

struct Worker {
    shared: Arc<Mutex<Shared>>,
    wake: Wake,
    journals: Journals<ServerSink>,
    heartbeat: Option<Instant>,
}

impl Worker {
    fn run(mut self) {
        loop {
            // Read before looking for work, so that a ring during the look is not missed.
            let seen = self.wake.value();
            let Some(arrived) = self.take_arrivals() else { return };
            if arrived {
                self.journals.sink.pause.shorten();
            }
            let mut pass = Pass::Idle;
            if self.journals.sink.pause.left().is_none() {
                pass = self.journals.pass();
                self.send_samples();
                self.send_heartbeat();
            }
            self.publish(pass);
            if pass != Pass::Progress {
                let left = self.journals.sink.pause.left();
                self.wake.wait(seen, left.map_or(SEND_INTERVAL, |left| left.min(LOOK_INTERVAL)));
                if left.is_some() && self.wake.value() != seen {
                    self.journals.sink.pause.shorten();
                    // Who waits rings all the time.
                    thread::sleep(LOOK_INTERVAL / 10);
                }
            }
        }
    }

    /// Takes in new journals; `None` when the work is to end.
    fn take_arrivals(&mut self) -> Option<bool> {
        let mut shared = lock(&self.shared);
        if shared.stop {
            return None;
        }
        let arriving = std::mem::take(&mut shared.arriving);
        let arrived = !arriving.is_empty();
        arriving.into_iter().for_each(|drain| self.journals.add(drain));
        Some(arrived)
    }

    fn send_samples(&mut self) {
        let samples = std::mem::take(&mut lock(&self.shared).samples);
        let mut samples: Vec<_> = samples.into_iter().collect();
        while let Some((project, _)) = samples.first() {
            let project = project.clone();
            let (now, later): (Vec<_>, Vec<_>) =
                samples.into_iter().partition(|(other, _)| *other == project);
            samples = later;
            let batches = now.iter().map(|(_, batch)| batch.clone()).collect();
            if self.journals.sink.settle(&project, batches).is_err() {
                let mut shared = lock(&self.shared);
                now.into_iter().chain(samples).rev().for_each(|sample| shared.samples.push_front(sample));
                shared.samples.truncate(MOST_SAMPLES);
                return;
            }
        }
    }

    fn send_heartbeat(&mut self) {
        let live = self.journals.live_runs();
        let is_due = self.heartbeat.is_none_or(|before| before.elapsed() >= HEARTBEAT_INTERVAL);
        if !live.is_empty() && is_due {
            self.heartbeat = Some(Instant::now());
            self.journals.sink.send_heartbeat(&live);
        }
    }

    fn publish(&self, pass: Pass) {
        let mut shared = lock(&self.shared);
        let mut held: HashSet<PathBuf> = self.journals.paths().cloned().collect();
        held.extend(shared.arriving.iter().map(|drain| drain.journal().path.clone()));
        shared.has_writers = !shared.arriving.is_empty() || self.journals.has_writers();
        shared.held = held;
        shared.live = self.journals.live_runs();
        shared.is_troubled = self.journals.sink.pause.is_troubled();
        shared.deliveries += u64::from(pass == Pass::Progress);
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
