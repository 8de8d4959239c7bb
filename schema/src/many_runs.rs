//! Questions about many runs in one request, and their answers.

use serde::{Deserialize, Serialize};

/// Which runs are asked about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RunsRequest {
    /// Run ids, or names (then the latest run of that name).
    #[cfg_attr(feature = "openapi", schema(max_items = 1_000))]
    pub runs: Vec<String>,
}

/// Which metrics of which runs are asked about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MetricsRequest {
    /// Run ids, or names (then the latest run of that name).
    #[cfg_attr(feature = "openapi", schema(max_items = 1_000))]
    pub runs: Vec<String>,
    /// Metric names.
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub keys: Vec<String>,
}

/// The answer for one of the runs asked about: `answer`, or `error` where there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OfRun<T> {
    /// The run as it was asked for.
    pub run: String,
    /// What was asked.
    #[serde(default = "nothing", skip_serializing_if = "Option::is_none")]
    pub answer: Option<T>,
    /// Why there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub error: Option<RunFault>,
}

fn nothing<T>() -> Option<T> {
    None
}

/// Why one of many runs has no answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunFault {
    /// What happened, with the names it happened to.
    pub error: String,
    /// Stable name of the kind of error.
    pub code: String,
    /// What to do about it.
    pub hint: String,
}

/// The config of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunConfig {
    /// Stable id of the run.
    pub run_id: String,
    /// Its display name.
    pub run: String,
    /// Config as the user last set it.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub config: serde_json::Value,
}
