//! Runs ranked by a metric, and which settings go with a better one: the answer to “which run is best, and why?”.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::RunState;
use crate::metric_definition::Goal;

/// What of a metric counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum OutcomeKind {
    /// Its best value.
    Best,
    /// The mean of its last 10 values.
    Last,
}

/// Which runs to compare, and by what.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CompareRequest {
    /// Ids or names of runs; all of the project when empty.
    #[cfg_attr(feature = "openapi", schema(max_items = 1_000))]
    pub runs: Vec<String>,
    /// The metric; when absent one with a goal of `define_metric`, else the reward, else the loss of the evaluation, else
    /// the loss.
    pub metric: Option<String>,
    /// Which values are better; when absent as `define_metric` says, else lower ones of losses and errors and higher ones of all else.
    pub goal: Option<Goal>,
    /// What of the metric counts; when absent the last values of a training loss, which is noisy, and the best value of all else.
    pub by: Option<OutcomeKind>,
}

/// One run in its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RankedRun {
    /// Place, from 1; equal values share it.
    pub place: u64,
    /// Display name.
    pub run: String,
    /// Stable id.
    pub run_id: String,
    /// Where it stands.
    pub state: RunState,
    /// What it came to.
    pub value: f64,
    /// Step of the best value.
    pub best_step: Option<i64>,
    /// Step it has come to.
    pub step: Option<i64>,
    /// Of its config what differs between the runs, by full names.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub config: BTreeMap<String, serde_json::Value>,
}

/// A setting that goes with better or worse runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Influence {
    /// Full name of the setting, as `model.layers`.
    pub setting: String,
    /// Of a text: runs with this value against all others; null where the setting has an order.
    pub value: Option<String>,
    /// Spearman's rank correlation with the metric, −1 to 1: above 0 the metric rises with the setting.
    pub correlation: f64,
    /// Lower end of its 90 % interval.
    pub low: f64,
    /// Upper end of its 90 % interval; where the two ends have different signs, the setting may not matter.
    pub high: f64,
    /// Runs it was told from.
    pub runs: u64,
}

/// Runs ranked by a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comparison {
    /// Canonical project name.
    pub project: String,
    /// One sentence or a few for a person: which is best, and what goes with it.
    pub summary: String,
    /// The metric.
    pub metric: String,
    /// Which values are better.
    pub goal: Goal,
    /// What of it counts.
    pub by: OutcomeKind,
    /// Runs that have it, best first.
    pub runs: Vec<RankedRun>,
    /// Runs that do not have it.
    pub runs_without: u64,
    /// Settings that differ, those that go most with the metric first; empty with fewer than 5 runs, which tell nothing.
    pub matters: Vec<Influence>,
}
