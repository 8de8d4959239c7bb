//! The commands, one a file, and what they open.

pub(crate) mod artifact;
pub(crate) mod ask;
pub(crate) mod companion;
pub(crate) mod list;
pub(crate) mod openapi;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod token;

use paceline_query::Engine;
use paceline_storage::{Durability, Store};

use crate::arguments::DirectoryArgument;
use crate::failure::Failure;

/// Opens the data directory; the one place where commands do.
fn open_store(directory: &DirectoryArgument, durability: Durability) -> Result<Store, Failure> {
    let store = Store::open(directory.directory(), durability)?;
    paceline_companion::drain_leftovers(&store, None);
    Ok(store)
}

/// Opens the data directory for questions.
fn open_engine(directory: &DirectoryArgument) -> Result<Engine, Failure> {
    Ok(Engine::new(open_store(directory, Durability::Process)?))
}
