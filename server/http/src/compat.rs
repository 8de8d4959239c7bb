//! The peer's wire (Trackio 0.43): its version answer and the writes its client sends.
//!
//! What differs from `/api/v1` because the peer's client needs it so stands here and nowhere else.

use utoipa_actix_web::service_config::ServiceConfig;

mod access;
mod arguments;
mod bulk;
mod entries;
pub(crate) mod version;

/// Adds the routes of the peer's wire.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(version::get_version)
        .service(bulk::bulk_log)
        .service(bulk::bulk_log_system)
        .service(bulk::bulk_alert);
}
