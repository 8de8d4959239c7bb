//! What a training printed, where it wants that kept.

use actix_web::web::{Path, Query};
use actix_web::{get, post};
use paceline_schema::Event;
use paceline_schema::console::{ConsoleLine, ConsolePage, ConsoleReport};
use paceline_schema::redact::redact_source;
use paceline_schema::series::PageRequest;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    BodyErrors, CommonErrors, Done, MAX_LIMIT, NotFound, RunPath, WriteErrors, checked_limit, default_limit,
};
use crate::access::WriteAccess;
use crate::body::JsonObject;
use crate::error::ApiError;
use crate::state::{Answer, State};
use crate::{examples, ingest};

/// Lines of one request.
const MAX_LINES: usize = 10_000;

/// Which lines.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsoleQuery {
    /// `next` of the page before; the first page when absent.
    #[param(example = 1000, nullable = false)]
    after: Option<i64>,
    /// Lines of the page, at most 10,000.
    #[serde(default = "default_limit")]
    #[param(example = 1000, minimum = 1, maximum = 10_000, default = 1000)]
    limit: usize,
    /// So many of the newest lines, at most 10,000, in the place of a page.
    #[param(example = 8, minimum = 1, maximum = 10_000, nullable = false)]
    tail: Option<usize>,
}

/// Lists what a run printed, page by page: the newest 100,000 lines of it.
#[utoipa::path(
    operation_id = "list_console",
    tag = "logs",
    params(RunPath, ConsoleQuery),
    responses(
        (
            status = 200,
            description = "One page, in the order printed.",
            body = ConsolePage,
            example = json!(examples::console_lines())
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/runs/{run}/console")]
pub(crate) async fn list_console(
    state: State,
    path: Path<RunPath>,
    query: Query<ConsoleQuery>,
) -> Result<Answer, ApiError> {
    let ConsoleQuery { after, limit, tail } = query.into_inner();
    // Checked beside a `tail` as well: the document promises its bounds in every request.
    let limit = checked_limit(limit)?;
    match tail {
        Some(lines) if !(1..=MAX_LIMIT).contains(&lines) => {
            Err(ApiError::invalid(format!("`tail` is {lines}, not from 1 to {MAX_LIMIT}")))
        }
        Some(lines) => state.read(move |engine| engine.console_tail(&path.project, &path.run, lines)).await,
        None => {
            let page = PageRequest { after, since: None, limit };
            state.read(move |engine| engine.console(&path.project, &path.run, page)).await
        }
    }
}

/// Stores lines that a run printed. Secrets in them are replaced; a line with a `log_id` is stored once.
#[utoipa::path(
    operation_id = "append_console",
    tag = "process",
    params(RunPath),
    security(("write_token" = [])),
    request_body(
        content = ConsoleReport,
        description = "The lines, in the order printed.",
        example = json!(examples::console_report())
    ),
    responses(
        (status = 200, description = "They are stored.", body = Done, example = json!(Done {})),
        CommonErrors, BodyErrors, WriteErrors
    )
)]
#[post("/projects/{project}/runs/{run}/console")]
pub(crate) async fn append_console(
    _: WriteAccess,
    state: State,
    path: Path<RunPath>,
    JsonObject(report): JsonObject<ConsoleReport>,
) -> Result<Answer, ApiError> {
    if report.lines.len() > MAX_LINES {
        return Err(ApiError::invalid(format!("{} lines are more than {MAX_LINES}", report.lines.len())));
    }
    let line = |line: ConsoleLine| Event::Console(ConsoleLine { text: redact_source(&line.text), ..line });
    let events: Vec<Event> = report.lines.into_iter().map(line).collect();
    state
        .write(move |store| {
            ingest::append_to_run(store, &path.project, &path.run, None, || Ok(events.clone()))?;
            Ok(Done {})
        })
        .await
}
