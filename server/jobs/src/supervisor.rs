//! The supervisor of one job: starts it, keeps what it prints, watches its time and memory, and writes down how it ended.
//!
//! It is a process in a session of its own, so that the end of a server or a terminal is not that of the job. Secrets come by its
//! standard input and live in its memory and in the environment of the job alone.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, PipeReader, Read};
use std::path::Path;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use paceline_journal::{FileLock, process};
use paceline_schema::Timestamp;
use paceline_schema::jobs::{JobStage, USUAL_TIMEOUT_SECONDS};
use rustix::process::{Pid, Signal, getpid, kill_process_group, set_child_subreaper, setsid};

use crate::command;
use crate::diagnosis::{Ending, explain};
use crate::fault::JobFault;
use crate::folder::{JobFolder, Kept, State};
use crate::local::GRACE;
use crate::log::LogWriter;
use crate::memory::MemoryWatch;
use crate::processes::Family;

/// How often time and wishes are looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// How long what was printed last is waited for: a process that cannot be ended may hold the pipe.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// More often than this nothing is tried.
const MOST_ATTEMPTS: u32 = 10;
/// How long the last word is tried to be written on a disk that is full.
const PATIENCE_WITH_DISK: Duration = Duration::from_secs(10);
/// Somebody told this process to end.
static IS_DISMISSED: AtomicBool = AtomicBool::new(false);
/// How much rather than others the system ends the job where memory runs out.
const EXPENDABLE: &str = "500";

/// Runs the job of a folder to its end. `on_ready` is called once it is taken care of.
///
/// # Errors
/// When the folder is not one of a job, or cannot be written.
pub fn supervise(folder: &Path, on_ready: impl FnOnce()) -> Result<(), JobFault> {
    // Refused to the leader of a group, which has no terminal to leave.
    let _ = setsid();
    // Who loses its parent becomes a child of this process, so that nothing of the job is lost sight of.
    let _ = set_child_subreaper(Some(getpid()));
    notice_dismissal();
    let folder = JobFolder::at(folder);
    let kept = folder.kept()?;
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(JobFault::at(folder.path()))?;
    let secrets: BTreeMap<String, String> = serde_json::from_str(&text)
        .map_err(|_| JobFault::NotStarted { reason: "its secrets did not arrive".to_owned() })?;
    let lock = take(&folder)?;
    on_ready();
    let log = LogWriter::open(&folder.output(), secrets.values().cloned());
    let log = Arc::new(Mutex::new(log.map_err(JobFault::at(&folder.output()))?));
    let mut state = State {
        stage: JobStage::Running,
        message: None,
        started_at: Some(now()),
        finished_at: None,
        process: None,
    };
    say(&log, &format!("===== Job started at {} =====", now().to_string().replace("+00:00", "Z")));
    let (stage, message) = match command::furnish(&folder, &kept) {
        Ok(notes) => {
            notes.iter().for_each(|note| say(&log, note));
            run(&folder, &kept, &secrets, &log, &mut state)
        }
        Err(fault) => (JobStage::Error, Some(format!("{fault}; {}", fault.hint()))),
    };
    folder.free_reserve();
    log.lock().unwrap_or_else(PoisonError::into_inner).say_last();
    if let Some(message) = &message {
        say(&log, &format!("===== {message}"));
    }
    say(&log, &format!("===== Job finished: status={} =====", stage.as_str()));
    state = State { stage, message, finished_at: Some(now()), ..state };
    let written = write_last(&folder, &state);
    drop(lock);
    written
}

/// Writes how it ended. Others may have taken what room there was, and a job without a last word counts as lost.
fn write_last(folder: &JobFolder, state: &State) -> Result<(), JobFault> {
    let until = Instant::now() + PATIENCE_WITH_DISK;
    loop {
        match folder.set_state(state) {
            Err(_) if Instant::now() < until => thread::sleep(LOOK_INTERVAL),
            written => return written,
        }
    }
}

/// Takes the wish of the system, or of whoever sends it, that this process ends as one that its job does.
fn notice_dismissal() {
    extern "C" fn notice(_: libc::c_int) {
        IS_DISMISSED.store(true, Ordering::Relaxed);
    }
    let handler = notice as extern "C" fn(libc::c_int);
    #[allow(unsafe_code, reason = "the standard library has no signals")]
    // SAFETY: the handler only stores into an atomic; what it starts gets the usual disposition back by `exec`.
    unsafe {
        libc::signal(libc::SIGTERM, handler as libc::sighandler_t);
    }
}

/// The lock that says that somebody takes care of the job. Who only looks holds it for a moment, too.
fn take(folder: &JobFolder) -> Result<FileLock, JobFault> {
    for _ in 0..100 {
        if let Some(lock) = FileLock::try_acquire(&folder.lock()).map_err(JobFault::at(&folder.lock()))? {
            return Ok(lock);
        }
        thread::sleep(Duration::from_millis(20));
    }
    Err(JobFault::NotStarted { reason: "somebody else takes care of it".to_owned() })
}

