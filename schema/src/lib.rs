//! What crosses a boundary: names, values, events, wire types, tables, error codes, environment names.
//!
//! Everything two crates, two processes or two machines must agree on is declared here once. The crate
//! does no I/O and has no clock; it may be used by the extension module inside a training process, so it
//! stays small. The OpenAPI schemas of the wire types exist only with the feature `openapi`.

pub mod artifact;
pub mod artifact_request;
pub mod attention;
pub mod companion;
pub mod comparison;
pub mod console;
pub mod data_request;
pub mod dataset_report;
pub mod dataset_sync;
pub mod ddl;
pub mod destination;
pub mod detail;
pub mod difference;
pub mod env;
pub mod environment;
pub mod error;
pub mod event;
pub mod events;
pub mod jobs;
pub mod logged_value;
pub mod many_runs;
pub mod metric_definition;
pub mod moment;
pub mod names;
pub mod operations;
pub mod plan;
pub mod plan_request;
pub mod preflight;
pub mod private_config;
pub mod publication;
pub mod rank;
pub mod redact;
pub mod registry;
pub mod report;
pub mod run;
pub mod scope;
pub mod series;
pub mod similar;
pub mod smoothing;
pub mod sql;
pub mod status;
pub mod system;
pub mod time;
pub mod token;
pub mod upload;
pub mod value_kind;
pub mod values;
pub mod webhook;
pub mod whole;

pub use dataset_sync::{SyncState, SyncStatus, SyncTarget};
pub use destination::{Destination, DestinationKind};
pub use detail::Detail;
pub use error::{ErrorBody, ErrorCode};
pub use event::{Alert, AlertLevel, Event, ProcessIdentity, Row, RunEnd, RunStart, SystemSample};
pub use names::{ProjectName, canonical_project};
pub use operations::Operation;
pub use rank::{RankOfRun, RankSummary, rank_of};
pub use run::{ProjectSummary, RunChoice, RunDetail, RunState, RunSummary, StateSource};
pub use scope::Scope;
pub use status::{LossStatus, RunStatus, TotalStepsSource, Trend};
pub use time::Timestamp;
pub use value_kind::{ValueKind, ValueKinds};
pub use values::{Metrics, Value};
