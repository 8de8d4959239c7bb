//! `POST /api/upload`: files of the peer's client, streamed to disk, for a call that names them afterwards.

use actix_multipart::{Multipart, MultipartError};
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Json, block};
use actix_web::{HttpRequest, post};
use futures_util::TryStreamExt;
use paceline_schema::upload::UploadedFiles;
use paceline_schema::{ErrorCode, Scope};
use utoipa::ToSchema;

use super::access::check_scope;
use crate::error::ApiError;
use crate::examples;
use crate::routes::{Binary, BodyErrors, CommonErrors, WriteErrors};
use crate::state::State;
use crate::uploads::PartialFile;

/// Files of one request together.
const MAX_REQUEST_BYTES: usize = 1 << 30;
/// Bytes gathered before they go to the disk.
const WRITE_BYTES: usize = 1 << 20;
/// Name of the form's field; it may come many times.
const FIELD: &str = "files";

/// What a form with files holds.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it exists for what the document says of it")]
pub(crate) struct UploadForm {
    /// The files.
    #[schema(inline, min_items = 1)]
    files: Vec<Binary>,
}

/// Takes files for a call that names them afterwards.
///
/// The answer has a handle for each file, good for one call within an hour.
#[utoipa::path(
    operation_id = "peer_upload",
    tag = "peer",
    security(("write_token" = [])),
    request_body(
        content_type = "multipart/form-data",
        content = inline(UploadForm),
        description = "One or more files in fields named `files`, 1 GiB together."
    ),
    responses(
        (status = 200, description = "The handles.", body = UploadedFiles, example = json!(examples::uploaded_files())),
        CommonErrors, BodyErrors, WriteErrors
    )
)]
#[post("/api/upload")]
pub(crate) async fn upload_files(
    state: State,
    request: HttpRequest,
    payload: actix_web::web::Payload,
) -> Result<Json<UploadedFiles>, ApiError> {
    take_files(state, request, payload).await
}

/// Stages the files of a form.
///
/// # Errors
/// `Unauthorized` before the body is read, `BodyTooLarge`, `UnsupportedMediaType`, and what the disk says.
pub(super) async fn take_files(
    state: State,
    request: HttpRequest,
    payload: actix_web::web::Payload,
) -> Result<Json<UploadedFiles>, ApiError> {
    check_scope(&request, Scope::Write)?;
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: usize| length > MAX_REQUEST_BYTES) {
        return Err(ApiError::too_large(MAX_REQUEST_BYTES));
    }
    let mut form = Multipart::new(request.headers(), payload);
    let (mut files, mut total_bytes) = (Vec::new(), 0);
    while let Some(mut field) = form.try_next().await.map_err(refusal)? {
        let is_file = field.name() == Some(FIELD);
        let mut file = if is_file { Some(begin(&state).await?) } else { None };
        let mut gathered = Vec::new();
        while let Some(chunk) = field.try_next().await.map_err(refusal)? {
            total_bytes += chunk.len();
            if total_bytes > MAX_REQUEST_BYTES {
                return Err(ApiError::too_large(MAX_REQUEST_BYTES));
            }
            gathered.extend_from_slice(&chunk);
            if gathered.len() >= WRITE_BYTES {
                file = write(file, std::mem::take(&mut gathered)).await?;
            }
        }
        files.extend(write(file, gathered).await?.map(PartialFile::finish));
    }
    if files.is_empty() {
        return Err(ApiError::invalid(format!("the form has no field `{FIELD}`")));
    }
    Ok(Json(UploadedFiles { paths: state.uploads.publish(files) }))
}

async fn begin(state: &State) -> Result<PartialFile, ApiError> {
    let state = state.clone();
    on_a_thread(move || state.uploads.begin()).await
}

async fn write(file: Option<PartialFile>, bytes: Vec<u8>) -> Result<Option<PartialFile>, ApiError> {
    let Some(mut file) = file else { return Ok(None) };
    on_a_thread(move || {
        file.write(&bytes)?;
        Ok(Some(file))
    })
    .await
}

async fn on_a_thread<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    block(job).await.unwrap_or_else(|error| Err(ApiError::internal(error.to_string())))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is not exhaustive")]
fn refusal(error: MultipartError) -> ApiError {
    match error {
        MultipartError::ContentTypeMissing
        | MultipartError::ContentTypeParse
        | MultipartError::ContentTypeIncompatible
        | MultipartError::BoundaryMissing => {
            ApiError::new(ErrorCode::UnsupportedMediaType, "the body is not declared as a form of files")
                .with_hint("send `Content-Type: multipart/form-data` with a boundary")
        }
        other => ApiError::invalid(format!("the form cannot be read: {other}")),
    }
}
