//! A block: the encoded columns of up to 4,096 rows of one track, and its head.

use serde::{Deserialize, Serialize};

use super::checksum::{self, Damaged};
use super::chunk::ChunkHead;

/// Most rows of a block that is read: a damaged head must not ask for all memory.
pub(crate) const MOST_ROWS: u32 = 1 << 20;

/// Lowest and highest of some steps, or of some times in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The lowest.
    pub lowest: i64,
    /// The highest.
    pub highest: i64,
}

impl Span {
    /// The span of these; that of none is 0 to 0.
    pub(crate) fn of(numbers: impl Iterator<Item = i64>) -> Self {
        numbers
            .map(|number| Self { lowest: number, highest: number })
            .reduce(|a, b| Self { lowest: a.lowest.min(b.lowest), highest: a.highest.max(b.highest) })
            .unwrap_or(Self { lowest: 0, highest: 0 })
    }
}

/// What a block says without its blobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockHead {
    /// Rows of the track before it.
    pub first_row: u64,
    /// Its rows.
    pub rows: u32,
    /// Id of the first row in the table.
    pub first_id: i64,
    /// Id of the last row.
    pub last_id: i64,
    /// Training steps.
    pub steps: Span,
    /// Times in microseconds since 1970.
    pub times: Span,
    /// No step is lower than the one before it.
    pub steps_ascend: bool,
    /// No time is earlier than the one before it.
    pub times_ascend: bool,
    /// There is room for more rows: [`super::Tail::decode`] continues it.
    pub partial: bool,
}

impl BlockHead {
    /// As bytes that end with a checksum.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        checksum::seal(postcard::to_allocvec(self).unwrap_or_default())
    }

    /// From those bytes.
    ///
    /// # Errors
    /// When they are damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        postcard::from_bytes(checksum::open(bytes)?)
            .ok()
            .filter(|head: &Self| (1..=MOST_ROWS).contains(&head.rows))
            .ok_or(Damaged { reason: "the head of a block" })
    }
}

/// One metric of a block.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricChunk {
    /// The metric.
    pub name: String,
    /// What the chunk says at a glance.
    pub head: ChunkHead,
    /// The values, and which rows have one.
    pub values: Vec<u8>,
    /// Lowest and highest of each 64 values; none where the values are hardly larger.
    pub rollup: Option<Vec<u8>>,
}

/// Rows of one track, encoded. The same form for a full block and for one that grows on.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// What the block says at a glance.
    pub head: BlockHead,
    /// Ids of the rows in the table.
    pub ids: Vec<u8>,
    /// Training steps.
    pub steps: Vec<u8>,
    /// Times.
    pub times: Vec<u8>,
    /// The metrics that any of the rows has.
    pub metrics: Vec<MetricChunk>,
}
