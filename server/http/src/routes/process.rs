//! What the process of a run reports: that it began, lives and ended, its config and its summary.

use actix_web::web::{Path, Query};
use actix_web::{post, put};
use paceline_schema::environment::EnvironmentReport;
use paceline_schema::event::RunKey;
use paceline_schema::redact::redact_json;
use paceline_schema::report::{EndReport, HeartbeatReport, StartReport};
use paceline_schema::{Event, ProjectName, RunStart};
use paceline_storage::Batch;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::IntoParams;

use super::{BodyErrors, CommonErrors, Done, NotFound, ProjectPath, RunPath, WriteErrors};
use crate::access::WriteAccess;
use crate::body::JsonObject;
use crate::error::ApiError;
use crate::state::{Answer, State};
use crate::{examples, ingest};

/// Runs of one heartbeat.
const MAX_RUNS: usize = 10_000;

/// Reports that a process begins, or resumes, to log into a run, which is made where it is not there.
///
/// Reported again it changes nothing. Whether the process lives is then judged by its heartbeats.
#[utoipa::path(
    operation_id = "start_run",
    tag = "process",
    params(RunPath),
    security(("write_token" = [])),
    request_body(
        content = StartReport,
        description = "The run's name and what is known of it.",
        example = json!(examples::start_report())
    ),
    responses(
        (status = 200, description = "It is recorded.", body = Done, example = json!(Done {})),
        CommonErrors, BodyErrors, WriteErrors
    )
)]
#[post("/projects/{project}/runs/{run}/start")]
pub(crate) async fn start_run(
    _: WriteAccess,
    state: State,
    path: Path<RunPath>,
    JsonObject(report): JsonObject<StartReport>,
) -> Result<Answer, ApiError> {
    let StartReport { name, start } = report;
    if start.process.as_ref().is_some_and(|process| i64::try_from(process.start_ticks).is_err()) {
        return Err(ApiError::invalid("`start_ticks` is more than 63 bits hold"));
    }
    ingest::check_run_name(&path.run)?;
    ingest::check_run_name(&name)?;
    state
        .write(move |store| {
            let run = RunKey { id: path.run.clone(), name };
            let events = vec![Event::Start(from_elsewhere(start))];
            ingest::append(store, &ProjectName::new(&path.project)?, vec![Batch { run, events }])?;
            Ok(Done {})
        })
        .await
}

/// The processes of a machine that only a network connects: no boot id here says whether they live, and what
/// their command line holds is not trusted to be free of secrets.
fn from_elsewhere(mut start: RunStart) -> RunStart {
    if let Some(process) = &mut start.process {
        process.boot_id.clear();
    }
    if let Some(command) = &mut start.command {
        let mut text = Value::String(std::mem::take(command));
        redact_json(&mut text);
        *command = text.as_str().unwrap_or_default().to_owned();
    }
    start
}

/// Reports that the processes of runs live.
///
/// A run that was taken for crashed lives again.
#[utoipa::path(
    operation_id = "report_heartbeats",
    tag = "process",
    params(ProjectPath),
    security(("write_token" = [])),
    request_body(
        content = HeartbeatReport,
        description = "Ids of the runs, and when they were seen to live.",
        example = json!(examples::heartbeats())
    ),
    responses(
        (status = 200, description = "It is recorded.", body = Done, example = json!(Done {})),
        CommonErrors, NotFound, BodyErrors, WriteErrors
    )
)]
#[post("/projects/{project}/heartbeats")]
pub(crate) async fn report_heartbeats(
    _: WriteAccess,
    state: State,
    path: Path<ProjectPath>,
    JsonObject(report): JsonObject<HeartbeatReport>,
) -> Result<Answer, ApiError> {
    let HeartbeatReport { runs, ranks, time } = report;
    for (count, what) in [(runs.len(), "runs"), (ranks.len(), "ranks")] {
        if count > MAX_RUNS {
            return Err(ApiError::invalid(format!("{count} {what} are more than {MAX_RUNS}")));
        }
    }
    state
        .write(move |store| {
            store.project(&path.project)?.heartbeat(runs, ranks, time)?;
            Ok(Done {})
        })
        .await
}

