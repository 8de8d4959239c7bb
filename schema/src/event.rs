//! What can happen to a run, as the recorder journals it and the storage writer applies it.
//!
//! An event names its run by id and name, since the peer's tables carry both in every row. Applying the
//! events of a run in order, once or again, gives the same tables: rows are told apart by `log_id`, the
//! rest replaces what it said before.

use serde::{Deserialize, Serialize};

use crate::console::ConsoleLine;
use crate::environment::{EnvironmentReport, RunEnvironment, Survey};
use crate::{Metrics, RunState, Timestamp};

/// One thing that happened to one run.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A process began, or resumed, to log into the run.
    Start(RunStart),
    /// The run's config as one JSON object, replacing the one before.
    Config {
        /// When it was set.
        time: Timestamp,
        /// JSON object text.
        json: String,
        /// Rank of the process that set it; beside that of rank 0 no other counts.
        rank: u32,
    },
    /// Values set by hand in `run.summary`, as one JSON object, replacing the ones before.
    Summary {
        /// JSON object text.
        json: String,
        /// Rank of the process that set them, as for the config.
        rank: u32,
    },
    /// One `log()` call.
    Row(Row),
    /// One `log_system()` call or one sample of the machine.
    System(SystemSample),
    /// One `alert()` call.
    Alert(Alert),
    /// A line was printed.
    Console(ConsoleLine),
    /// More is known of what the run is made with.
    Environment(Box<EnvironmentReport>),
    /// The logging process ended.
    End(RunEnd),
}

/// Which run an event belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RunKey {
    /// Stable id, 32 hexadecimal digits for runs of ours.
    pub id: String,
    /// Display name; not unique.
    pub name: String,
}

/// A process that logs: enough to tell whether it still lives, on this machine or another.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProcessIdentity {
    /// Process id on `host`.
    #[serde(deserialize_with = "crate::whole::required")]
    #[cfg_attr(feature = "openapi", schema(value_type = u64, maximum = 4_294_967_295_u64))]
    pub pid: u32,
    /// When the process started, in kernel clock ticks since boot; tells a reused pid apart.
    #[serde(deserialize_with = "crate::whole::required")]
    pub start_ticks: u64,
    /// Boot id of the machine; pids of another boot are gone.
    pub boot_id: String,
    /// Host name.
    pub host: String,
}

/// What is known of a run when a process begins to log into it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunStart {
    /// When `init` was called.
    pub time: Timestamp,
    /// Who logs. Absent for runs that arrive over HTTP.
    pub process: Option<ProcessIdentity>,
    /// The process joined a run that existed before.
    #[serde(default)]
    pub resumed: bool,
    /// The command line, secrets left out.
    pub command: Option<String>,
    /// Commit of the working directory's repository.
    pub git_commit: Option<String>,
    /// Free labels.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Free text.
    pub notes: Option<String>,
    /// Sample the machine's processors and memory for this run, every so many seconds.
    pub cpu_interval_seconds: Option<f64>,
    /// Sample the graphics processors for this run, every so many seconds.
    pub gpu_interval_seconds: Option<f64>,
    /// Which of the processes that share the run this is; 0 where it has the run to itself.
    #[cfg_attr(feature = "openapi", schema(format = Int64, maximum = 4294967295u32))]
    #[serde(default, deserialize_with = "crate::whole::required")]
    pub rank: u32,
    /// What the process says of its environment.
    #[serde(default, deserialize_with = "crate::environment::optional_object")]
    pub environment: Option<Box<RunEnvironment>>,
    /// What whoever drains its journal is to find out beside that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub survey: Option<Box<Survey>>,
}

/// One `log()` call.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Makes the row storable once only; time-ordered for rows of ours. Absent in old peers' requests.
    pub log_id: Option<String>,
    /// When `log()` was called.
    pub time: Timestamp,
    /// The step given or counted; absent when a peer's client leaves the counting to the server.
    pub step: Option<i64>,
    /// Names and values in the order given.
    pub metrics: Metrics,
}

/// One sample of the machine: a time axis, no step.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemSample {
    /// Makes the sample storable once only.
    pub log_id: Option<String>,
    /// When it was taken.
    pub time: Timestamp,
    /// Names and values.
    pub metrics: Metrics,
}

/// How urgent an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum AlertLevel {
    /// Worth knowing.
    Info,
    /// Worth a look.
    #[default]
    Warn,
    /// Needs a hand.
    Error,
}

impl AlertLevel {
    /// The word in the tables and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// Reads the word of the tables.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Info, Self::Warn, Self::Error].into_iter().find(|level| level.as_str() == text)
    }
}

/// One `alert()` call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alert {
    /// Makes the alert storable once only.
    pub alert_id: Option<String>,
    /// When it was raised.
    pub time: Timestamp,
    /// One line.
    pub title: String,
    /// More, if there is more.
    pub text: Option<String>,
    /// How urgent.
    pub level: AlertLevel,
    /// The last step logged before it.
    pub step: Option<i64>,
}

/// How a process stopped logging into a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunEnd {
    /// When it stopped.
    pub time: Timestamp,
    /// `Finished`, `Failed` or `Crashed`.
    #[cfg_attr(feature = "openapi", schema(schema_with = ended_states))]
    pub state: RunState,
    /// Exit status of the process, when it is known.
    #[serde(default, deserialize_with = "crate::whole::optional")]
    pub exit_code: Option<i32>,
    /// Signal that ended the process, when it is known.
    #[serde(default, deserialize_with = "crate::whole::optional")]
    pub exit_signal: Option<i32>,
    /// Type and message of the exception nobody caught.
    pub failure: Option<String>,
    /// Said while the process was leaving by itself: its exit status, once known, knows better.
    #[serde(default)]
    pub leaving: bool,
    /// Which of the processes that share the run it was; the end of rank 0 is that of the run.
    #[cfg_attr(feature = "openapi", schema(format = Int64, maximum = 4294967295u32))]
    #[serde(default, deserialize_with = "crate::whole::required")]
    pub rank: u32,
    /// When the process began that ended. Where another one has gone on with the run since, this is not the run's end,
    /// however late it is noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_start: Option<Timestamp>,
}

impl RunEnd {
    /// The newest start that this can be the end of.
    #[must_use]
    pub fn newest_start(&self) -> Timestamp {
        self.of_start.unwrap_or(self.time)
    }
}

/// The states of runs that ended.
#[cfg(feature = "openapi")]
fn ended_states() -> utoipa::openapi::schema::Schema {
    let ended = RunState::ALL.into_iter().filter(|state| state.has_ended());
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .enum_values(Some(ended.map(RunState::as_str)))
        .into()
}
