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
mod checkpoint;
mod compat;
mod connection;
mod console;
mod describe;
mod environments;
mod error;
mod heads;
mod media;
mod media_paths;
mod migrate;
mod move_run;
mod new_project;
mod process_record;
mod project;
mod project_deletion;
mod project_upload;
mod ranks;
mod reader;
mod registry;
mod row_writer;
mod rows;
mod run_changes;
mod run_media;
mod runs;
mod series_index;
mod sql;
mod store;
mod stream;
mod tables;
mod tokens;
mod traces;
mod turns;
mod watch;
mod writer;

pub use activity::{Activity, activity};
pub use artifacts::{ArtifactRun, NewVersion};
pub use batch::{Appended, Batch};
pub use blobs::Blobs;
pub use changes::AlertRange;
pub use error::StorageError;
pub use media::{MediaPlace, ProjectFile};
pub use new_project::NewTables;
pub use paceline_journal::process::Liveness;
pub use process_record::ProcessRecord;
pub use project::{Pending, Project};
pub use reader::{
    AlertFilter, BesideRows, ConfigVersion, Extent, JsonObject, LinkedRun, Reader, RowContent, RowsOf,
    StoredTrace, TraceOrder, TraceSearch,
};
pub use registry::{NewCollection, RegistryError};
pub use rows::StoredRow;
pub use runs::RunRecord;
pub use series_index::{MetricSeries, SeriesSnapshot, SeriesUnavailable};
pub use store::{Durability, SeriesSettings, Store};
pub use stream::Stream;
pub use tables::{Cell, TableRow, Tables};
pub use tokens::{FileVersion, StoredToken, TokenFile, TokenFileError};
pub use turns::offer_turn;
pub use watch::Watch;
