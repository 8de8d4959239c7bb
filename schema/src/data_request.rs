//! What Python asks of the program about a data directory: one JSON object on the first line of its standard
//! input, and one answer on its standard output.

use serde::{Deserialize, Serialize};

use crate::event::RunKey;
use crate::registry::NewLink;
use crate::series::{LogEntry, SeriesRequest};
use crate::{Alert, AlertLevel, Metrics, RunEnd, RunStart, SyncTarget, Timestamp};

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
    /// What a run printed: a [`Page`](crate::series::Page) of [`StoredLine`](crate::console::StoredLine).
    Console(RowsRequest),
    /// The changes of a run's code that were not committed: a [`RunDiff`](crate::environment::RunDiff).
    Diff {
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
    /// Store what follows, one [`RunLine`] a line, as a run that has ended: [`Stored`](crate::series::Stored).
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
    /// Bring the project to a Dataset from now on: an empty object.
    FollowDataset(SyncTarget),
    /// Make the project's file with its tables, where it is not there: an empty object.
    MakeProject,
    /// Delete the project with everything that belongs to it: an empty object.
    DeleteProject,
    /// Make a registry: a [`Registry`](crate::registry::Registry).
    CreateRegistry {
        /// Its name.
        registry: String,
        /// Free text.
        description: Option<String>,
    },
    /// A registry with all that is in it: [`RegistryDetails`](crate::registry::RegistryDetails).
    Registry {
        /// Its name.
        registry: String,
    },
    /// Make a collection where it is not there, and describe it: an empty object.
    CreateCollection {
        /// Name of the registry.
        registry: String,
        /// Name of the collection.
        collection: String,
        /// What kind of artifacts it holds.
        #[serde(rename = "type")]
        collection_type: String,
        /// Free text; what was noted before stays when this is none.
        description: Option<String>,
    },
    /// Link a version of an artifact into a collection: a [`CollectionLink`](crate::registry::CollectionLink).
    LinkVersion(NewLink),
    /// Take a version out of a collection: an empty object.
    UnlinkVersion {
        /// Name of the registry.
        registry: String,
        /// Name of the collection.
        collection: String,
        /// Number in the collection.
        collection_version: i64,
    },
    /// Read the machine once: a [`MachineSample`].
    Sample {
        /// What is read.
        of: MachinePart,
    },
}

/// What follows a [`DataCall::Append`]: something that happened to the run.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunLine {
    /// A row.
    Row(LogEntry),
    /// A sample of the machine; it has no step.
    System(LogEntry),
    /// When and how the run began; where nothing says so, it began with its first row.
    Start(Box<RunStart>),
    /// The config, whole.
    Config {
        /// When it was set.
        time: Timestamp,
        /// Names and values, also of our own behind `_`.
        values: serde_json::Map<String, serde_json::Value>,
    },
    /// What the summary holds beside the newest values.
    Summary(serde_json::Map<String, serde_json::Value>),
    /// An alert.
    Alert(Alert),
    /// How the run ended; where nothing says so, it finished with its last row.
    End(RunEnd),
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
