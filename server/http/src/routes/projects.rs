//! The projects of the data directory.

use actix_web::get;
use paceline_schema::run::Projects;

use super::CommonErrors;
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};

/// Lists the projects.
#[utoipa::path(
    operation_id = "list_projects",
    tag = "projects",
    responses(
        (status = 200, description = "Every project, by name.", body = Projects, example = json!(examples::projects())),
        CommonErrors
    )
)]
#[get("/projects")]
pub(crate) async fn list_projects(state: State) -> Result<Answer, ApiError> {
    state.read(|engine| Ok(Projects { projects: engine.projects()? })).await
}
