//! Series, values and rows as the API answers them.

use serde::{Deserialize, Serialize};

use crate::metric_definition::Goal;
use crate::smoothing::Smoothing;
use crate::{Alert, AlertLevel, Timestamp};

/// What stands on the x axis of a chart, on the wire as one word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(from = "String", into = "String")]
pub enum XAxis {
    /// The metric that `define_metric` named for the one that is drawn, the step elsewhere.
    #[default]
    Auto,
    /// The training step: `train/global_step` where the trainer logs it, the row's step elsewhere.
    Step,
    /// Seconds since 1970, UTC.
    Time,
    /// Seconds since the run's first row.
    RelativeTime,
    /// The value of this metric in the same row.
    Metric(String),
}

impl From<String> for XAxis {
    fn from(word: String) -> Self {
        match word.as_str() {
            "auto" => Self::Auto,
            "step" => Self::Step,
            "time" => Self::Time,
            "relative_time" => Self::RelativeTime,
            _ => Self::Metric(word),
        }
    }
}

impl From<XAxis> for String {
    fn from(axis: XAxis) -> Self {
        match axis {
            XAxis::Auto => "auto".into(),
            XAxis::Step => "step".into(),
            XAxis::Time => "time".into(),
            XAxis::RelativeTime => "relative_time".into(),
            XAxis::Metric(key) => key,
        }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for XAxis {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        let description = "What stands on the x axis: `auto` (the metric that `define_metric` named for the one \
                           that is drawn, the step elsewhere), `step` (the training step), `time` (seconds since \
                           1970, UTC), `relative_time` (seconds since the run's first row), or the name of a metric.";
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some(description))
            .examples(["auto", "step", "time", "relative_time", "epoch"])
            .build()
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for XAxis {}

/// How the pixels of a chart divide x.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum XScale {
    /// Equal distances are equally wide.
    #[default]
    Linear,
    /// Equal factors are equally wide. What stands at zero or below has no place, and a window begins above zero.
    Log,
}

/// Which series to draw, how wide.
///
/// Lines (runs × keys × ranks, and the runs of groups × keys) are at most 10,000, and lines × pixels at most 2,000,000.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SeriesRequest {
    /// Run ids, or names (then the latest run of that name).
    #[cfg_attr(feature = "openapi", schema(max_items = 1_000))]
    pub runs: Vec<String>,
    /// Metric names.
    #[cfg_attr(feature = "openapi", schema(max_items = 1_000))]
    pub keys: Vec<String>,
    /// Of runs that several processes share, a line for each of these ranks; else one, of the lowest rank that logs
    /// the metric.
    #[serde(default, deserialize_with = "crate::whole::list")]
    #[cfg_attr(feature = "openapi", schema(schema_with = ranks))]
    pub ranks: Vec<u32>,
    /// Runs of which not the lines are wanted but how they lie together. Those of a group need not stand in `runs`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 1_000))]
    pub groups: Vec<RunGroup>,
    /// The x axis.
    #[serde(default)]
    pub x: XAxis,
    /// How the pixels of the chart divide x.
    #[serde(default)]
    pub x_scale: XScale,
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
    /// Smooths every line; groups are made from smoothed lines then. A window is smoothed as the whole line is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoothing: Option<Smoothing>,
    /// Beside each smoothed line that of the values as logged.
    #[serde(default)]
    pub raw: bool,
    /// Permits a quicker answer where the exact one would take long: true points, and no highest or lowest one lost,
    /// but those that enter and leave a pixel column may be missing. `exact` of each series tells. Smoothed lines,
    /// groups and lines over a metric are exact all the same.
    #[serde(default)]
    pub draft: bool,
}

impl Default for SeriesRequest {
    fn default() -> Self {
        Self {
            runs: Vec::new(),
            keys: Vec::new(),
            ranks: Vec::new(),
            groups: Vec::new(),
            x: XAxis::Auto,
            x_scale: XScale::Linear,
            from: None,
            to: None,
            pixels: default_pixels(),
            smoothing: None,
            raw: false,
            draft: false,
        }
    }
}

/// Runs that are drawn as one band, such as those that differ in their seed only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RunGroup {
    /// How the answer names it.
    pub name: String,
    /// Run ids, or names (then the latest run of that name).
    #[cfg_attr(feature = "openapi", schema(max_items = 1_000))]
    pub runs: Vec<String>,
}

