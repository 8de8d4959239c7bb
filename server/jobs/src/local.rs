//! Jobs of this machine: submitted, listed, inspected and ended by their files, by whoever owns them.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};

use paceline_journal::FileLock;
use paceline_journal::layout::own_folder;
use paceline_query::{Engine, QueryError};
use paceline_schema::Timestamp;
use paceline_schema::jobs::{
    JobDurations, JobExpectation, JobInfo, JobOwner, JobReport, JobSpec, JobStage, JobStatus, USUAL_FLAVOR,
    USUAL_TIMEOUT_SECONDS,
};
use paceline_schema::redact::{REDACTED, redact_json};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::check::check;
use crate::fault::JobFault;
use crate::folder::{JobFolder, Kept, State, private};
use crate::log::LogReader;
use crate::memory;
use crate::orders::UvScript;
use crate::processes::Family;
use crate::report::reports;

/// Share of the memory of the machine that a job may use unless it says otherwise.
const USUAL_MEMORY: f64 = 0.9;
/// How long a job has to end by itself when it is asked to.
pub(crate) const GRACE: Duration = Duration::from_secs(10);
/// How long a supervisor may take to begin, on a disk or a machine that is busy.
const PATIENCE_TO_BEGIN: Duration = Duration::from_secs(60);
/// Whose jobs they are where nobody says it.
pub const OWNER: &str = "local";
/// How soon is looked again at what is to end.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Of processes that do not end.
const STUCK: &str = "its processes were ended by force and are there still, as those are that wait for a disk or a GPU; they end with \
    that, or when the machine is started anew";
/// The supervisor says it when the job is in its hands.
const READY: &str = "ready";

/// What jobs are run with.
#[derive(Debug, Clone)]
pub struct Workshop {
    /// This program, which is started as the supervisor of each job.
    pub program: PathBuf,
    /// Folder of our package `trackio`, which scripts then import in the place of any other.
    pub package: Option<PathBuf>,
    /// Memory a job may use, bytes; nine tenths of the machine's when absent.
    pub memory_bytes: Option<u64>,
}

/// A job to submit.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// What to run.
    pub spec: JobSpec,
    /// Whose it is; [`OWNER`]'s where it is empty.
    pub namespace: String,
    /// Memory it may use, bytes, where that is less than the workshop gives.
    pub memory_bytes: Option<u64>,
    /// What it is expected to take.
    pub expected: Option<JobExpectation>,
    /// A script that goes with the job.
    pub script: Option<Script>,
    /// The folder of this machine that a job of it runs in; one of its own when absent.
    pub folder: Option<PathBuf>,
}

/// A script that goes with its job.
#[derive(Debug, Clone)]
pub struct Script {
    /// Name of its file in the folder of a job of this machine.
    pub name: String,
    /// Its text.
    pub bytes: Vec<u8>,
    /// How it is run, for where no file can be put.
    pub uv: UvScript,
}

/// The jobs of a data directory.
#[derive(Debug, Clone)]
pub struct LocalJobs {
    directory: PathBuf,
    jobs: PathBuf,
}

