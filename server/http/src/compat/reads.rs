//! The two questions the peer's client asks before it writes: which runs there are, and where one stopped.

use actix_web::web::Payload;
use actix_web::{HttpRequest, post};
use paceline_query::{Engine, QueryError};
use paceline_schema::{ErrorCode, RunSummary, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::arguments::Arguments;
use crate::body;
use crate::error::ApiError;
use crate::examples;
use crate::routes::{BodyErrors, CommonErrors};
use crate::state::{Answer, State};

/// The peer's envelope of the runs of a project.
#[derive(Serialize, ToSchema)]
pub(crate) struct PeerRuns {
    /// Oldest first; empty for a project that is not there.
    pub(crate) data: Vec<PeerRun>,
}

/// A run in the peer's form.
#[derive(Serialize, ToSchema)]
pub(crate) struct PeerRun {
    /// Stable id.
    pub(crate) id: String,
    /// Display name.
    pub(crate) name: String,
    /// When it was created.
    pub(crate) created_at: Option<Timestamp>,
}

/// The peer's envelope of what a run holds.
#[derive(Serialize, ToSchema)]
pub(crate) struct PeerSummaryAnswer {
    /// What the run holds.
    pub(crate) data: PeerSummary,
}

/// What a run holds, in the peer's form; nothing for a run that is not there.
#[derive(Serialize, ToSchema, Default)]
pub(crate) struct PeerSummary {
    /// As it was asked for.
    pub(crate) project: String,
    /// As it was asked for.
    pub(crate) run: Option<String>,
    /// As it was asked for.
    pub(crate) run_id: Option<String>,
    /// Rows stored.
    pub(crate) num_logs: u64,
    /// Names of metrics with numbers.
    pub(crate) metrics: Vec<String>,
    /// Config as it was last set.
    #[schema(value_type = Option<Object>)]
    pub(crate) config: Option<serde_json::Value>,
    /// Step of the newest number.
    pub(crate) last_step: Option<i64>,
}

/// Lists the runs of a project for the peer's client.
#[utoipa::path(
    operation_id = "peer_get_runs_for_project",
    tag = "peer",
    request_body(
        content = Object,
        description = "Argument `project`, by name or by position.",
        example = json!({ "kwargs": { "project": "digits" } })
    ),
    responses(
        (status = 200, description = "The runs, oldest first.", body = PeerRuns, example = json!(examples::peer_runs())),
        CommonErrors, BodyErrors
    )
)]
#[post("/api/get_runs_for_project")]
pub(crate) async fn get_runs_for_project(
    state: State,
    request: HttpRequest,
    payload: Payload,
) -> Result<Answer, ApiError> {
    let body = body::read(&request, payload, body::MAX_JSON_BYTES).await?;
    let project: String = argument(&Arguments::parse(&body), 0, "project")?;
    state
        .read(move |engine| {
            let runs = or_default(engine.runs(&project))?;
            Ok(PeerRuns { data: runs.into_iter().rev().map(PeerRun::from).collect() })
        })
        .await
}

/// Tells the peer's client what a run holds.
#[utoipa::path(
    operation_id = "peer_get_run_summary",
    tag = "peer",
    request_body(
        content = Object,
        description = "Arguments `project`, and `run` or `run_id`, by name or by position.",
        example = json!({ "kwargs": { "project": "digits", "run": "lr-3e-4" } })
    ),
    responses(
        (
            status = 200,
            description = "What the run holds.",
            body = PeerSummaryAnswer,
            example = json!(examples::peer_summary())
        ),
        CommonErrors, BodyErrors
    )
)]
#[post("/api/get_run_summary")]
pub(crate) async fn get_run_summary(
    state: State,
    request: HttpRequest,
    payload: Payload,
) -> Result<Answer, ApiError> {
    let body = body::read(&request, payload, body::MAX_JSON_BYTES).await?;
    let arguments = Arguments::parse(&body);
    let asked = PeerSummary {
        project: argument(&arguments, 0, "project")?,
        run: argument(&arguments, 1, "run").ok().flatten(),
        run_id: argument(&arguments, 2, "run_id").ok().flatten(),
        ..PeerSummary::default()
    };
    state.read(move |engine| Ok(PeerSummaryAnswer { data: summary(engine, asked)? })).await
}

fn summary(engine: &Engine, asked: PeerSummary) -> Result<PeerSummary, QueryError> {
    let selector = asked.run_id.clone().or_else(|| asked.run.clone()).unwrap_or_default();
    let metrics = or_default(engine.metrics(&asked.project, &selector))?;
    let run = or_default(engine.run(&asked.project, &selector).map(Some))?;
    Ok(PeerSummary {
        num_logs: run.as_ref().map_or(0, |run| run.run.rows),
        last_step: metrics.iter().filter_map(|metric| metric.last_step).max(),
        metrics: metrics.into_iter().map(|metric| metric.key).collect(),
        config: run.map(|run| run.config),
        ..asked
    })
}

/// The peer answers nothing, not an error, for what is not there.
fn or_default<T: Default>(answer: Result<T, QueryError>) -> Result<T, QueryError> {
    match answer {
        Err(error) if matches!(error.code(), ErrorCode::ProjectNotFound | ErrorCode::RunNotFound) => {
            Ok(T::default())
        }
        answer => answer,
    }
}

fn argument<T: DeserializeOwned>(
    arguments: &Arguments<'_>,
    position: usize,
    name: &str,
) -> Result<T, ApiError> {
    let text = arguments.get(position, name)?;
    serde_json::from_str(text)
        .map_err(|error| ApiError::invalid(format!("parameter `{name}` does not parse: {error}")))
}

impl From<RunSummary> for PeerRun {
    fn from(run: RunSummary) -> Self {
        Self { id: run.run_id, name: run.run, created_at: run.created_at }
    }
}
