//! The tool `hf_jobs`: jobs run, followed and ended, by the operations and outcomes of Hugging Face's own server.

mod outcome;
mod wishes;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use paceline_jobs::{JobFault, Order, Script, UvScript};
use paceline_schema::jobs::{JobInfo, JobLine, JobReport, JobStage};
use paceline_schema::{ErrorCode, Scope};
use rmcp::model::CallToolResult;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::schemas::Object;
use crate::tool::Here;
use crate::world::{JobDesk, Pending};
use outcome::Outcome;
use wishes::Wishes;

/// Name on the wire.
pub(crate) const NAME: &str = "hf_jobs";
/// The name for people.
pub(crate) const TITLE: &str = "Run and follow jobs";
/// What it does and when to use it.
pub(crate) const DESCRIPTION: &str = "Runs commands and Python scripts as jobs of this machine, lists them, tells how they go \
    and what they print, ends them. Operations: run, uv, ps, logs, inspect, cancel; without one it tells how each is called. \
    `inspect` tells a job with its training in one sentence: step, loss, time left, price.";
/// How long a job is followed that is not to be left alone.
const FOLLOWED: Duration = Duration::from_secs(10);
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// Lines of a log unless a number is given.
const USUAL_LINES: usize = 20;
/// Lines of a log at most.
const MOST_LINES: usize = 1_000;
/// Jobs of a list at most.
const MOST_JOBS: usize = 50;
/// Bytes of the text of a log at most, from its end.
const LONGEST_LOG: usize = 64 << 10;
/// Read at once.
const PIECE: usize = 1 << 20;
/// A log is read up to this many pieces on: a job may print faster than it is read.
const MOST_PIECES: usize = 64;
/// Image that is noted for scripts.
const UV_IMAGE: &str = paceline_jobs::UV_IMAGE;

pub(crate) use outcome::output;
pub(crate) use wishes::input;

/// What is asked of a job or for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Run,
    Uv,
    Ps,
    Logs,
    Inspect,
    Cancel,
    /// Any that is about jobs by the clock.
    Scheduled,
}

impl Operation {
    fn parse(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "run" => Self::Run,
            "uv" => Self::Uv,
            "ps" => Self::Ps,
            "logs" => Self::Logs,
            "inspect" => Self::Inspect,
            "cancel" => Self::Cancel,
            word if word.starts_with("scheduled ") => Self::Scheduled,
            _ => return None,
        })
    }

    /// What the caller's token must permit.
    fn scope(self) -> Scope {
        match self {
            Self::Run | Self::Uv | Self::Cancel => Scope::Admin,
            Self::Ps | Self::Logs | Self::Inspect | Self::Scheduled => Scope::Read,
        }
    }
}

/// Calls it.
pub(crate) fn call(world: &Here, arguments: Object) -> Pending<CallToolResult> {
    let word = arguments.get("operation").and_then(Value::as_str).map(str::to_owned);
    let wishes = Wishes::of(arguments);
    let told = |outcome: Outcome, word: Option<String>| -> Pending<CallToolResult> {
        Box::pin(async move { Ok(outcome.result(word.as_deref())) })
    };
    let Some(named) = word.clone() else { return told(Outcome::usage(), None) };
    let Some(operation) = Operation::parse(&named) else {
        let message = format!("there is no operation `{named}`");
        return told(Outcome::error(&message, "one of run, uv, ps, logs, inspect, cancel"), word);
    };
    if wishes.asks_for_help() {
        return told(Outcome::help(&named), word);
    }
    if operation == Operation::Scheduled {
        let hint = "jobs of this machine start when they are submitted; let cron call `paceline jobs run`";
        return told(Outcome::unavailable("this machine runs no jobs by the clock", hint), word);
    }
    let asked =
        world.jobs(operation.scope(), Box::new(move |desk| Ok(answer(desk, operation, &wishes)?.value())));
    Box::pin(async move {
        let outcome = match asked.await {
            Ok(outcome) => Outcome::of(outcome),
            Err(fault) => Outcome::failed(&fault),
        };
        Ok(outcome.result(Some(&named)))
    })
}

