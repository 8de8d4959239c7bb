//! The tools of ours, one topic a file; the most asked first.

use paceline_schema::plan_request::{InspectRequest, PlanRequest};

use crate::tool::OwnTool;

mod attention;
mod comparison;
mod difference;
mod lists;
mod moment;
mod planning;
mod publication;
mod series;
mod sql;
mod status;
mod training;

/// Every tool of ours.
pub(crate) const OWN: &[OwnTool] = &[
    OwnTool::of::<status::GetRunStatus>(),
    OwnTool::of::<status::WaitForRun>(),
    OwnTool::of::<attention::GetFindings>(),
    OwnTool::of::<comparison::CompareRuns>(),
    OwnTool::of::<difference::ExplainDifference>(),
    OwnTool::of::<moment::GetMoment>(),
    OwnTool::of::<lists::ListProjects>(),
    OwnTool::of::<lists::ListRuns>(),
    OwnTool::of::<lists::GetRun>(),
    OwnTool::of::<series::GetSeries>(),
    OwnTool::of::<sql::QuerySql>(),
    OwnTool::of::<InspectRequest>(),
    OwnTool::of::<PlanRequest>(),
    OwnTool::of::<training::SubmitTraining>(),
    OwnTool::of::<publication::PublishModel>(),
];