impl LocalJobs {
    /// Those of `directory`; touches nothing on disk.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), jobs: own_folder(directory).join("jobs") }
    }

    /// Starts a job and answers when its supervisor has it.
    ///
    /// # Errors
    /// When it cannot be run here, or the system refuses.
    pub fn submit(&self, workshop: &Workshop, order: Order) -> Result<JobInfo, JobFault> {
        check(&order)?;
        let Order { mut spec, mut namespace, memory_bytes, expected, script, folder: workplace } = order;
        if namespace.is_empty() {
            OWNER.clone_into(&mut namespace);
        }
        let mut secrets = std::mem::take(&mut spec.secrets);
        let secret_names = secrets.0.keys().cloned().collect();
        // What only looks like a secret is not written down either.
        for (name, value) in &mut spec.environment {
            let hidden = without_secrets(name, value);
            if hidden != *value {
                let value = std::mem::replace(value, hidden);
                secrets.0.entry(name.clone()).or_insert(value);
            }
        }
        let created_at = Timestamp::from(SystemTime::now());
        let id = new_id(created_at)?;
        let usual = || memory::of_machine().map(|bytes| (bytes as f64 * USUAL_MEMORY) as u64);
        let directory = std::path::absolute(&self.directory).map_err(JobFault::at(&self.directory))?;
        let kept = Kept {
            id: id.clone(),
            namespace,
            created_at,
            spec,
            secret_names,
            memory_bytes: memory_bytes.into_iter().chain(workshop.memory_bytes.or_else(usual)).min(),
            expected,
            workplace,
            script: script.as_ref().map(|script| script.name.clone()),
            package: workshop.package.clone(),
            directory,
            program: workshop.program.clone(),
        };
        let folder = self.folder(&id)?;
        let folder = JobFolder::at(&std::path::absolute(folder.path()).map_err(JobFault::at(folder.path()))?);
        let text = serde_json::to_string(&secrets).map_err(|error| JobFault::unusable(error.to_string()))?;
        let begun = folder
            .make(&kept)
            .and_then(|()| script.map_or(Ok(()), |script| folder.put(&script.name, &script.bytes)))
            .and_then(|()| begin(workshop, &folder, &text));
        if let Err(fault) = begun {
            folder.discard();
            return Err(fault);
        }
        self.inspect(&id)
    }

    /// Starts another job like one that there is.
    ///
    /// # Errors
    /// As [`Self::inspect`] and [`Self::submit`], and when it had secrets, which nobody keeps, or its script is gone.
    pub fn again(&self, workshop: &Workshop, id: &str) -> Result<JobInfo, JobFault> {
        let folder = self.folder(id)?;
        let kept = folder.kept()?;
        let not_again = |reason| JobFault::NotAgain { id: id.to_owned(), reason };
        if !kept.secret_names.is_empty()
            || kept.spec.environment.values().any(|value| value.contains(REDACTED))
        {
            return Err(not_again("it had secrets, which are not kept"));
        }
        let script = kept.script.map(|name| match fs::read(folder.work().join(&name)) {
            Ok(bytes) => Ok(Script { name, bytes, uv: UvScript::default() }),
            Err(_) => Err(not_again("its script is not in its folder any more")),
        });
        let order = Order {
            spec: kept.spec,
            namespace: kept.namespace,
            memory_bytes: kept.memory_bytes,
            expected: kept.expected,
            script: script.transpose()?,
            folder: kept.workplace,
        };
        self.submit(workshop, order)
    }

    /// Every job, newest first; one whose files are damaged is left out.
    ///
    /// # Errors
    /// When the folder of jobs cannot be read.
    pub fn list(&self) -> Result<Vec<JobInfo>, JobFault> {
        self.some(None, usize::MAX, |_| true)
    }

    /// So many jobs that are meant, newest first, from the one on that comes after the job of the id `before`. More are
    /// not read.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn some(
        &self,
        before: Option<&str>,
        most: usize,
        is_meant: impl Fn(&JobInfo) -> bool,
    ) -> Result<Vec<JobInfo>, JobFault> {
        let entries = match fs::read_dir(&self.jobs) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(JobFault::at(&self.jobs)(error)),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let is_after = |id: &String| before.is_none_or(|before| id.as_str() < before);
        let mut ids: Vec<String> = names.filter(is_after).collect();
        // Later ids are greater.
        ids.sort_unstable_by(|a, b| b.cmp(a));
        let jobs = ids.iter().filter_map(|id| self.inspect(id).ok());
        Ok(jobs.filter(is_meant).take(most).collect())
    }

    /// One job.
    ///
    /// # Errors
    /// When there is none of this id, or its files cannot be read.
    pub fn inspect(&self, id: &str) -> Result<JobInfo, JobFault> {
        let folder = self.folder(id)?;
        let kept = folder.kept()?;
        let state = believed(&folder, &kept)?;
        Ok(told(kept, state))
    }

    /// What it was expected to take, where it was planned.
    #[must_use]
    pub fn expected(&self, id: &str) -> Option<JobExpectation> {
        self.folder(id).ok()?.kept().ok()?.expected
    }

    /// Jobs with the runs they log into.
    ///
    /// # Errors
    /// When the data directory cannot be read.
    pub fn reports(&self, engine: &Engine, jobs: Vec<JobInfo>) -> Result<Vec<JobReport>, QueryError> {
        reports(engine, jobs, |job| (self.expected(&job.id), self.silent_seconds(&job.id)))
    }

    /// What it printed, from the begin on or the last `tail` lines.
    ///
    /// # Errors
    /// As [`Self::inspect`].
    pub fn log(&self, id: &str, tail: Option<usize>) -> Result<LogReader, JobFault> {
        let folder = self.folder(id)?;
        folder.kept()?;
        LogReader::open(&folder.output(), tail).map_err(JobFault::at(&folder.output()))
    }

    /// Seconds since it last printed something; `None` when that is not known.
    #[must_use]
    pub fn silent_seconds(&self, id: &str) -> Option<f64> {
        let folder = self.folder(id).ok()?;
        let changed = fs::metadata(folder.output()).and_then(|found| found.modified()).ok()?;
        SystemTime::now().duration_since(changed).ok().map(|passed| passed.as_secs_f64())
    }

    /// Asks a job to end; one that has ended already stays as it is. Its processes are told to, and ended by force ten
    /// seconds later.
    ///
    /// # Errors
    /// As [`Self::inspect`], and when the wish cannot be written down.
    pub fn cancel(&self, id: &str) -> Result<JobInfo, JobFault> {
        let folder = self.folder(id)?;
        let kept = folder.kept()?;
        let state = believed(&folder, &kept)?;
        if state.stage.has_ended() {
            return Ok(told(kept, state));
        }
        folder.ask_to_cancel()?;
        if is_beginning(&kept, &state) {
            // Its supervisor sees the wish before it starts anything.
            return Ok(told(kept, state));
        }
        let lock = loop {
            if FileLock::is_held(&folder.lock()) {
                return Ok(told(kept, state));
            }
            // Who only looks holds it for a moment.
            if let Some(lock) = FileLock::try_acquire(&folder.lock()).map_err(JobFault::at(&folder.lock()))? {
                break lock;
            }
            thread::sleep(LOOK_INTERVAL);
        };
        // Nobody is there to see to it; but it may have ended meanwhile.
        let state = folder.state()?;
        if state.stage.has_ended() {
            return Ok(told(kept, state));
        }
        let family = family(&kept, &state);
        if !family.is_none_or(|family| end(&family)) {
            let state = State { message: Some(STUCK.to_owned()), ..state };
            return Ok(told(kept, state));
        }
        let state = State {
            stage: JobStage::Canceled,
            message: Some("canceled as somebody asked, after its supervisor was gone".to_owned()),
            finished_at: Some(Timestamp::from(SystemTime::now())),
            ..state
        };
        folder.set_state(&state)?;
        drop(lock);
        Ok(told(kept, state))
    }

    fn folder(&self, id: &str) -> Result<JobFolder, JobFault> {
        JobFolder::of(&self.jobs, id).ok_or_else(|| JobFault::NotFound { id: id.to_owned() })
    }
}

