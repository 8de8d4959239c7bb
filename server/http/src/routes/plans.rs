//! Plans of trainings, and what datasets serve.

use actix_web::{HttpRequest, post};
use paceline_advice::Given;
use paceline_schema::dataset_report::DatasetReport;
use paceline_schema::plan::TrainingPlan;
use paceline_schema::plan_request::{InspectRequest, PlanRequest};

use super::{BodyErrors, CommonErrors, NotFound};
use crate::body::JsonObject;
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};

/// Plans a training: weights, machine, batch, steps, time and price, every number with its source.
///
/// `project` lets its finished runs on the same hardware correct the time; `preflight` looks at what has to hold before it
/// starts. The Hub is asked for the rows of `dataset`, and for the size of a model whose name says none. See
/// docs/PLANNING.md.
#[utoipa::path(
    operation_id = "plan_training",
    tag = "plans",
    security((), ("read_token" = [])),
    request_body(
        content = PlanRequest,
        description = "What is to be trained, on what, and how, as far as the planner is not free.",
        example = json!(examples::plan_request())
    ),
    responses(
        (status = 200, description = "The plan.", body = TrainingPlan, example = json!(examples::training_plan())),
        CommonErrors, NotFound, BodyErrors
    )
)]
#[post("/plans")]
pub(crate) async fn plan_training(
    state: State,
    request: HttpRequest,
    JsonObject(asked): JsonObject<PlanRequest>,
) -> Result<Answer, ApiError> {
    let plan = state.advise(Some(&request), move |adviser| Ok(adviser.plan(asked, Given::default())?));
    Answer::of(&plan.await?)
}

/// Tells which ways to train a dataset serves, as it is or mapped, from rows of it.
///
/// The rows come with the request, or from the Hub by the dataset's name; no path of a client is read.
#[utoipa::path(
    operation_id = "inspect_dataset",
    tag = "plans",
    security((), ("read_token" = [])),
    request_body(
        content = InspectRequest,
        description = "A dataset of the Hub, or rows of another.",
        example = json!(examples::inspect_request())
    ),
    responses(
        (status = 200, description = "What it serves.", body = DatasetReport, example = json!(examples::dataset_report())),
        CommonErrors, BodyErrors
    )
)]
#[post("/datasets/inspect")]
pub(crate) async fn inspect_dataset(
    state: State,
    request: HttpRequest,
    JsonObject(asked): JsonObject<InspectRequest>,
) -> Result<Answer, ApiError> {
    let report = state.advise(Some(&request), move |adviser| Ok(adviser.inspect(asked)?));
    Answer::of(&report.await?)
}
