//! What a read use case can answer instead of data.

use paceline_schema::ErrorCode;
use paceline_storage::StorageError;
use serde_json::{Value, json};

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The store has it not, or cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The run never logged a number under this name.
    #[error("metric `{metric}` is not in run `{run}`")]
    MetricNotFound {
        /// Name or id of the run.
        run: String,
        /// The name asked for.
        metric: String,
        /// Metrics of the run with names alike, the most alike first.
        similar: Vec<String>,
    },
    /// No run is named, and there is none that could be meant.
    #[error("there is no run yet{}", project.as_ref().map(|project| format!(" in project `{project}`")).unwrap_or_default())]
    NoRuns {
        /// Where it was looked for; everywhere when absent.
        project: Option<String>,
    },
    /// The request does not say what is needed.
    #[error("{reason}")]
    InvalidRequest {
        /// What is wrong, with the value.
        reason: String,
    },
}

impl QueryError {
    /// The kind of error, for the wire.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Storage(error) => error.code(),
            Self::MetricNotFound { .. } => ErrorCode::MetricNotFound,
            Self::NoRuns { .. } => ErrorCode::RunNotFound,
            Self::InvalidRequest { .. } => ErrorCode::InvalidRequest,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        if matches!(self, Self::NoRuns { .. }) {
            return "a run is there as soon as a script has called `trackio.init(project=…)`".to_owned();
        }
        match self.similar() {
            [] => self.code().hint().to_owned(),
            names => format!("did you mean `{}`", names.join("`, `")),
        }
    }

    /// The names that go with it; null for faults of the machine, which are nobody's business outside.
    #[must_use]
    pub fn details(&self) -> Value {
        match self {
            Self::MetricNotFound { run, metric, similar } => {
                json!({"run": run, "metric": metric, "similar": similar})
            }
            Self::Storage(StorageError::ProjectNotFound { project }) => json!({"project": project}),
            Self::Storage(StorageError::RunNotFound { project, run, similar }) => {
                json!({"project": project, "run": run, "similar": similar})
            }
            Self::Storage(StorageError::ArtifactNotFound { project, artifact, similar }) => {
                json!({"project": project, "artifact": artifact, "similar": similar})
            }
            Self::Storage(_) | Self::NoRuns { .. } | Self::InvalidRequest { .. } => Value::Null,
        }
    }

    fn similar(&self) -> &[String] {
        match self {
            Self::MetricNotFound { similar, .. }
            | Self::Storage(
                StorageError::RunNotFound { similar, .. } | StorageError::ArtifactNotFound { similar, .. },
            ) => similar,
            Self::Storage(_) | Self::NoRuns { .. } | Self::InvalidRequest { .. } => &[],
        }
    }
}
