//! The wire of Hugging Face Jobs, for jobs of this machine: its own client drives them through `HF_ENDPOINT`.
//!
//! Whoever may start a job may do what the server's user may, so it takes a server that was started for it
//! (`paceline serve --jobs`) and a token of the scope admin. What else that client can ask is answered with a sentence.

mod logs;

use actix_web::http::Method;
use actix_web::http::header::LINK;
use actix_web::web::{self, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use paceline_jobs::{JobFault, LocalJobs, OWNER, Order, Workshop};
use paceline_schema::jobs::{JobInfo, JobSpec, JobStage};
use paceline_schema::{ErrorCode, Scope};
use serde_json::json;

use crate::access::{AdminAccess, ReadAccess, check, presents_token};
use crate::body::JsonObject;
use crate::error::ApiError;
use crate::state::{AppState, State};

/// Jobs of a page of a list.
const PAGE: usize = 100;
/// What a page after the first one goes on from.
const CURSOR: &str = "cursor";

/// Jobs of a server, and what they are run with where it starts any.
pub(crate) struct Jobs {
    pub(crate) local: LocalJobs,
    pub(crate) workshop: Option<Workshop>,
}

/// Adds the routes of the wire.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .route("/api/whoami-v2", web::get().to(who_am_i))
        .route("/api/jobs/hardware", web::get().to(list_hardware))
        .route("/api/jobs/{namespace}", web::get().to(list))
        .route("/api/jobs/{namespace}", web::post().to(run))
        .route("/api/jobs/{namespace}/{id}", web::get().to(inspect))
        .route("/api/jobs/{namespace}/{id}/logs", web::get().to(logs::answer))
        .route("/api/jobs/{namespace}/{id}/cancel", web::post().to(cancel))
        .route("/api/jobs/{namespace}/{id}/duplicate", web::post().to(run_again))
        .route("/api/jobs/{namespace}/{id}/{more:.*}", web::to(not_here))
        .route("/api/scheduled-jobs/{rest:.*}", web::to(not_here))
        .route("/api/buckets/{rest:.*}", web::to(not_here));
}

/// Who the token belongs to: whoever has one of this server is its owner.
async fn who_am_i(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    if !presents_token(request.headers()) {
        return Err(ApiError::new(ErrorCode::Unauthorized, "there is no token to say whose it is"));
    }
    // Where reading is open, a wrong token would pass for none.
    check(&request, Scope::Write)?;
    let token = json!({"type": "access_token", "accessToken": {"displayName": "paceline", "role": "write"}});
    Ok(HttpResponse::Ok().json(json!({
        "type": "user", "id": OWNER, "name": OWNER, "fullname": "This machine", "isPro": false, "orgs": [], "auth": token,
    })))
}

async fn list_hardware(_: ReadAccess) -> HttpResponse {
    HttpResponse::Ok().json([paceline_jobs::hardware()])
}

async fn list(
    _: ReadAccess,
    request: HttpRequest,
    state: State,
    namespace: Path<String>,
    query: Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let values = |wanted: &str| -> Vec<&str> {
        query.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str()).collect()
    };
    let stages = values("stage").into_iter().map(|word| {
        JobStage::parse(word).ok_or_else(|| {
            let words = JobStage::ALL.map(JobStage::as_str).join("`, `");
            ApiError::invalid(format!("there is no stage `{}`", word.escape_default()))
                .with_hint(format!("one of `{words}`"))
        })
    });
    let stages = stages.collect::<Result<Vec<_>, _>>()?;
    let labels: Vec<(String, String)> = values("label")
        .into_iter()
        .map(|label| label.split_once('=').map_or((label.to_owned(), None), |(a, b)| (a.to_owned(), Some(b))))
        .map(|(name, value)| (name, value.unwrap_or_default().to_owned()))
        .collect();
    let before = values(CURSOR).first().map(|id| (*id).to_owned());
    let jobs = state.jobs.local.clone();
    let is_meant = move |job: &JobInfo| {
        job.owner.name == *namespace
            && (stages.is_empty() || stages.contains(&job.status.stage))
            && labels.iter().all(|(name, value)| job.labels[name] == value.as_str())
    };
    let found = state.reads.run(move || Ok(jobs.some(before.as_deref(), PAGE + 1, is_meant)?));
    let mut found = found.await?;
    let mut response = HttpResponse::Ok();
    if found.len() > PAGE {
        found.truncate(PAGE);
        let last = found.last().map(|job| job.id.as_str()).unwrap_or_default();
        response.insert_header((LINK, next_page(&request, &query, last)));
    }
    Ok(response.json(found))
}

