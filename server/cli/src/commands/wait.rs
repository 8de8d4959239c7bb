//! `paceline wait`: returns when something holds of a run, so that nobody asks again and again.

use std::thread;
use std::time::{Duration, Instant};

use paceline_query::{Engine, WaitCondition};
use paceline_schema::events::Waited;
use paceline_schema::{RunState, RunStatus};

use super::status::newest_run;
use crate::arguments::{FollowedRun, RemoteArguments, WaitArguments};
use crate::failure::Failure;
use crate::output;
use crate::source::Source;

/// Between two looks at a data directory, which cost a fraction of a millisecond each.
const PAUSE: Duration = Duration::from_millis(200);
/// A run that was just started is there after a moment; one that is named wrongly is not.
const PATIENCE_FOR_RUN: Duration = Duration::from_secs(10);
/// Rows of a companion that was killed are brought to the tables as often.
const DRAIN_PAUSE: Duration = Duration::from_secs(5);
/// One wait at a server.
const LONGEST_REQUEST: Duration = Duration::from_secs(45);

/// Waits. The status is 0 when a condition holds, or without one when the run has finished.
pub(crate) fn run(arguments: &WaitArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let source = Source::open(remote, &arguments.of.directory)?;
    // What no clock can tell is no limit.
    let deadline = arguments.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let run = followed(&source, &arguments.of, deadline)?;
    let waited = match &source {
        Source::Local(engine) => beside(engine, &arguments.of.project, &run, &arguments.until, deadline)?,
        Source::Remote(_) => at_server(&source, &arguments.of.project, &run, &arguments.until, deadline)?,
    };
    if arguments.json {
        output::json_line(&waited)?;
    } else {
        output::line(&format!("{}: {}", waited.status.run, waited.status.summary))?;
        for condition in &waited.met {
            output::line(&format!("holds: {condition}"))?;
        }
        if waited.timed_out {
            output::note("the time is over");
        }
    }
    let is_yes = if arguments.until.is_empty() {
        waited.status.state == RunState::Finished
    } else {
        !waited.met.is_empty()
    };
    if is_yes { Ok(()) } else { Err(Failure::AnsweredNo) }
}

/// The id of the run that is meant, once it is there.
pub(super) fn followed(
    source: &Source,
    of: &FollowedRun,
    deadline: Option<Instant>,
) -> Result<String, Failure> {
    let begun = Instant::now();
    loop {
        let found = match &of.run {
            Some(run) => source.run(&of.project, run).map(|found| found.id.unwrap_or(found.name)),
            None => newest_run(source, &of.project),
        };
        let is_over =
            begun.elapsed() >= PATIENCE_FOR_RUN || deadline.is_some_and(|end| Instant::now() >= end);
        match found {
            Ok(run) => return Ok(run),
            Err(failure) if is_over => return Err(failure),
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

fn beside(
    engine: &Engine,
    project: &str,
    run: &str,
    until: &[WaitCondition],
    deadline: Option<Instant>,
) -> Result<Waited, Failure> {
    let mut drained = Instant::now();
    loop {
        let (met, status) = engine.conditions_met(project, run, until)?;
        let is_over = deadline.is_some_and(|end| Instant::now() >= end);
        if is_over || !met.is_empty() || status.state.has_ended() {
            return Ok(answer(met, status));
        }
        if drained.elapsed() >= DRAIN_PAUSE {
            paceline_companion::drain_leftovers(engine.store(), None);
            drained = Instant::now();
        }
        thread::sleep(PAUSE.min(deadline.map_or(PAUSE, |end| end.saturating_duration_since(Instant::now()))));
    }
}

fn answer(met: Vec<String>, status: RunStatus) -> Waited {
    Waited { timed_out: met.is_empty() && !status.state.has_ended(), met, status }
}

fn at_server(
    source: &Source,
    project: &str,
    run: &str,
    until: &[WaitCondition],
    deadline: Option<Instant>,
) -> Result<Waited, Failure> {
    let written: Vec<String> = until.iter().map(ToString::to_string).collect();
    // A server wants a condition; of a run that has ended each of these tells.
    let until = if written.is_empty() { "state=finished".to_owned() } else { written.join(",") };
    loop {
        let left = deadline.map_or(LONGEST_REQUEST, |end| end.saturating_duration_since(Instant::now()));
        let seconds = left.min(LONGEST_REQUEST).as_secs_f64().to_string();
        let unused = |_: &Engine| unreachable!("a server is asked");
        let waited: Waited = source.ask(
            unused,
            &[project, "runs", run, "wait"],
            &[("until", &until), ("timeout_seconds", &seconds)],
        )?;
        if !waited.timed_out || deadline.is_some_and(|end| Instant::now() >= end) {
            let met = if written.is_empty() { Vec::new() } else { waited.met };
            return Ok(answer(met, waited.status));
        }
    }
}
