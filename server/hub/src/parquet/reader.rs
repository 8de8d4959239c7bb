//! Rows of a table out of one file, ours or the peer's.

use std::fs::File;
use std::path::Path;

use ::parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use paceline_storage::Cell;

use super::error::ParquetError;
use super::row::RowReader;
use super::tables::Table;
use super::writer::{NOTE, Note};

/// Rows that are decoded together.
const ROWS_PER_BATCH: usize = 1_024;

/// Hands the cells of every row to `take`, those of [`Table::selected`]; the number of rows.
///
/// # Errors
/// What `take` returns, or what is wrong with the file.
pub(crate) fn for_each_row(
    table: &'static Table,
    path: &Path,
    mut take: impl FnMut(&[Cell<'_>]) -> Result<(), ParquetError>,
) -> Result<u64, ParquetError> {
    let file = File::open(path).map_err(ParquetError::reading(path))?;
    let damaged = ParquetError::damaged(path);
    let unexpected = |reason: String| ParquetError::unexpected(path, reason);
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(&damaged)?;
    let note = note(&builder).map_err(unexpected)?;
    if let Some(note) = note.as_ref().filter(|note| note.table != table.name) {
        return Err(unexpected(format!("holds the table `{}`, not `{}`", note.table, table.name)));
    }
    let members = note.as_ref().map(|note| note.columns.as_slice());
    let batches = builder.with_batch_size(ROWS_PER_BATCH).build().map_err(&damaged)?;
    let (mut scratch, mut rows) = (Vec::new(), 0);
    for batch in batches {
        let batch = batch.map_err(|error| unexpected(format!("is damaged: {error}")))?;
        let reader = RowReader::new(table, members, &batch).map_err(unexpected)?;
        for place in 0..batch.num_rows() {
            reader.row(place, &mut scratch, &mut take).map_err(unexpected)??;
            rows += 1;
        }
    }
    Ok(rows)
}

/// What we wrote about the file, if we wrote it.
fn note(builder: &ParquetRecordBatchReaderBuilder<File>) -> Result<Option<Note>, String> {
    let entries = builder.metadata().file_metadata().key_value_metadata();
    let entry = entries.and_then(|entries| entries.iter().find(|entry| entry.key == NOTE));
    let Some(json) = entry.and_then(|entry| entry.value.as_deref()) else { return Ok(None) };
    let note: Note =
        serde_json::from_str(json).map_err(|error| format!("has a note that is none of ours: {error}"))?;
    if note.format > 1 {
        return Err("was written by a later version; update this program".into());
    }
    Ok(Some(note))
}