/// The address of the page after the job `last`, as the header `Link` has it.
fn next_page(request: &HttpRequest, query: &[(String, String)], last: &str) -> String {
    let mut address = request.full_url();
    let kept = query.iter().filter(|(name, _)| name != CURSOR);
    address.query_pairs_mut().clear().extend_pairs(kept).append_pair(CURSOR, last);
    format!("<{address}>; rel=\"next\"")
}

async fn run(
    _: AdminAccess,
    state: State,
    namespace: Path<String>,
    JsonObject(spec): JsonObject<JobSpec>,
) -> Result<HttpResponse, ApiError> {
    let order = Order { spec, namespace: namespace.into_inner(), ..Order::default() };
    begin(&state, move |jobs, workshop| jobs.submit(workshop, order)).await
}

/// Starts a job where this server starts any.
async fn begin(
    state: &AppState,
    how: impl FnOnce(&LocalJobs, &Workshop) -> Result<JobInfo, JobFault> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    let workshop = state
        .jobs
        .workshop
        .clone()
        .ok_or_else(|| ApiError::new(ErrorCode::JobsOff, "this server starts no jobs"))?;
    let jobs = state.jobs.local.clone();
    // It waits for another process.
    let job = state.outside.run(move || Ok(how(&jobs, &workshop)?)).await?;
    Ok(HttpResponse::Ok().json(job))
}

async fn inspect(
    _: ReadAccess,
    state: State,
    path: Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(found(&state, path.into_inner()).await?))
}

async fn cancel(
    _: AdminAccess,
    state: State,
    path: Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let job = found(&state, path.into_inner()).await?;
    let jobs = state.jobs.local.clone();
    let job = state.outside.run(move || Ok(jobs.cancel(&job.id)?)).await?;
    Ok(HttpResponse::Ok().json(job))
}

async fn run_again(
    _: AdminAccess,
    state: State,
    path: Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let job = found(&state, path.into_inner()).await?;
    begin(&state, move |jobs, workshop| jobs.again(workshop, &job.id)).await
}

/// What that client can ask of Hugging Face and not of a machine.
async fn not_here(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let path = request.path();
    let (what, instead) = if path.starts_with("/api/buckets/") {
        (
            "buckets, which a script of a local file would be sent to",
            "give the address of the script in place of a file, or send it with `paceline jobs uv SCRIPT`",
        )
    } else if path.starts_with("/api/scheduled-jobs/") {
        ("scheduled jobs", "let cron or a timer of systemd call `paceline jobs run`")
    } else if path.ends_with("/metrics") {
        (
            "metrics of jobs",
            "a run that logs has those of the machine: `GET /api/v1/projects/{project}/runs/{run}/system`",
        )
    } else {
        ("such a thing for jobs", "docs/SERVER.md lists what of Hugging Face Jobs this server answers")
    };
    let known = *request.method() == Method::GET || *request.method() == Method::POST;
    let method = if known { "" } else { " by this method" };
    Err(ApiError::new(ErrorCode::NotSupported, format!("this server has no {what}{method}"))
        .with_hint(instead))
}

/// The job of an owner.
pub(crate) async fn found(state: &AppState, (namespace, id): (String, String)) -> Result<JobInfo, ApiError> {
    let jobs = state.jobs.local.clone();
    let job = state.reads.run(move || jobs.inspect(&id).map_err(ApiError::from)).await?;
    if job.owner.name == namespace {
        return Ok(job);
    }
    Err(JobFault::NotFound { id: job.id }.into())
}

impl From<JobFault> for ApiError {
    fn from(fault: JobFault) -> Self {
        let code = fault.code();
        let hint = if code == ErrorCode::JobNotFound { code.hint().to_owned() } else { fault.hint() };
        Self::new(code, fault.to_string()).with_hint(hint)
    }
}
