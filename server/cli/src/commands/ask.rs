//! `paceline ask`: what Python asks about a data directory, answered in JSON.

use std::io::{self, BufRead};
use std::thread;
use std::time::{Duration, SystemTime};

use paceline_companion::sample_machine;
use paceline_hub::sync::follow;
use paceline_query::{Engine, QueryError, RunMention};
use paceline_schema::artifact_request::Refused;
use paceline_schema::data_request::{
    AlertOfRun, DataCall, DataRequest, MachineSample, RowsRequest, RunLine, RunMentioned,
};
use paceline_schema::event::RunKey;
use paceline_schema::series::{LogEntry, PageRequest, Stored};
use paceline_schema::{
    ErrorCode, Event, ProjectName, Row, RunChoice, RunEnd, RunStart, RunState, SystemSample, Timestamp,
};
use paceline_storage::{Batch, NewCollection, RegistryError, StorageError};
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
        DataCall::Console(rows) => text(&engine.console(&project, &rows.run, page(&rows))?),
        DataCall::Diff { run } => text(&engine.diff(&project, &run)?),
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
        DataCall::FollowDataset(target) => {
            let project = project_name(&project)?;
            follow(store.directory(), project.as_str(), &target).map_err(|fault| Refusal {
                message: format!("{fault}; {}", fault.hint()),
                code: ErrorCode::InvalidRequest,
            })?;
            text(&json!({}))
        }
        DataCall::MakeProject => {
            store.project_for_writing(&project_name(&project)?)?.append(Vec::new())?;
            text(&json!({}))
        }
        DataCall::DeleteProject => {
            store.delete_project(&project)?;
            text(&json!({}))
        }
        DataCall::CreateRegistry { registry, description } => {
            text(&store.create_registry(&registry, description.as_deref())?)
        }
        DataCall::Registry { registry } => match engine.registry(&registry)? {
            Some(details) => text(&details),
            None => Err(RegistryError::NotFound { registry }.into()),
        },
        DataCall::CreateCollection { registry, collection, collection_type, description } => {
            let new = NewCollection { name: collection, collection_type, description };
            store.create_collection(&registry, new)?;
            text(&json!({}))
        }
        DataCall::LinkVersion(link) => text(&store.link_version(link)?),
        DataCall::UnlinkVersion { registry, collection, collection_version } => {
            store.unlink_version(&registry, &collection, collection_version)?;
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

/// Stores what comes, as it comes. Where nothing says so, the run began with its first row and finished with the
/// last.
fn append(engine: &Engine, project: &str, run: RunKey, lines: &mut impl BufRead) -> Result<String, Refusal> {
    let project = engine.store().project_for_writing(&project_name(project)?)?;
    let now = Timestamp::from(SystemTime::now());
    let mut events = Vec::with_capacity(ROWS_AT_A_TIME);
    let (mut stored, mut duplicates, mut last) = (0, 0, now);
    let (mut began, mut ended) = (false, false);
    let mut commit = |events: Vec<Event>| -> Result<(), Refusal> {
        let appended = project.append(vec![Batch { run: run.clone(), events }])?;
        stored += appended.rows_stored;
        duplicates += appended.rows_duplicate;
        Ok(())
    };
    for (index, line) in lines.lines().enumerate() {
        let line = line.map_err(|error| error.to_string());
        let line = line.and_then(|line| serde_json::from_str(&line).map_err(|error| error.to_string()));
        let event = event(
            line.map_err(|error| Refusal {
                message: format!("row {index} does not parse: {error}"),
                code: ErrorCode::InvalidRequest,
            })?,
            now,
        );
        if let Event::Row(row) = &event {
            last = row.time;
            if !began {
                events.push(Event::Start(RunStart { time: last, ..RunStart::default() }));
            }
        }
        began |= matches!(event, Event::Row(_) | Event::Start(_));
        ended |= matches!(event, Event::End(_));
        events.push(event);
        if events.len() >= ROWS_AT_A_TIME {
            commit(std::mem::take(&mut events))?;
        }
    }
    if !ended {
        events.push(Event::End(RunEnd {
            time: last,
            state: RunState::Finished,
            exit_code: Some(0),
            exit_signal: None,
            failure: None,
            leaving: false,
            rank: 0,
            of_start: None,
        }));
    }
    commit(events)?;
    text(&Stored { stored, duplicates })
}

/// What a line says; what has no time of its own happened `now`.
fn event(line: RunLine, now: Timestamp) -> Event {
    match line {
        RunLine::Row(LogEntry { metrics, step, timestamp, log_id }) => {
            Event::Row(Row { log_id, time: timestamp.unwrap_or(now), step, metrics })
        }
        RunLine::System(LogEntry { metrics, step: _, timestamp, log_id }) => {
            Event::System(SystemSample { log_id, time: timestamp.unwrap_or(now), metrics })
        }
        RunLine::Start(start) => Event::Start(*start),
        RunLine::Config { time, values } => {
            Event::Config { time, json: serde_json::Value::Object(values).to_string(), rank: 0 }
        }
        RunLine::Summary(values) => {
            Event::Summary { json: serde_json::Value::Object(values).to_string(), rank: 0 }
        }
        RunLine::Alert(alert) => Event::Alert(alert),
        RunLine::End(end) => Event::End(end),
    }
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

impl From<RegistryError> for Refusal {
    fn from(error: RegistryError) -> Self {
        StorageError::from(error).into()
    }
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Self {
        Self { message: error.to_string(), code: error.code() }
    }
}