/// Reports how a process stopped logging into a run.
///
/// An end from before the newest start is ignored.
#[utoipa::path(
    operation_id = "end_run",
    tag = "process",
    params(RunPath),
    security(("write_token" = [])),
    request_body(
        content = EndReport,
        description = "How it ended; `state` is `finished`, `failed` or `crashed`.",
        example = json!(examples::end_report())
    ),
    responses(
        (status = 200, description = "It is recorded.", body = Done, example = json!(Done {})),
        CommonErrors, BodyErrors, WriteErrors
    )
)]
#[post("/projects/{project}/runs/{run}/end")]
pub(crate) async fn end_run(
    _: WriteAccess,
    state: State,
    path: Path<RunPath>,
    JsonObject(report): JsonObject<EndReport>,
) -> Result<Answer, ApiError> {
    let EndReport { name, end } = report;
    if !end.state.has_ended() {
        return Err(ApiError::invalid(format!(
            "`{}` is not the state of a run that ended",
            end.state.as_str()
        ))
        .with_hint("send `finished`, `failed` or `crashed`"));
    }
    append(state, path, name, Event::End(end)).await
}

/// Who reports, and how a run is called that nothing was heard of before.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReporterQuery {
    /// Display name of a run that is made by this request; its id when absent.
    #[param(example = "lr-3e-4", nullable = false, pattern = r"^[^\x00-\x1f\x7f-\x9f]{1,512}$")]
    name: Option<String>,
    /// Rank of the process that reports; beside what rank 0 reports, no other counts.
    #[serde(default)]
    #[param(example = 0, nullable = false, format = Int64, maximum = 4294967295u32)]
    rank: u32,
}

/// Replaces the config of a run. Secrets in it are left out.
#[utoipa::path(
    operation_id = "put_run_config",
    tag = "process",
    params(RunPath, ReporterQuery),
    security(("write_token" = [])),
    request_body(
        content = Object,
        description = "The config.",
        example = json!(examples::run_detail().config)
    ),
    responses(
        (status = 200, description = "It is stored.", body = Done, example = json!(Done {})),
        CommonErrors, BodyErrors, WriteErrors
    )
)]
#[put("/projects/{project}/runs/{run}/config")]
pub(crate) async fn put_run_config(
    _: WriteAccess,
    state: State,
    path: Path<RunPath>,
    query: Query<ReporterQuery>,
    JsonObject(config): JsonObject<Map<String, Value>>,
) -> Result<Answer, ApiError> {
    let mut config = Value::Object(config);
    redact_json(&mut config);
    let ReporterQuery { name, rank } = query.into_inner();
    let event = Event::Config { time: state.now(), json: config.to_string(), rank };
    append(state, path, name, event).await
}

/// Replaces what the summary of a run was told by hand; the last values of its metrics stand beside it.
#[utoipa::path(
    operation_id = "put_run_summary",
    tag = "process",
    params(RunPath, ReporterQuery),
    security(("write_token" = [])),
    request_body(
        content = Object,
        description = "Names and values.",
        example = json!(examples::run_detail().summary_values)
    ),
    responses(
        (status = 200, description = "It is stored.", body = Done, example = json!(Done {})),
        CommonErrors, BodyErrors, WriteErrors
    )
)]
#[put("/projects/{project}/runs/{run}/summary")]
pub(crate) async fn put_run_summary(
    _: WriteAccess,
    state: State,
    path: Path<RunPath>,
    query: Query<ReporterQuery>,
    JsonObject(summary): JsonObject<Map<String, Value>>,
) -> Result<Answer, ApiError> {
    let ReporterQuery { name, rank } = query.into_inner();
    let event = Event::Summary { json: Value::Object(summary).to_string(), rank };
    append(state, path, name, event).await
}

/// Replaces what is known of what a run is made with. Secrets in it are left out.
#[utoipa::path(
    operation_id = "put_run_environment",
    tag = "process",
    params(RunPath, ReporterQuery),
    security(("write_token" = [])),
    request_body(
        content = EnvironmentReport,
        description = "User, folder, Python, packages and state of the code, with the changes that are not committed.",
        example = json!(examples::environment_report())
    ),
    responses(
        (status = 200, description = "It is stored.", body = Done, example = json!(Done {})),
        CommonErrors, BodyErrors, WriteErrors
    )
)]
#[put("/projects/{project}/runs/{run}/environment")]
pub(crate) async fn put_run_environment(
    _: WriteAccess,
    state: State,
    path: Path<RunPath>,
    query: Query<ReporterQuery>,
    JsonObject(report): JsonObject<EnvironmentReport>,
) -> Result<Answer, ApiError> {
    let event = Event::Environment(Box::new(report.trimmed()));
    append(state, path, query.into_inner().name, event).await
}

async fn append(
    state: State,
    path: Path<RunPath>,
    name: Option<String>,
    event: Event,
) -> Result<Answer, ApiError> {
    state
        .write(move |store| {
            let events = || Ok(vec![event.clone()]);
            ingest::append_to_run(store, &path.project, &path.run, name.as_deref(), events)?;
            Ok(Done {})
        })
        .await
}
