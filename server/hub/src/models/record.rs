//! What a repository was given by us: which files, which lines of the card's head, and of which run. What it does not name
//! is somebody else's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The folder of what a publication says of itself.
pub(super) const OURS: &str = "paceline";
/// Where it stands in the repository.
pub(super) const RECORD: &str = "paceline/published.json";

/// What was published last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Project of the run.
    pub(super) project: String,
    /// Its display name.
    pub(super) run: String,
    /// Its stable id.
    pub(super) run_id: String,
    /// SHA-256 of each file that was put there.
    pub(super) files: BTreeMap<String, String>,
    /// The lines of each key of the card's head that was put there.
    #[serde(default)]
    pub(super) head: BTreeMap<String, String>,
}
