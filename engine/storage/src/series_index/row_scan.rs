//! Rows of `metrics` for the series index: those of some runs, read along the table.

use std::borrow::Cow;

use paceline_schema::values::parse_metrics;
use rusqlite::{Connection, OptionalExtension, params};

use super::failure::IndexFailure;
use super::open_run::{RowToTake, checksum_of_row};
use crate::compat::RunTable;
use crate::rows::{bytes, integer, text, time};

/// Hands every row of the runs that `which` knows, with an id after `after` and up to `until`, to `take`, in id
/// order. `which` gives each run a place and `take` gets it; rows of other runs are not parsed.
pub(crate) fn scan(
    connection: &Connection,
    table: RunTable,
    (after, until): (i64, i64),
    only: Option<&str>,
    mut which: impl FnMut(&str, i64) -> Option<usize>,
    mut take: impl FnMut(usize, RowToTake<'_>) -> Result<(), IndexFailure>,
) -> Result<(), IndexFailure> {
    // The rows of a run lie close together, so a walk along the table is quicker than one along an index.
    let run = table.run;
    let sql = format!(
        "SELECT id, {run}, timestamp, step, metrics FROM metrics NOT INDEXED WHERE id > ?1 AND id <= ?2 \
         AND (?3 IS NULL OR {run} = ?3) ORDER BY id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![after, until, only])?;
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        let run_id = bytes(row.get_ref(1)?).map_or(Cow::default(), String::from_utf8_lossy);
        let Some(place) = which(&run_id, id) else { continue };
        let step = integer(row.get_ref(3)?);
        let json = bytes(row.get_ref(4)?).unwrap_or_default();
        let metrics = parse_metrics(json).unwrap_or_default();
        let row = RowToTake {
            id,
            time: time(row.get_ref(2)?),
            step,
            metrics: &metrics,
            checksum: checksum_of_row(&run_id, step, json),
        };
        take(place, row)?;
    }
    Ok(())
}

/// The checksum of a row; `None` when it is not there.
pub(crate) fn checksum_at(
    connection: &Connection,
    table: RunTable,
    id: i64,
) -> rusqlite::Result<Option<u32>> {
    connection
        .prepare_cached(&format!("SELECT {}, step, metrics FROM metrics WHERE id = ?1", table.run))?
        .query_row([id], |row| {
            let json = bytes(row.get_ref(2)?).unwrap_or_default();
            Ok(checksum_of_row(&text(row, 0)?, integer(row.get_ref(1)?), json))
        })
        .optional()
}

/// The largest id there is.
pub(crate) fn newest_id(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT coalesce(max(id), 0) FROM metrics")?.query_row([], |row| row.get(0))
}
