//! What the process of a run reports of itself to a server.

use serde::{Deserialize, Serialize};

use crate::{RankOfRun, RunEnd, RunStart, Timestamp};

/// A process began, or resumed, to log into a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartReport {
    /// Display name of the run; not unique.
    #[cfg_attr(feature = "openapi", schema(pattern = r"^[^\x00-\x1f\x7f-\x9f]{1,512}$"))]
    pub name: String,
    /// What is known of it.
    pub start: RunStart,
}

/// The processes of these runs live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeartbeatReport {
    /// Ids of the runs; one without a record is left out.
    #[cfg_attr(feature = "openapi", schema(max_items = 10_000))]
    pub runs: Vec<String>,
    /// Other processes than rank 0 of runs that several share.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 10_000))]
    pub ranks: Vec<RankOfRun>,
    /// When they were seen to live.
    pub time: Timestamp,
}

/// A process stopped logging into a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EndReport {
    /// Display name of the run, where nothing was heard of it before; its id when absent.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(pattern = r"^[^\x00-\x1f\x7f-\x9f]{1,512}$"))]
    pub name: Option<String>,
    /// How it ended.
    #[serde(flatten)]
    pub end: RunEnd,
}
