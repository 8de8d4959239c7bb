//! Examples of plans: a plan that the planner itself makes, so that its figures agree.

use paceline_advice::{Adviser, Given, Speech};
use paceline_schema::dataset_report::DatasetReport;
use paceline_schema::plan::TrainingPlan;
use paceline_schema::plan_request::{InspectRequest, PlanRequest};
use serde_json::{Map, json};

/// An adviser without runs and without the Hub.
const ALONE: Adviser = Adviser { engine: None, hub: None, speech: Speech::Fields };

pub(crate) fn plan_request() -> PlanRequest {
    PlanRequest {
        method: Some("sft".into()),
        rows: Some(2_800),
        epochs: 1.0,
        ..PlanRequest::of("Qwen/Qwen3-0.6B")
    }
}

pub(crate) fn training_plan() -> Option<TrainingPlan> {
    ALONE.plan(plan_request(), Given::default()).ok()
}

pub(crate) fn inspect_request() -> InspectRequest {
    let row = Map::from_iter([
        ("question".to_owned(), json!("What is 2 + 2?")),
        ("good_response".to_owned(), json!("4")),
        ("bad_response".to_owned(), json!("5")),
    ]);
    InspectRequest { sample: Some(vec![row]), rows: Some(1_000), ..InspectRequest::default() }
}

pub(crate) fn dataset_report() -> Option<DatasetReport> {
    ALONE.inspect(inspect_request()).ok()
}
