//! A project that follows into a Hugging Face Dataset: which one, and how far it has come.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Seconds between two syncs of a project that grows, unless it is told otherwise.
pub const SYNC_INTERVAL_SECONDS: u32 = 300;

/// Where a project is synced to, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SyncTarget {
    /// The Dataset, as `OWNER/NAME`, or `NAME` of whoever the token belongs to.
    #[cfg_attr(feature = "openapi", schema(example = "alice/runs", max_length = 200))]
    pub dataset: String,
    /// Whether a Dataset that is not there yet is made for nobody else to see.
    #[serde(default = "yes")]
    pub private: bool,
    /// Seconds between two syncs of a project that grows; 0 for none by itself.
    #[serde(default = "interval")]
    #[cfg_attr(feature = "openapi", schema(format = Int64, maximum = 4294967295u32, example = 300))]
    pub interval_seconds: u32,
}

fn yes() -> bool {
    true
}

fn interval() -> u32 {
    SYNC_INTERVAL_SECONDS
}

impl SyncTarget {
    /// The Dataset, made private, with the usual pause.
    #[must_use]
    pub fn new(dataset: &str) -> Self {
        Self { dataset: dataset.to_owned(), private: true, interval_seconds: SYNC_INTERVAL_SECONDS }
    }
}

/// How a project and its Dataset stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    /// The project has no Dataset.
    Off,
    /// A sync is under way.
    Syncing,
    /// Everything is there.
    Synced,
    /// There is more here than there.
    Behind,
    /// The last sync did not come to its end; `last_error` says why.
    Failed,
}

/// Why a sync did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SyncError {
    /// What happened.
    pub error: String,
    /// What to do about it.
    pub hint: String,
    /// When.
    pub time: Timestamp,
}

/// A project and its Dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SyncStatus {
    /// Canonical project name.
    pub project: String,
    /// How the two stand.
    pub state: SyncState,
    /// The Dataset, where the project has one.
    pub dataset: Option<String>,
    /// Its page on the Hub, once it was synced to.
    pub url: Option<String>,
    /// The commit that the last sync left there.
    pub last_commit: Option<String>,
    /// When that was.
    pub last_sync_at: Option<Timestamp>,
    /// Rows that are there: of metrics, samples of machines, alerts and everything else.
    pub rows_synced: u64,
    /// Rows of metrics that were logged since, at most.
    pub rows_behind: u64,
    /// When the next sync begins, unless somebody asks for one before.
    pub next_try_at: Option<Timestamp>,
    /// What kept the last sync from its end; null after one that came to it.
    pub last_error: Option<SyncError>,
}
