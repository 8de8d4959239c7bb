//! Series, values and rows as the API answers them.

use serde::{Deserialize, Serialize};

use crate::{Alert, AlertLevel, Timestamp};

/// What stands on the x axis of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum XAxis {
    /// The training step: `train/global_step` where the trainer logs it, the row's step elsewhere.
    #[default]
    Step,
    /// Seconds since 1970, UTC.
    Time,
    /// Seconds since the run's first row.
    RelativeTime,
}

/// Which series to draw, how wide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SeriesRequest {
    /// Run ids, or names (then the latest run of that name).
    pub runs: Vec<String>,
    /// Metric names.
    pub keys: Vec<String>,
    /// The x axis.
    #[serde(default)]
    pub x: XAxis,
    /// First x of the window; the series' own when absent.
    #[serde(default)]
    pub from: Option<f64>,
    /// Last x of the window; the series' own when absent.
    #[serde(default)]
    pub to: Option<f64>,
    /// Width of the chart in device pixels, 1 to 10,000.
    #[serde(default = "default_pixels", deserialize_with = "crate::whole::required")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10_000))]
    pub pixels: u32,
}

fn default_pixels() -> u32 {
    1_500
}

/// The points of one metric of one run that draw the same line as all of them do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Series {
    /// Stable id of the run.
    pub run_id: String,
    /// Its display name.
    pub run: String,
    /// Metric name.
    pub key: String,
    /// x of each point, ascending.
    pub x: Vec<f64>,
    /// Value of each point; null where it is not finite.
    pub value: Vec<Option<f64>>,
    /// Points in the window before any were left out.
    pub total_points: u64,
    /// First, last, lowest and highest of every pixel column are there.
    pub exact: bool,
}

/// Answer to a series request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesResponse {
    /// One for each run and key that has points, in the order asked.
    pub series: Vec<Series>,
}

/// One metric of one run at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricSummary {
    /// Metric name.
    pub key: String,
    /// Numbers logged, NaN included.
    pub points: u64,
    /// Newest value.
    pub last: Option<f64>,
    /// Step of the newest value.
    pub last_step: Option<i64>,
    /// Lowest finite value.
    pub min: Option<f64>,
    /// Highest finite value.
    pub max: Option<f64>,
}

/// One value of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricValue {
    /// When it was logged.
    pub timestamp: Timestamp,
    /// The row's step.
    pub step: i64,
    /// The value; NaN and the infinities as strings.
    pub value: serde_json::Value,
}

/// Which rows of a run an answer is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Moment {
    /// All of them.
    All,
    /// Those of one step.
    Step(i64),
    /// Those of the steps around one.
    AroundStep {
        /// The step.
        step: i64,
        /// How far from it on both sides, steps.
        window: f64,
    },
    /// Those logged around a time.
    AroundTime {
        /// The time.
        time: Timestamp,
        /// How far from it on both sides.
        window_seconds: f64,
    },
}

impl Moment {
    /// Whether a row of this step and time belongs to it.
    #[must_use]
    pub fn holds(self, step: i64, time: Timestamp) -> bool {
        match self {
            Self::All => true,
            Self::Step(wanted) => step == wanted,
            Self::AroundStep { step: centre, window } => step.abs_diff(centre) as f64 <= window,
            Self::AroundTime { time: centre, window_seconds } => {
                time.seconds_since(centre).abs() <= window_seconds
            }
        }
    }
}

/// One row as it was logged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogRow {
    /// Position in the project, ascending; the cursor of a page.
    pub id: i64,
    /// When it was logged.
    pub timestamp: Timestamp,
    /// The row's step.
    pub step: i64,
    /// Names and values; NaN and the infinities as strings.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metrics: serde_json::Map<String, serde_json::Value>,
}

/// One page of an answer that continues.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Give it back as `after` for the next page; null on the last one.
    pub next: Option<i64>,
}

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// `next` of the page before.
    pub after: Option<i64>,
    /// Only what was logged after this time.
    pub since: Option<Timestamp>,
    /// Items at most; at least one.
    pub limit: usize,
}

/// An alert with its run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunAlert {
    /// Position in the project, ascending; the cursor of a page.
    pub id: i64,
    /// Stable id of the run.
    pub run_id: String,
    /// Its display name.
    pub run: String,
    /// The alert.
    #[serde(flatten)]
    pub alert: Alert,
}

/// One sample of the machine to store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SampleEntry {
    /// Names and values; NaN and the infinities as the strings `"NaN"`, `"Infinity"`, `"-Infinity"`.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    #[serde(with = "crate::values::as_object")]
    pub metrics: crate::Metrics,
    /// When it was taken; the time of arrival when absent.
    #[serde(default)]
    pub timestamp: Option<Timestamp>,
    /// Stores the sample once only, however often it is sent.
    #[serde(default)]
    pub log_id: Option<String>,
}

/// One alert to store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AlertEntry {
    /// One line.
    pub title: String,
    /// More, if there is more.
    #[serde(default)]
    pub text: Option<String>,
    /// How urgent.
    #[serde(default)]
    pub level: AlertLevel,
    /// The last step logged before it.
    #[serde(default, deserialize_with = "crate::whole::optional")]
    pub step: Option<i64>,
    /// When it was raised; the time of arrival when absent.
    #[serde(default)]
    pub time: Option<Timestamp>,
    /// Stores the alert once only, however often it is sent.
    #[serde(default)]
    pub alert_id: Option<String>,
}

/// One row to store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// Names and values; NaN and the infinities as the strings `"NaN"`, `"Infinity"`, `"-Infinity"`.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    #[serde(with = "crate::values::as_object")]
    pub metrics: crate::Metrics,
    /// The step; the server counts on from the last one when absent.
    #[serde(default, deserialize_with = "crate::whole::optional")]
    pub step: Option<i64>,
    /// When it was logged; the time of arrival when absent.
    #[serde(default)]
    pub timestamp: Option<Timestamp>,
    /// Stores the row once only, however often it is sent.
    #[serde(default)]
    pub log_id: Option<String>,
}

/// What became of the rows of a request. They are committed when this is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Stored {
    /// Rows stored by this request.
    pub stored: u64,
    /// Rows that were there already, by their `log_id`.
    pub duplicates: u64,
}
