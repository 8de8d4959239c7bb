//! One journal under way: what was read of it, and what is known of the end of its process.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use paceline_journal::{Checkpoint, Drain, Drained, JournalError};
use paceline_schema::event::RunKey;
use paceline_schema::webhook::WebhookCall;
use paceline_schema::{Event, RankOfRun, RunEnd, RunStart, RunState, Timestamp};
use paceline_storage::Batch;

use crate::exit::{ExitStatus, ExitWatch};

/// How long the exit status of a process that is gone may take to be known: its parent has to ask for it.
const STATUS_PATIENCE: Duration = Duration::from_millis(500);

/// One journal, with what is known of its end.
#[derive(Debug)]
pub(crate) struct Tracked {
    pub(crate) drain: Drain,
    exit: Option<ExitWatch>,
    end: Option<RunEnd>,
    committed_end: Option<RunEnd>,
    gone_since: Option<Instant>,
    reported_lost: u64,
}

/// A live run of this machine.
#[derive(Debug, Clone)]
pub(crate) struct LiveRun {
    pub(crate) project: String,
    pub(crate) run: RunKey,
    pub(crate) start: RunStart,
}

/// Processes of runs that live.
#[derive(Debug, Default)]
pub(crate) struct Living {
    /// Runs whose rank 0 does.
    pub(crate) runs: Vec<String>,
    /// Other ranks.
    pub(crate) ranks: Vec<RankOfRun>,
}

/// The same by project, for heartbeats.
pub(crate) fn living(live: &[LiveRun]) -> HashMap<&str, Living> {
    let mut projects: HashMap<&str, Living> = HashMap::new();
    for LiveRun { project, run, start } in live {
        let living = projects.entry(project).or_default();
        match start.rank {
            0 => living.runs.push(run.id.clone()),
            rank => living.ranks.push(RankOfRun { run: run.id.clone(), rank }),
        }
    }
    projects
}

/// What was read of one journal and is to be marked once it is delivered.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) path: PathBuf,
    checkpoint: Checkpoint,
    end: Option<RunEnd>,
    /// Requests that alerts in it ask for, each with an id of its own.
    pub(crate) webhooks: Vec<(String, WebhookCall)>,
    /// As much was there as was asked for.
    pub(crate) is_full: bool,
    /// Nothing will follow.
    pub(crate) ended: bool,
}

enum EndKnown {
    Yes(Option<RunEnd>),
    NotYet,
}

impl Tracked {
    pub(crate) fn new(drain: Drain) -> Self {
        let exit = drain.owner().filter(|owner| owner.start.is_some());
        let exit = exit.and_then(|owner| ExitWatch::new(owner.process.pid));
        Self { drain, exit, end: None, committed_end: None, gone_since: None, reported_lost: 0 }
    }

    /// The run, while its process still logs.
    pub(crate) fn live_run(&self) -> Option<LiveRun> {
        if self.end.is_some() || self.gone_since.is_some() {
            return None;
        }
        let owner = self.drain.owner()?;
        let start = owner.start.clone()?;
        Some(LiveRun { project: self.drain.journal().project.clone(), run: owner.run.clone(), start })
    }

    /// Reads on; with the end of the run added when its process is gone.
    pub(crate) fn read(&mut self, limit: usize) -> Result<(Option<Batch>, Reading), JournalError> {
        let Drained { mut events, webhooks, mut ended } = self.drain.read(limit)?;
        for event in &events {
            if let Event::End(end) = event {
                self.end = Some(end.clone());
            }
        }
        if !ended {
            // Only who is gone at every look is.
            self.gone_since = None;
        }
        let owner = self.drain.owner().cloned();
        if ended && let Some(start) = owner.as_ref().and_then(|owner| owner.start.as_ref()) {
            match self.final_end(start) {
                EndKnown::Yes(end) => events.extend(end.map(Event::End)),
                EndKnown::NotYet => ended = false,
            }
        }
        let reading = Reading {
            path: self.drain.journal().path.clone(),
            checkpoint: self.drain.checkpoint(),
            end: self.end.clone(),
            webhooks,
            is_full: events.len() >= limit,
            ended,
        };
        let batch = owner.filter(|_| !events.is_empty()).map(|owner| Batch { run: owner.run, events });
        Ok((batch, reading))
    }

    /// What is to be said of the end beyond what the process said itself.
    fn final_end(&mut self, start: &RunStart) -> EndKnown {
        // What `finish()` said stands. What the process said while it was leaving, its status knows better.
        if self.end.as_ref().is_some_and(|end| !end.leaving) {
            return EndKnown::Yes(None);
        }
        let status = self.exit.as_ref().and_then(ExitWatch::status);
        let since = *self.gone_since.get_or_insert_with(Instant::now);
        if status.is_none() && self.exit.is_some() && since.elapsed() < STATUS_PATIENCE {
            return EndKnown::NotYet;
        }
        let time = Timestamp::from(SystemTime::now());
        let end = match (&self.end, status) {
            (Some(_), None) => return EndKnown::Yes(None),
            (Some(end), Some(ExitStatus::Code(0))) => {
                RunEnd { state: RunState::Finished, exit_code: Some(0), failure: None, ..end.clone() }
            }
            (Some(end), Some(ExitStatus::Code(code))) => {
                RunEnd { state: RunState::Failed, exit_code: Some(code), ..end.clone() }
            }
            (Some(end), Some(ExitStatus::Signal(signal))) => {
                RunEnd { state: RunState::Crashed, exit_signal: Some(signal), ..end.clone() }
            }
            (None, status) => {
                let (state, exit_code, exit_signal) = match status {
                    Some(ExitStatus::Code(0)) => (RunState::Crashed, Some(0), None),
                    Some(ExitStatus::Code(code)) => (RunState::Failed, Some(code), None),
                    Some(ExitStatus::Signal(signal)) => (RunState::Crashed, None, Some(signal)),
                    None => (RunState::Crashed, None, None),
                };
                RunEnd {
                    time,
                    state,
                    exit_code,
                    exit_signal,
                    failure: None,
                    leaving: false,
                    rank: start.rank,
                    // It may have been a while ago, and another process may log into the run by now.
                    of_start: Some(start.time),
                }
            }
        };
        EndKnown::Yes(Some(end))
    }

    /// What was read is delivered.
    pub(crate) fn mark(&mut self, reading: &Reading) -> Result<(), JournalError> {
        let committed = self.drain.commit(&reading.checkpoint);
        self.committed_end.clone_from(&reading.end);
        let lost = self.drain.lost();
        if lost > self.reported_lost {
            tracing::warn!(journal = %reading.path.display(), lost, "records are missing or damaged");
            self.reported_lost = lost;
        }
        committed
    }

    /// What was read since the last mark is not delivered, for the reason given: it is read again.
    pub(crate) fn rewind(&mut self, problem: Option<&str>) {
        self.drain.rewind();
        self.end = self.committed_end.clone();
        if let Some(problem) = problem
            && let Err(error) = self.drain.say_problem(problem)
        {
            tracing::debug!(%error, "a trainer cannot be told why its rows wait");
        }
    }
}
