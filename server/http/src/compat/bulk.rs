//! The writes of the peer's client: rows, samples of the machine, alerts.

use actix_web::web::Payload;
use actix_web::{HttpRequest, post};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::PeerWriteAccess;
use super::arguments::Arguments;
use super::entries::{Entry, PeerAlert, PeerRow, PeerSample, batches};
use crate::error::ApiError;
use crate::routes::{BodyErrors, CommonErrors, WriteErrors};
use crate::state::{Answer, State};
use crate::{body, ingest};

/// The peer's envelope of a result that is nothing.
#[derive(Serialize, ToSchema)]
pub(crate) struct Nothing {
    /// Always null.
    #[schema(value_type = Option<Object>)]
    data: Option<()>,
}

/// Stores rows sent by the peer's client. They are committed when this is answered.
#[utoipa::path(
    operation_id = "peer_bulk_log",
    tag = "peer",
    security(("write_token" = [])),
    request_body(
        content = Object,
        description = "Arguments `logs` and `hf_token` (may be null), by name or by position.",
        example = json!({ "kwargs": { "hf_token": null, "logs": [
            { "project": "digits", "run": "lr-3e-4", "run_id": null, "metrics": { "loss": 1.21 }, "step": 850 }
        ] } })
    ),
    responses(
        (status = 200, description = "Stored.", body = Nothing, example = json!({ "data": null })),
        CommonErrors, BodyErrors, WriteErrors
    )
)]
#[post("/api/bulk_log")]
pub(crate) async fn bulk_log(
    _: PeerWriteAccess,
    state: State,
    request: HttpRequest,
    payload: Payload,
) -> Result<Answer, ApiError> {
    store::<PeerRow>(state, &request, payload, "logs").await
}

/// Stores samples of the machine sent by the peer's client.
#[utoipa::path(
    operation_id = "peer_bulk_log_system",
    tag = "peer",
    security(("write_token" = [])),
    request_body(
        content = Object,
        description = "Arguments `logs` and `hf_token` (may be null), by name or by position.",
        example = json!({ "kwargs": { "hf_token": null, "logs": [
            { "project": "digits", "run": "lr-3e-4", "run_id": null, "metrics": { "cpu/utilization": 42.0 } }
        ] } })
    ),
    responses(
        (status = 200, description = "Stored.", body = Nothing, example = json!({ "data": null })),
        CommonErrors, BodyErrors, WriteErrors
    )
)]
#[post("/api/bulk_log_system")]
pub(crate) async fn bulk_log_system(
    _: PeerWriteAccess,
    state: State,
    request: HttpRequest,
    payload: Payload,
) -> Result<Answer, ApiError> {
    store::<PeerSample>(state, &request, payload, "logs").await
}

/// Stores alerts sent by the peer's client.
#[utoipa::path(
    operation_id = "peer_bulk_alert",
    tag = "peer",
    security(("write_token" = [])),
    request_body(
        content = Object,
        description = "Arguments `alerts` and `hf_token` (may be null), by name or by position.",
        example = json!({ "kwargs": { "hf_token": null, "alerts": [
            { "project": "digits", "run": "lr-3e-4", "run_id": null, "title": "Loss rises", "level": "warn" }
        ] } })
    ),
    responses(
        (status = 200, description = "Stored.", body = Nothing, example = json!({ "data": null })),
        CommonErrors, BodyErrors, WriteErrors
    )
)]
#[post("/api/bulk_alert")]
pub(crate) async fn bulk_alert(
    _: PeerWriteAccess,
    state: State,
    request: HttpRequest,
    payload: Payload,
) -> Result<Answer, ApiError> {
    store::<PeerAlert>(state, &request, payload, "alerts").await
}

/// As the peer does, no content type is asked for and `hf_token` must be there, whatever it is.
async fn store<E: Entry>(
    state: State,
    request: &HttpRequest,
    payload: Payload,
    argument: &'static str,
) -> Result<Answer, ApiError> {
    let body = body::read(request, payload, body::MAX_BULK_BYTES).await?;
    let arrived = state.now();
    state
        .write(move |store| {
            let arguments = Arguments::parse(&body);
            let array = arguments.get(0, argument)?;
            arguments.get(1, "hf_token")?;
            for (project, batches) in batches::<E>(array, arrived)? {
                ingest::append(store, &project, batches)?;
            }
            Ok(Nothing { data: None })
        })
        .await
}
