//! Jobs of this machine: submitted, listed, inspected and ended by their files, by whoever owns them.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use paceline_journal::FileLock;
use paceline_journal::layout::own_folder;
use paceline_journal::process::{Liveness, liveness};
use paceline_schema::Timestamp;
use paceline_schema::jobs::{
    JobDurations, JobExpectation, JobInfo, JobOwner, JobSpec, JobStage, JobStatus, USUAL_FLAVOR,
    USUAL_TIMEOUT_SECONDS,
};
use paceline_schema::redact::redact_json;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use crate::fault::JobFault;
use crate::folder::{JobFolder, Kept, State, private};
use crate::log::LogReader;
use crate::memory;
use crate::orders::UvScript;

/// Words of a command and variables together, bytes.
const LARGEST_SPEC: usize = 4 << 20;
/// Share of the memory of the machine that a job may use unless it says otherwise.
const USUAL_MEMORY: f64 = 0.9;
/// How long a job without a supervisor has to end when it is asked to.
const GRACE: Duration = Duration::from_secs(10);
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
    /// Whose it is.
    pub namespace: String,
    /// Memory it may use, bytes, where that is less than the workshop gives.
    pub memory_bytes: Option<u64>,
    /// What it is expected to take.
    pub expected: Option<JobExpectation>,
    /// A script that goes with the job.
    pub script: Option<Script>,
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
        check(&order.spec)?;
        let Order { mut spec, namespace, memory_bytes, expected, script } = order;
        let secrets = std::mem::take(&mut spec.secrets);
        let created_at = Timestamp::from(SystemTime::now());
        let id = new_id(created_at)?;
        let usual = || memory::of_machine().map(|bytes| (bytes as f64 * USUAL_MEMORY) as u64);
        let directory = std::path::absolute(&self.directory).map_err(JobFault::at(&self.directory))?;
        let kept = Kept {
            id: id.clone(),
            namespace,
            created_at,
            spec,
            secret_names: secrets.0.keys().cloned().collect(),
            memory_bytes: memory_bytes.into_iter().chain(workshop.memory_bytes.or_else(usual)).min(),
            expected,
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

    /// Every job, newest first; one whose files are damaged is left out.
    ///
    /// # Errors
    /// When the folder of jobs cannot be read.
    pub fn list(&self) -> Result<Vec<JobInfo>, JobFault> {
        let entries = match fs::read_dir(&self.jobs) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(JobFault::at(&self.jobs)(error)),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut jobs: Vec<JobInfo> = names.filter_map(|id| self.inspect(&id).ok()).collect();
        jobs.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        Ok(jobs)
    }

    /// One job.
    ///
    /// # Errors
    /// When there is none of this id, or its files cannot be read.
    pub fn inspect(&self, id: &str) -> Result<JobInfo, JobFault> {
        let folder = self.folder(id)?;
        let (kept, state) = (folder.kept()?, believed(&folder)?);
        Ok(told(kept, state))
    }

    /// What it was expected to take, where it was planned.
    ///
    /// # Errors
    /// As [`Self::inspect`].
    pub fn expected(&self, id: &str) -> Result<Option<JobExpectation>, JobFault> {
        Ok(self.folder(id)?.kept()?.expected)
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
        let (kept, state) = (folder.kept()?, believed(&folder)?);
        if state.stage.has_ended() {
            return Ok(told(kept, state));
        }
        folder.ask_to_cancel()?;
        if FileLock::is_held(&folder.lock()) {
            return Ok(told(kept, state));
        }
        // Nobody is there to see to it.
        end_group(&state);
        let state = State {
            stage: JobStage::Canceled,
            message: Some("canceled as somebody asked, after its supervisor was gone".to_owned()),
            finished_at: Some(Timestamp::from(SystemTime::now())),
            ..state
        };
        folder.set_state(&state)?;
        Ok(told(kept, state))
    }

    fn folder(&self, id: &str) -> Result<JobFolder, JobFault> {
        JobFolder::of(&self.jobs, id).ok_or_else(|| JobFault::NotFound { id: id.to_owned() })
    }
}

/// Refuses what makes no sense, and what a machine alone cannot do.
fn check(spec: &JobSpec) -> Result<(), JobFault> {
    let words = || spec.command.iter().chain(&spec.arguments);
    if words().next().is_none_or(String::is_empty) {
        return Err(JobFault::unusable("the job has no command"));
    }
    let variables = || spec.environment.iter().chain(&spec.secrets.0);
    let bytes: usize =
        words().map(String::len).sum::<usize>() + variables().map(|(a, b)| a.len() + b.len()).sum::<usize>();
    if bytes > LARGEST_SPEC {
        return Err(JobFault::unusable(format!(
            "command and environment have {bytes} bytes, more than {LARGEST_SPEC}"
        )));
    }
    if words().any(|word| word.contains('\0')) {
        return Err(JobFault::unusable("the command has a character of no text, U+0000"));
    }
    for (name, value) in variables() {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err(JobFault::unusable(format!("`{}` cannot be a variable", name.escape_default())));
        }
    }
    if spec.timeout_seconds == Some(0) {
        return Err(JobFault::unusable("the job has no time: `timeoutSeconds` is 0"));
    }
    let missing = |what, instead| Err(JobFault::Missing { what, instead });
    if !spec.volumes.is_empty() {
        return missing(
            "volumes to mount",
            "read and write the Hub from the script, or name files of this machine by their paths",
        );
    }
    if spec.ssh.is_some() {
        return missing("SSH", "the machine itself may have it");
    }
    if spec.expose.is_some() {
        return missing("proxy for ports", "the ports of a job are those of this machine");
    }
    if spec.network.is_some() {
        return missing("networks of their own", "jobs of one machine reach each other at 127.0.0.1");
    }
    Ok(())
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
        .map_err(JobFault::at(&workshop.program))?;
    let (input, output) = (supervisor.stdin.take(), supervisor.stdout.take());
    let sent = input.map(|mut input| input.write_all(secrets.as_bytes()));
    let mut line = String::new();
    let heard = output.map(|output| BufReader::new(output).read_line(&mut line));
    let is_ready = matches!((sent, heard), (Some(Ok(())), Some(Ok(_)))) && line.trim() == READY;
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

