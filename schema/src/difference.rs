//! What changed between two runs: settings, code, environment, and what came of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::RunState;

/// One of the two runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SideOfDifference {
    /// Display name.
    pub run: String,
    /// Stable id.
    pub run_id: String,
    /// Where it stands.
    pub state: RunState,
    /// One sentence for a person, as in its status.
    pub summary: String,
}

/// Something that is not the same in both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// Its name, as `model.layers` or `torch`.
    pub name: String,
    /// In the first run; null where it is not there.
    pub from: Value,
    /// In the second run; null where it is not there.
    pub to: Value,
}

/// What a metric came to in both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricChange {
    /// Metric name.
    pub key: String,
    /// Newest value in the first run; null where it is not finite or not there.
    pub from: Option<f64>,
    /// Newest value in the second run.
    pub to: Option<f64>,
    /// The change in percent of the first.
    pub percent: Option<f64>,
}

/// What changed between two runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Difference {
    /// Canonical project name.
    pub project: String,
    /// A few sentences for a person.
    pub summary: String,
    /// The first run.
    pub from: SideOfDifference,
    /// The second run.
    pub to: SideOfDifference,
    /// Settings that differ, by full names.
    pub config: Vec<Change>,
    /// Settings that are the same in both.
    pub same_settings: u64,
    /// Commit, branch, command and uncommitted changes that differ.
    pub code: Vec<Change>,
    /// Versions, machine and packages that differ. Where one of the runs has recorded none, nothing.
    pub environment: Vec<Change>,
    /// Newest values of what both have logged, the loss first, then by how much they differ.
    pub metrics: Vec<MetricChange>,
}
