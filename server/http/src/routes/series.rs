//! Series to draw.

use actix_web::web::Path;
use actix_web::{HttpRequest, post};
use paceline_schema::series::{SeriesRequest, SeriesResponse};

use super::{BodyErrors, CommonErrors, NotFound, ProjectPath};
use crate::body::JsonObject;
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};

/// Gets the points that draw the lines of some metrics of some runs, and how runs lie together in groups.
///
/// First, last, lowest and highest of every pixel column are there, so that the line looks as it would with
/// all points. A metric is drawn over the step, or over the metric that `define_metric` named for it, unless `x` says
/// otherwise; `x_axis` of each series tells which. Rows without that metric stand where the row before stood, or are
/// left out where `step_sync` is off or nothing was defined.
///
/// Smoothing goes over all values, those outside the window included, before points are left out. A band of `groups`
/// tells mean, standard deviation, lowest and highest value of its runs in each pixel column, and of how many.
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
            description = "One series for each run and key that has points, one band for each group and key. For \
                `Accept: application/vnd.apache.arrow.stream` a table with a row for each of them, `x` and `value` \
                (of bands the mean) as lists.",
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
    state.draw(&asked, move |engine| engine.series(&path.project, &request)).await
}
