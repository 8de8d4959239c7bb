//! What a project has beside the rows of its runs, which decides what a page shows.

use super::Reader;
use crate::error::StorageError;

/// What stands in tables of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BesideRows {
    /// Samples of the machine.
    pub system: bool,
    /// Traces.
    pub traces: bool,
    /// How many alerts.
    pub alerts: u64,
    /// How many artifacts with versions.
    pub artifacts: u64,
}

impl Reader<'_> {
    /// What these tables hold.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn beside_rows(&self) -> Result<BesideRows, StorageError> {
        let number = |is_there: bool, of: &str| -> Result<u64, StorageError> {
            if !is_there {
                return Ok(0);
            }
            self.connection
                .prepare_cached(&format!("SELECT {of}"))
                .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
                .map(i64::unsigned_abs)
                .map_err(self.explain("look into its tables"))
        };
        let any = |is_there: bool, table: &str| -> Result<bool, StorageError> {
            Ok(number(is_there, &format!("EXISTS (SELECT 1 FROM {table})"))? > 0)
        };
        Ok(BesideRows {
            system: any(self.shape.system_metrics.is_some(), "system_metrics")?,
            traces: any(self.shape.traces.is_some(), "traces")?,
            alerts: number(self.shape.alerts.is_some(), "count(*) FROM alerts")?,
            artifacts: number(
                self.shape.has_artifacts,
                "count(DISTINCT artifact_id) FROM artifact_versions",
            )?,
        })
    }
}
