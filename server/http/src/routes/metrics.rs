//! The metrics of a project and of a run, and their values.

use actix_web::web::{Path, Query};
use actix_web::{HttpRequest, get};
use paceline_schema::series::{MetricSummary, MetricValue, Page, ProjectMetric};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{CommonErrors, NotFound, PageQuery, ProjectPath, RunPath};
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};

/// Every metric of a run.
#[derive(Serialize, ToSchema)]
pub(crate) struct Metrics {
    /// By name.
    pub(crate) metrics: Vec<MetricSummary>,
}

/// Every metric of a project.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectMetrics {
    /// By name.
    pub(crate) metrics: Vec<ProjectMetric>,
}

/// A metric of a run.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct MetricPath {
    /// Name of the project.
    #[param(example = "digits")]
    project: String,
    /// Id of the run, or its name and then the latest run of that name.
    #[param(example = "lr-3e-4")]
    run: String,
    /// Name of the metric, each `/` in it written as `%2F`.
    #[param(example = "train/loss")]
    metric: String,
}

/// Lists the metrics that any run of a project has logged.
#[utoipa::path(
    operation_id = "list_project_metrics",
    tag = "metrics",
    params(ProjectPath),
    responses(
        (
            status = 200,
            description = "Every metric, by name.",
            body = ProjectMetrics,
            example = json!(examples::project_metrics())
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/metrics")]
pub(crate) async fn list_project_metrics(state: State, path: Path<ProjectPath>) -> Result<Answer, ApiError> {
    state.read(move |engine| Ok(ProjectMetrics { metrics: engine.project_metrics(&path.project)? })).await
}

/// Lists the metrics of a run.
#[utoipa::path(
    operation_id = "list_metrics",
    tag = "metrics",
    params(RunPath),
    responses(
        (status = 200, description = "Every metric, by name.", body = Metrics, example = json!(examples::metrics())),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/runs/{run}/metrics")]
pub(crate) async fn list_metrics(state: State, path: Path<RunPath>) -> Result<Answer, ApiError> {
    state.read(move |engine| Ok(Metrics { metrics: engine.metrics(&path.project, &path.run)? })).await
}

/// Lists every value of a metric, page by page; a chart wants `series` instead.
#[utoipa::path(
    operation_id = "list_metric_values",
    tag = "metrics",
    params(MetricPath, PageQuery),
    responses(
        (
            status = 200,
            description = "One page, in the order logged; columns for `Accept: application/vnd.apache.arrow.stream`.",
            body = Page<MetricValue>,
            example = json!(examples::metric_values())
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/runs/{run}/metrics/{metric}")]
pub(crate) async fn list_metric_values(
    state: State,
    path: Path<MetricPath>,
    page: Query<PageQuery>,
    request: HttpRequest,
) -> Result<Answer, ApiError> {
    let page = page.request()?;
    state
        .read_columns(&request, move |engine| engine.values(&path.project, &path.run, &path.metric, page))
        .await
}
