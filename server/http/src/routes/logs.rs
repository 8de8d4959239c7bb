//! The rows of a run: as they were logged, and new ones.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Path, Payload, Query};
use actix_web::{HttpRequest, get, post};
use paceline_schema::ErrorCode;
use paceline_schema::series::{LogEntry, LogRow, Page, Stored};

use super::{BodyErrors, CommonErrors, NotFound, PageQuery, RunPath, WriteErrors};
use crate::access::WriteAccess;
use crate::error::ApiError;
use crate::ingest::{self, RowsForm};
use crate::state::{Answer, State};
use crate::{body, examples};

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
    let limit = page.limit()?;
    state.read(move |engine| engine.logs(&path.project, &path.run, page.after, limit)).await
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
    let (form, limit) = form_of(&request)?;
    let body = body::read(&request, payload, limit).await?;
    let arrived = state.now();
    state
        .write(move |store| {
            let rows = ingest::parse_rows(form, &body, arrived)?;
            ingest::append_to_run(store, &path.project, &path.run, None, rows)
        })
        .await
}

fn form_of(request: &HttpRequest) -> Result<(RowsForm, usize), ApiError> {
    let declared =
        request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/json" => Ok((RowsForm::Array, body::MAX_JSON_BYTES)),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => {
            Ok((RowsForm::Lines, body::MAX_BULK_BYTES))
        }
        _ => Err(ApiError::new(
            ErrorCode::UnsupportedMediaType,
            "the body is declared neither as JSON nor as JSON lines",
        )
        .with_hint("send `Content-Type: application/json` or `application/x-ndjson`")),
    }
}
