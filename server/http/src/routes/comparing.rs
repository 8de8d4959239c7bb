//! Runs held against each other, and a run around one moment.

use actix_web::web::{Path, Query};
use actix_web::{get, post};
use paceline_query::{Form, Formed};
use paceline_schema::Detail;
use paceline_schema::comparison::{CompareRequest, Comparison};
use paceline_schema::difference::Difference;
use paceline_schema::moment::{MomentRequest, Snapshot};
use serde::Deserialize;
use utoipa::IntoParams;

use super::in_form::InForm;
use super::{BodyErrors, CommonErrors, NotFound, ProjectPath, RunPath};
use crate::body::JsonObject;
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};

// The document takes names for types that have none.
type ComparisonInForm = InForm<Comparison>;
type DifferenceInForm = InForm<Difference>;
type SnapshotInForm = InForm<Snapshot>;

/// The form of an answer; whole when neither is given.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormQuery {
    /// How much to tell: `brief` what decides, with figures to four digits, `normal` to six, `full` all of it. What is cut to
    /// keep the answer short is named in `left_out`. Brief when only `max_tokens` is given.
    #[param(inline, example = "brief", nullable = false)]
    detail: Option<Detail>,
    /// Length of the answer at most, in tokens of 4 characters; with `detail` alone 300 for brief, 1500 for normal, 10000 for full.
    #[param(example = 300, minimum = 50, maximum = 100_000, nullable = false)]
    max_tokens: Option<u64>,
}

/// Which two runs, and the form of the answer.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct DifferenceQuery {
    /// Name or id of the first run; the one before the newest when absent.
    #[param(example = "lr-1e-3", nullable = false)]
    from: Option<String>,
    /// Name or id of the second run; the newest when absent.
    #[param(example = "lr-3e-4", nullable = false)]
    to: Option<String>,
    /// How much to tell, `brief`, `normal` or `full`; see `compare_runs`.
    #[param(inline, example = "brief", nullable = false)]
    detail: Option<Detail>,
    /// Length of the answer at most, in tokens of 4 characters.
    #[param(example = 300, minimum = 50, maximum = 100_000, nullable = false)]
    max_tokens: Option<u64>,
}

/// Which moment, and the form of the answer.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct MomentQuery {
    /// Around this step; around the newest row when neither step nor alert is given.
    #[param(example = 850, nullable = false)]
    step: Option<i64>,
    /// Around an alert: `newest`, or words of its title.
    #[param(example = "newest", nullable = false)]
    alert: Option<String>,
    /// Steps to each side, at most 10,000; as many as 10 rows take when absent.
    #[param(example = 50, minimum = 1, nullable = false)]
    window: Option<i64>,
    /// How much to tell, `brief`, `normal` or `full`; see `compare_runs`.
    #[param(inline, example = "brief", nullable = false)]
    detail: Option<Detail>,
    /// Length of the answer at most, in tokens of 4 characters.
    #[param(example = 300, minimum = 50, maximum = 100_000, nullable = false)]
    max_tokens: Option<u64>,
}

/// The form that is asked for; none is the whole answer.
fn form(detail: Option<Detail>, max_tokens: Option<u64>) -> Result<Option<Form>, ApiError> {
    if detail.is_none() && max_tokens.is_none() {
        return Ok(None);
    }
    Ok(Some(Form::new(detail.unwrap_or(Detail::Brief), max_tokens)?))
}

fn answered<T: Formed>(answer: &T, form: Option<Form>) -> Result<Answer, ApiError> {
    match form {
        None => Answer::of(answer),
        Some(form) => Answer::of(&form.formed(answer)),
    }
}

/// Ranks runs by a metric, and tells which settings go with a better one.
///
/// `summary` says which is best and why, `runs` lists them best first with what differs in their configs, `matters` the rank
/// correlation of each setting with the metric and its 90 % interval.
#[utoipa::path(
    operation_id = "compare_runs",
    tag = "runs",
    params(ProjectPath, FormQuery),
    security((), ("read_token" = [])),
    request_body(
        content = CompareRequest,
        description = "Which runs, by what; all of the project by what is usual when empty.",
        example = json!(examples::compare_request())
    ),
    responses(
        (status = 200, description = "The runs that have the metric, best first.", body = ComparisonInForm, example = json!(examples::comparison())),
        CommonErrors, NotFound, BodyErrors
    )
)]
#[post("/projects/{project}/compare")]
pub(crate) async fn compare_runs(
    state: State,
    path: Path<ProjectPath>,
    query: Query<FormQuery>,
    JsonObject(request): JsonObject<CompareRequest>,
) -> Result<Answer, ApiError> {
    let form = form(query.detail, query.max_tokens)?;
    state.ask(move |engine| answered(&engine.compare(&path.project, &request)?, form)).await
}

/// Tells what changed from one run to another.
///
/// Settings, commit and uncommitted changes, packages and machine, and what the metrics came to. Without `from` and `to` the
/// newest run is held against the one before it.
#[utoipa::path(
    operation_id = "explain_difference",
    tag = "runs",
    params(ProjectPath, DifferenceQuery),
    responses(
        (status = 200, description = "What is not the same in both.", body = DifferenceInForm, example = json!(examples::difference())),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/difference")]
pub(crate) async fn explain_difference(
    state: State,
    path: Path<ProjectPath>,
    query: Query<DifferenceQuery>,
) -> Result<Answer, ApiError> {
    let form = form(query.detail, query.max_tokens)?;
    state
        .ask(move |engine| {
            let (from, to) = engine.meant_pair(&path.project, query.from.as_deref(), query.to.as_deref())?;
            answered(&engine.difference(&path.project, &from, &to)?, form)
        })
        .await
}

/// Tells what a run did around a step or an alert.
///
/// Each metric just before, at and after it, the most unusual first, with the alerts and findings of that time.
#[utoipa::path(
    operation_id = "get_moment",
    tag = "runs",
    params(RunPath, MomentQuery),
    responses(
        (status = 200, description = "The run around that moment.", body = SnapshotInForm, example = json!(examples::snapshot())),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/runs/{run}/moment")]
pub(crate) async fn get_moment(
    state: State,
    path: Path<RunPath>,
    query: Query<MomentQuery>,
) -> Result<Answer, ApiError> {
    let MomentQuery { step, alert, window, detail, max_tokens } = query.into_inner();
    let form = form(detail, max_tokens)?;
    let request = MomentRequest { step, alert, window };
    state.ask_long(move |engine| answered(&engine.around(&path.project, &path.run, &request)?, form)).await
}
