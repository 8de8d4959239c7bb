//! The projects of the data directory.

use actix_web::get;
use actix_web::web::Path;
use paceline_schema::run::{ProjectDetail, Projects};

use super::{CommonErrors, NotFound, ProjectPath};
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

/// Gets one project: its runs counted, and what it holds.
#[utoipa::path(
    operation_id = "get_project",
    tag = "projects",
    params(ProjectPath),
    responses(
        (status = 200, description = "The project.", body = ProjectDetail, example = json!(examples::project())),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}")]
pub(crate) async fn get_project(state: State, path: Path<ProjectPath>) -> Result<Answer, ApiError> {
    state.read(move |engine| engine.project(&path.project)).await
}
