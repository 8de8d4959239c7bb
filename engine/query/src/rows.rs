//! Rows, values and samples, page by page.

use paceline_schema::series::{LogRow, MetricValue, Page};
use paceline_storage::StoredRow;

use crate::engine::Engine;
use crate::error::QueryError;
use paceline_schema::similar::similar;

/// Rows read at a time in search of a metric.
const ROWS_AT_A_TIME: usize = 1_000;

impl Engine {
    /// The values of one metric in the order they came, from the one after row `after` on, at most `limit`
    /// and at least one.
    ///
    /// # Errors
    /// When there is no such project, run or metric, or its file cannot be read.
    pub fn values(
        &self,
        project: &str,
        run: &str,
        key: &str,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<MetricValue>, QueryError> {
        self.read(project, |reader, _| {
            let record = reader.find_run(run)?;
            let heads = reader.heads(&record.run_id)?;
            if heads.metric(key).is_none() {
                let similar = similar(key, heads.metrics().map(|(name, _)| name));
                return Err(QueryError::MetricNotFound {
                    run: record.run_name,
                    metric: key.to_owned(),
                    similar,
                });
            }
            let limit = limit.max(1);
            let mut values = Vec::new();
            let mut cursor = after;
            while values.len() <= limit {
                let rows = reader.rows(&record.run_id, cursor, ROWS_AT_A_TIME)?;
                let Some(last) = rows.last() else { break };
                cursor = Some(last.id);
                values.extend(rows.iter().filter_map(|row| Some((row.id, metric_value(row, key)?))));
            }
            Ok(page(values, limit))
        })
    }

    /// The rows of a run in the order they came, from the one after row `after` on, at most `limit` and at
    /// least one.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn logs(
        &self,
        project: &str,
        run: &str,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<LogRow>, QueryError> {
        self.read(project, |reader, _| {
            let limit = limit.max(1);
            let rows = reader.rows(&reader.find_run(run)?.run_id, after, limit.saturating_add(1))?;
            Ok(page(rows.into_iter().map(|row| (row.id, log_row(row))).collect(), limit))
        })
    }

    /// The samples of the machine taken for a run, paged as [`Self::logs`].
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn system(
        &self,
        project: &str,
        run: &str,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<LogRow>, QueryError> {
        self.read(project, |reader, _| {
            let limit = limit.max(1);
            let rows = reader.system_rows(&reader.find_run(run)?.run_id, after, limit.saturating_add(1))?;
            Ok(page(rows.into_iter().map(|row| (row.id, log_row(row))).collect(), limit))
        })
    }
}

/// The first `limit` of `items`, each with its cursor; there is a next page when there are more.
fn page<T>(mut items: Vec<(i64, T)>, limit: usize) -> Page<T> {
    let has_more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().map(|(id, _)| *id).filter(|_| has_more);
    Page { items: items.into_iter().map(|(_, item)| item).collect(), next }
}

fn metric_value(row: &StoredRow, key: &str) -> Option<MetricValue> {
    // A key that stands twice keeps its last value, as in Python.
    let (_, value) = row.metrics.iter().rev().find(|(name, _)| name == key)?;
    value.number()?;
    Some(MetricValue { timestamp: row.time, step: row.step, value: value.to_json() })
}

pub(crate) fn log_row(row: StoredRow) -> LogRow {
    let metrics = row.metrics.into_iter().map(|(key, value)| (key, value.to_json())).collect();
    LogRow { id: row.id, timestamp: row.time, step: row.step, metrics }
}
