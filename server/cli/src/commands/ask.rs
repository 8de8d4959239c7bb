//! `paceline ask`: what Python asks about a data directory, answered in JSON.

use std::io::{self, BufRead};
use std::thread;
use std::time::{Duration, SystemTime};

use paceline_companion::sample_machine;
use paceline_query::{Engine, QueryError, RunMention};
use paceline_schema::artifact_request::Refused;
use paceline_schema::data_request::{
    AlertOfRun, DataCall, DataRequest, MachineSample, RowsRequest, RunMentioned,
};
use paceline_schema::event::RunKey;
use paceline_schema::series::{LogEntry, PageRequest, Stored};
use paceline_schema::{ErrorCode, Event, ProjectName, Row, RunChoice, RunEnd, RunStart, RunState, Timestamp};
use paceline_storage::{Batch, StorageError};
use serde::Serialize;
use serde_json::json;

use super::open_engine;
use crate::arguments::AskArguments;
use crate::failure::Failure;
use crate::output;

/// Rows committed at a time.
const ROWS_AT_A_TIME: usize = 5_000;
/// How long the processors are watched for one reading.
const WATCHED: Duration = Duration::from_millis(200);

/// Why the answer is no.
struct Refusal {
    message: String,
    code: ErrorCode,
}

/// Answers one question. A refusal is an answer too, with exit status 1.
pub(crate) fn run(arguments: &AskArguments) -> Result<(), Failure> {
    let mut input = io::stdin().lock();
    let mut line = String::new();
    input.read_line(&mut line)?;
    let request: DataRequest = serde_json::from_str(&line).map_err(|error| {
        Failure::new(
            format!("the first line of standard input is no question: {error}"),
            "programs ask by themselves: `trackio.Api()`",
        )
    })?;
    match answer(&open_engine(&arguments.directory)?, request, &mut input) {
        Ok(answer) => Ok(output::line(&answer)?),
        Err(Refusal { message, code }) => {
            output::json_line(&Refused { error: message, code: code.as_str().to_owned() })?;
            Err(Failure::AnsweredNo)
        }
    }
}

fn answer(engine: &Engine, request: DataRequest, lines: &mut impl BufRead) -> Result<String, Refusal> {
    let DataRequest { project, call } = request;
    let store = engine.store();
    match call {
        DataCall::Projects => text(&engine.projects()?),
        DataCall::Runs => {
            text(&engine.mentioned_runs(&project)?.into_iter().map(mentioned).collect::<Vec<_>>())
        }
        DataCall::Run { run } => text(&engine.run(&project, &run)?),
        DataCall::Status { run } => text(&engine.status(&project, &run)?),
        DataCall::Metrics { run } => text(&engine.metrics(&project, &run)?),
        DataCall::Logs(rows) => text(&engine.logs(&project, &rows.run, page(&rows))?),
        DataCall::System(rows) => text(&engine.system(&project, &rows.run, page(&rows))?),
        DataCall::Series(request) => text(&engine.series(&project, &request)?),
        DataCall::Alerts { run, level, since } => {
            let run = run.map(|run| engine.run_id(&project, &run)).transpose()?.map(RunChoice::Id);
            let found = engine.chosen_alerts(&project, run.as_ref(), level, since)?;
            text(&found.into_iter().map(|(run, alert)| AlertOfRun { run, alert }).collect::<Vec<_>>())
        }
        DataCall::Append { run } => append(engine, &project, run, lines),
        DataCall::RenameRun { run, new_name } => text(&store.project(&project)?.rename_run(&run, &new_name)?),
        DataCall::DeleteRun { run } => text(&store.project(&project)?.delete_run(&run)?),
        DataCall::MoveRun { run, new_project } => {
            // A run that is not there makes no project.
            engine.run_id(&project, &run)?;
            let target = store.project_for_writing(&project_name(&new_project)?)?;
            text(&store.project(&project)?.move_run(&run, &target)?)
        }
        DataCall::MakeProject => {
            store.project_for_writing(&project_name(&project)?)?.append(Vec::new())?;
            text(&json!({}))
        }
        DataCall::DeleteProject => {
            store.delete_project(&project)?;
            text(&json!({}))
        }
        DataCall::Sample { of } => {
            let metrics = sample_machine(of, || thread::sleep(WATCHED));
            text(&MachineSample { metrics })
        }
    }
}

fn mentioned(run: RunMention) -> RunMentioned {
    RunMentioned { id: run.run_id, name: run.run_name, created_at: run.created_at }
}

fn page(rows: &RowsRequest) -> PageRequest {
    PageRequest { after: rows.after, since: None, limit: rows.limit.max(1) }
}

/// Stores rows as they come; the run began with the first of them and ended with the last.
fn append(engine: &Engine, project: &str, run: RunKey, lines: &mut impl BufRead) -> Result<String, Refusal> {
    let project = engine.store().project_for_writing(&project_name(project)?)?;
    let now = Timestamp::from(SystemTime::now());
    let mut events = Vec::with_capacity(ROWS_AT_A_TIME);
    let (mut stored, mut duplicates, mut last) = (0, 0, None);
    let mut commit = |events: Vec<Event>| -> Result<(), Refusal> {
        let appended = project.append(vec![Batch { run: run.clone(), events }])?;
        stored += appended.rows_stored;
        duplicates += appended.rows_duplicate;
        Ok(())
    };
    for (index, line) in lines.lines().enumerate() {
        let entry = line.map_err(|error| error.to_string());
        let entry = entry.and_then(|line| serde_json::from_str(&line).map_err(|error| error.to_string()));
        let LogEntry { metrics, step, timestamp, log_id } = entry.map_err(|error| Refusal {
            message: format!("row {index} does not parse: {error}"),
            code: ErrorCode::InvalidRequest,
        })?;
        let time = timestamp.unwrap_or(now);
        if last.is_none() {
            events.push(Event::Start(RunStart { time, ..RunStart::default() }));
        }
        last = Some(time);
        events.push(Event::Row(Row { log_id, time, step, metrics }));
        if events.len() >= ROWS_AT_A_TIME {
            commit(std::mem::take(&mut events))?;
        }
    }
    events.push(Event::End(RunEnd {
        time: last.unwrap_or(now),
        state: RunState::Finished,
        exit_code: Some(0),
        exit_signal: None,
        failure: None,
        leaving: false,
    }));
    commit(events)?;
    text(&Stored { stored, duplicates })
}

fn text(value: &impl Serialize) -> Result<String, Refusal> {
    serde_json::to_string(value)
        .map_err(|error| Refusal { message: error.to_string(), code: ErrorCode::Internal })
}

fn project_name(name: &str) -> Result<ProjectName, Refusal> {
    ProjectName::new(name)
        .map_err(|error| Refusal { message: error.to_string(), code: ErrorCode::InvalidName })
}

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        Self { message: error.to_string(), code: error.code() }
    }
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Self {
        Self { message: error.to_string(), code: error.code() }
    }
}
