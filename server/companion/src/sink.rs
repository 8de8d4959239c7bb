//! Where what was read of journals is delivered: the tables of the directory, or a server.

use std::time::Duration;

use paceline_schema::ProjectName;
use paceline_storage::{Batch, Pending, Store};

/// Rows of one transaction, shared by the project's journals: larger ones hold the file's lock for longer
/// than other programs should wait, smaller ones cost throughput.
const ROWS_PER_COMMIT: usize = 5_000;
/// How long a project that cannot be written is left alone.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Takes events of runs for good. What it has taken once is marked in the journal and never read again; what
/// it has not taken comes again, the same events under the same ids.
pub(crate) trait Sink {
    /// A delivery under way.
    type Pending;

    /// Rows to deliver at once.
    fn rows_per_delivery(&self) -> usize;

    /// How long a project that could not be delivered is left alone.
    fn retry_interval(&self) -> Duration;

    /// Begins to deliver events of a project; the next ones may be read meanwhile.
    fn begin(&mut self, project: &str, batches: Vec<Batch>) -> Self::Pending;

    /// Waits until they are delivered.
    ///
    /// # Errors
    /// Why they are not, in words for the trainer.
    fn settle(&mut self, project: &str, pending: Self::Pending) -> Result<Settled, String>;
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It is done with.
    Delivered,
    /// It makes sense only together with what has not come yet.
    Held,
}

/// The tables of the data directory.
pub(crate) struct Tables {
    store: Store,
}

impl Tables {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }
}

impl Sink for Tables {
    /// An append that was begun, `None` when there was nothing to store, or why it could not begin.
    type Pending = Result<Option<Pending>, String>;

    fn rows_per_delivery(&self) -> usize {
        ROWS_PER_COMMIT
    }

    fn retry_interval(&self) -> Duration {
        RETRY_INTERVAL
    }

    fn begin(&mut self, project: &str, batches: Vec<Batch>) -> Self::Pending {
        if batches.is_empty() {
            return Ok(None);
        }
        let name = ProjectName::new(project).map_err(|error| error.to_string())?;
        let project = self.store.project_for_writing(&name).map_err(|error| error.to_string())?;
        project.begin_append(batches).map(Some).map_err(|error| error.to_string())
    }

    fn settle(&mut self, _: &str, pending: Self::Pending) -> Result<Settled, String> {
        match pending? {
            Some(pending) => pending.wait().map(|_| Settled::Delivered).map_err(|error| error.to_string()),
            None => Ok(Settled::Delivered),
        }
    }
}
