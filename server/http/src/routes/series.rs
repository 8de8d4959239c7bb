//! Series to draw.

use actix_web::web::Path;
use actix_web::{HttpRequest, post};
use paceline_schema::series::{SeriesRequest, SeriesResponse};

use super::{BodyErrors, CommonErrors, NotFound, ProjectPath};
use crate::body::JsonObject;
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};

/// Gets the points that draw the lines of some metrics of some runs.
///
/// First, last, lowest and highest of every pixel column are there, so that the line looks as it would with
/// all points.
#[utoipa::path(
    operation_id = "get_series",
    tag = "metrics",
    params(ProjectPath),
    security((), ("read_token" = [])),
    request_body(
        content = SeriesRequest,
        description = "Which series, and how wide.",
        example = json!(examples::series_request())
    ),
    responses(
        (
            status = 200,
            description = "One series for each run and key that has points; columns for \
                `Accept: application/vnd.apache.arrow.stream`.",
            body = SeriesResponse,
            example = json!(examples::series())
        ),
        CommonErrors, NotFound, BodyErrors
    )
)]
#[post("/projects/{project}/series")]
pub(crate) async fn get_series(
    state: State,
    path: Path<ProjectPath>,
    asked: HttpRequest,
    JsonObject(request): JsonObject<SeriesRequest>,
) -> Result<Answer, ApiError> {
    state.read_columns(&asked, move |engine| engine.series(&path.project, &request)).await
}
