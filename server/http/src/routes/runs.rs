//! The runs of a project: the list, one in full, where it stands.

use actix_web::get;
use actix_web::web::{Path, Query};
use paceline_schema::environment::RunDiff;
use paceline_schema::run::Runs;
use paceline_schema::{RunDetail, RunState, RunStatus};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{CommonErrors, NotFound, ProjectPath, RunPath, checked_limit};
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};

/// Which runs of a project.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunsQuery {
    /// Only runs in this state.
    #[param(inline, example = "running", nullable = false)]
    state: Option<RunState>,
    /// `next` of the page before; the first page when absent.
    #[param(example = "6b1f0c2e9d7a4f5b8c3e1a2d4f6b8c0e", nullable = false)]
    after: Option<String>,
    /// Runs of the page, at most 10,000; all when absent.
    #[param(example = 100, minimum = 1, maximum = 10_000, nullable = false)]
    limit: Option<usize>,
}

/// Lists the runs of a project.
#[utoipa::path(
    operation_id = "list_runs",
    tag = "runs",
    params(ProjectPath, RunsQuery),
    responses(
        (status = 200, description = "The runs, newest first.", body = Runs, example = json!(examples::runs())),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/runs")]
pub(crate) async fn list_runs(
    state: State,
    path: Path<ProjectPath>,
    query: Query<RunsQuery>,
) -> Result<Answer, ApiError> {
    let limit = query.limit.map(checked_limit).transpose()?;
    state
        .read(move |engine| {
            let (runs, next) = engine.runs_page(&path.project, query.state, query.after.as_deref(), limit)?;
            Ok(Runs { runs, next })
        })
        .await
}

/// Gets one run with its config, summary and process.
#[utoipa::path(
    operation_id = "get_run",
    tag = "runs",
    params(RunPath),
    responses(
        (status = 200, description = "The run.", body = RunDetail, example = json!(examples::run_detail())),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/runs/{run}")]
pub(crate) async fn get_run(state: State, path: Path<RunPath>) -> Result<Answer, ApiError> {
    state.read(move |engine| engine.run(&path.project, &path.run)).await
}

/// Tells where a run stands: loss, step and time left, in under 1,000 bytes.
#[utoipa::path(
    operation_id = "get_run_status",
    tag = "runs",
    params(RunPath),
    responses(
        (status = 200, description = "Where it stands.", body = RunStatus, example = json!(examples::run_status())),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/runs/{run}/status")]
pub(crate) async fn get_run_status(state: State, path: Path<RunPath>) -> Result<Answer, ApiError> {
    state.read(move |engine| engine.status(&path.project, &path.run)).await
}

/// Gets the config of a run.
#[utoipa::path(
    operation_id = "get_run_config",
    tag = "runs",
    params(RunPath),
    responses(
        (
            status = 200,
            description = "The config as it was last set; empty when none was.",
            body = Object,
            example = json!(examples::run_detail().config)
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/runs/{run}/config")]
pub(crate) async fn get_run_config(state: State, path: Path<RunPath>) -> Result<Answer, ApiError> {
    state.read(move |engine| Ok(engine.run(&path.project, &path.run)?.config)).await
}

/// Gets the summary of a run.
///
/// The newest value of each key, or what `define_metric` keeps of it; then what the script set by hand.
#[utoipa::path(
    operation_id = "get_run_summary",
    tag = "runs",
    params(RunPath),
    responses(
        (
            status = 200,
            description = "Names and values.",
            body = Object,
            example = json!(examples::run_detail().summary_values)
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/runs/{run}/summary")]
pub(crate) async fn get_run_summary(state: State, path: Path<RunPath>) -> Result<Answer, ApiError> {
    state.read(move |engine| Ok(engine.run(&path.project, &path.run)?.summary_values)).await
}

/// Gets the changes of a run's code that were not committed when it began.
///
/// Secrets in them are replaced, and nothing is kept behind 512 KiB.
#[utoipa::path(
    operation_id = "get_run_diff",
    tag = "runs",
    params(RunPath),
    responses(
        (
            status = 200,
            description = "The changes as git writes them; null when none are kept.",
            body = RunDiff,
            example = json!(examples::run_diff())
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/runs/{run}/diff")]
pub(crate) async fn get_run_diff(state: State, path: Path<RunPath>) -> Result<Answer, ApiError> {
    state.read(move |engine| engine.diff(&path.project, &path.run)).await
}
