//! A run around one moment: what its metrics were before, at and after it, and what was said then.

use serde::{Deserialize, Serialize};

use crate::status::Finding;
use crate::{AlertLevel, Timestamp};

/// Which moment of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct MomentRequest {
    /// Around this step.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub step: Option<i64>,
    /// Around an alert: `newest`, or words of its title.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub alert: Option<String>,
    /// Steps before and after that are looked at; 10 rows to each side when absent.
    #[cfg_attr(feature = "openapi", schema(nullable = false, minimum = 1))]
    pub window: Option<i64>,
}

/// One metric around the moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricAround {
    /// Metric name.
    pub key: String,
    /// Mean of its finite values before.
    pub before: Option<f64>,
    /// Its value at the moment, or the one nearest before it; null where it is not finite.
    pub at: Option<f64>,
    /// Step of that value.
    pub at_step: i64,
    /// Mean of its finite values after.
    pub after: Option<f64>,
    /// How far the value lies from the mean before, in standard deviations of the values before.
    pub deviations: Option<f64>,
}

/// An alert near the moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertNear {
    /// When.
    pub timestamp: Timestamp,
    /// Title.
    pub title: String,
    /// Text.
    pub text: Option<String>,
    /// Level.
    pub level: AlertLevel,
    /// Step.
    pub step: Option<i64>,
}

/// A run around one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Snapshot {
    /// Canonical project name.
    pub project: String,
    /// Display name.
    pub run: String,
    /// Stable id.
    pub run_id: String,
    /// A sentence or two for a person.
    pub summary: String,
    /// The moment.
    pub step: i64,
    /// First step that was looked at.
    pub from_step: i64,
    /// Last step that was looked at.
    pub to_step: i64,
    /// What the run logged around it, the most unusual first.
    pub metrics: Vec<MetricAround>,
    /// Alerts in the window, the one that was asked for first.
    pub alerts: Vec<AlertNear>,
    /// Findings that held at the moment.
    pub findings: Vec<Finding>,
}
