//! From what a caller says of a run to its id.

use std::fmt::Write as _;

use paceline_schema::RunChoice;
use paceline_schema::event::RunKey;
use rusqlite::OptionalExtension;

use super::Reader;
use crate::error::StorageError;
use crate::rows::text;

impl Reader<'_> {
    /// The run with this id, else the latest of this name, as far as rows for it must name it; `None` when there is
    /// neither. An id of a run with rows, which is what most rows come with, costs a look at two rows.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn run_key(&self, selector: &str) -> Result<Option<RunKey>, StorageError> {
        let explain = self.explain("find a run");
        if let Some(rows) = self.rows_of(selector).map_err(&explain)? {
            return Ok(Some(RunKey { id: selector.to_owned(), name: rows.name.to_string() }));
        }
        let mut found = self.runs_selected(Some(selector)).map_err(explain)?;
        let place = found.iter().position(|run| run.run_id == selector);
        let run = place.map(|place| found.swap_remove(place)).or_else(|| found.pop());
        Ok(run.map(|run| RunKey { id: run.run_id, name: run.run_name }))
    }

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
