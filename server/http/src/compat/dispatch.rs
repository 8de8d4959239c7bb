//! `POST /api/{name}`: from the table of operations to the function that answers.

use actix_web::web::{Bytes, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use paceline_schema::{ErrorCode, Operation, Scope};

use super::access::check_scope;
use super::arguments::Arguments;
use super::call::{Call, Handler, Reply};
use super::command_line::complete;
use super::{artifacts, bulk, files, mutations, reads, registry, series, settings, sql, system, traces};
use crate::body;
use crate::error::ApiError;
use crate::routes::{BodyErrors, CommonErrors, NotFound, WriteErrors};
use crate::state::State;

/// The route of every call; which one it is stands in the path.
pub(crate) const CALL_ROUTE: &str = "/api/{name}";

/// Every call has its function here, or this does not compile.
pub(super) fn handler(operation: Operation) -> Handler {
    use Handler::{Read, Sql, Write};
    match operation {
        Operation::GetRunMutationStatus => Read(settings::run_mutation_status),
        Operation::UploadDatabase => Write(mutations::upload_database),
        Operation::BulkUploadMedia => Write(files::upload_media),
        Operation::CheckArtifactBlobs => Write(artifacts::check_blobs),
        Operation::BulkUploadArtifactBlob => Write(artifacts::upload_blobs),
        Operation::LogArtifact => Write(artifacts::log),
        Operation::GetArtifactManifest => Read(artifacts::manifest),
        Operation::GetArtifacts => Read(artifacts::summaries),
        Operation::ListArtifacts => Read(artifacts::list),
        Operation::GetRunArtifacts => Read(artifacts::of_run),
        Operation::GetRunArtifactCounts => Read(artifacts::counts),
        Operation::GetArtifactConsumers => Read(artifacts::consumers),
        Operation::GetArtifactLineage => Read(artifacts::lineage),
        Operation::LogArtifactUse => Write(artifacts::log_use),
        Operation::Log => Write(bulk::log),
        Operation::BulkLog => Write(bulk::bulk_log),
        Operation::BulkLogSystem => Write(bulk::bulk_log_system),
        Operation::BulkAlert => Write(bulk::bulk_alert),
        Operation::GetAlerts => Read(reads::alerts),
        Operation::GetMetricValues => Read(series::metric_values),
        Operation::GetRunsForProject => Read(reads::runs_for_project),
        Operation::GetRunConfigs => Read(reads::run_configs),
        Operation::GetMetricsForRun => Read(reads::metrics_for_run),
        Operation::GetAllProjects => Read(reads::all_projects),
        Operation::GetProjectSummary => Read(reads::project_summary),
        Operation::GetRunSummary => Read(reads::run_summary),
        Operation::GetSystemMetricsForRun => Read(system::metrics_for_run),
        Operation::GetSystemLogs => Read(system::logs),
        Operation::GetSystemLogsBatch => Read(system::logs_batch),
        Operation::GetSnapshot => Read(series::snapshot),
        Operation::GetLogs => Read(series::logs),
        Operation::GetLogsBatch => Read(series::logs_batch),
        Operation::GetTraces => Read(traces::list),
        Operation::GetTraceSteps => Read(traces::steps),
        Operation::QueryProject => Sql(sql::query_project),
        Operation::GetSettings => Read(settings::settings),
        Operation::GetRegistryBuckets => Read(registry::buckets),
        Operation::GetRegistries => Read(registry::list),
        Operation::GetRegistryDetails => Read(registry::details),
        Operation::GetProjectFiles => Read(files::project_files),
        Operation::GetTabAvailability => Read(settings::tab_availability),
        Operation::DeleteRun => Write(mutations::delete_run),
        Operation::RenameRun => Write(mutations::rename_run),
        Operation::ForceSync => Write(mutations::force_sync),
    }
}

/// Answers one call of the peer's wire.
///
/// The arguments come as `{"args": […], "kwargs": {…}}`, `{"data": […]}`, an object of names or a list of
/// positions; the answer is `{"data": …}`. What is stored is committed when this is answered.
#[utoipa::path(
    operation_id = "peer_call",
    tag = "peer",
    params(("name" = String, Path, description = "Name of the call.", example = "get_all_projects")),
    security((), ("read_token" = []), ("write_token" = []), ("admin_token" = [])),
    request_body(
        content = Option<Object>,
        description = "The arguments, by name or by position.",
        example = json!({ "args": [], "kwargs": { "project": "digits" } })
    ),
    responses(
        (status = 200, description = "The answer.", body = Object, example = json!({ "data": ["digits"] })),
        CommonErrors, BodyErrors, WriteErrors, NotFound
    )
)]
#[post("/api/{name}")]
pub(crate) async fn peer_call(
    state: State,
    name: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    Ok(reply(operation(&name)?, state, &request, payload).await?.into_response())
}

/// The call of that name.
///
/// # Errors
/// `RouteNotFound` when there is none.
pub(super) fn operation(name: &str) -> Result<Operation, ApiError> {
    let found = Operation::of(name);
    found.ok_or_else(|| ApiError::new(ErrorCode::RouteNotFound, format!("there is no call `{name}`")))
}

/// Answers a call whose arguments are in the body, if the request's token permits it.
///
/// # Errors
/// `Unauthorized` before the body is read, those of the body, and the call's own.
pub(super) async fn reply(
    operation: Operation,
    state: State,
    request: &HttpRequest,
    payload: Payload,
) -> Result<Reply, ApiError> {
    check_scope(request, operation.scope())?;
    let limit = if operation.scope() == Scope::Read { body::MAX_JSON_BYTES } else { body::MAX_BULK_BYTES };
    let body = body::read(request, payload, limit).await?;
    let may_change_runs = check_scope(request, Scope::Admin).is_ok();
    answer(operation, state, body, may_change_runs).await
}

/// Answers a call of somebody who may make it; the arguments are in `body`.
///
/// # Errors
/// The call's own, and those of the pools.
pub(crate) async fn answer(
    operation: Operation,
    state: State,
    body: Bytes,
    may_change_runs: bool,
) -> Result<Reply, ApiError> {
    let (shared, arrived) = (state.clone(), state.now());
    let call = move |f: &dyn Fn(&Call<'_>) -> Result<_, ApiError>| {
        let mut arguments = Arguments::parse(&body);
        complete(operation, &mut arguments);
        let asked = Call { operation, arguments, arrived, state: Some(&shared), may_change_runs };
        asked.check_required()?;
        f(&asked)
    };
    match handler(operation) {
        Handler::Read(read) => state.ask(move |engine| call(&|asked| read(asked, engine))).await,
        Handler::Sql(read) => state.sql(move |engine| call(&|asked| read(asked, engine))).await,
        Handler::Write(write) => state.store(move |store| call(&|asked| write(asked, store))).await,
    }
}
