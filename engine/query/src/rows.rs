//! Rows, values and samples, page by page.

use paceline_schema::console::ConsolePage;
use paceline_schema::series::{LogRow, MetricValue, Page, PageRequest};
use paceline_schema::{Timestamp, rank_of};
use paceline_storage::{Reader, StorageError, StoredRow};

use crate::engine::Engine;
use crate::error::QueryError;
use paceline_schema::similar::similar;

/// Rows read at a time in search of a metric.
const ROWS_AT_A_TIME: usize = 1_000;

impl Engine {
    /// The values of one metric in the order they came; in a run that processes share, those of the lowest rank that
    /// logs it.
    ///
    /// # Errors
    /// When there is no such project, run or metric, or its file cannot be read.
    pub fn values(
        &self,
        project: &str,
        run: &str,
        key: &str,
        page: PageRequest,
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
            let Some(after) = first_cursor(reader, &record.run_id, page)? else { return Ok(nothing()) };
            let rows = |cursor| reader.rows(&record.run_id, cursor, ROWS_AT_A_TIME);
            let rank = heads.rank_of_metric(key);
            collect(page, after, rows, |row| {
                metric_value(&row, key).filter(|_| rank == Some(rank_of(&row.metrics)))
            })
        })
    }

    /// The rows of a run in the order they came.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn logs(&self, project: &str, run: &str, page: PageRequest) -> Result<Page<LogRow>, QueryError> {
        self.read(project, |reader, _| {
            let run_id = reader.find_run(run)?.run_id;
            let Some(after) = first_cursor(reader, &run_id, page)? else { return Ok(nothing()) };
            let at_a_time = page.limit.saturating_add(1);
            collect(page, after, |cursor| reader.rows(&run_id, cursor, at_a_time), |row| Some(log_row(row)))
        })
    }

    /// The samples of the machine taken for a run, paged as [`Self::logs`].
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn system(&self, project: &str, run: &str, page: PageRequest) -> Result<Page<LogRow>, QueryError> {
        self.read(project, |reader, _| {
            let run_id = reader.find_run(run)?.run_id;
            let at_a_time = page.limit.saturating_add(1);
            let rows = |cursor| reader.system_rows(&run_id, cursor, at_a_time);
            collect(page, page.after, rows, |row| Some(log_row(row)))
        })
    }
}

impl Engine {
    /// What a run printed, where it wanted that kept, in the order printed.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn console(&self, project: &str, run: &str, page: PageRequest) -> Result<ConsolePage, QueryError> {
        self.read(project, |reader, _| {
            let run_id = reader.find_run(run)?.run_id;
            let lines = reader.console(&run_id, page.after, page.limit.saturating_add(1))?;
            let Page { items, next } =
                page_of(lines.into_iter().map(|line| (line.id, line)).collect(), page.limit);
            Ok(ConsolePage { items, next, total: reader.console_count(&run_id)? })
        })
    }

    /// The newest lines of it, at most `limit`, in the order printed.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn console_tail(&self, project: &str, run: &str, limit: usize) -> Result<ConsolePage, QueryError> {
        self.read(project, |reader, _| {
            let run_id = reader.find_run(run)?.run_id;
            let items = reader.console_tail(&run_id, limit)?;
            Ok(ConsolePage { items, next: None, total: reader.console_count(&run_id)? })
        })
    }
}

fn nothing<T>() -> Page<T> {
    Page { items: Vec::new(), next: None }
}

/// The cursor a page begins at; `None` when no row is as new as was asked for.
fn first_cursor(
    reader: &Reader<'_>,
    run_id: &str,
    page: PageRequest,
) -> Result<Option<Option<i64>>, StorageError> {
    let Some(since) = page.since else { return Ok(Some(page.after)) };
    Ok(reader.id_before(run_id, since)?.map(|id| Some(page.after.map_or(id, |after| after.max(id)))))
}

/// A page of what `item` makes of the rows after `cursor`, which `read` gets some at a time.
fn collect<T>(
    page: PageRequest,
    mut cursor: Option<i64>,
    read: impl Fn(Option<i64>) -> Result<Vec<StoredRow>, StorageError>,
    item: impl Fn(StoredRow) -> Option<T>,
) -> Result<Page<T>, QueryError> {
    let limit = page.limit.max(1);
    let mut items = Vec::new();
    while items.len() <= limit {
        let rows = read(cursor)?;
        let Some(last) = rows.last() else { break };
        cursor = Some(last.id);
        let is_new = |time: Timestamp| page.since.is_none_or(|since| time > since);
        let new = rows.into_iter().filter(|row| is_new(row.time));
        items.extend(new.filter_map(|row| Some((row.id, item(row)?))));
    }
    Ok(page_of(items, limit))
}

/// The first `limit` of `items`, each with its cursor; there is a next page when there are more.
pub(crate) fn page_of<T>(mut items: Vec<(i64, T)>, limit: usize) -> Page<T> {
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
