//! From what a caller says of a run to its id.

use std::fmt::Write as _;

use paceline_schema::RunChoice;
use rusqlite::OptionalExtension;

use super::Reader;
use crate::error::StorageError;
use crate::rows::text;

impl Reader<'_> {
    /// The id of the chosen run; `None` when no run has the name. An id is believed: rows that belong to no
    /// run may have one all the same.
    ///
    /// A run of which no row of metrics tells may have samples, alerts or traces, and is found by these.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn chosen_run(&self, choice: &RunChoice) -> Result<Option<String>, StorageError> {
        let name = match choice {
            RunChoice::Id(run_id) => return Ok(Some(run_id.clone())),
            RunChoice::Name(name) => name,
        };
        let explain = self.explain("find a run");
        let mut named = self.runs_selected(Some(name)).map_err(&explain)?;
        named.retain(|run| run.run_name == *name);
        match named.pop() {
            Some(newest) => Ok(Some(newest.run_id)),
            None => self.run_without_rows(name).map_err(explain),
        }
    }

    fn run_without_rows(&self, name: &str) -> rusqlite::Result<Option<String>> {
        let tables = [
            ("system_metrics", self.shape.system_metrics),
            ("alerts", self.shape.alerts),
            ("traces", self.shape.traces.map(|traces| traces.columns)),
        ];
        let mut sources = String::new();
        for (table, run) in tables.into_iter().filter_map(|(table, shape)| Some((table, shape?.run))) {
            let joint = if sources.is_empty() { "" } else { " UNION ALL " };
            // Writing to a String cannot fail.
            let _ = write!(sources, "{joint}SELECT {run} AS run, timestamp FROM {table} WHERE run_name = ?1");
        }
        if sources.is_empty() {
            return Ok(None);
        }
        let sql =
            format!("SELECT run FROM ({sources}) GROUP BY run ORDER BY min(timestamp) DESC, run LIMIT 1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        statement.query_row([name], |row| text(row, 0)).optional()
    }
}
