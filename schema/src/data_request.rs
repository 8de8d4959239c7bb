//! What Python asks of the program about a data directory: one JSON object on the first line of its standard
//! input, and one answer on its standard output.

use serde::{Deserialize, Serialize};

use crate::event::RunKey;
use crate::series::SeriesRequest;
use crate::{Alert, AlertLevel, Metrics, Timestamp};

/// A question about a project, or something to be done to it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct DataRequest {
    /// The project, in any spelling; means nothing to those about the machine.
    #[serde(default)]
    pub project: String,
    /// What is asked.
    #[serde(flatten)]
    pub call: DataCall,
}

/// What is asked. A `run` is its id, or a name and then its latest run.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum DataCall {
    /// The projects of the directory: a list of [`ProjectSummary`](crate::ProjectSummary).
    Projects,
    /// Every run of the project, oldest first: a list of [`RunMentioned`].
    Runs,
    /// One run with its config: a [`RunDetail`](crate::RunDetail).
    Run {
        /// Which run.
        run: String,
    },
    /// Where a run stands: a [`RunStatus`](crate::RunStatus).
    Status {
        /// Which run.
        run: String,
    },
    /// The metrics of a run: a list of [`MetricSummary`](crate::series::MetricSummary).
    Metrics {
        /// Which run.
        run: String,
    },
    /// Rows of a run: a [`Page`](crate::series::Page) of [`LogRow`](crate::series::LogRow).
    Logs(RowsRequest),
    /// Samples of the machine taken for a run, in the same form.
    System(RowsRequest),
    /// Points that draw the lines of metrics: a [`SeriesResponse`](crate::series::SeriesResponse).
    Series(SeriesRequest),
    /// Alerts, newest first: a list of [`AlertOfRun`].
    Alerts {
        /// Of this run only.
        run: Option<String>,
        /// Of this level only.
        level: Option<AlertLevel>,
        /// After this time only.
        since: Option<Timestamp>,
    },
    /// Store the rows that follow, one [`LogEntry`](crate::series::LogEntry) a line, as a run that has ended:
    /// [`Stored`](crate::series::Stored).
    Append {
        /// The run.
        run: RunKey,
    },
    /// Rename a run: its [`RunKey`].
    RenameRun {
        /// Which run.
        run: String,
        /// Its name from now on.
        new_name: String,
    },
    /// Delete a run: its [`RunKey`].
    DeleteRun {
        /// Which run.
        run: String,
    },
    /// Move a run: its [`RunKey`].
    MoveRun {
        /// Which run.
        run: String,
        /// The project it belongs to from now on, which is made where it is not there.
        new_project: String,
    },
    /// Make the project's file with its tables, where it is not there: an empty object.
    MakeProject,
    /// Delete the project with everything that belongs to it: an empty object.
    DeleteProject,
    /// Read the machine once: a [`MachineSample`].
    Sample {
        /// What is read.
        of: MachinePart,
    },
}

/// A page of rows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RowsRequest {
    /// Which run.
    pub run: String,
    /// `next` of the page before.
    pub after: Option<i64>,
    /// Rows at most.
    pub limit: usize,
}

/// A part of the machine that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MachinePart {
    /// Processors, memory, disks and network.
    Processors,
    /// Graphics processors.
    Graphics,
}

/// A run of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunMentioned {
    /// Its id, or its name where it has none.
    pub id: String,
    /// Display name.
    pub name: String,
    /// When it was created, or first heard of.
    pub created_at: Option<Timestamp>,
}

/// One reading of the machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MachineSample {
    /// Names and values; empty where there is nothing of that kind.
    #[serde(with = "crate::values::as_object")]
    pub metrics: Metrics,
}

/// An alert with the name of its run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertOfRun {
    /// Display name of the run.
    pub run: String,
    /// The alert.
    #[serde(flatten)]
    pub alert: Alert,
}
