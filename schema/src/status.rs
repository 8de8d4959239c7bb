//! The one answer an agent needs: where a run stands, in under 1,000 bytes.

use serde::{Deserialize, Serialize};

use crate::{RunState, StateSource, Timestamp};

/// How the total number of steps is known, best source first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TotalStepsSource {
    /// `total_steps`, `num_training_steps` or `max_steps` in the config, or a logged `total_steps`.
    Config,
    /// A logged `progress` between 0 and 1.
    Progress,
    /// The trainer's `max_steps`.
    MaxSteps,
    /// The trainer's `num_train_epochs` and the logged `epoch`.
    Epochs,
    /// Where the learning-rate schedule meets zero; low confidence.
    LearningRate,
    /// Finished runs of the project with the same config; low confidence.
    EarlierRuns,
}

/// Which way the loss goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    /// It falls by more than its noise.
    Falling,
    /// It stays within the tolerance.
    Flat,
    /// It rises by more than its noise.
    Rising,
}

/// Where the loss stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LossStatus {
    /// Metric that stands for the loss.
    pub key: String,
    /// Value of the newest row; null when it is not finite.
    pub latest: Option<f64>,
    /// Mean of the last 10 rows.
    pub recent: Option<f64>,
    /// First value.
    pub first: Option<f64>,
    /// Lowest value; the highest one where `define_metric` said that higher ones are better.
    pub best: Option<f64>,
    /// Step of that value.
    pub best_step: Option<i64>,
    /// Direction over the last 30 % of the rows; null when it cannot be told.
    pub trend: Option<Trend>,
    /// First step of the window the trend was read from.
    pub trend_since_step: Option<i64>,
    /// Change per 1,000 steps over that window.
    pub slope_per_1000_steps: Option<f64>,
}

/// How many alerts of each level a run has raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertCounts {
    /// `error`.
    pub error: u64,
    /// `warn`.
    pub warn: u64,
    /// `info`.
    pub info: u64,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Worth a look.
    Warning,
    /// The run is lost unless somebody acts.
    Critical,
}

/// Something about a run that deserves attention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Finding {
    /// Stable name, as `loss_nan` or `stalled`.
    pub code: String,
    /// How bad.
    pub severity: Severity,
    /// What was seen, with its figures.
    pub evidence: String,
    /// The metrics it was seen in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<String>,
    /// The step from which on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub since_step: Option<i64>,
    /// The step at which it was over; absent while it is not, as in a status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub until_step: Option<i64>,
    /// What to do about it; only beside the run itself, since a status is small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub hint: Option<String>,
}

/// Where a run stands, in one small answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunStatus {
    /// Canonical project name.
    pub project: String,
    /// Display name.
    pub run: String,
    /// Stable id.
    pub run_id: String,
    /// Where it stands.
    pub state: RunState,
    /// What the state was derived from.
    pub state_source: StateSource,
    /// Current training step.
    pub step: Option<i64>,
    /// Steps the run will have.
    pub total_steps: Option<i64>,
    /// How the total is known.
    pub total_steps_source: Option<TotalStepsSource>,
    /// The total is certain, not the lowest of several that fit what was logged.
    pub total_steps_exact: Option<bool>,
    /// `step / total_steps`, 0 to 1.
    pub progress: Option<f64>,
    /// The loss; null when no metric stands for it.
    pub loss: Option<LossStatus>,
    /// Newest learning rate.
    pub learning_rate: Option<f64>,
    /// Newest epoch.
    pub epoch: Option<f64>,
    /// Steps per second now.
    pub steps_per_second: Option<f64>,
    /// Seconds since the run was created, or until it ended.
    pub elapsed_seconds: Option<f64>,
    /// Expected seconds until the end.
    pub eta_seconds: Option<f64>,
    /// Lower end of the 80 % interval, seconds.
    pub eta_low_seconds: Option<f64>,
    /// Upper end of the 80 % interval, seconds.
    pub eta_high_seconds: Option<f64>,
    /// Why there is no ETA: `no_total`, `no_rows`, `total_passed` or `not_running`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_reason: Option<String>,
    /// Expected end; null while the run is stalled.
    pub finish_at: Option<Timestamp>,
    /// Age of the newest row.
    pub seconds_since_last_row: Option<f64>,
    /// What deserves attention, worst first; the worst of many, since a status is small.
    pub findings: Vec<Finding>,
    /// How many more there are, beside the run itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub more_findings: Option<u64>,
    /// Alerts raised so far.
    pub alerts: AlertCounts,
    /// One sentence for a person; the same words on the page and in the terminal.
    pub summary: String,
}
