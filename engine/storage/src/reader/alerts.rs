//! Alerts of a project.

use paceline_schema::status::AlertCounts;
use paceline_schema::{Alert, AlertLevel, Timestamp};
use rusqlite::params;

use super::Reader;
use crate::compat::RunTable;
use crate::error::StorageError;
use crate::rows::{optional_text, text, time};

/// Which alerts are wanted; all of them by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AlertFilter<'a> {
    /// Those of one run.
    pub run_id: Option<&'a str>,
    /// Those of one level.
    pub level: Option<AlertLevel>,
    /// Those after a time.
    pub since: Option<Timestamp>,
}

impl AlertFilter<'_> {
    fn takes(&self, alert: &Alert) -> bool {
        self.level.is_none_or(|level| alert.level == level)
            && self.since.is_none_or(|since| alert.time > since)
    }
}

impl Reader<'_> {
    /// The newest alerts that `filter` takes, newest first, at most `limit`, with the name of the run each
    /// belongs to.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn alerts(
        &self,
        filter: &AlertFilter<'_>,
        limit: usize,
    ) -> Result<Vec<(String, Alert)>, StorageError> {
        let Some(RunTable { run, log_id }) = self.shape.alerts else { return Ok(Vec::new()) };
        let of_run = if filter.run_id.is_some() { format!("{run} = ?1") } else { "?1 IS NULL".to_owned() };
        let sql = format!(
            "SELECT run_name, timestamp, title, text, level, step, {log_id} FROM alerts \
             WHERE {of_run} ORDER BY timestamp DESC, id DESC"
        );
        let read = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params![filter.run_id])?;
            let mut alerts = Vec::new();
            while let Some(row) = rows.next()?.filter(|_| alerts.len() < limit) {
                let alert = Alert {
                    alert_id: optional_text(row, 6)?,
                    time: time(row.get_ref(1)?).unwrap_or_default(),
                    title: text(row, 2)?,
                    text: optional_text(row, 3)?,
                    level: AlertLevel::parse(&text(row, 4)?).unwrap_or_default(),
                    step: row.get(5)?,
                };
                if filter.takes(&alert) {
                    alerts.push((text(row, 0)?, alert));
                }
            }
            Ok(alerts)
        };
        read().map_err(self.explain("read the alerts"))
    }

    /// How many alerts of each level a run has.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn alert_counts(&self, run_id: &str) -> Result<AlertCounts, StorageError> {
        let mut counts = AlertCounts::default();
        let Some(RunTable { run, .. }) = self.shape.alerts else { return Ok(counts) };
        let sql = format!("SELECT level, count(*) FROM alerts WHERE {run} = ?1 GROUP BY level");
        let mut read = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let mut rows = statement.query([run_id])?;
            while let Some(row) = rows.next()? {
                let count = row.get::<_, i64>(1)?.unsigned_abs();
                match AlertLevel::parse(&text(row, 0)?).unwrap_or_default() {
                    AlertLevel::Error => counts.error += count,
                    AlertLevel::Warn => counts.warn += count,
                    AlertLevel::Info => counts.info += count,
                }
            }
            Ok(())
        };
        read().map_err(self.explain("count the alerts"))?;
        Ok(counts)
    }
}
