//! Projects and runs as the API answers them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::environment::RunEnvironment;
use crate::status::Finding;
use crate::{RankSummary, Timestamp};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// `init` was called, no row has come.
    Created,
    /// Rows come.
    Running,
    /// Rows should have come and did not; the process is not known to be gone.
    Stalled,
    /// `finish()` was called, or the process ended with status 0.
    Finished,
    /// The process ended by an exception or with another status.
    Failed,
    /// The process is gone without a word.
    Crashed,
}

impl RunState {
    /// Every state, in the order a run can pass through them.
    pub const ALL: [Self; 6] =
        [Self::Created, Self::Running, Self::Stalled, Self::Finished, Self::Failed, Self::Crashed];

    /// The word in tables, answers and sentences.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Stalled => "stalled",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Crashed => "crashed",
        }
    }

    /// Reads the word of the tables.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// No more rows are expected.
    #[must_use]
    pub fn has_ended(self) -> bool {
        match self {
            Self::Finished | Self::Failed | Self::Crashed => true,
            Self::Created | Self::Running | Self::Stalled => false,
        }
    }
}

/// What the state was derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum StateSource {
    /// The logging process: its start, its heartbeat, its end.
    Process,
    /// The age of the last row, for clients that say nothing else.
    Rows,
}

/// Which run of a project is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RunChoice {
    /// The one with this id, and no other.
    Id(String),
    /// The most recently created one of this name.
    Name(String),
}

/// One project in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectSummary {
    /// Canonical name.
    pub project: String,
    /// How many runs it has.
    pub runs: u64,
    /// How many of them are running or stalled now.
    pub active_runs: u64,
    /// Time of the newest row or event.
    pub last_activity: Option<Timestamp>,
    /// Why the project cannot be read, when its file is damaged.
    pub damaged: Option<String>,
}

/// What a project holds, as far as it decides what a page shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectContents {
    /// A number or a histogram was logged.
    pub metrics: bool,
    /// An image, a video, audio, HTML, a 3D object or a table was logged.
    pub media: bool,
    /// A report was logged.
    pub reports: bool,
    /// The machine was sampled.
    pub system: bool,
    /// A trace was logged.
    pub traces: bool,
    /// A file was saved beside its runs.
    pub files: bool,
    /// How many artifacts have versions.
    pub artifacts: u64,
    /// How many alerts were raised.
    pub alerts: u64,
}

/// One project, and what it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectDetail {
    /// The fields of the list.
    #[serde(flatten)]
    pub project: ProjectSummary,
    /// What it holds.
    pub contents: ProjectContents,
}

/// Every project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Projects {
    /// By name; a damaged one says so and hides none of the others.
    pub projects: Vec<ProjectSummary>,
}

/// Every run of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Runs {
    /// Newest first.
    pub runs: Vec<RunSummary>,
    /// Give it back as `after` for the next page; null on the last one.
    pub next: Option<String>,
}

/// One run in a list: what a table or a lane needs, no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunSummary {
    /// Canonical project name.
    pub project: String,
    /// Display name.
    pub run: String,
    /// Stable id.
    pub run_id: String,
    /// Where it stands.
    pub state: RunState,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Time of the newest row.
    pub last_row_at: Option<Timestamp>,
    /// Rows stored.
    pub rows: u64,
    /// Current training step (`train/global_step` where the trainer logs it).
    pub step: Option<i64>,
    /// Steps the run will have.
    pub total_steps: Option<i64>,
    /// `step / total_steps`, 0 to 1.
    pub progress: Option<f64>,
    /// Metric that stands for the loss.
    pub loss_key: Option<String>,
    /// Mean of its last 10 rows.
    pub loss: Option<f64>,
    /// Its first value.
    pub loss_first: Option<f64>,
    /// Its best value: the lowest one unless `define_metric` said otherwise.
    pub loss_best: Option<f64>,
    /// Seconds since the run was created, or until it ended.
    pub elapsed_seconds: Option<f64>,
    /// Expected seconds until the end.
    pub eta_seconds: Option<f64>,
    /// Lower end of the 80 % interval, seconds.
    pub eta_low_seconds: Option<f64>,
    /// Upper end of the 80 % interval, seconds.
    pub eta_high_seconds: Option<f64>,
    /// Exit status of a run that failed.
    pub exit_code: Option<i32>,
    /// Group given at `init`.
    pub group: Option<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// Free text.
    pub notes: Option<String>,
    /// Order of creation in the project, from 0; decides the colour.
    pub colour_slot: u32,
    /// One sentence for a person; the same words everywhere.
    pub summary: String,
}

/// What is to be changed of a run; what is left out stays.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RunEdit {
    /// Another display name, which no other run of the project has.
    #[cfg_attr(
        feature = "openapi",
        schema(pattern = r"^[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]{0,511}$")
    )]
    pub name: Option<String>,
    /// Labels in place of the ones there are; empty ones are left out.
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub tags: Option<Vec<String>>,
    /// Text in place of the one there is; the empty text removes it.
    pub notes: Option<String>,
    /// Another colour.
    #[cfg_attr(feature = "openapi", schema(maximum = 65_535))]
    #[serde(deserialize_with = "crate::whole::optional")]
    pub colour_slot: Option<u32>,
}

/// One run with all that is known of it but its series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunDetail {
    /// The fields of the list.
    #[serde(flatten)]
    pub run: RunSummary,
    /// Config as the user last set it.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub config: serde_json::Value,
    /// Newest value of each key, or an object of what `define_metric(summary=…)` keeps of it, as `{"min": 0.1}`;
    /// then what `run.summary` was told.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub summary_values: BTreeMap<String, serde_json::Value>,
    /// Exception nobody caught.
    pub failure: Option<String>,
    /// Signal that ended the process.
    pub exit_signal: Option<i32>,
    /// Host the process runs on.
    pub host: Option<String>,
    /// Its process id there.
    pub pid: Option<u32>,
    /// Command line.
    pub command: Option<String>,
    /// Commit of the code.
    pub git_commit: Option<String>,
    /// What it was made with; null when nothing of that is recorded.
    pub environment: Option<RunEnvironment>,
    /// The processes that share the run, by rank; empty where one has it to itself.
    pub ranks: Vec<RankSummary>,
    /// What deserves attention, each with a hint; those that are over come last.
    pub findings: Vec<Finding>,
    /// What the run does, as `train` or `eval`.
    pub job_type: Option<String>,
    /// User or team given at `init`.
    pub entity: Option<String>,
    /// The search for parameters it belongs to.
    pub sweep_id: Option<String>,
}