/// A value of an environment with what looks like a secret left out.
fn without_secrets(name: &str, value: &str) -> String {
    let mut one = json!({ name: value });
    redact_json(&mut one);
    one[name].as_str().unwrap_or(REDACTED).to_owned()
}

/// Words of a command with what looks like a secret left out.
fn words_without_secrets(words: Vec<String>) -> Vec<String> {
    let mut value = json!(words);
    redact_json(&mut value);
    serde_json::from_value(value).unwrap_or_default()
}

/// Starts the supervisor, which says when the job is in its hands.
fn begin(workshop: &Workshop, folder: &JobFolder, secrets: &str) -> Result<(), JobFault> {
    let complaints = private(&folder.complaints()).map_err(JobFault::at(&folder.complaints()))?;
    let mut supervisor = Command::new(&workshop.program)
        .arg("job-runner")
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(complaints)
        .current_dir("/")
        .spawn()
        .map_err(|error| {
            let program = workshop.program.display();
            JobFault::NotStarted { reason: format!("the program `{program}` cannot be run: {error}") }
        })?;
    let (input, output) = (supervisor.stdin.take(), supervisor.stdout.take());
    let (tell, hear) = mpsc::channel();
    let secrets = secrets.to_owned();
    // On a thread: a pipe has no time limit.
    let talking = thread::Builder::new().name("job-start".to_owned()).spawn(move || {
        let sent = input.map(|mut input| input.write_all(secrets.as_bytes()));
        let mut line = String::new();
        let heard = output.map(|output| BufReader::new(output).read_line(&mut line));
        // Who has waited too long has gone.
        let _ = tell.send(matches!((sent, heard), (Some(Ok(())), Some(Ok(_)))) && line.trim() == READY);
    });
    let is_ready = talking.is_ok() && hear.recv_timeout(PATIENCE_TO_BEGIN) == Ok(true);
    if !is_ready {
        let _ = supervisor.kill();
        let _ = supervisor.wait();
        let said = fs::read_to_string(folder.complaints()).unwrap_or_default();
        let said = said.lines().next().unwrap_or("its supervisor said nothing").to_owned();
        return Err(JobFault::NotStarted { reason: said });
    }
    // Whoever stays longer than the job takes notice of the supervisor's end, so that no zombie is left.
    let waiting = thread::Builder::new().name("job-supervisor".to_owned()).spawn(move || supervisor.wait());
    drop(waiting);
    Ok(())
}

