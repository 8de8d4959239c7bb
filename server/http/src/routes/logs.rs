//! The rows of a run: as they were logged, and new ones.

use actix_web::web::{Path, Payload, Query};
use actix_web::{HttpRequest, get, post};
use paceline_schema::series::{LogEntry, LogRow, Page, Stored};

use super::{Binary, BodyErrors, CommonErrors, NotFound, PageQuery, RunPath, WriteErrors};
use crate::access::WriteAccess;
use crate::arrow::ARROW;
use crate::error::ApiError;
use crate::state::{Answer, State};
use crate::{arrow, body, examples, ingest};

/// Lists the rows of a run as they were logged, page by page.
#[utoipa::path(
    operation_id = "list_logs",
    tag = "logs",
    params(RunPath, PageQuery),
    responses(
        (
            status = 200,
            description = "One page, in the order logged; columns for `Accept: application/vnd.apache.arrow.stream`.",
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
    request: HttpRequest,
) -> Result<Answer, ApiError> {
    let page = page.request()?;
    state.read_columns(&request, move |engine| engine.logs(&path.project, &path.run, page)).await
}

/// Stores rows. They are committed when this is answered.
///
/// A project or run that is not there is made. At most 10,000 rows; a JSON array of at most 8 MiB, or JSON
/// lines or an Arrow IPC stream of at most 64 MiB. All rows are stored or none. An Arrow stream has one column a
/// metric, and `step`, `timestamp` and `log_id` where they are known; a null was not logged.
#[utoipa::path(
    operation_id = "append_logs",
    tag = "logs",
    params(RunPath),
    security(("write_token" = [])),
    request_body(
        description = "The rows, as a JSON array, one JSON object a line, or an Arrow IPC stream.",
        content(
            (Vec<LogEntry> = "application/json", example = json!(examples::log_entries())),
            (String = "application/x-ndjson", example = json!(examples::log_lines())),
            (inline(Binary) = "application/vnd.apache.arrow.stream")
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
    if body::declared_type(&request) != ARROW {
        return ingest::receive::<LogEntry>(state, path.project.clone(), path.run.clone(), request, payload)
            .await;
    }
    let body = body::read(&request, payload, body::MAX_BULK_BYTES).await?;
    let arrived = state.now();
    state
        .write(move |store| {
            let rows = || arrow::parse_rows(&body, arrived);
            ingest::append_to_run(store, &path.project, &path.run, None, rows)
        })
        .await
}
