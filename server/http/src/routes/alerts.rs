//! Alerts a run has raised.

use actix_web::get;
use actix_web::web::Path;
use paceline_schema::Alert;
use serde::Serialize;
use utoipa::ToSchema;

use super::{CommonErrors, NotFound, RunPath};
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};

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