/// Whether its supervisor is still to come: it is started, and on a busy machine takes its time.
fn is_beginning(kept: &Kept, state: &State) -> bool {
    let age = Timestamp::from(SystemTime::now()).seconds_since(kept.created_at);
    state.stage == JobStage::Scheduling && age < PATIENCE_TO_BEGIN.as_secs_f64()
}

/// The processes of a job that has no supervisor; `None` where it never had any.
fn family(kept: &Kept, state: &State) -> Option<Family> {
    let first = state.process.clone()?;
    Some(Family::Lost { id: kept.id.clone(), first, program: kept.program.clone() })
}

/// How a job stands, where its supervisor may have gone without a word.
fn believed(folder: &JobFolder, kept: &Kept) -> Result<State, JobFault> {
    // Looked at before the state is read: a supervisor writes it and then goes.
    let is_held = FileLock::is_held(&folder.lock());
    let state = folder.state()?;
    if state.stage.has_ended() || is_held || is_beginning(kept, &state) {
        return Ok(state);
    }
    let family = family(kept, &state);
    if let (Some(process), true) = (&state.process, family.is_some_and(|family| !family.living().is_empty()))
    {
        let message = format!(
            "its supervisor was killed; its processes (group {}) go on until they print something, which nobody reads, and their \
             end will not be known: `paceline jobs cancel` ends them",
            process.pid
        );
        return Ok(State { message: Some(message), ..state });
    }
    let message = "its supervisor was killed, or the machine was started anew, before the job ended; what it printed until \
        then is kept: submit it again, it goes on from its last checkpoint where it has one";
    let finished_at =
        fs::metadata(folder.output()).and_then(|found| found.modified()).ok().map(Timestamp::from);
    Ok(State { stage: JobStage::Error, message: Some(message.to_owned()), finished_at, ..state })
}

