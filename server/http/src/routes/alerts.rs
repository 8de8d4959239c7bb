//! Alerts a run has raised.

use actix_web::web::{Path, Payload, Query};
use actix_web::{HttpRequest, get, post};
use paceline_schema::Alert;
use paceline_schema::series::{AlertEntry, Page, RunAlert, Stored};
use serde::Serialize;
use utoipa::ToSchema;

use super::{BodyErrors, CommonErrors, NotFound, PageQuery, ProjectPath, RunPath, WriteErrors};
use crate::access::WriteAccess;
use crate::error::ApiError;
use crate::state::{Answer, State};
use crate::{examples, ingest};

/// Alerts of a run.
#[derive(Serialize, ToSchema)]
pub(crate) struct Alerts {
    /// Newest first.
    pub(crate) alerts: Vec<Alert>,
}

/// Lists the alerts of a run.
#[utoipa::path(
    operation_id = "list_alerts",
    tag = "alerts",
    params(RunPath),
    responses(
        (status = 200, description = "The alerts, newest first.", body = Alerts, example = json!(examples::alerts())),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/runs/{run}/alerts")]
pub(crate) async fn list_alerts(state: State, path: Path<RunPath>) -> Result<Answer, ApiError> {
    state.read(move |engine| Ok(Alerts { alerts: engine.alerts(&path.project, Some(&path.run))? })).await
}

/// Lists the alerts of all runs of a project, page by page.
#[utoipa::path(
    operation_id = "list_project_alerts",
    tag = "alerts",
    params(ProjectPath, PageQuery),
    responses(
        (
            status = 200,
            description = "One page, in the order stored.",
            body = Page<RunAlert>,
            example = json!(examples::run_alerts())
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/alerts")]
pub(crate) async fn list_project_alerts(
    state: State,
    path: Path<ProjectPath>,
    page: Query<PageQuery>,
) -> Result<Answer, ApiError> {
    let page = page.request()?;
    state.read(move |engine| engine.alerts_page(&path.project, None, page)).await
}

/// Stores alerts of a run. They are committed when this is answered.
///
/// A project or run that is not there is made. All alerts are stored or none.
#[utoipa::path(
    operation_id = "append_alerts",
    tag = "alerts",
    params(RunPath),
    security(("write_token" = [])),
    request_body(
        description = "The alerts, as a JSON array or one JSON object a line; at most 10,000.",
        content(
            (Vec<AlertEntry> = "application/json", example = json!(examples::alert_entries())),
            (String = "application/x-ndjson", example = json!(examples::alert_lines()))
        )
    ),
    responses(
        (status = 200, description = "What became of the alerts.", body = Stored, example = json!(examples::stored())),
        CommonErrors, BodyErrors, WriteErrors
    )
)]
#[post("/projects/{project}/runs/{run}/alerts")]
pub(crate) async fn append_alerts(
    _: WriteAccess,
    state: State,
    path: Path<RunPath>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Answer, ApiError> {
    ingest::receive::<AlertEntry>(state, path.project.clone(), path.run.clone(), request, payload).await
}
