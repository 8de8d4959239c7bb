//! What came after a place in a project: rows and alerts of all runs, in the order they were stored.
//!
//! Ids grow with every commit and are given out once, so all that is stored later stands after the ids of
//! now, whoever stores it.

use std::ops::ControlFlow;

use paceline_schema::series::RunAlert;
use paceline_schema::{Alert, AlertLevel, Timestamp};
use rusqlite::{OptionalExtension, params};

use crate::compat::RunTable;
use crate::error::StorageError;
use crate::reader::{Reader, whole_second};
use crate::rows::{self, StoredRow, optional_text, text, time};

/// Bytes of the names and texts of rows that end a page, about.
const PAGE_BYTES: usize = 1 << 20;

/// Which alerts are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AlertRange<'a> {
    /// Those of one run.
    pub run_id: Option<&'a str>,
    /// Those stored after the one with this id.
    pub after_id: i64,
    /// Those raised after this time.
    pub since: Option<Timestamp>,
}

impl Reader<'_> {
    /// Which file this is; another one, were it under the same name, is called otherwise.
    #[must_use]
    pub fn file_identity(&self) -> String {
        self.file.to_string()
    }

    /// Ids of the newest row and the newest alert there ever were; 0 where there was none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn newest_ids(&self) -> Result<(i64, i64), StorageError> {
        let newest = |table: &str| -> rusqlite::Result<i64> {
            let mut statement =
                self.connection.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = ?1")?;
            Ok(statement.query_row([table], |row| row.get(0)).optional()?.unwrap_or(0))
        };
        let read = || {
            let metrics = if self.shape.metrics.is_some() { newest("metrics")? } else { 0 };
            let alerts = if self.shape.alerts.is_some() { newest("alerts")? } else { 0 };
            Ok((metrics, alerts))
        };
        read().map_err(|error| self.location.explain("find its newest rows", error))
    }

    /// Rows of all runs, or of one, with an id after `after_id` and up to `last_id`, in id order: at most
    /// `limit` and about a mebibyte. Whether the page ended before `last_id` comes with them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rows_between(
        &self,
        run_id: Option<&str>,
        after_id: i64,
        last_id: i64,
        limit: usize,
    ) -> Result<(Vec<StoredRow>, bool), StorageError> {
        let Some(RunTable { run, .. }) = self.shape.metrics else { return Ok((Vec::new(), false)) };
        let filter = if run_id.is_some() { format!("{run} = ?3") } else { "?3 IS NULL".to_owned() };
        let sql = format!(
            "SELECT id, {run}, timestamp, step, metrics FROM metrics NOT INDEXED \
             WHERE id > ?1 AND id <= ?2 AND {filter} ORDER BY id"
        );
        let (mut page, mut bytes, mut ended_early) = (Vec::new(), 0, false);
        rows::for_each_row(self.connection, &sql, params![after_id, last_id, run_id], |row| {
            bytes += row.metrics.iter().map(|(key, value)| key.len() + value.text_bytes()).sum::<usize>();
            page.push(row);
            ended_early = page.len() >= limit || bytes >= PAGE_BYTES;
            if ended_early { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .map_err(|error| self.location.explain("read its newest rows", error))?;
        Ok((page, ended_early))
    }

    /// The id before the first row of a run that was logged after `since`; `None` when there is no such row.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn id_before(&self, run_id: &str, since: Timestamp) -> Result<Option<i64>, StorageError> {
        let Some(RunTable { run, .. }) = self.shape.metrics else { return Ok(None) };
        // Text in ISO form sorts by time up to the second: on one day that with a space before that with a `T`. Numbers,
        // which importers write, sort before both.
        let sql = format!(
            "SELECT min(id) FROM (SELECT min(id) AS id FROM metrics WHERE {run} = ?1 AND timestamp >= ?2 UNION ALL \
             SELECT min(id) FROM metrics WHERE {run} = ?1 AND timestamp >= ?3 AND timestamp < ?4 UNION ALL \
             SELECT min(id) FROM metrics WHERE {run} = ?1 AND timestamp < '2')"
        );
        let with_t = whole_second(Timestamp(since.0.saturating_sub(self.clock_spread(run_id)?)));
        let with_space = with_t.replace('T', " ");
        let end_of_day = with_t.replace('T', "!").chars().take("2026-11-23!".len()).collect::<String>();
        let first: rusqlite::Result<Option<i64>> =
            self.connection.prepare_cached(&sql).and_then(|mut statement| {
                statement.query_row(params![run_id, with_t, with_space, end_of_day], |row| row.get(0))
            });
        let first = first.map_err(|error| self.location.explain("find a row by its time", error))?;
        Ok(first.map(|id| id.saturating_sub(1)))
    }

    /// Alerts in the order they were stored, at most `limit`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn alerts_between(
        &self,
        range: AlertRange<'_>,
        last_id: i64,
        limit: usize,
    ) -> Result<Vec<RunAlert>, StorageError> {
        let Some(RunTable { run, log_id }) = self.shape.alerts else { return Ok(Vec::new()) };
        let filter = if range.run_id.is_some() { format!("{run} = ?3") } else { "?3 IS NULL".to_owned() };
        let sql = format!(
            "SELECT id, {run}, run_name, timestamp, title, text, level, step, {log_id} FROM alerts \
             WHERE id > ?1 AND id <= ?2 AND {filter} ORDER BY id"
        );
        let read = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let mut found = statement.query(params![range.after_id, last_id, range.run_id])?;
            let mut alerts = Vec::new();
            while let Some(row) = found.next()? {
                let moment = time(row.get_ref(3)?).unwrap_or_default();
                if range.since.is_some_and(|since| moment <= since) {
                    continue;
                }
                alerts.push(RunAlert {
                    id: row.get(0)?,
                    run_id: text(row, 1)?,
                    run: text(row, 2)?,
                    alert: Alert {
                        alert_id: optional_text(row, 8)?,
                        time: moment,
                        title: text(row, 4)?,
                        text: optional_text(row, 5)?,
                        level: AlertLevel::parse(&text(row, 6)?).unwrap_or_default(),
                        step: row.get(7)?,
                    },
                });
                if alerts.len() >= limit {
                    break;
                }
            }
            Ok(alerts)
        };
        read().map_err(|error| self.location.explain("read the alerts", error))
    }
}
