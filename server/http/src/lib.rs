//! The actix service: routes, access, OpenAPI, web page.
//!
//! `serve` is the way in. A request passes, from the outside in: `observe` (request id, headers, error
//! bodies, log), `guard` (Host and Origin), compression, then a route. Routes that write name
//! `WriteAccess` as their first parameter, which is decided before the body is read. Blocking work runs
//! on the threads of `pool`, never on the event loop. The peer's wire lives in `compat` and nowhere else.

mod access;
mod advice;
mod app;
mod arrow;
mod auto_alerts;
mod body;
mod compat;
mod config;
mod error;
mod etag;
mod events;
mod examples;
mod exchange;
mod frontend;
mod guard;
mod ingest;
mod jobs;
mod logbook;
mod logo;
mod mcp;
mod observe;
mod openapi;
mod page;
mod pool;
mod publishing;
mod routes;
mod server;
mod state;
mod stopping;
mod stored_file;
mod telemetry;
mod tls;
mod uploads;
mod waiting;

pub use auto_alerts::{AlertWebhook, AutoAlerts, KeepRequest};
pub use compat::local::{Refusal, answer_call};
pub use compat::settings::snapshot_settings;
pub use compat::version::PEER_VERSION;
pub use config::{Port, ServerConfig};
pub use frontend::FrontendError;
pub use logbook::{LogbookPreview, serve_logbook};
pub use mcp::serve_mcp;
pub use openapi::openapi_json;
pub use paceline_mcp::{Bouquet, Remote, relay};
pub use page::page_files;
pub use server::{Listening, ServeError, Stopper, serve};
pub use tls::{TlsError, TlsFiles};
