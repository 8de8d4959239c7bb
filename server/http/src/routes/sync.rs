//! A project and its Dataset on the Hub: how they stand, and a sync now.

use actix_web::web::Path;
use actix_web::{get, post};
use paceline_hub::remote::Account;
use paceline_hub::sync;
use paceline_schema::{SyncStatus, SyncTarget};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{BodyErrors, CommonErrors, NotFound, ProjectPath};
use crate::access::AdminAccess;
use crate::body::JsonObject;
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};

/// Where to, where that is to change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyncRequest {
    /// The Dataset from now on; the one it has when absent.
    #[serde(default)]
    target: Option<SyncTarget>,
}

/// Tells how a project and its Dataset on the Hugging Face Hub stand to each other.
#[utoipa::path(
    operation_id = "get_sync",
    tag = "projects",
    params(ProjectPath),
    responses(
        (
            status = 200,
            description = "The last commit, what is behind, when the next sync begins, what kept the last one.",
            body = SyncStatus,
            example = json!(examples::sync_status())
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/sync")]
pub(crate) async fn get_sync(state: State, path: Path<ProjectPath>) -> Result<Answer, ApiError> {
    let status = state.ask(move |engine| Ok(sync::status(engine.store(), &path.project)?)).await?;
    Answer::of(&status)
}

/// Begins to bring a project to its Dataset on the Hugging Face Hub; `get_sync` tells of its end.
///
/// The token is the one of the server: `HF_TOKEN`, or the file that `hf auth login` writes.
#[utoipa::path(
    operation_id = "start_sync",
    tag = "projects",
    params(ProjectPath),
    security(("admin_token" = [])),
    request_body(
        content = SyncRequest,
        description = "An empty object, or where the project goes from now on.",
        example = json!({"target": examples::sync_target()})
    ),
    responses(
        (
            status = 200,
            description = "It has begun, or one that was under way goes on.",
            body = SyncStatus,
            example = json!(examples::sync_status())
        ),
        CommonErrors, NotFound, BodyErrors
    )
)]
#[post("/projects/{project}/sync")]
pub(crate) async fn start_sync(
    _: AdminAccess,
    state: State,
    path: Path<ProjectPath>,
    JsonObject(request): JsonObject<SyncRequest>,
) -> Result<Answer, ApiError> {
    let refused = |fault: &sync::SyncFault| ApiError::invalid(fault.to_string()).with_hint(fault.hint());
    state
        .write(move |store| {
            let project = store.project(&path.project)?.name().to_owned();
            if let Some(target) = &request.target {
                sync::follow(store.directory(), &project, target).map_err(|fault| refused(&fault))?;
            }
            let account = Account::of_this_process().map_err(|fault| refused(&fault.into()))?;
            sync::begin(store, &project, account).map_err(|fault| refused(&fault))?;
            Ok(sync::status(store, &project)?)
        })
        .await
}
