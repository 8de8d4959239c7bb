//! One row by its id, whatever it weighs.

use paceline_schema::Metrics;
use paceline_schema::values::parse_metrics;
use rusqlite::{OptionalExtension, params};

use super::Reader;
use crate::error::StorageError;
use crate::rows::{bytes, text};

/// What a row holds, as far as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct RowContent {
    /// The run it belongs to.
    pub run_id: String,
    /// Bytes of its values as they are stored.
    pub bytes: u64,
    /// Names and values; `None` where they take more bytes than were wanted, empty when they cannot be read.
    pub metrics: Option<Metrics>,
}

impl Reader<'_> {
    /// The row with an id, its values read if they take no more than `most_bytes`; `None` when it is not there.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn row_content(&self, id: i64, most_bytes: u64) -> Result<Option<RowContent>, StorageError> {
        let Some(table) = self.shape.metrics else { return Ok(None) };
        // The length stands in the head of the value: what is too long is not fetched.
        let sql = format!(
            "SELECT {}, coalesce(octet_length(metrics), 0), \
             CASE WHEN octet_length(metrics) <= ?2 THEN metrics END FROM metrics WHERE id = ?1",
            table.run
        );
        let read = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let most = i64::try_from(most_bytes).unwrap_or(i64::MAX);
            statement
                .query_row(params![id, most], |row| {
                    let length: i64 = row.get(1)?;
                    let json = bytes(row.get_ref(2)?);
                    let metrics = json.map(|json| parse_metrics(json).unwrap_or_default());
                    let metrics = if length > most { None } else { Some(metrics.unwrap_or_default()) };
                    Ok(RowContent { run_id: text(row, 0)?, bytes: length.unsigned_abs(), metrics })
                })
                .optional()
        };
        read().map_err(self.explain("read a row"))
    }
}
