//! What deserves attention in the runs of a project: the answer to “is anything wrong?”.

use serde::{Deserialize, Serialize};

use crate::RunState;
use crate::status::Finding;

/// One run that deserves attention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunAttention {
    /// Display name.
    pub run: String,
    /// Stable id.
    pub run_id: String,
    /// Where it stands.
    pub state: RunState,
    /// One sentence for a person, as in its status.
    pub summary: String,
    /// What deserves attention, worst first, each with a hint; what is over comes last.
    pub findings: Vec<Finding>,
}

/// What deserves attention in the runs of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attention {
    /// Canonical project name.
    pub project: String,
    /// One sentence for a person.
    pub summary: String,
    /// Runs that were looked at: the one asked for, or those that have not ended and the newest of the others.
    pub runs_looked_at: u64,
    /// Those that deserve attention, worst first.
    pub runs: Vec<RunAttention>,
}
