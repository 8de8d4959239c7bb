//! Traces: conversations with models, each with its spans, in a table of their own.

use paceline_schema::Timestamp;
use rusqlite::params;
use serde_json::{Value, json};

use super::Reader;
use crate::compat::RunTable;
use crate::error::StorageError;
use crate::rows::{bytes, text, time};

/// One trace as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredTrace {
    /// Stable id.
    pub id: String,
    /// The key it was logged under.
    pub key: String,
    /// Its place in a list that was logged under one key.
    pub index: Option<i64>,
    /// Id of its run.
    pub run_id: String,
    /// Name of its run.
    pub run_name: String,
    /// The row's step.
    pub step: i64,
    /// When it was logged.
    pub time: Timestamp,
    /// A list of messages.
    pub messages: Value,
    /// An object.
    pub metadata: Value,
    /// A list of spans.
    pub spans: Value,
}

/// How traces are sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TraceOrder {
    /// Newest first.
    #[default]
    NewestFirst,
    /// Oldest first.
    OldestFirst,
    /// By step, the smallest first.
    StepAscending,
    /// By step, the largest first.
    StepDescending,
}

impl TraceOrder {
    fn sql(self) -> &'static str {
        match self {
            Self::NewestFirst => "timestamp DESC, id DESC",
            Self::OldestFirst => "timestamp, id",
            Self::StepAscending => "step, timestamp, id",
            Self::StepDescending => "step DESC, timestamp DESC, id DESC",
        }
    }
}

/// Which traces of a run are wanted, and how sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceSearch {
    /// Text that must stand in messages, metadata or the names of spans, in lower case; anything when empty.
    pub text: String,
    /// Those of one step.
    pub step: Option<i64>,
    /// The order.
    pub order: TraceOrder,
    /// How many of the first ones are left out.
    pub offset: u64,
    /// How many at most; all when absent.
    pub limit: Option<u64>,
}

impl Reader<'_> {
    /// The traces of a run that fit a search.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn traces(&self, run_id: &str, search: &TraceSearch) -> Result<Vec<StoredTrace>, StorageError> {
        let Some(table) = self.shape.traces else { return Ok(Vec::new()) };
        let RunTable { run, .. } = table.columns;
        // LIKE would read `_` and `%` as wildcards.
        let sql = format!(
            "SELECT id, key, trace_index, {run}, run_name, step, timestamp, messages, metadata, {spans} \
             FROM traces WHERE {run} = ?1 AND (?2 IS NULL OR step = ?2) AND (?3 = '' OR instr(search_text, ?3)) \
             ORDER BY {order} LIMIT ?4 OFFSET ?5",
            spans = table.spans,
            order = search.order.sql(),
        );
        let limit = search.limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
        let offset = i64::try_from(search.offset).unwrap_or(i64::MAX);
        let read = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let rows =
                statement.query_map(params![run_id, search.step, search.text, limit, offset], |row| {
                    let json = |column, absent: Value| -> rusqlite::Result<Value> {
                        let stored =
                            bytes(row.get_ref(column)?).and_then(|json| serde_json::from_slice(json).ok());
                        Ok(stored.unwrap_or(absent))
                    };
                    Ok(StoredTrace {
                        id: text(row, 0)?,
                        key: text(row, 1)?,
                        index: row.get(2)?,
                        run_id: text(row, 3)?,
                        run_name: text(row, 4)?,
                        step: row.get(5)?,
                        time: time(row.get_ref(6)?).unwrap_or_default(),
                        messages: json(7, json!([]))?,
                        metadata: json(8, json!({}))?,
                        spans: json(9, json!([]))?,
                    })
                })?;
            rows.collect()
        };
        read().map_err(self.explain("read the traces"))
    }

    /// The steps of a run that have traces, ascending, each with how many.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn trace_steps(&self, run_id: &str) -> Result<Vec<(i64, u64)>, StorageError> {
        let Some(table) = self.shape.traces else { return Ok(Vec::new()) };
        let sql = format!(
            "SELECT step, count(*) FROM traces WHERE {} = ?1 GROUP BY step ORDER BY step",
            table.columns.run
        );
        let read = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let rows = statement
                .query_map([run_id], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
            rows.collect()
        };
        read().map_err(self.explain("count the traces"))
    }
}
