//! Registries as the peer's page asks for them: those of the data directory.

use std::env;

use paceline_query::Engine;
use paceline_schema::env::TRACKIO_REGISTRY_BUCKET_ID;
use paceline_schema::registry::check_registry_name;
use serde::Serialize;

use super::call::{Call, Reply};
use crate::error::ApiError;

/// The buckets of the Hub that registries may be kept in.
#[derive(Serialize)]
struct Buckets {
    buckets: Vec<String>,
    default_bucket_id: Option<String>,
}

/// `get_registry_buckets`: the one that the environment names, if it names one.
pub(super) fn buckets(_: &Call<'_>, _: &Engine) -> Result<Reply, ApiError> {
    let default_bucket_id = env::var(TRACKIO_REGISTRY_BUCKET_ID).ok().filter(|bucket| !bucket.is_empty());
    Reply::of(&Buckets { buckets: default_bucket_id.iter().cloned().collect(), default_bucket_id })
}

/// `get_registries`: by name.
pub(super) fn list(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    refuse_bucket(call)?;
    Reply::of(&engine.registries()?)
}

/// `get_registry_details`: with its collections and what was done to it.
pub(super) fn details(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let name: String = call.get("registry")?;
    check_registry_name(&name).map_err(|error| ApiError::invalid(error.to_string()))?;
    refuse_bucket(call)?;
    let registry = engine.registry(&name)?.ok_or_else(|| {
        ApiError::invalid(format!("registry `{name}` is not in the data directory"))
            .with_hint("`get_registries` lists what is there")
    })?;
    Reply::of(&registry)
}

fn refuse_bucket(call: &Call<'_>) -> Result<(), ApiError> {
    match call.get::<Option<String>>("bucket_id")? {
        None => Ok(()),
        Some(bucket) => Err(ApiError::invalid(format!("bucket `{bucket}` cannot be read by this server"))
            .with_hint("leave `bucket_id` out to get the registries of the data directory")),
    }
}
