//! Which rows of a block hold typed objects under a key.

use paceline_schema::{Timestamp, ValueKinds};

use super::checksum::Damaged;
use super::chunk::Chunk;
use super::row_numbers::RowNumbers;
use super::source::MetricBlock;

/// A row with typed objects under one key. Where the key stands twice in the row it may be of the first one, which
/// the last one replaces: the row tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowKinds {
    /// Id of the row in the table.
    pub id: i64,
    /// Training step.
    pub step: i64,
    /// When it was logged.
    pub time: Timestamp,
    /// What the value of the key holds.
    pub kinds: ValueKinds,
}

/// The rows of a block that a column of kinds tells of, in their order; `ids`, `steps`, `times` and `values` are
/// the blobs.
///
/// # Errors
/// When one of them is damaged.
pub fn kinds_of_block(
    head: &MetricBlock,
    ids: &[u8],
    steps: &[u8],
    times: &[u8],
    values: &[u8],
) -> Result<Vec<RowKinds>, Damaged> {
    let rows = head.block.rows as usize;
    let mut ids = RowNumbers::open(ids, rows)?;
    let (mut steps, mut times) = (RowNumbers::open(steps, rows)?, RowNumbers::open(times, rows)?);
    let mut chunk = Chunk::open(values, head.chunk.points, head.block.rows)?;
    let row_kinds = |point: usize| {
        // Within the block, or the chunk would not have opened.
        let row = chunk.row_of(point);
        let kinds = ValueKinds::from_number(chunk.values.at(point));
        RowKinds { id: ids.at(row), step: steps.at(row), time: Timestamp(times.at(row)), kinds }
    };
    Ok((0..head.chunk.points as usize).map(row_kinds).collect())
}
