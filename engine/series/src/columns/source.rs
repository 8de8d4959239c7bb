//! How a chart gets at the columns of one metric of one track, wherever they are kept.

use std::borrow::Cow;

use super::axis::Axis;
use super::block::BlockHead;
use super::checksum::Damaged;
use super::chunk::ChunkHead;
use super::tail::TailPoint;

/// A block that has points of the metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricBlock {
    /// Head of the block.
    pub block: BlockHead,
    /// Head of the metric's chunk.
    pub chunk: ChunkHead,
}

impl MetricBlock {
    /// Lowest and highest x of the rows that have the metric.
    pub(crate) fn ends(&self, axis: Axis) -> (f64, f64) {
        let (steps, times) = self.chunk.sparse.unwrap_or((self.block.steps, self.block.times));
        let span = if axis.is_step() { steps } else { times };
        (axis.x_of(span.lowest), axis.x_of(span.highest))
    }

    /// Its points come in the order of x.
    pub(crate) fn ascends(&self, axis: Axis) -> bool {
        if axis.is_step() { self.block.steps_ascend } else { self.block.times_ascend }
    }
}

/// The columns of one metric of one track. Heads are at hand; blobs are fetched when they are needed, those of
/// few blocks where the window is small.
pub trait MetricColumns {
    /// Why a blob could not be had, or read.
    type Error: From<Damaged>;

    /// The blocks that have points of the metric, in the order of their rows.
    fn blocks(&self) -> &[MetricBlock];

    /// [`super::Block::steps`] of the block at a place of [`Self::blocks`].
    ///
    /// # Errors
    /// When it cannot be had.
    fn steps(&self, place: usize) -> Result<Cow<'_, [u8]>, Self::Error>;

    /// [`super::Block::times`] of that block.
    ///
    /// # Errors
    /// When it cannot be had.
    fn times(&self, place: usize) -> Result<Cow<'_, [u8]>, Self::Error>;

    /// [`super::MetricChunk::values`] of the metric in that block.
    ///
    /// # Errors
    /// When it cannot be had.
    fn values(&self, place: usize) -> Result<Cow<'_, [u8]>, Self::Error>;

    /// [`super::MetricChunk::rollup`] of the metric in that block.
    ///
    /// # Errors
    /// When it cannot be had.
    fn rollup(&self, place: usize) -> Result<Option<Cow<'_, [u8]>>, Self::Error>;

    /// The points that are in no block yet ([`super::Tail::points`]), all after those of the blocks.
    fn tail(&self) -> &[TailPoint];
}