/// How a job stands, where its supervisor may have gone without a word.
fn believed(folder: &JobFolder) -> Result<State, JobFault> {
    // Looked at before the state is read: a supervisor writes it and then goes.
    let is_held = FileLock::is_held(&folder.lock());
    let state = folder.state()?;
    if state.stage.has_ended() || is_held {
        return Ok(state);
    }
    let process = state.process.as_ref();
    if let Some(process) = process.filter(|process| liveness(process) == Liveness::Alive) {
        let message = format!(
            "its supervisor was killed; its processes (group {}) go on, and their end will not be known: \
             `paceline jobs cancel` ends them",
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

/// Ends the processes of a job that has no supervisor.
fn end_group(state: &State) {
    let Some(process) = &state.process else { return };
    let is_alive = || liveness(process) == Liveness::Alive;
    let Some(group) = i32::try_from(process.pid).ok().and_then(Pid::from_raw).filter(|_| is_alive()) else {
        return;
    };
    // Whoever has ended meanwhile is not there any more.
    let _ = kill_process_group(group, Signal::TERM);
    let until = SystemTime::now() + GRACE;
    while is_alive() && SystemTime::now() < until {
        thread::sleep(Duration::from_millis(50));
    }
    if is_alive() {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// A job as it is told: no secret, and nothing in its environment that looks like one.
fn told(kept: Kept, state: State) -> JobInfo {
    let now = Timestamp::from(SystemTime::now());
    let until = state.finished_at.unwrap_or(now);
    let seconds = |from: Timestamp, to: Timestamp| to.seconds_since(from).max(0.0) as i64;
    let spec = kept.spec;
    let mut environment = json!(spec.environment);
    redact_json(&mut environment);
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
        command: Some(spec.command),
        arguments: Some(spec.arguments),
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

/// Seconds and random bits: 24 digits, later ones greater.
fn new_id(now: Timestamp) -> Result<String, JobFault> {
    let mut bits = [0_u8; 8];
    getrandom::fill(&mut bits).map_err(|error| JobFault::NotStarted {
        reason: format!("the system gives no random bits: {error}"),
    })?;
    Ok(format!("{:08x}{:016x}", (now.0 / 1_000_000) as u32, u64::from_ne_bytes(bits)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(value: Value) -> JobSpec {
        serde_json::from_value(value).expect("a spec")
    }

    #[test]
    fn what_cannot_be_run_is_said_before_it_is_tried() {
        for (sent, part) in [
            (json!({}), "no command"),
            (json!({"command": [""]}), "no command"),
            (json!({"command": ["a\0"]}), "U+0000"),
            (json!({"command": ["a"], "environment": {"A=B": "c"}}), "`A=B`"),
            (json!({"command": ["a"], "timeoutSeconds": 0}), "timeoutSeconds"),
            (json!({"command": ["a"], "volumes": [{"type": "bucket"}]}), "volumes"),
            (json!({"command": ["a"], "ssh": {"enabled": true}}), "SSH"),
        ] {
            let fault = check(&spec(sent)).expect_err(part);
            assert!(fault.to_string().contains(part) && !fault.hint().is_empty(), "{fault}");
        }
        assert!(check(&spec(json!({"command": ["python", "-c", "1"]}))).is_ok());
    }

    #[test]
    fn a_job_whose_supervisor_never_came_says_so() {
        let directory = tempfile::tempdir().expect("a folder");
        let jobs = LocalJobs::of(directory.path());
        assert!(jobs.list().expect("none").is_empty());
        let workshop = Workshop { program: "/bin/true".into(), package: None, memory_bytes: None };
        let order = Order { spec: spec(json!({"command": ["true"]})), ..Order::default() };
        assert!(matches!(jobs.submit(&workshop, order), Err(JobFault::NotStarted { .. })));
        assert!(jobs.list().expect("none").is_empty(), "nothing is left of it");
        let missing = jobs.inspect("0123456789abcdef01234567").expect_err("none");
        assert!(matches!(missing, JobFault::NotFound { .. }));
        assert!(matches!(jobs.inspect("../x"), Err(JobFault::NotFound { .. })));
    }
}