/// Ends the processes of a job that has no supervisor; whether nothing is left.
fn end(family: &Family) -> bool {
    Family::signal(&family.living(), Signal::TERM);
    let until = SystemTime::now() + GRACE;
    while SystemTime::now() < until && !family.living().is_empty() {
        thread::sleep(LOOK_INTERVAL);
    }
    family.kill()
}

/// A job as it is told: no secret, and nothing in its environment that looks like one.
fn told(kept: Kept, state: State) -> JobInfo {
    let now = Timestamp::from(SystemTime::now());
    let until = state.finished_at.unwrap_or(now);
    let seconds = |from: Timestamp, to: Timestamp| to.seconds_since(from).max(0.0) as i64;
    let spec = kept.spec;
    let environment = json!(spec.environment);
    let secrets: Value = kept
        .secret_names
        .into_iter()
        .map(|name| (name, Value::Null))
        .collect::<serde_json::Map<_, _>>()
        .into();
    JobInfo {
        id: kept.id,
        created_at: Some(kept.created_at),
        started_at: state.started_at,
        finished_at: state.finished_at,
        docker_image: spec.docker_image,
        space_id: spec.space_id,
        command: Some(words_without_secrets(spec.command)),
        arguments: Some(words_without_secrets(spec.arguments)),
        environment,
        secrets,
        flavor: Some(spec.flavor.unwrap_or_else(|| USUAL_FLAVOR.to_owned())),
        labels: json!(spec.labels),
        status: JobStatus { stage: state.stage, message: state.message },
        durations: Some(JobDurations {
            scheduling_secs: state.started_at.map(|started| seconds(kept.created_at, started)),
            running_secs: state.started_at.map(|started| seconds(started, until)),
            total_secs: Some(seconds(kept.created_at, until)),
        }),
        owner: JobOwner { id: kept.namespace.clone(), name: kept.namespace, kind: "user".to_owned() },
        timeout_seconds: Some(spec.timeout_seconds.unwrap_or(USUAL_TIMEOUT_SECONDS)),
    }
}

