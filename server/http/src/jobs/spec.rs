//! What a job was made from, for another one like it.

use paceline_schema::jobs::{JobInfo, JobSpec};
use paceline_schema::redact::REDACTED;

use crate::error::ApiError;

/// The order that made a job.
///
/// # Errors
/// When it had secrets, which nobody keeps.
pub(super) fn of(job: &JobInfo) -> Result<JobSpec, ApiError> {
    let has_secrets = job.secrets.as_object().is_some_and(|secrets| !secrets.is_empty());
    if has_secrets || job.environment.to_string().contains(REDACTED) {
        return Err(ApiError::invalid(format!("job `{}` had secrets, which are not kept", job.id))
            .with_hint("submit it anew, with its secrets"));
    }
    let read = |value: &serde_json::Value| serde_json::from_value(value.clone()).unwrap_or_default();
    Ok(JobSpec {
        command: job.command.clone().unwrap_or_default(),
        arguments: job.arguments.clone().unwrap_or_default(),
        environment: read(&job.environment),
        flavor: job.flavor.clone(),
        timeout_seconds: job.timeout_seconds,
        labels: read(&job.labels),
        docker_image: job.docker_image.clone(),
        space_id: job.space_id.clone(),
        ..JobSpec::default()
    })
}
