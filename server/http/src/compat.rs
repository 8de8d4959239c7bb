//! The peer's wire (Trackio 0.43): what its client asks and sends.
//!
//! What differs from `/api/v1` because the peer's client needs it so stands here and nowhere else.

use utoipa_actix_web::service_config::ServiceConfig;

mod access;
mod arguments;
mod bulk;
mod entries;
pub(crate) mod reads;
pub(crate) mod version;

/// Adds the routes of the peer's wire.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(version::get_version)
        .service(reads::get_runs_for_project)
        .service(reads::get_run_summary)
        .service(bulk::bulk_log)
        .service(bulk::bulk_log_system)
        .service(bulk::bulk_alert);
}
