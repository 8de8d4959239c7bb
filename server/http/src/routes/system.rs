//! Samples of the machine a run is on.

use actix_web::get;
use actix_web::web::{Path, Query};
use paceline_schema::series::{LogRow, Page};

use super::{CommonErrors, NotFound, PageQuery, RunPath};
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};

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
    let limit = page.limit()?;
    state.read(move |engine| engine.system(&path.project, &path.run, page.after, limit)).await
}
