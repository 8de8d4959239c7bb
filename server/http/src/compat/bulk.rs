//! The writes of the peer's client: rows, samples of the machine, alerts.

use paceline_storage::Store;
use serde_json::json;

use super::call::{Call, Reply};
use super::entries::{Entry, PeerAlert, PeerRow, PeerSample, batches};
use crate::error::ApiError;
use crate::ingest;

/// `bulk_log`: rows of any runs and projects.
pub(super) fn bulk_log(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    append::<PeerRow>(call, store, "logs")
}

/// `bulk_log_system`: samples of the machine.
pub(super) fn bulk_log_system(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    append::<PeerSample>(call, store, "logs")
}

/// `bulk_alert`: alerts.
pub(super) fn bulk_alert(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    append::<PeerAlert>(call, store, "alerts")
}

/// `log`: one row, as old clients send it.
pub(super) fn log(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    call.require_hf_token()?;
    let mut entry = json!({});
    for name in ["project", "run", "run_id", "metrics", "step"] {
        entry[name] = call.get(name)?;
    }
    store_entries::<PeerRow>(call, store, &json!([entry]).to_string())
}

fn append<E: Entry>(call: &Call<'_>, store: &Store, argument: &str) -> Result<Reply, ApiError> {
    let array = call.text(argument)?.unwrap_or("[]");
    call.require_hf_token()?;
    store_entries::<E>(call, store, array)
}

fn store_entries<E: Entry>(call: &Call<'_>, store: &Store, array: &str) -> Result<Reply, ApiError> {
    for (project, batches) in batches::<E>(array, call.arrived)? {
        ingest::append(store, &project, batches)?;
    }
    Reply::nothing()
}
