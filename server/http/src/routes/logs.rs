//! The rows of a run: as they were logged, and new ones.

use actix_web::web::{Path, Payload, Query};
use actix_web::{HttpRequest, get, post};
use paceline_schema::series::{LogEntry, LogRow, Page, Stored};

use super::{BodyErrors, CommonErrors, NotFound, PageQuery, RunPath, WriteErrors};
use crate::access::WriteAccess;
use crate::error::ApiError;
use crate::state::{Answer, State};
use crate::{examples, ingest};

/// Lists the rows of a run as they were logged, page by page.
#[utoipa::path(
    operation_id = "list_logs",
    tag = "logs",
    params(RunPath, PageQuery),
    responses(
        (
            status = 200,
            description = "One page, in the order logged.",
            body = Page<LogRow>,
            example = json!(examples::log_rows())
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/runs/{run}/logs")]
pub(crate) async fn list_logs(
    state: State,
    path: Path<RunPath>,
    page: Query<PageQuery>,
) -> Result<Answer, ApiError> {
    let page = page.request()?;
    state.read(move |engine| engine.logs(&path.project, &path.run, page)).await
}

/// Stores rows. They are committed when this is answered.
///
/// A project or run that is not there is made. At most 10,000 rows; a JSON array of at most 8 MiB, or JSON
/// lines of at most 64 MiB. All rows are stored or none.
#[utoipa::path(
    operation_id = "append_logs",
    tag = "logs",
    params(RunPath),
    security(("write_token" = [])),
    request_body(
        description = "The rows, as a JSON array or one JSON object a line.",
        content(
            (Vec<LogEntry> = "application/json", example = json!(examples::log_entries())),
            (String = "application/x-ndjson", example = json!(examples::log_lines()))
        )
    ),
    responses(
        (status = 200, description = "What became of the rows.", body = Stored, example = json!(examples::stored())),
        CommonErrors, BodyErrors, WriteErrors
    )
)]
#[post("/projects/{project}/runs/{run}/logs")]
pub(crate) async fn append_logs(
    _: WriteAccess,
    state: State,
    path: Path<RunPath>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Answer, ApiError> {
    ingest::receive::<LogEntry>(state, path.project.clone(), path.run.clone(), request, payload).await
}
