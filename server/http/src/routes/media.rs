//! Media of runs and files of projects.

use actix_web::web::{Path, Query};
use actix_web::{HttpRequest, HttpResponse, get};
use paceline_schema::{ErrorCode, canonical_project};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Binary, CommonErrors, NotFound, ProjectPath};
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};
use crate::stored_file::StoredFile;

/// Files saved beside the runs of a project.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectFiles {
    /// By name.
    pub(crate) files: Vec<ListedFile>,
}

/// One of them.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListedFile {
    /// Path as it was saved.
    pub(crate) name: String,
    /// What to ask `/media` for.
    pub(crate) file_path: String,
    /// Size in bytes.
    pub(crate) size_bytes: u64,
}

/// Lists the files saved beside the runs of a project.
#[utoipa::path(
    operation_id = "list_project_files",
    tag = "media",
    params(ProjectPath),
    responses(
        (status = 200, description = "The files, by name.", body = ProjectFiles, example = json!(examples::project_files())),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/files")]
pub(crate) async fn list_project_files(state: State, path: Path<ProjectPath>) -> Result<Answer, ApiError> {
    let answer = state.ask(move |engine| {
        // A project that is not there is an error, one without files is none.
        let project = engine.store().project(&path.project)?;
        let files = engine.store().project_files(project.name())?;
        let listed = files.into_iter().map(|file| ListedFile {
            file_path: format!("{}/files/{}", project.name(), file.name),
            name: file.name,
            size_bytes: file.bytes,
        });
        Answer::of(&ProjectFiles { files: listed.collect() })
    });
    answer.await
}

/// Which file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct MediaQuery {
    /// `file_path` of a logged value or a listed file.
    #[param(example = "digits/lr-3e-4/0/0f8fad5bd9cb469fa16570867728950e.png")]
    file_path: String,
}

/// Gets a media or project file.
///
/// Pictures, sound and video come as what they are, a part of them for a `Range`; everything else to be saved.
#[utoipa::path(
    operation_id = "get_media",
    tag = "media",
    params(ProjectPath, MediaQuery),
    responses(
        (status = 200, description = "The file.", body = inline(Binary), content_type = "application/octet-stream", example = json!("GIF89a…")),
        (status = 206, description = "The part that was asked for.", body = inline(Binary), content_type = "application/octet-stream"),
        (status = 304, description = "The caller has it already."),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/media")]
pub(crate) async fn get_media(
    state: State,
    path: Path<ProjectPath>,
    query: Query<MediaQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let file = state
        .ask(move |engine| {
            let (project, file_path) = (canonical_project(&path.project), &query.file_path);
            if !file_path.strip_prefix(&project).is_some_and(|rest| rest.starts_with('/')) {
                return Err(ApiError::new(
                    ErrorCode::FileNotFound,
                    format!("`{file_path}` is no file of project `{project}`"),
                ));
            }
            StoredFile::examine(engine.store().open_media(file_path)?, file_path)
        })
        .await?;
    Ok(file.respond(&request))
}
