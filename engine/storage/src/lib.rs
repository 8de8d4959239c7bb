//! SQLite and files under the data directory; the only crate that names rusqlite.
//!
//! A [`Store`] is a data directory, a [`Project`] one SQLite file in it with the peer's tables and ours. Rows
//! are appended through one writer thread for each project and read through snapshots.

mod activity;
mod apply;
mod artifacts;
mod batch;
mod blobs;
mod changes;
mod compat;
mod connection;
mod describe;
mod error;
mod heads;
mod media;
mod media_paths;
mod migrate;
mod move_run;
mod project;
mod project_deletion;
mod project_upload;
mod reader;
mod registry;
mod rows;
mod run_changes;
mod run_media;
mod runs;
mod sql;
mod store;
mod tokens;
mod traces;
mod watch;
mod writer;

pub use activity::{Activity, activity};
pub use artifacts::{ArtifactRun, NewVersion};
pub use batch::{Appended, Batch};
pub use blobs::Blobs;
pub use changes::AlertRange;
pub use error::StorageError;
pub use media::{MediaPlace, ProjectFile};
pub use paceline_journal::process::Liveness;
pub use project::{Pending, Project};
pub use reader::{
    AlertFilter, JsonObject, LinkedRun, Presence, Reader, RowsOf, StoredTrace, TraceOrder, TraceSearch,
};
pub use rows::StoredRow;
pub use runs::RunRecord;
pub use store::{Durability, Store};
pub use tokens::{FileVersion, StoredToken, TokenFile, TokenFileError};
pub use watch::Watch;
