//! What a trainer asks the program when a run begins, and what it answers.

use serde::{Deserialize, Serialize};

use crate::Destination;

/// Whether a run continues one that exists (the peer's `resume=`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resume {
    /// Always a new run.
    #[default]
    Never,
    /// The run of that id, or the newest of that name, else a new one.
    Allow,
    /// The run of that id or name; its absence is an error.
    Must,
}

/// Asked once by `init`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRequest {
    /// Canonical project name.
    pub project: String,
    /// Display name asked for; one is chosen when absent.
    pub name: Option<String>,
    /// Run id asked for.
    pub run_id: Option<String>,
    /// Whether to continue.
    pub resume: Resume,
    /// Rank of a process that shares the run with others, which may be there before it.
    #[serde(default)]
    pub rank: Option<u32>,
    /// Server that has the runs of the project; absent when the data directory has.
    #[serde(default)]
    pub destination: Option<Destination>,
}

/// The run to log into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenAnswer {
    /// Id of the run that is continued; absent for a new one.
    pub run_id: Option<String>,
    /// Display name.
    pub name: String,
    /// Step that `log()` counts on from.
    pub next_step: i64,
    /// What could not be found out, in words for the user.
    #[serde(default)]
    pub problem: Option<String>,
}

/// One line on standard output: the answer, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenReply {
    /// The run.
    Opened(OpenAnswer),
    /// `resume="must"` names a run that is not there.
    NoSuchRun(String),
    /// The data directory cannot be used.
    Unavailable(String),
}
