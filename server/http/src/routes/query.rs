//! SQL on the tables of a project.

use actix_web::post;
use actix_web::web::Path;
use paceline_schema::sql::{SqlAnswer, SqlRequest};

use super::{BodyErrors, CommonErrors, NotFound, ProjectPath};
use crate::body::JsonObject;
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};

/// Answers one SQL statement that reads the tables of a project.
///
/// The statement has 2 seconds, 10,000 rows and 16 MiB; `truncated` says that there are more rows. Tables, among
/// them `metrics`, `system_metrics`, `alerts`, `configs` and `paceline_runs`, are listed by
/// `SELECT name, sql FROM sqlite_schema`. Everything that does not only read is refused.
#[utoipa::path(
    operation_id = "query_project",
    tag = "projects",
    params(ProjectPath),
    security((), ("read_token" = [])),
    request_body(content = SqlRequest, description = "The statement.", example = json!(examples::sql_request())),
    responses(
        (status = 200, description = "The rows.", body = SqlAnswer, example = json!(examples::sql_answer())),
        CommonErrors, NotFound, BodyErrors
    )
)]
#[post("/projects/{project}/query")]
pub(crate) async fn query_project(
    state: State,
    path: Path<ProjectPath>,
    JsonObject(request): JsonObject<SqlRequest>,
) -> Result<Answer, ApiError> {
    state.sql(move |engine| Answer::of(&engine.sql(&path.project, &request.sql)?)).await
}
