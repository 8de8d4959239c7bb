//! `GET /artifact_blob/{project}/{digest}`: a file of an artifact, as the peer's client downloads it.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse, get};
use paceline_schema::artifact::BlobDigest;
use paceline_schema::{ErrorCode, Scope};
use serde::Deserialize;
use utoipa::IntoParams;

use super::access::check_scope;
use crate::error::ApiError;
use crate::routes::{CommonErrors, NotFound};
use crate::state::State;
use crate::stored_file::StoredFile;

/// Which blob.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct BlobPath {
    /// Name of the project.
    #[param(example = "digits")]
    project: String,
    /// `digest` of an entry of a manifest that has no `ref`.
    #[param(example = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    digest: String,
}

/// Gets a file of an artifact by the SHA-256 of its contents, to be saved.
///
/// A part of it comes for a `Range`.
#[utoipa::path(
    operation_id = "get_artifact_blob",
    tag = "artifacts",
    params(BlobPath),
    responses(
        (status = 200, description = "The file.", body = [u8], content_type = "application/octet-stream", example = json!("{\"layers\": 2}")),
        (status = 206, description = "The part that was asked for.", body = [u8], content_type = "application/octet-stream"),
        (status = 304, description = "The caller has it already."),
        CommonErrors, NotFound
    )
)]
#[get("/artifact_blob/{project}/{digest}")]
pub(crate) async fn get_artifact_blob(
    state: State,
    path: Path<BlobPath>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    check_scope(&request, Scope::Read)?;
    let BlobPath { project, digest } = path.into_inner();
    let file = state
        .ask(move |engine| {
            let missing =
                || ApiError::new(ErrorCode::FileNotFound, format!("project `{project}` has no such blob"));
            let digest = BlobDigest::new(digest).map_err(|_| missing())?;
            let (file, _) = engine.store().blobs(&project).open(&digest)?.ok_or_else(missing)?;
            StoredFile::examine(file, digest.as_str())
        })
        .await?;
    Ok(file.saved_unnamed().respond(&request))
}
