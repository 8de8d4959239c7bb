//! Makes segments ahead of need on a thread of its own, so that an append never waits for a file system.
//!
//! The appending thread takes ready segments from a lock-free queue and gives used ones back for unmapping;
//! the two never share a mutex, since a lock held by a preempted thread would stall the training.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_queue::{ArrayQueue, SegQueue};
use paceline_schema::event::RunKey;
use paceline_schema::{Destination, RunStart};

use crate::error::{At, JournalError};
use crate::layout::segment_path;
use crate::owner::OwnedFolder;
use crate::segment::Segment;

/// Room of a segment while rows come at an ordinary pace: about 3,700 rows of ten metrics.
const SMALL_SEGMENT_BYTES: usize = 1 << 20;
/// Room once a segment filled within a second.
const LARGE_SEGMENT_BYTES: usize = 4 << 20;
/// Segments kept ready: one is enough at an ordinary pace, a burst of rows needs more.
const FEW_SPARES: usize = 1;
const MANY_SPARES: usize = 4;
/// How long after a failure, a full disk for instance, the next attempt is made.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// Where segments come from.
#[derive(Debug)]
pub(crate) struct Spares {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    ready: ArrayQueue<Segment>,
    retired: SegQueue<Segment>,
    wanted: AtomicUsize,
    capacity: AtomicUsize,
    failing: AtomicBool,
    stop: AtomicBool,
    place: Mutex<Place>,
}

/// What only the making thread uses after the start.
#[derive(Debug)]
struct Place {
    directory: std::path::PathBuf,
    project: String,
    run: RunKey,
    run_start: Option<RunStart>,
    destination: Option<Destination>,
    folder: Option<OwnedFolder>,
    last_number: u32,
    problem: Option<Arc<JournalError>>,
}

impl Spares {
    /// Makes the journal's folder and first segment at once, and starts the thread that makes the others.
    /// A failure is kept as [`Spares::problem`] and tried again.
    pub(crate) fn start(
        directory: &std::path::Path,
        project: &str,
        run: &RunKey,
        run_start: Option<&RunStart>,
        destination: Option<&Destination>,
    ) -> Self {
        let shared = Arc::new(Shared {
            ready: ArrayQueue::new(MANY_SPARES + 1),
            retired: SegQueue::new(),
            wanted: AtomicUsize::new(FEW_SPARES),
            capacity: AtomicUsize::new(SMALL_SEGMENT_BYTES),
            failing: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            place: Mutex::new(Place {
                directory: directory.to_owned(),
                project: project.to_owned(),
                run: run.clone(),
                run_start: run_start.cloned(),
                destination: destination.cloned(),
                folder: None,
                last_number: 0,
                problem: None,
            }),
        });
        shared.make_one();
        let thread = {
            let shared = Arc::clone(&shared);
            spawn_without_signals("paceline-seg", move || shared.keep_ready())
        };
        Self { shared, thread }
    }

    /// A ready segment. Waits a moment while one is being made, since rows that stand in a segment survive
    /// the process and rows in memory do not; not when making them fails.
    pub(crate) fn take(&self) -> Option<Segment> {
        const PATIENCE: Duration = Duration::from_millis(20);
        const PAUSE: Duration = Duration::from_micros(20);
        let mut waited = Duration::ZERO;
        loop {
            if let Some(segment) = self.shared.ready.pop() {
                self.wake();
                return Some(segment);
            }
            if waited >= PATIENCE || self.shared.failing.load(Ordering::Relaxed) || self.thread.is_none() {
                return None;
            }
            self.wake();
            thread::sleep(PAUSE);
            waited += PAUSE;
        }
    }

    /// Makes a segment for one record that is larger than a whole segment.
    pub(crate) fn take_large(&self, bytes: usize) -> Option<Segment> {
        let mut place = self.shared.lock();
        // Numbers ascend in the order of use, so the ready ones are passed over, sealed and empty.
        while let Some(small) = self.shared.ready.pop() {
            small.seal();
            self.shared.retired.push(small);
        }
        place.make(bytes.max(LARGE_SEGMENT_BYTES)).ok()
    }

    /// Gives a used segment back; it is unmapped on the thread.
    pub(crate) fn retire(&self, segment: Segment) {
        self.shared.retired.push(segment);
        self.wake();
    }

    /// Rows come fast: more and larger segments from now on.
    pub(crate) fn expect_many(&self) {
        self.shared.wanted.store(MANY_SPARES, Ordering::Relaxed);
        self.shared.capacity.store(LARGE_SEGMENT_BYTES, Ordering::Relaxed);
    }

    /// The journal's folder, once it could be made.
    pub(crate) fn folder(&self) -> Option<std::path::PathBuf> {
        self.shared.lock().folder.as_ref().map(|folder| folder.path.clone())
    }

    /// Why segments cannot be made at the moment.
    pub(crate) fn problem(&self) -> Option<Arc<JournalError>> {
        self.shared.lock().problem.clone()
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // It only leaves its loop; a panic in it has been seen by its own caller already.
            let _ = thread.join();
        }
        // Segments nobody wrote into would only make the drainer look at them.
        let place = self.shared.lock();
        while let Some(segment) = self.shared.ready.pop() {
            if let Some(folder) = &place.folder {
                let _ = std::fs::remove_file(segment_path(&folder.path, segment.number));
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep_ready(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            while self.retired.pop().is_some() {}
            if self.ready.len() >= self.wanted.load(Ordering::Relaxed) {
                thread::park();
            } else if !self.make_one() {
                thread::park_timeout(RETRY_INTERVAL);
            }
        }
    }

    fn make_one(&self) -> bool {
        let mut place = self.lock();
        match place.make(self.capacity.load(Ordering::Relaxed)) {
            Ok(segment) => {
                place.problem = None;
                self.failing.store(false, Ordering::Relaxed);
                // The queue has room for every spare that is ever wanted.
                let _ = self.ready.push(segment);
                true
            }
            Err(error) => {
                place.problem = Some(Arc::new(error));
                self.failing.store(true, Ordering::Relaxed);
                false
            }
        }
    }
}

impl Place {
    fn make(&mut self, capacity: usize) -> Result<Segment, JournalError> {
        let folder = match &self.folder {
            Some(folder) => folder,
            None => {
                let (start, destination) = (self.run_start.as_ref(), self.destination.as_ref());
                let folder =
                    OwnedFolder::create(&self.directory, &self.project, &self.run, start, destination)?;
                self.folder.insert(folder)
            }
        };
        let number = self.last_number + 1;
        let path = segment_path(&folder.path, number);
        let segment = Segment::create(&path, number, folder.nonce, capacity).at("create", &path)?;
        self.last_number = number;
        Ok(segment)
    }
}

/// Starts a thread that receives no signals: they are for the program's own handlers.
fn spawn_without_signals(name: &str, body: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    const STACK_BYTES: usize = 256 << 10;
    #[allow(unsafe_code, reason = "the standard library does not mask signals")]
    // SAFETY: the sets are initialised by the calls that fill them.
    let before = unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        before
    };
    let thread = thread::Builder::new().name(name.to_owned()).stack_size(STACK_BYTES).spawn(body).ok();
    #[allow(unsafe_code, reason = "see above")]
    // SAFETY: `before` was filled above.
    unsafe {
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
    }
    thread
}
