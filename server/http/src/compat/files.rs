//! Media and project files as the peer's client uploads them and its page lists and shows them.

use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse, get};
use paceline_query::Engine;
use paceline_schema::upload::FileData;
use paceline_schema::{ErrorCode, ProjectName, Scope};
use paceline_storage::{MediaPlace, Store};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::access::check_scope;
use super::call::{Call, Reply};
use crate::error::ApiError;
use crate::routes::{Binary, CommonErrors, NotFound};
use crate::state::State;
use crate::stored_file::StoredFile;

/// The peer's `UploadEntry`.
#[derive(Deserialize)]
struct MediaUpload {
    project: String,
    run: Option<String>,
    step: Option<i64>,
    relative_path: Option<String>,
    uploaded_file: FileData,
}

impl MediaUpload {
    /// Name of the file on the client's machine, which the rows of the run carry too.
    fn file_name(&self) -> Result<&str, ApiError> {
        let path = self.uploaded_file.orig_name.as_deref().unwrap_or_default();
        path.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).ok_or_else(|| {
            ApiError::invalid("an uploaded file has no name").with_hint("give it in `orig_name`")
        })
    }

    /// Path of a project file. Clients send the folder, or the folder and the name.
    fn file_path(&self) -> Result<String, ApiError> {
        let name = self.file_name()?;
        let folder = self.relative_path.as_deref().unwrap_or_default().replace('\\', "/");
        let folder = folder.trim_start_matches("./").trim_end_matches('/');
        Ok(match folder {
            "" | "." => name.to_owned(),
            path if path == name || path.strip_suffix(name).is_some_and(|rest| rest.ends_with('/')) => {
                path.to_owned()
            }
            folder => format!("{folder}/{name}"),
        })
    }
}

/// `bulk_upload_media`: puts uploaded files in their places.
pub(super) fn upload_media(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    call.require_hf_token()?;
    let uploads: Vec<MediaUpload> = call.get("uploads")?;
    let waiting = &call.server()?.uploads;
    let staged = uploads.iter().map(|upload| waiting.take(&upload.uploaded_file));
    let staged: Vec<_> = staged.collect::<Result<_, _>>()?;
    for (upload, file) in uploads.iter().zip(&staged) {
        let project = ProjectName::new(&upload.project)?;
        match upload.run.as_deref().filter(|run| !run.is_empty()) {
            Some(run) => {
                let place = MediaPlace::Run { run, step: upload.step, name: upload.file_name()? };
                store.put_media(&project, place, file.path())?;
            }
            None => {
                let path = upload.file_path()?;
                store.put_media(&project, MediaPlace::Project { path: &path }, file.path())?;
            }
        }
    }
    Reply::nothing()
}

/// `get_project_files`: files saved beside the runs, with the paths that `/file` takes.
pub(super) fn project_files(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let project: String = call.get("project")?;
    let files = engine.store().project_files(&project)?;
    let files: Vec<_> = files
        .iter()
        .map(|file| json!({ "name": file.name, "path": file.path.to_string_lossy(), "size": file.bytes }))
        .collect();
    Reply::of(&files)
}

/// Which file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FileQuery {
    /// Absolute path below the `media_dir` of `get_settings`.
    #[param(
        example = "/home/me/.cache/huggingface/trackio/media/digits/lr-3e-4/0/sample.png",
        required = true
    )]
    path: Option<String>,
}

/// Gets a media or project file by its absolute path, as the peer's page asks for it.
///
/// Nothing outside the media folder is there. Pictures, sound and video come as what they are, a part of them
/// for a `Range`; everything else to be saved.
#[utoipa::path(
    operation_id = "peer_file",
    tag = "peer",
    params(FileQuery),
    responses(
        (status = 200, description = "The file.", body = inline(Binary), content_type = "application/octet-stream", example = json!("GIF89a…")),
        (status = 206, description = "The part that was asked for.", body = inline(Binary), content_type = "application/octet-stream"),
        (status = 304, description = "The caller has it already."),
        CommonErrors, NotFound
    )
)]
#[get("/file")]
pub(crate) async fn get_file(
    state: State,
    query: Query<FileQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    check_scope(&request, Scope::Read)?;
    let path = query.into_inner().path.ok_or_else(|| ApiError::invalid("Missing path"))?;
    let file = state
        .ask(move |engine| {
            let store = engine.store();
            let inside = path.strip_prefix(&*store.media_folder().to_string_lossy());
            let Some(inside) = inside.and_then(|rest| rest.strip_prefix('/')) else {
                return Err(ApiError::new(ErrorCode::FileNotFound, "there is no such file among the media"));
            };
            StoredFile::examine(store.open_media(inside)?, inside)
        })
        .await?;
    Ok(file.respond(&request))
}
