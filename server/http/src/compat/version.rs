//! What the peer's client asks before anything else.

use actix_web::get;
use actix_web::web::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::routes::CommonErrors;
use crate::{examples, mcp};

/// The peer's version that this one behaves like, with our own as its local part (PEP 440).
pub const PEER_VERSION: &str = concat!("0.43.0+paceline.", env!("CARGO_PKG_VERSION"));

/// The peer's client speaks HTTP to servers that say this number, and another protocol to all others.
const API_VERSION: u32 = 1;

/// Version and abilities in the peer's form.
#[derive(Serialize, ToSchema)]
pub(crate) struct PeerVersion {
    /// The peer's version that this server behaves like, and its own.
    version: &'static str,
    /// Version of the peer's wire.
    api_version: u32,
    /// Writing is paused.
    writes_paused: bool,
    /// Always `http`.
    api_transport: &'static str,
    /// MCP is served.
    mcp_enabled: bool,
    /// Where it is served.
    mcp_path: Option<&'static str>,
}

impl PeerVersion {
    /// Of this build.
    pub(crate) fn current() -> Self {
        Self {
            version: PEER_VERSION,
            api_version: API_VERSION,
            writes_paused: false,
            api_transport: "http",
            mcp_enabled: true,
            mcp_path: Some(mcp::PATH),
        }
    }
}

/// Tells the version and abilities of the server to the peer's client.
#[utoipa::path(
    operation_id = "get_version",
    tag = "peer",
    security(()),
    responses(
        (status = 200, description = "Version and abilities.", body = PeerVersion, example = json!(examples::version())),
        CommonErrors
    )
)]
#[get("/version")]
pub(crate) async fn get_version() -> Json<PeerVersion> {
    Json(PeerVersion::current())
}
