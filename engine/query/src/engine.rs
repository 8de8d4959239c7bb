//! The handle that transports hold: a store and a clock.

use std::sync::Arc;
use std::time::SystemTime;

use paceline_schema::Timestamp;
use paceline_storage::{Reader, Store};

use crate::error::QueryError;
use crate::known::Known;

/// Every read use case over one data directory; cheap to clone, safe to share.
#[derive(Clone)]
pub struct Engine {
    store: Store,
    clock: fn() -> Timestamp,
    pub(crate) known: Arc<Known>,
}

impl Engine {
    /// Reads `store` by the clock of the machine.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self::with_clock(store, system_clock)
    }

    /// Reads `store` as if the time were what `clock` says.
    #[must_use]
    pub fn with_clock(store: Store, clock: fn() -> Timestamp) -> Self {
        Self { store, clock, known: Arc::default() }
    }

    /// The store it reads.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Runs `f` on one snapshot of `project`; it gets the project's canonical name as well.
    pub(crate) fn read<T>(
        &self,
        project: &str,
        f: impl FnOnce(&Reader<'_>, &str) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        let project = self.store.project(project)?;
        project.read(|reader| Ok(f(reader, project.name())))?
    }
}

fn system_clock() -> Timestamp {
    Timestamp::from(SystemTime::now())
}
