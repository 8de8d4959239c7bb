//! Jobs with the runs that they log into.

use actix_web::get;
use actix_web::web::{Path, Query};
use paceline_schema::jobs::{JobInfo, JobReport, JobReports, JobStage};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{CommonErrors, NotFound};
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};

/// Jobs of an answer unless a number is given.
const USUAL_JOBS: usize = 50;
/// Jobs of an answer at most.
const MOST_JOBS: usize = 500;

/// A job.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct JobPath {
    /// Id of the job.
    #[param(example = "692aef3ce80b42e4d05c0ee3")]
    job: String,
}

/// Which jobs.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobsQuery {
    /// Only those in this stage; in any when absent.
    #[param(example = "RUNNING", nullable = false)]
    stage: Option<JobStage>,
    /// How many at most.
    #[serde(default = "usual_jobs")]
    #[param(example = 50, minimum = 1, maximum = 500, default = 50)]
    limit: usize,
    /// Only those submitted before the job of this id: the last one of an answer asks for the next.
    #[param(example = "692aef3ce80b42e4d05c0ee3", nullable = false)]
    before: Option<String>,
}

fn usual_jobs() -> usize {
    USUAL_JOBS
}

/// Lists the jobs of this machine, newest first, each with where its run stands and what it costs.
#[utoipa::path(
    operation_id = "list_jobs",
    tag = "jobs",
    params(JobsQuery),
    responses(
        (status = 200, description = "The jobs.", body = JobReports, example = json!(examples::job_reports())),
        CommonErrors
    )
)]
#[get("/jobs")]
pub(crate) async fn list_jobs(state: State, query: Query<JobsQuery>) -> Result<Answer, ApiError> {
    let JobsQuery { stage, limit, before } = query.into_inner();
    if !(1..=MOST_JOBS).contains(&limit) {
        return Err(ApiError::invalid(format!("`limit` is {limit}, not from 1 to {MOST_JOBS}")));
    }
    let jobs = state.jobs.local.clone();
    let reports = state.ask(move |engine| {
        let is_meant = |job: &JobInfo| stage.is_none_or(|stage| job.status.stage == stage);
        let found = jobs.some(before.as_deref(), limit, is_meant)?;
        Ok(JobReports { jobs: jobs.reports(engine, found)? })
    });
    Answer::of(&reports.await?)
}

/// Tells where a job and its run stand: `summary` has the step, the loss, the time left and the price in one sentence.
#[utoipa::path(
    operation_id = "get_job",
    tag = "jobs",
    params(JobPath),
    responses(
        (status = 200, description = "The job.", body = JobReport, example = json!(examples::job_report())),
        CommonErrors, NotFound
    )
)]
#[get("/jobs/{job}")]
pub(crate) async fn get_job(state: State, path: Path<JobPath>) -> Result<Answer, ApiError> {
    let jobs = state.jobs.local.clone();
    let report = state.ask(move |engine| {
        let job = jobs.inspect(&path.job)?;
        jobs.reports(engine, vec![job])?.pop().ok_or_else(|| ApiError::internal("a job without a report"))
    });
    Answer::of(&report.await?)
}
