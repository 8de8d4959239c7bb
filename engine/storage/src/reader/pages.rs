//! Whether a project has anything of a kind at all, which decides what a page shows.

use super::Reader;
use crate::error::StorageError;

/// Tables that may hold something beside the rows of runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Presence {
    /// Samples of the machine.
    pub system: bool,
    /// Traces.
    pub traces: bool,
    /// Alerts.
    pub alerts: bool,
    /// Versions of artifacts.
    pub artifacts: bool,
}

impl Reader<'_> {
    /// Which of these tables are there and not empty.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn presence(&self) -> Result<Presence, StorageError> {
        let any = |is_there: bool, table: &str| -> Result<bool, StorageError> {
            if !is_there {
                return Ok(false);
            }
            self.connection
                .prepare_cached(&format!("SELECT EXISTS (SELECT 1 FROM {table})"))
                .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
                .map_err(self.explain("look into its tables"))
        };
        Ok(Presence {
            system: any(self.shape.system_metrics.is_some(), "system_metrics")?,
            traces: any(self.shape.traces.is_some(), "traces")?,
            alerts: any(self.shape.alerts.is_some(), "alerts")?,
            artifacts: any(self.shape.has_artifacts, "artifact_versions")?,
        })
    }
}
