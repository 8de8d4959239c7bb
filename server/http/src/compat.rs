//! The peer's wire (Trackio 0.43): what its client asks and sends.
//!
//! What differs from `/api/v1` because the peer's client needs it so stands here and nowhere else. The calls
//! are those of `paceline_schema::Operation`; `dispatch` names the function that answers each.

use utoipa_actix_web::service_config::ServiceConfig;

mod access;
mod arguments;
mod artifacts;
mod blob;
mod bulk;
mod call;
mod command_line;
mod dispatch;
mod entries;
mod files;
pub(crate) mod gradio;
pub(crate) mod local;
mod mutations;
mod parameters;
mod reads;
mod registry;
mod series;
pub(crate) mod settings;
mod sql;
mod system;
mod traces;
mod upload;
mod values;
pub(crate) mod version;

pub(crate) use dispatch::{CALL_ROUTE, answer};

/// Adds the routes of the peer's wire.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(version::get_version)
        .service(upload::upload_files)
        .service(files::get_file)
        .service(gradio::gradio_info)
        .service(gradio::gradio_upload)
        .service(gradio::gradio_call)
        .service(gradio::gradio_event)
        .service(blob::get_artifact_blob)
        .service(dispatch::peer_call);
}
