//! Jobs with the runs that they log into.

use actix_web::get;
use actix_web::web::{Path, Query};
use paceline_jobs::{LocalJobs, report};
use paceline_query::Engine;
use paceline_schema::jobs::{JobInfo, JobReport, JobReports, JobStage};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{CommonErrors, NotFound};
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};

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
    let jobs = state.jobs.local.clone();
    let reports = state.ask(move |engine| {
        let found = jobs.list()?.into_iter();
        let found = found.filter(|job| query.stage.is_none_or(|stage| job.status.stage == stage));
        let reports = found.map(|job| told(&jobs, engine, job)).collect::<Result<_, _>>()?;
        Ok(JobReports { jobs: reports })
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
        told(&jobs, engine, job)
    });
    Answer::of(&report.await?)
}

/// A job with its run.
pub(crate) fn told(jobs: &LocalJobs, engine: &Engine, job: JobInfo) -> Result<JobReport, ApiError> {
    let run = engine.status_of_job(&job.id, job.created_at)?;
    let (expected, silent) = (jobs.expected(&job.id)?, jobs.silent_seconds(&job.id));
    Ok(report(job, run, expected, silent))
}
