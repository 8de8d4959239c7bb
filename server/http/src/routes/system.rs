//! Samples of the machine a run is on.

use actix_web::web::{Path, Payload, Query};
use actix_web::{HttpRequest, get, post};
use paceline_schema::series::{LogRow, Page, SampleEntry, Stored};

use super::{BodyErrors, CommonErrors, NotFound, PageQuery, RunPath, WriteErrors};
use crate::access::WriteAccess;
use crate::error::ApiError;
use crate::state::{Answer, State};
use crate::{examples, ingest};

/// Lists the samples of the machine that were taken for a run, page by page.
#[utoipa::path(
    operation_id = "list_system_samples",
    tag = "system",
    params(RunPath, PageQuery),
    responses(
        (
            status = 200,
            description = "One page, in the order taken; `step` is 0.",
            body = Page<LogRow>,
            example = json!(examples::system_rows())
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/runs/{run}/system")]
pub(crate) async fn list_system_samples(
    state: State,
    path: Path<RunPath>,
    page: Query<PageQuery>,
) -> Result<Answer, ApiError> {
    let page = page.request()?;
    state.read(move |engine| engine.system(&path.project, &path.run, page)).await
}

/// Stores samples of the machine a run is on. They are committed when this is answered.
///
/// A project or run that is not there is made. All samples are stored or none.
#[utoipa::path(
    operation_id = "append_system_samples",
    tag = "system",
    params(RunPath),
    security(("write_token" = [])),
    request_body(
        description = "The samples, as a JSON array or one JSON object a line; at most 10,000.",
        content(
            (Vec<SampleEntry> = "application/json", example = json!(examples::sample_entries())),
            (String = "application/x-ndjson", example = json!(examples::sample_lines()))
        )
    ),
    responses(
        (status = 200, description = "What became of the samples.", body = Stored, example = json!(examples::stored())),
        CommonErrors, BodyErrors, WriteErrors
    )
)]
#[post("/projects/{project}/runs/{run}/system")]
pub(crate) async fn append_system_samples(
    _: WriteAccess,
    state: State,
    path: Path<RunPath>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Answer, ApiError> {
    ingest::receive::<SampleEntry>(state, path.project.clone(), path.run.clone(), request, payload).await
}
