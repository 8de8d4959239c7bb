//! The commands, one a file, and what they open.

pub(crate) mod artifact;
pub(crate) mod ask;
pub(crate) mod companion;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod findings;
mod form;
pub(crate) mod freeze;
pub(crate) mod get;
pub(crate) mod import;
pub(crate) mod jobs;
pub(crate) mod list;
pub(crate) mod logbook;
pub(crate) mod mcp;
mod moment;
pub(crate) mod openapi;
pub(crate) mod plan;
pub(crate) mod publish;
pub(crate) mod query;
pub(crate) mod registry;
mod reports;
pub(crate) mod serve;
pub(crate) mod shim;
pub(crate) mod show;
pub(crate) mod skills;
mod spaces;
pub(crate) mod status;
pub(crate) mod sync;
mod text;
pub(crate) mod token;
mod traces;
pub(crate) mod train;
pub(crate) mod wait;
pub(crate) mod watch;

use paceline_query::Engine;
use paceline_schema::env::PACELINE_SERIES_MEMORY;
use paceline_storage::{Durability, SeriesSettings, Store};

use crate::arguments::DirectoryArgument;
use crate::failure::Failure;

/// Opens the data directory; the one place where commands do. A server keeps the series index up with what it
/// commits.
fn open_store(
    directory: &DirectoryArgument,
    durability: Durability,
    keeps_up: bool,
) -> Result<Store, Failure> {
    let mut series = SeriesSettings { keeps_up, ..SeriesSettings::default() };
    let megabytes = std::env::var(PACELINE_SERIES_MEMORY).ok();
    if let Some(megabytes) = megabytes.and_then(|text| text.trim().parse::<usize>().ok()) {
        series.memory_bytes = megabytes.max(1).saturating_mul(1 << 20);
    }
    let store = Store::open_with(directory.directory(), durability, series)?;
    paceline_companion::drain_leftovers(&store, None);
    Ok(store)
}

/// Opens the data directory for questions.
pub(crate) fn open_engine(directory: &DirectoryArgument) -> Result<Engine, Failure> {
    Ok(Engine::new(open_store(directory, Durability::Process, false)?))
}
