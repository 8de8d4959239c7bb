//! What a stream of events tells, and the place in a project up to which it told it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::series::{LogRow, RunAlert};
use crate::{RunState, RunStatus};

/// A place in a project: all that was stored before it, and nothing after it. As text it is the id of an event,
/// which holds over the starts of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventCursor {
    /// Which file the project was; a place in another one means nothing.
    pub file: String,
    /// Id of the newest row before it.
    pub rows: i64,
    /// Id of the newest alert before it.
    pub alerts: i64,
}

impl EventCursor {
    /// All before `self` is also before `other`.
    #[must_use]
    pub fn is_covered_by(&self, other: &Self) -> bool {
        self.file == other.file && self.rows <= other.rows && self.alerts <= other.alerts
    }

    /// Rows, or alerts, that lie between `self` and a later place in the same file.
    #[must_use]
    pub fn distance_to(&self, later: &Self) -> i64 {
        later.rows.saturating_sub(self.rows).max(later.alerts.saturating_sub(self.alerts))
    }
}

impl fmt::Display for EventCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.file, self.rows, self.alerts)
    }
}

impl FromStr for EventCursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '-');
        let (file, rows, alerts) = (parts.next(), parts.next(), parts.next());
        let number = |part: Option<&str>| part.and_then(|part| part.parse().ok()).filter(|id| *id >= 0);
        match (file, number(rows), number(alerts)) {
            (Some(file), Some(rows), Some(alerts)) => Ok(Self { file: file.to_owned(), rows, alerts }),
            _ => Err(format!("`{text}` is not the id of an event")),
        }
    }
}

/// State of each run by its id.
pub type RunStates = BTreeMap<String, RunState>;

/// What changed between two places of a project; `data` of the events `delta`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delta {
    /// New rows, by run.
    pub rows: Vec<RunRows>,
    /// New alerts, oldest first.
    pub alerts: Vec<RunAlert>,
    /// Where those runs stand now that have new rows or alerts, that are new, or whose state changed.
    pub statuses: Vec<RunStatus>,
    /// Ids of runs that are no more.
    pub deleted: Vec<String>,
}

impl Delta {
    /// Nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.alerts.is_empty() && self.statuses.is_empty() && self.deleted.is_empty()
    }

    /// What concerns one run.
    #[must_use]
    pub fn of_run(&self, run_id: &str) -> Self {
        Self {
            rows: self.rows.iter().filter(|rows| rows.run_id == run_id).cloned().collect(),
            alerts: self.alerts.iter().filter(|alert| alert.run_id == run_id).cloned().collect(),
            statuses: self.statuses.iter().filter(|status| status.run_id == run_id).cloned().collect(),
            deleted: self.deleted.iter().filter(|deleted| *deleted == run_id).cloned().collect(),
        }
    }
}

/// New rows of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunRows {
    /// Stable id of the run.
    pub run_id: String,
    /// The rows in the order they were stored.
    pub rows: Vec<LogRow>,
}

/// Where all runs stand; `data` of the events `state`, with which a stream begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateOfRuns {
    /// State of each run by its id.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, RunState>))]
    pub states: RunStates,
}

/// What a `wait` ended with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Waited {
    /// Those of the conditions that hold. None where the time was over, or where the run ended before one held.
    pub met: Vec<String>,
    /// The time was over.
    pub timed_out: bool,
    /// Where the run stands.
    pub status: RunStatus,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written_and_nonsense_is_refused() {
        let cursor = EventCursor { file: "fd01a2".into(), rows: 1_234, alerts: 0 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "a", "a-1", "a-1-x", "a--1-2", "a-1-2-3", "a-99999999999999999999-1"] {
            assert!(text.parse::<EventCursor>().is_err(), "{text}");
        }
    }
}