fn answer(desk: &JobDesk<'_>, operation: Operation, wishes: &Wishes) -> Result<Outcome, Fault> {
    match operation {
        Operation::Run => {
            submit(desk, wishes, wishes.order(desk.own_token.as_deref(), wishes.command()?, None)?)
        }
        Operation::Uv => {
            let (uv, script) = script(wishes)?;
            submit(desk, wishes, wishes.order(desk.own_token.as_deref(), uv.command(), script)?)
        }
        Operation::Ps => {
            let stage = wishes.stage()?;
            let is_meant = |job: &JobInfo| match stage {
                Some(stage) => job.status.stage == stage,
                None => wishes.truth("all") || !job.status.stage.has_ended(),
            };
            let found: Vec<JobInfo> = desk.jobs.list().map_err(fault)?.into_iter().filter(is_meant).collect();
            let total = found.len();
            let found = found.into_iter().take(MOST_JOBS).collect();
            Ok(Outcome::jobs(&desk.jobs.reports(desk.engine, found)?, total))
        }
        Operation::Logs => {
            let id = wishes.job()?;
            let tail = wishes.number("tail").map_or(USUAL_LINES, |lines| lines.min(MOST_LINES));
            Ok(Outcome::logs(&id, &lines(desk, &id, tail)?))
        }
        Operation::Inspect => {
            let ids = wishes.jobs()?;
            if ids.len() > MOST_JOBS {
                return Err(Fault::argument(format!(
                    "`job_id` names {} jobs, more than {MOST_JOBS}",
                    ids.len()
                )));
            }
            let jobs = ids.iter().map(|id| desk.jobs.inspect(id).map_err(fault));
            let jobs = jobs.collect::<Result<Vec<_>, _>>()?;
            Ok(Outcome::inspections(&desk.jobs.reports(desk.engine, jobs)?))
        }
        Operation::Cancel => {
            let job = desk.jobs.cancel(&wishes.job()?).map_err(fault)?;
            Ok(Outcome::acknowledgement(&job))
        }
        Operation::Scheduled => {
            Ok(Outcome::unavailable("this machine runs no jobs by the clock", "let cron do it"))
        }
    }
}

/// Starts a job, and tells what it printed first unless it is to be left alone.
fn submit(desk: &JobDesk<'_>, wishes: &Wishes, order: Order) -> Result<Outcome, Fault> {
    let Some(workshop) = desk.workshop else {
        return Ok(Outcome::unavailable(
            "this server starts no jobs",
            "`paceline serve --jobs`, or `paceline mcp --allow-write --jobs`, starts one that does; who may start jobs may do what its \
             user may",
        ));
    };
    let mut job = desk.jobs.submit(workshop, order).map_err(fault)?;
    if wishes.truth("detach") {
        return Ok(Outcome::job(&told(desk, job)?, &[]));
    }
    let until = Instant::now() + FOLLOWED;
    while !job.status.stage.has_ended() && Instant::now() < until {
        std::thread::sleep(LOOK_INTERVAL);
        job = desk.jobs.inspect(&job.id).map_err(fault)?;
    }
    let lines = lines(desk, &job.id, USUAL_LINES)?;
    Ok(Outcome::job(&told(desk, job)?, &lines))
}

/// A script: its text goes with the job, an address or a command stands for itself.
fn script(wishes: &Wishes) -> Result<(UvScript, Option<Script>), Fault> {
    let text = wishes.text("script").ok_or_else(|| {
        Fault::new("`uv` needs a `script`", "give the text of a Python script, or the address of one")
    })?;
    let mut uv = UvScript {
        script: text.clone(),
        arguments: wishes.words("script_args")?,
        packages: wishes.words("with_deps")?,
        python: wishes.text("python"),
    };
    // As Hugging Face's server tells a text from an address or a command.
    if !text.contains('\n') {
        return Ok((uv, None));
    }
    "script.py".clone_into(&mut uv.script);
    let script = Script { name: uv.script.clone(), bytes: text.into_bytes(), uv: uv.clone() };
    Ok((uv, Some(script)))
}

/// The last lines of what a job printed, as much as an answer holds.
fn lines(desk: &JobDesk<'_>, id: &str, tail: usize) -> Result<Vec<JobLine>, Fault> {
    let mut log = desk.jobs.log(id, Some(tail)).map_err(fault)?;
    let (mut lines, mut bytes) = (VecDeque::<JobLine>::new(), 0);
    for _ in 0..MOST_PIECES {
        let read = log.read(PIECE);
        let read =
            read.map_err(|_| Fault::of(ErrorCode::Internal, "the log cannot be read".into(), String::new()))?;
        let Some(read) = read else { break };
        for line in read.iter().filter_map(|line| serde_json::from_str::<JobLine>(line).ok()) {
            bytes += line.data.len();
            lines.push_back(line);
            while lines.len() > tail || (bytes > LONGEST_LOG && lines.len() > 1) {
                bytes -= lines.pop_front().map_or(0, |line| line.data.len());
            }
        }
    }
    Ok(lines.into())
}

fn told(desk: &JobDesk<'_>, job: JobInfo) -> Result<JobReport, Fault> {
    let reports = desk.jobs.reports(desk.engine, vec![job])?;
    reports.into_iter().next().ok_or_else(|| Fault::of(ErrorCode::Internal, String::new(), String::new()))
}

fn fault(fault: JobFault) -> Fault {
    let code = fault.code();
    let hint = if code == ErrorCode::JobNotFound {
        "the operation `ps` with `all: true` shows those there are".to_owned()
    } else {
        fault.hint()
    };
    Fault::of(code, fault.to_string(), hint)
}

/// The words of the stages, for who asks for another one.
fn stages() -> String {
    JobStage::ALL.map(JobStage::as_str).join("`, `")
}

/// For a schema: a text.
fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}
