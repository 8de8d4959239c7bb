//! Rows with pictures, tables, histograms and other typed objects, from the columns that keep their kinds.

use std::borrow::Cow;

use paceline_schema::ValueKinds;
use paceline_series::columns::{MetricColumns, RowKinds, kinds_column, kinds_of_block};

use super::failure::SeriesUnavailable;
use super::seal::Part;
use super::snapshot::{MetricSeries, SeriesSnapshot};

impl SeriesSnapshot {
    /// The rows of one rank of a run whose value under `key` holds one of `kinds`, with an id below `before`, the
    /// newest first, at most `most`. Blocks that hold none of these are not read.
    ///
    /// # Errors
    /// When the side file cannot be read, or is damaged: it is built anew for the next one who asks.
    pub fn typed_rows(
        &self,
        run_id: &str,
        rank: u32,
        key: &str,
        kinds: ValueKinds,
        before: i64,
        most: usize,
    ) -> Result<Vec<RowKinds>, SeriesUnavailable> {
        let column = self.find_column(run_id, rank, Cow::Owned(kinds_column(key)));
        let series = column.map_err(|failure| self.fail(run_id, failure))?;
        let mut found = Vec::new();
        let fits = |row: &RowKinds| row.id < before && row.kinds.meets(kinds);
        let tail = self.tail(run_id, rank);
        let in_tail = series.tail().iter().rev().filter_map(|point| {
            let id = tail?.id_of(point.row)?;
            let kinds = ValueKinds::from_number(point.value);
            Some(RowKinds { id, step: point.step, time: point.time, kinds })
        });
        found.extend(in_tail.filter(fits).take(most));
        for place in (0..series.blocks().len()).rev() {
            if found.len() >= most {
                break;
            }
            if series.blocks()[place].block.first_id < before {
                let rows = rows_of_block(&series, place)?;
                found.extend(rows.into_iter().rev().filter(fits).take(most - found.len()));
            }
        }
        Ok(found)
    }
}

fn rows_of_block(series: &MetricSeries<'_>, place: usize) -> Result<Vec<RowKinds>, SeriesUnavailable> {
    let ids = series.column(place, Part::Ids, |block| &block.ids, |block| &block.ids)?;
    let (steps, times, values) = (series.steps(place)?, series.times(place)?, series.values(place)?);
    Ok(kinds_of_block(&series.blocks()[place], &ids, &steps, &times, &values)?)
}
