//! What happens, told as it happens; and waiting until something holds.

use std::time::Duration;

use actix_web::http::header::HeaderName;
use actix_web::web::{Path, Query};
use actix_web::{HttpRequest, HttpResponse, get};
use paceline_query::WaitCondition;
use paceline_schema::events::Waited;
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::IntoParams;

use super::{CommonErrors, NotFound, ProjectPath, RunPath};
use crate::error::ApiError;
use crate::events::stream;
use crate::state::{Answer, State};
use crate::{examples, waiting};

/// Longest wait, in seconds.
const MAX_WAIT_SECONDS: f64 = 600.0;
/// Longest bounded stream, in seconds.
const MAX_STREAM_SECONDS: f64 = 86_400.0;
/// Conditions of one wait.
const MAX_CONDITIONS: usize = 32;

/// Streams what happens in a project as Server-Sent Events.
///
/// The stream begins with an event `state` (`StateOfRuns`), then sends events `delta` (`Delta`): new rows and
/// alerts, where their runs stand, runs that began, ended or were deleted. With `Last-Event-ID` it goes on
/// after that event without gap or repeat, also over a start of the server. An event `reset` says that what was
/// known should be asked for anew: that id fits no more, or more was written than can be told in time.
#[utoipa::path(
    operation_id = "stream_project_events",
    tag = "events",
    params(
        ProjectPath, StreamQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event that came.", nullable = false)
    ),
    responses(
        (
            status = 200,
            description = "The stream. It ends with the client, the server or the time given.",
            body = String,
            content_type = "text/event-stream",
            example = json!(examples::events())
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/events")]
pub(crate) async fn stream_project_events(
    state: State,
    path: Path<ProjectPath>,
    query: Query<StreamQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let end = query.end()?;
    let listener = state.events.listen(&state, &path.project).await?;
    stream::answer(state, listener, None, last_event(&request), end).await
}

/// Streams what happens in a run as Server-Sent Events, as the stream of its project does.
#[utoipa::path(
    operation_id = "stream_run_events",
    tag = "events",
    params(
        RunPath, StreamQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event that came.", nullable = false)
    ),
    responses(
        (
            status = 200,
            description = "The stream. It ends with the client, the server or the time given.",
            body = String,
            content_type = "text/event-stream",
            example = json!(examples::events())
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/runs/{run}/events")]
pub(crate) async fn stream_run_events(
    state: State,
    path: Path<RunPath>,
    query: Query<StreamQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let end = query.end()?;
    let (listener, run_id) = waiting::listen_to_run(&state, &path.project, &path.run).await?;
    stream::answer(state, listener, Some(run_id), last_event(&request), end).await
}

/// How long a stream lasts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamQuery {
    /// Seconds after which the stream ends; without end when absent.
    #[param(example = 60.0, minimum = 0, maximum = 86_400, nullable = false)]
    timeout_seconds: Option<f64>,
}

impl StreamQuery {
    fn end(&self) -> Result<Option<Instant>, ApiError> {
        let Some(seconds) = self.timeout_seconds else { return Ok(None) };
        let longest = 0.0..=MAX_STREAM_SECONDS;
        if longest.contains(&seconds) {
            return Ok(Some(Instant::now() + Duration::from_secs_f64(seconds)));
        }
        Err(ApiError::invalid(format!("`timeout_seconds` is {seconds}, not from 0 to {MAX_STREAM_SECONDS}")))
    }
}

fn last_event(request: &HttpRequest) -> Option<&str> {
    let header = request.headers().get(HeaderName::from_static("last-event-id"))?;
    Some(header.to_str().unwrap_or_default()).filter(|text| !text.is_empty())
}

/// What is waited for, and how long.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaitQuery {
    /// Conditions, any of which ends the wait, separated by commas: `step>=1000`, `state!=running`,
    /// `val/acc>0.9` (a metric's newest value), `finding:any` or `finding:` and its code.
    #[param(
        example = "step>=1000,finding:any",
        pattern = r"^(finding:[a-z_]+|state(=|==|!=)(created|running|stalled|finished|failed|crashed)|[A-Za-z0-9_./-]+(<=|>=|==|!=|<|>|=)-?[0-9]{1,15}(\.[0-9]{1,15})?)(,(finding:[a-z_]+|state!=running|step>=[0-9]{1,15})){0,7}$"
    )]
    until: String,
    /// Seconds until an answer comes in any case, at most 600; 0 only looks.
    #[serde(default = "default_wait_seconds")]
    #[param(example = 60.0, minimum = 0, maximum = 600, default = 60)]
    timeout_seconds: f64,
}

fn default_wait_seconds() -> f64 {
    60.0
}

impl WaitQuery {
    fn conditions(&self) -> Result<Vec<WaitCondition>, ApiError> {
        let conditions: Vec<&str> = self.until.split(',').collect();
        if conditions.len() > MAX_CONDITIONS {
            let count = conditions.len();
            return Err(ApiError::invalid(format!("{count} conditions are more than {MAX_CONDITIONS}")));
        }
        conditions.into_iter().map(|text| Ok(text.parse()?)).collect()
    }

    fn timeout(&self) -> Result<Duration, ApiError> {
        if (0.0..=MAX_WAIT_SECONDS).contains(&self.timeout_seconds) {
            Ok(Duration::from_secs_f64(self.timeout_seconds))
        } else {
            let given = self.timeout_seconds;
            Err(ApiError::invalid(format!("`timeout_seconds` is {given}, not from 0 to {MAX_WAIT_SECONDS}")))
        }
    }
}

/// Waits until a condition holds of a run, the run ends, or the time is over, and tells where it stands.
#[utoipa::path(
    operation_id = "wait_for_run",
    tag = "events",
    params(RunPath, WaitQuery),
    responses(
        (
            status = 200,
            description = "The conditions that hold; none when the time was over or the run ended before.",
            body = Waited,
            example = json!(examples::waited())
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/runs/{run}/wait")]
pub(crate) async fn wait_for_run(
    state: State,
    path: Path<RunPath>,
    query: Query<WaitQuery>,
) -> Result<Answer, ApiError> {
    let (conditions, deadline) = (query.conditions()?, Instant::now() + query.timeout()?);
    let path = path.into_inner();
    Answer::of(&waiting::wait(&state, path.project, path.run, conditions, deadline).await?)
}