/// Numbers of processes.
#[cfg(feature = "openapi")]
fn ranks() -> utoipa::openapi::schema::Schema {
    use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type};
    let rank = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(0))
        .maximum(Some(u32::MAX));
    ArrayBuilder::new().items(rank).max_items(Some(1_000)).into()
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
    /// Rank of the process whose values these are; 0 where the run is not shared.
    pub rank: u32,
    /// What `x` is; never `auto`.
    pub x_axis: XAxis,
    /// x of each point, ascending.
    #[serde(serialize_with = "crate::whole::short_list")]
    pub x: Vec<f64>,
    /// Value of each point, smoothed where that was asked for; null where it is not finite.
    #[serde(serialize_with = "crate::whole::short_list_with_gaps")]
    pub value: Vec<Option<f64>>,
    /// The line of the values as logged, where smoothing and `raw` were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub raw: Option<RawLine>,
    /// Points in the window before any were left out.
    pub total_points: u64,
    /// First, last, lowest and highest of every pixel column are there.
    pub exact: bool,
}

/// The line of the values as logged beside a smoothed one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RawLine {
    /// x of each point, ascending.
    #[serde(serialize_with = "crate::whole::short_list")]
    pub x: Vec<f64>,
    /// Value of each point; null where it is not finite.
    #[serde(serialize_with = "crate::whole::short_list_with_gaps")]
    pub value: Vec<Option<f64>>,
}

/// How one metric of the runs of a group lies together, in each pixel column where one of them has a finite value.
///
/// A run stands in a column by the mean of its values there; one without a value there does not count in that
/// column, so nothing is filled in between the steps of runs that log at different ones. `runs` tells how many count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Band {
    /// Name of the group.
    pub group: String,
    /// Metric name.
    pub key: String,
    /// What `x` is; never `auto`. A group whose runs stand on different axes has a band for each.
    pub x_axis: XAxis,
    /// Smallest x of a value in each column, ascending.
    #[serde(serialize_with = "crate::whole::short_list")]
    pub x: Vec<f64>,
    /// Mean of the runs; null where it exceeds every float.
    #[serde(serialize_with = "crate::whole::short_list_with_gaps")]
    pub mean: Vec<Option<f64>>,
    /// Standard deviation of the runs around it, of those that count as the whole population: 0 of a single one.
    #[serde(serialize_with = "crate::whole::short_list_with_gaps")]
    pub standard_deviation: Vec<Option<f64>>,
    /// Lowest value of any of the runs in the column, not of their means: no extremum is lost.
    #[serde(serialize_with = "crate::whole::short_list")]
    pub min: Vec<f64>,
    /// Highest value of any of the runs in the column.
    #[serde(serialize_with = "crate::whole::short_list")]
    pub max: Vec<f64>,
    /// Runs that count in the column.
    pub runs: Vec<u32>,
}

/// Answer to a series request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesResponse {
    /// One for each run and key that has points, in the order asked.
    pub series: Vec<Series>,
    /// One for each group and key that has points, in the order asked; absent where none was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bands: Vec<Band>,
}

/// One metric of one run at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricSummary {
    /// Metric name.
    pub key: String,
    /// Numbers logged, NaN included.
    pub points: u64,
    /// First finite value.
    pub first: Option<f64>,
    /// Newest value.
    pub last: Option<f64>,
    /// Step of the newest value.
    pub last_step: Option<i64>,
    /// Lowest finite value.
    pub min: Option<f64>,
    /// Step at which it was first reached.
    pub min_step: Option<i64>,
    /// Highest finite value.
    pub max: Option<f64>,
    /// Step at which it was first reached.
    pub max_step: Option<i64>,
    /// Mean of the finite values.
    pub mean: Option<f64>,
    /// The better one of `min` and `max`, where `define_metric` said which that is.
    pub best: Option<f64>,
    /// Step of the best value.
    pub best_step: Option<i64>,
    /// Metric that it is drawn over, where `define_metric` named one.
    pub step_metric: Option<String>,
    /// `define_metric` left it out of charts that nobody asked for.
    pub hidden: bool,
}

/// One metric of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectMetric {
    /// Metric name.
    pub key: String,
    /// Runs that have logged it.
    pub runs: u64,
    /// Which values are the better ones, where `define_metric` said so in any run; the newest one counts.
    pub goal: Option<Goal>,
    /// `define_metric` left it out of charts that nobody asked for, in every run.
    pub hidden: bool,
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
