//! The rows of many runs in one answer of bounded size.

use std::ops::ControlFlow;

use paceline_schema::RunChoice;
use paceline_schema::series::LogRow;
use paceline_storage::{Reader, RowsOf, StorageError};

use crate::engine::Engine;
use crate::error::QueryError;
use crate::row_groups::is_scalar;
use crate::rows::log_row;

/// Which rows of a run an answer has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThinRequest {
    /// What the script logged, or samples of the machine.
    pub kind: RowsOf,
    /// Rows at most; 10,000 where it is more.
    pub most: usize,
    /// Only numbers and histograms; what else a row holds is left out.
    pub scalar_only: bool,
}

impl Engine {
    /// The rows of each run by time, thinned where they are more than there is room for; none for a run that
    /// is not there.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn thinned_rows(
        &self,
        project: &str,
        runs: &[Option<RunChoice>],
        request: ThinRequest,
    ) -> Result<Vec<Vec<LogRow>>, QueryError> {
        self.read(project, |reader, _| {
            let rows_of = |run: &Option<RunChoice>| -> Result<Vec<LogRow>, QueryError> {
                let Some(run) = run else { return Ok(Vec::new()) };
                let Some(run_id) = reader.chosen_run(run)? else { return Ok(Vec::new()) };
                Ok(self.thinned_rows_of_run(reader, &run_id, request)?)
            };
            runs.iter().map(rows_of).collect()
        })
    }

    fn thinned_rows_of_run(
        &self,
        reader: &Reader<'_>,
        run_id: &str,
        request: ThinRequest,
    ) -> Result<Vec<LogRow>, StorageError> {
        let ThinRequest { kind, most, scalar_only } = request;
        let mut kept = Vec::new();
        if reader.extent(kind, run_id)?.rows <= most as u64 {
            reader.rows_by_time(kind, run_id, |row| {
                kept.push(row);
                ControlFlow::Continue(())
            })?;
        } else {
            let ids = self.known.groups.select(reader, run_id, kind, scalar_only, most)?;
            kept = reader.rows_with_ids(kind, &ids)?;
        }
        if scalar_only {
            for row in &mut kept {
                row.metrics.retain(|(_, value)| is_scalar(value));
            }
        }
        Ok(kept.into_iter().map(log_row).collect())
    }
}
