//! The series of runs from their index.

use std::sync::Arc;

use super::Reader;
use crate::series_index::{Position, RowsOfProject, SeriesSnapshot, SeriesUnavailable, Wanted};

impl Reader<'_> {
    /// The series of these runs as columns; rows that the index lacks are taken in first, which takes about half a
    /// second for a million of them. Runs without rows have no series.
    ///
    /// What it shows of a run is at least what this snapshot shows. Where a server takes in what it commits, it
    /// may be some newer rows as well: of one run always the rows up to one moment, in all metrics alike.
    ///
    /// # Errors
    /// When the index cannot be brought up to date or read; the rows can answer then.
    pub fn series(&self, run_ids: &[&str]) -> Result<SeriesSnapshot, SeriesUnavailable> {
        let mut wanted = Vec::with_capacity(run_ids.len());
        for run_id in run_ids {
            let rows = self.rows_of(run_id).map_err(self.explain("read the heads of a run"))?;
            wanted.extend(rows.map(|rows| Wanted { run_id: Arc::from(*run_id), heads: rows.heads }));
        }
        let (Some(table), false) = (self.shape.metrics, wanted.is_empty()) else {
            return Ok(SeriesSnapshot::empty(&self.project.series));
        };
        let rows = RowsOfProject { connection: self.connection, table, file: self.file };
        let newest = |run_id: &str| {
            let heads = self.project.heads();
            heads.runs().get(run_id).map(|run| Position::of(&run.heads))
        };
        Ok(self.project.series.snapshot(rows, &wanted, newest)?)
    }
}