fn run(
    folder: &JobFolder,
    kept: &Kept,
    secrets: &BTreeMap<String, String>,
    log: &Arc<Mutex<LogWriter>>,
    state: &mut State,
) -> (JobStage, Option<String>) {
    let attempts = kept.spec.attempts.unwrap_or(1).clamp(1, MOST_ATTEMPTS);
    let deadline_seconds = kept.spec.timeout_seconds.unwrap_or(USUAL_TIMEOUT_SECONDS);
    let deadline = Instant::now().checked_add(Duration::from_secs(deadline_seconds));
    for attempt in 1..=attempts {
        if let Some(ending) = wish(folder) {
            return (JobStage::Canceled, explain(ending, &[], &kept.id));
        }
        let ending = match attend(folder, kept, secrets, log, state, deadline, deadline_seconds) {
            Ok(ending) => ending,
            Err(error) => return (JobStage::Error, Some(not_run(kept, &error))),
        };
        let log = log.lock().unwrap_or_else(PoisonError::into_inner);
        let mut message = explain(ending, &log.last(), &kept.id);
        if let Some(missing) = log.missing() {
            message = Some(message.map_or(missing.clone(), |message| format!("{message}; {missing}")));
        }
        let stage = match ending {
            Ending::Canceled | Ending::Dismissed => JobStage::Canceled,
            Ending::TimedOut { .. } | Ending::Memory { .. } => JobStage::Error,
            Ending::Exited(status) if status.success() => JobStage::Completed,
            Ending::Exited(_) if attempt < attempts => {
                drop(log);
                continue;
            }
            Ending::Exited(_) => JobStage::Error,
        };
        return (stage, message);
    }
    (JobStage::Error, None)
}

/// Runs it once.
fn attend(
    folder: &JobFolder,
    kept: &Kept,
    secrets: &BTreeMap<String, String>,
    log: &Arc<Mutex<LogWriter>>,
    state: &mut State,
    deadline: Option<Instant>,
    deadline_seconds: u64,
) -> io::Result<Ending> {
    let (reader, writer) = io::pipe()?;
    // Before the job: one that nobody listens to is not to run.
    let ended = pump(reader, Arc::clone(log))?;
    let mut prepared = command::prepare(folder, kept, secrets);
    prepared.stdout(writer.try_clone()?).stderr(writer);
    let mut child = prepared.spawn()?;
    // It holds the other end of the pipe, which is to be the job's alone.
    drop(prepared);
    let _ = fs::write(format!("/proc/{}/oom_score_adj", child.id()), EXPENDABLE);
    state.process = process::of(child.id());
    // A full disk is no reason not to run.
    if let Err(fault) = folder.set_state(state) {
        say(log, &format!("note: {fault}"));
    }
    let family = Family::Own { first: child.id(), program: kept.program.clone() };
    let ending = watch(folder, kept, &family, &mut child, deadline, deadline_seconds);
    // What it left behind ends with it, as in a container.
    if !family.kill() {
        say(log, "note: some of its processes were ended by force and are there still");
    }
    let _ = child.try_wait();
    let _ = ended.recv_timeout(LAST_WORDS);
    log.lock().unwrap_or_else(PoisonError::into_inner).finish_line();
    ending
}

fn watch(
    folder: &JobFolder,
    kept: &Kept,
    family: &Family,
    child: &mut Child,
    deadline: Option<Instant>,
    seconds: u64,
) -> io::Result<Ending> {
    let mut memory = MemoryWatch::of(kept.memory_bytes.unwrap_or(u64::MAX));
    let mut next_look = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Ending::Exited(status));
        }
        if let Some(ending) = wish(folder) {
            end(family, child);
            return Ok(ending);
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            end(family, child);
            return Ok(Ending::TimedOut { seconds });
        }
        if Instant::now() >= next_look {
            match memory.look(&family.living()) {
                Ok(used) => {
                    return Ok(Ending::Memory { used, limit: kept.memory_bytes.unwrap_or(u64::MAX) });
                }
                Err(interval) => next_look = Instant::now() + interval,
            }
        }
        thread::sleep(LOOK_INTERVAL);
    }
}

/// Whether the job is to end though its time is not over.
fn wish(folder: &JobFolder) -> Option<Ending> {
    if folder.is_asked_to_cancel() {
        return Some(Ending::Canceled);
    }
    IS_DISMISSED.load(Ordering::Relaxed).then_some(Ending::Dismissed)
}

/// Tells the job to end: its group, and what that leaves behind. Who is there still after the grace is ended by force.
fn end(family: &Family, child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // A group whose last process has ended is no more.
        let _ = kill_process_group(group, Signal::TERM);
    }
    let until = Instant::now() + GRACE;
    let mut is_first_gone = false;
    while Instant::now() < until {
        let had_gone = is_first_gone;
        is_first_gone = had_gone || !matches!(child.try_wait(), Ok(None));
        if is_first_gone {
            let living = family.living();
            if living.is_empty() {
                return;
            }
            if !had_gone {
                Family::signal(&living, Signal::TERM);
            }
        }
        thread::sleep(LOOK_INTERVAL);
    }
}

/// Keeps what comes through the pipe; the answer tells when nothing more can come.
fn pump(mut reader: PipeReader, log: Arc<Mutex<LogWriter>>) -> io::Result<mpsc::Receiver<()>> {
    let (ended, wait) = mpsc::channel::<()>();
    thread::Builder::new().name("job-log".to_owned()).spawn(move || {
        let mut bytes = [0; 64 << 10];
        loop {
            match reader.read(&mut bytes) {
                Ok(0) => break,
                Ok(count) => log.lock().unwrap_or_else(PoisonError::into_inner).take(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        drop(ended);
    })?;
    Ok(wait)
}

fn not_run(kept: &Kept, error: &io::Error) -> String {
    let program = kept.spec.command.first().map_or("", String::as_str);
    if error.kind() == ErrorKind::NotFound {
        return format!(
            "`{program}` is no program of this machine; jobs here run on the machine itself, whatever image is named: install it, or \
             give its path"
        );
    }
    format!("`{program}` cannot be started: {error}; look at its permissions")
}

fn say(log: &Arc<Mutex<LogWriter>>, text: &str) {
    log.lock().unwrap_or_else(PoisonError::into_inner).say(text);
}

fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}