/// Seconds, microseconds and random bits: 24 digits, later ones greater.
fn new_id(now: Timestamp) -> Result<String, JobFault> {
    let mut bits = [0_u8; 8];
    getrandom::fill(&mut bits).map_err(|error| JobFault::NotStarted {
        reason: format!("the system gives no random bits: {error}"),
    })?;
    let (seconds, microseconds) = (now.0.div_euclid(1_000_000), now.0.rem_euclid(1_000_000));
    Ok(format!("{:08x}{microseconds:05x}{:011x}", seconds as u32, u64::from_ne_bytes(bits) >> 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(value: Value) -> Order {
        Order { spec: serde_json::from_value(value).expect("a spec"), ..Order::default() }
    }

    #[test]
    fn a_job_whose_supervisor_never_came_says_so() {
        let directory = tempfile::tempdir().expect("a folder");
        let jobs = LocalJobs::of(directory.path());
        assert!(jobs.list().expect("none").is_empty());
        let workshop = Workshop { program: "/bin/true".into(), package: None, memory_bytes: None };
        assert!(matches!(
            jobs.submit(&workshop, order(json!({"command": ["true"]}))),
            Err(JobFault::NotStarted { .. })
        ));
        let gone = Workshop { program: directory.path().join("paceline"), ..workshop };
        let fault = jobs.submit(&gone, order(json!({"command": ["true"]}))).expect_err("no program");
        assert!(fault.to_string().contains("cannot be run") && fault.code().outside().is_none(), "{fault}");
        assert!(jobs.list().expect("none").is_empty(), "nothing is left of it");
        let missing = jobs.inspect("0123456789abcdef01234567").expect_err("none");
        assert!(matches!(missing, JobFault::NotFound { .. }));
        assert!(matches!(jobs.inspect("../x"), Err(JobFault::NotFound { .. })));
    }

    #[test]
    fn later_ids_are_greater() {
        let ids: Vec<String> = [1_999_999, 2_000_000, 2_000_001, 2_999_999]
            .map(|now| new_id(Timestamp(now + 1_764_000_000_000_000)).expect("random bits"))
            .to_vec();
        assert!(ids.is_sorted() && ids.iter().all(|id| id.len() == 24), "{ids:?}");
    }

    #[test]
    fn what_looks_like_a_secret_is_not_told() {
        let token = "hf_abcdefghijklmnopqrstuvwxyz012345";
        assert_eq!(without_secrets("HF_TOKEN", token), REDACTED);
        assert_eq!(without_secrets("SEED", "1"), "1");
        let words = words_without_secrets(vec![
            "sh".to_owned(),
            "-c".to_owned(),
            format!("HF_TOKEN={token} python x"),
        ]);
        assert_eq!(words[2], format!("HF_TOKEN={REDACTED} python x"));
    }

    #[test]
    fn a_job_that_is_beginning_is_not_lost_and_one_that_ended_is_not_canceled() {
        let directory = tempfile::tempdir().expect("a folder");
        let jobs = LocalJobs::of(directory.path());
        let made = |age_seconds: i64, state: Option<State>| {
            let created_at = Timestamp(Timestamp::from(SystemTime::now()).0 - age_seconds * 1_000_000);
            let id = new_id(created_at).expect("random bits");
            let kept = Kept {
                id: id.clone(),
                namespace: OWNER.to_owned(),
                created_at,
                spec: JobSpec::default(),
                secret_names: Vec::new(),
                memory_bytes: None,
                expected: None,
                workplace: None,
                script: None,
                package: None,
                directory: directory.path().to_owned(),
                program: "/bin/paceline".into(),
            };
            let folder = jobs.folder(&id).expect("an id");
            folder.make(&kept).expect("made");
            if let Some(state) = state {
                folder.set_state(&state).expect("written");
            }
            id
        };
        let stage = |job: Result<JobInfo, JobFault>| job.expect("told").status.stage;
        let young = made(0, None);
        assert_eq!(stage(jobs.inspect(&young)), JobStage::Scheduling);
        assert_eq!(stage(jobs.cancel(&young)), JobStage::Scheduling);
        assert!(jobs.folder(&young).expect("an id").is_asked_to_cancel());
        assert_eq!(stage(jobs.inspect(&made(100, None))), JobStage::Error);

        // A worker without its launcher, which ended: it runs, and can be ended.
        let mut worker = Command::new("sleep");
        let old = made(200, None);
        let mut worker = worker.arg("600").env("PACELINE_JOB_ID", &old).spawn().expect("sleep runs");
        let first = paceline_journal::process::of(worker.id()).expect("it runs");
        let state = State {
            stage: JobStage::Running,
            message: None,
            started_at: None,
            finished_at: None,
            process: Some(paceline_schema::ProcessIdentity { pid: u32::MAX, ..first }),
        };
        jobs.folder(&old).and_then(|folder| folder.set_state(&state)).expect("written");
        assert_eq!(stage(jobs.inspect(&old)), JobStage::Running);
        assert_eq!(stage(jobs.cancel(&old)), JobStage::Canceled);
        assert!(worker.wait().is_ok_and(|status| !status.success()));
        assert_eq!(
            stage(jobs.cancel(&made(300, Some(State { stage: JobStage::Completed, ..state })))),
            JobStage::Completed
        );
        let ids: Vec<String> = jobs.list().expect("listed").into_iter().map(|job| job.id).collect();
        let page = jobs.some(Some(&ids[0]), 2, |_| true).expect("listed");
        assert_eq!(page.iter().map(|job| &job.id).collect::<Vec<_>>(), [&ids[1], &ids[2]]);
    }
}
