//! Rows as the peer's tables hold them, read leniently: whatever stands in a file is shown, never refused.

use std::ops::ControlFlow;

use paceline_schema::values::parse_metrics;
use paceline_schema::{Metrics, Timestamp};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, Row};

use crate::compat::RunTable;

/// One stored row of metrics, or one sample of the machine.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRow {
    /// Position in the table, ascending; the cursor of a page.
    pub id: i64,
    /// The run it belongs to.
    pub run_id: String,
    /// When it was logged. A time that cannot be read becomes that of the row before, else the epoch.
    pub time: Timestamp,
    /// The row's step; 0 for samples of the machine.
    pub step: i64,
    /// Names and values; empty when they cannot be read.
    pub metrics: Metrics,
}

/// A row of `metrics` with what only the heads need.
pub(crate) struct NamedRow {
    pub(crate) row: StoredRow,
    /// The time of `row` is its own, not that of a row before it.
    pub(crate) has_time: bool,
    pub(crate) run_name: String,
    pub(crate) log_id: Option<String>,
}

/// The columns [`for_each_named_row`] reads, in its order.
pub(crate) fn named_columns(table: RunTable) -> String {
    format!("id, {}, timestamp, step, metrics, run_name, {}", table.run, table.log_id)
}

/// Runs `sql`, which selects [`named_columns`], until `take` breaks.
pub(crate) fn for_each_named_row(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut take: impl FnMut(NamedRow) -> ControlFlow<()>,
) -> rusqlite::Result<()> {
    for_each(connection, sql, params, |columns, row| {
        let has_time = time(columns.get_ref(2)?).is_some();
        Ok(take(NamedRow { row, has_time, run_name: text(columns, 5)?, log_id: optional_text(columns, 6)? }))
    })
}

/// Runs `sql`, which selects id, run, timestamp, step and metrics, until `take` breaks.
pub(crate) fn for_each_row(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut take: impl FnMut(StoredRow) -> ControlFlow<()>,
) -> rusqlite::Result<()> {
    for_each(connection, sql, params, |_, stored| Ok(take(stored)))
}

fn for_each(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut take: impl FnMut(&Row<'_>, StoredRow) -> rusqlite::Result<ControlFlow<()>>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut last_time = Timestamp::default();
    while let Some(row) = rows.next()? {
        last_time = time(row.get_ref(2)?).unwrap_or(last_time);
        let stored = StoredRow {
            id: row.get(0)?,
            run_id: text(row, 1)?,
            time: last_time,
            step: integer(row.get_ref(3)?),
            metrics: bytes(row.get_ref(4)?).and_then(|json| parse_metrics(json).ok()).unwrap_or_default(),
        };
        if take(row, stored)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// The same; `take` also gets whether the time stands in the form in which the peer and we write it, of which text
/// sorts as it reads.
pub(crate) fn for_each_sortable_row(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut take: impl FnMut(StoredRow, bool) -> ControlFlow<()>,
) -> rusqlite::Result<()> {
    for_each(connection, sql, params, |columns, stored| {
        let moment = columns.get_ref(2)?;
        Ok(take(stored, time(moment).is_some() && is_sortable(moment)))
    })
}

/// Whether it is text like `2026-11-23T02:17:52.070297+00:00`, with or without a fraction.
fn is_sortable(time: ValueRef<'_>) -> bool {
    let ValueRef::Text(text) = time else { return false };
    let has_fraction =
        || text.len() <= "2026-11-23T02:17:52.070297+00:00".len() && text.get(19) == Some(&b'.');
    let length_fits = text.len() == "2026-11-23T02:17:52+00:00".len() || has_fraction();
    length_fits && text.get(10) == Some(&b'T') && text.ends_with(b"+00:00")
}

/// Text of a column that other programs may have filled with anything.
pub(crate) fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    optional_text(row, column).map(Option::unwrap_or_default)
}

/// The same for a column that may be empty.
pub(crate) fn optional_text(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    Ok(bytes(row.get_ref(column)?).map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
}

/// JSON, or whatever else a column holds as text or blob.
pub(crate) fn bytes(value: ValueRef<'_>) -> Option<&[u8]> {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => None,
    }
}

/// A time as text, or as the number of seconds some imports write.
pub(crate) fn time(value: ValueRef<'_>) -> Option<Timestamp> {
    match value {
        ValueRef::Real(seconds) => Some(Timestamp::from_seconds(seconds)),
        ValueRef::Integer(seconds) => Some(Timestamp::from_seconds(seconds as f64)),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Timestamp::parse(std::str::from_utf8(bytes).ok()?),
        ValueRef::Null => None,
    }
}

/// A whole number, however it is stored; 0 where it is none.
pub(crate) fn integer(value: ValueRef<'_>) -> i64 {
    match value {
        ValueRef::Integer(number) => number,
        ValueRef::Real(number) => number as i64,
        ValueRef::Text(_) | ValueRef::Blob(_) | ValueRef::Null => 0,
    }
}
