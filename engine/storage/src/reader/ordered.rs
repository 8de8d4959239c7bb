//! Rows in the order of their times, which is the order of charts and not always that of arrival.

use std::ops::ControlFlow;

use rusqlite::params;

use super::Reader;
use crate::compat::RunTable;
use crate::error::StorageError;
use crate::rows::{self, StoredRow};

/// What a run logs row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsOf {
    /// What its script logged.
    Metrics,
    /// Samples of the machine; their steps are 0.
    System,
}

impl RowsOf {
    fn table(self, reader: &Reader<'_>) -> Option<(&'static str, &'static str, RunTable)> {
        match self {
            Self::Metrics => reader.shape.metrics.map(|table| ("metrics", "step", table)),
            Self::System => reader.shape.system_metrics.map(|table| ("system_metrics", "0", table)),
        }
    }
}

impl Reader<'_> {
    /// How many rows of a kind a run has.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn count_rows(&self, kind: RowsOf, run_id: &str) -> Result<usize, StorageError> {
        let Some((table, _, RunTable { run, .. })) = kind.table(self) else { return Ok(0) };
        let sql = format!("SELECT count(*) FROM {table} WHERE {run} = ?1");
        self.connection
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_row([run_id], |row| row.get::<_, i64>(0)))
            .map(|count| usize::try_from(count).unwrap_or_default())
            .map_err(self.explain("count the rows of a run"))
    }

    /// Hands every row of a run to `take`, by time and those of one time as they came, until it breaks.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rows_by_time(
        &self,
        kind: RowsOf,
        run_id: &str,
        take: impl FnMut(StoredRow) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        let Some((table, step, RunTable { run, .. })) = kind.table(self) else { return Ok(()) };
        let sql = format!(
            "SELECT id, {run}, timestamp, {step}, metrics FROM {table} WHERE {run} = ?1 ORDER BY timestamp, id"
        );
        rows::for_each_row(self.connection, &sql, params![run_id], take)
            .map_err(self.explain("read the rows of a run"))
    }

    /// The rows with these ids, in the order of the ids given; ids that are not there are left out.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rows_with_ids(&self, kind: RowsOf, ids: &[i64]) -> Result<Vec<StoredRow>, StorageError> {
        let Some((table, step, RunTable { run, .. })) = kind.table(self) else { return Ok(Vec::new()) };
        let sql = format!("SELECT id, {run}, timestamp, {step}, metrics FROM {table} WHERE id = ?1");
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            rows::for_each_row(self.connection, &sql, params![id], |row| {
                found.push(row);
                ControlFlow::Continue(())
            })
            .map_err(self.explain("read the rows of a run"))?;
        }
        Ok(found)
    }
}
