//! The routes of `/api/v1` and the few beside it, one topic a file.

use actix_web::middleware::from_fn;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, IntoResponses, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use paceline_schema::series::PageRequest;
use paceline_schema::{ErrorBody, Timestamp};

use crate::access::reading;
use crate::error::ApiError;

mod alerts;
mod artifacts;
mod changes;
mod comparing;
mod console;
mod events;
mod health;
mod in_form;
mod jobs;
mod logs;
mod many_runs;
mod media;
mod metrics;
mod plans;
mod process;
mod projects;
mod publication;
mod query;
mod runs;
mod series;
mod sync;
mod system;
mod values;

pub(crate) use alerts::Alerts;
pub(crate) use artifacts::Artifacts;
pub(crate) use health::{Health, Permitted};
pub(crate) use many_runs::{Configs, MetricsOfRuns, Statuses, Summaries};
pub(crate) use media::{ListedFile, ProjectFiles};
pub(crate) use metrics::{Metrics, ProjectMetrics};

/// Items of a page when the request does not say.
const DEFAULT_LIMIT: usize = 1_000;
/// Items of a page at most.
const MAX_LIMIT: usize = 10_000;

/// Adds every route and what the document says of it.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(health::get_health).service(health::get_openapi).service(health::get_access).service(
        utoipa_actix_web::scope("/api/v1")
            .wrap(from_fn(reading))
            .service(projects::list_projects)
            .service(projects::get_project)
            .service(runs::list_runs)
            .service(runs::get_run)
            .service(runs::get_run_status)
            .service(changes::edit_run)
            .service(changes::delete_run)
            .service(changes::delete_project)
            .service(many_runs::get_run_statuses)
            .service(many_runs::get_run_summaries)
            .service(many_runs::list_configs)
            .service(comparing::compare_runs)
            .service(comparing::explain_difference)
            .service(comparing::get_moment)
            .service(runs::get_run_config)
            .service(runs::get_run_summary)
            .service(runs::get_run_diff)
            .service(console::list_console)
            .service(console::append_console)
            .service(process::start_run)
            .service(process::report_heartbeats)
            .service(process::end_run)
            .service(process::put_run_config)
            .service(process::put_run_summary)
            .service(process::put_run_environment)
            .service(metrics::list_project_metrics)
            .service(metrics::list_metrics)
            .service(many_runs::get_run_metrics)
            .service(metrics::list_metric_values)
            .service(logs::list_logs)
            .service(logs::append_logs)
            .service(system::list_system_samples)
            .service(system::append_system_samples)
            .service(alerts::list_alerts)
            .service(artifacts::list_artifacts)
            .service(artifacts::get_artifact)
            .service(artifacts::get_artifact_version)
            .service(artifacts::get_artifact_lineage)
            .service(artifacts::list_run_artifacts)
            .service(media::list_project_files)
            .service(media::get_media)
            .service(values::list_values)
            .service(query::query_project)
            .service(jobs::list_jobs)
            .service(jobs::get_job)
            .service(publication::publish_model)
            .service(plans::plan_training)
            .service(plans::inspect_dataset)
            .service(sync::get_sync)
            .service(sync::start_sync)
            .service(alerts::list_project_alerts)
            .service(alerts::append_alerts)
            .service(events::stream_project_events)
            .service(events::stream_run_events)
            .service(events::wait_for_run)
            .service(series::get_series),
    );
}

/// A project by name.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ProjectPath {
    /// Name of the project.
    #[param(example = "digits")]
    project: String,
}

/// A run of a project.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct RunPath {
    /// Name of the project.
    #[param(example = "digits")]
    project: String,
    /// Id of the run, or its name and then the latest run of that name.
    #[param(example = "lr-3e-4", pattern = r"^[^\x00-\x1f\x7f-\x9f]{1,512}$")]
    run: String,
}

/// Bytes that are no text.
pub(crate) struct Binary;

impl utoipa::PartialSchema for Binary {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Binary)))
            .into()
    }
}

impl ToSchema for Binary {}

/// Nothing more is to be said: what was asked is committed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Done {}

/// Which page of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    /// `next` of the page before; the first page when absent.
    #[param(example = 1000, nullable = false)]
    after: Option<i64>,
    /// Only what is newer than this time.
    #[param(example = "2026-11-23T02:17:52.070297Z", nullable = false)]
    since: Option<Timestamp>,
    /// Items of the page, at most 10,000.
    #[serde(default = "default_limit")]
    #[param(example = 1000, minimum = 1, maximum = 10_000, default = 1000)]
    limit: usize,
}

impl PageQuery {
    fn request(&self) -> Result<PageRequest, ApiError> {
        Ok(PageRequest { after: self.after, since: self.since, limit: checked_limit(self.limit)? })
    }
}

fn checked_limit(limit: usize) -> Result<usize, ApiError> {
    if (1..=MAX_LIMIT).contains(&limit) {
        Ok(limit)
    } else {
        Err(ApiError::invalid(format!("`limit` is {limit}, not from 1 to {MAX_LIMIT}")))
    }
}

fn default_limit() -> usize {
    DEFAULT_LIMIT
}

/// What any operation can answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "the variants exist for what the document says of them")]
pub(crate) enum CommonErrors {
    /// A parameter does not mean what is needed.
    #[response(status = 400)]
    Invalid(ErrorBody),
    /// No token where one is needed, or an unknown one.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The request names a foreign Host or Origin, or its token permits less than is needed.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// Too many wrong tokens from one address; `Retry-After` says when to come again.
    #[response(status = 429)]
    TooManyAttempts(ErrorBody),
    /// The project's file is damaged, or something unforeseen happened.
    #[response(status = 500)]
    Internal(ErrorBody),
    /// Too much to do at once; `Retry-After` says when to come again.
    #[response(status = 503)]
    Busy(ErrorBody),
}

/// What operations on something named can answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "the variants exist for what the document says of them")]
pub(crate) enum NotFound {
    /// No such project, run or metric; `details` has similar names where there are any.
    #[response(status = 404)]
    NotFound(ErrorBody),
}

/// What operations that give a name can answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "the variants exist for what the document says of them")]
pub(crate) enum Conflict {
    /// The name is taken.
    #[response(status = 409)]
    Taken(ErrorBody),
}

/// What operations with a body can answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "the variants exist for what the document says of them")]
pub(crate) enum BodyErrors {
    /// The body is larger than the operation takes.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body is not of a type the operation takes.
    #[response(status = 415)]
    MediaType(ErrorBody),
}

/// What operations that store can answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "the variants exist for what the document says of them")]
pub(crate) enum WriteErrors {
    /// The data directory cannot be written.
    #[response(status = 507)]
    Storage(ErrorBody),
}
