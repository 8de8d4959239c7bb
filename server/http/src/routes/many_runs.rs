//! One request about many runs.

use std::collections::BTreeMap;

use actix_web::web::Path;
use actix_web::{get, post};
use paceline_schema::RunStatus;
use paceline_schema::many_runs::{MetricsRequest, OfRun, RunConfig, RunsRequest};
use paceline_schema::series::MetricSummary;
use serde::Serialize;
use utoipa::ToSchema;

use super::{BodyErrors, CommonErrors, NotFound, ProjectPath};
use crate::body::JsonObject;
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};

/// Where many runs stand.
#[derive(Serialize, ToSchema)]
pub(crate) struct Statuses {
    /// In the order asked.
    pub(crate) statuses: Vec<OfRun<RunStatus>>,
}

/// Summaries of many runs.
#[derive(Serialize, ToSchema)]
pub(crate) struct Summaries {
    /// In the order asked.
    #[schema(value_type = Vec<OfRun<Object>>)]
    pub(crate) summaries: Vec<OfRun<BTreeMap<String, serde_json::Value>>>,
}

/// Metrics of many runs.
#[derive(Serialize, ToSchema)]
pub(crate) struct MetricsOfRuns {
    /// In the order asked; metrics that a run has not logged are left out.
    pub(crate) metrics: Vec<OfRun<Vec<MetricSummary>>>,
}

/// Configs of a project.
#[derive(Serialize, ToSchema)]
pub(crate) struct Configs {
    /// Newest run first; runs without a config are left out.
    pub(crate) configs: Vec<RunConfig>,
}

/// Tells where each of many runs stands.
///
/// A run that is not there has an `error` in place of its answer and costs the others nothing.
#[utoipa::path(
    operation_id = "get_run_statuses",
    tag = "runs",
    params(ProjectPath),
    security((), ("read_token" = [])),
    request_body(
        content = RunsRequest,
        description = "Which runs, at most 1,000.",
        example = json!(examples::runs_request())
    ),
    responses(
        (status = 200, description = "One answer a run.", body = Statuses, example = json!(examples::statuses())),
        CommonErrors, NotFound, BodyErrors
    )
)]
#[post("/projects/{project}/status")]
pub(crate) async fn get_run_statuses(
    state: State,
    path: Path<ProjectPath>,
    JsonObject(request): JsonObject<RunsRequest>,
) -> Result<Answer, ApiError> {
    state.read(move |engine| Ok(Statuses { statuses: engine.statuses(&path.project, &request.runs)? })).await
}

/// Gets the summaries of many runs.
///
/// The newest value of each key, or what `define_metric` keeps of it; then what the script set by hand.
#[utoipa::path(
    operation_id = "get_run_summaries",
    tag = "runs",
    params(ProjectPath),
    security((), ("read_token" = [])),
    request_body(
        content = RunsRequest,
        description = "Which runs, at most 1,000.",
        example = json!(examples::runs_request())
    ),
    responses(
        (status = 200, description = "One answer a run.", body = Summaries, example = json!(examples::summaries())),
        CommonErrors, NotFound, BodyErrors
    )
)]
#[post("/projects/{project}/summaries")]
pub(crate) async fn get_run_summaries(
    state: State,
    path: Path<ProjectPath>,
    JsonObject(request): JsonObject<RunsRequest>,
) -> Result<Answer, ApiError> {
    state
        .read(move |engine| Ok(Summaries { summaries: engine.summaries(&path.project, &request.runs)? }))
        .await
}

/// Gets first, newest, lowest, highest and best values of some metrics of many runs.
///
/// A run that is not there has an `error` in place of its answer and costs the others nothing.
#[utoipa::path(
    operation_id = "get_run_metrics",
    tag = "metrics",
    params(ProjectPath),
    security((), ("read_token" = [])),
    request_body(
        content = MetricsRequest,
        description = "Which runs, at most 1,000, and which metrics, at most 100.",
        example = json!(examples::metrics_request())
    ),
    responses(
        (status = 200, description = "One answer a run.", body = MetricsOfRuns, example = json!(examples::metrics_of_runs())),
        CommonErrors, NotFound, BodyErrors
    )
)]
#[post("/projects/{project}/metrics")]
pub(crate) async fn get_run_metrics(
    state: State,
    path: Path<ProjectPath>,
    JsonObject(request): JsonObject<MetricsRequest>,
) -> Result<Answer, ApiError> {
    state
        .read(move |engine| {
            let metrics = engine.metrics_of_runs(&path.project, &request.runs, &request.keys)?;
            Ok(MetricsOfRuns { metrics })
        })
        .await
}

/// Lists the configs of all runs of a project.
#[utoipa::path(
    operation_id = "list_configs",
    tag = "runs",
    params(ProjectPath),
    security((), ("read_token" = [])),
    responses(
        (status = 200, description = "One config a run.", body = Configs, example = json!(examples::configs())),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/configs")]
pub(crate) async fn list_configs(state: State, path: Path<ProjectPath>) -> Result<Answer, ApiError> {
    state.read(move |engine| Ok(Configs { configs: engine.run_configs(&path.project)? })).await
}
