//! A track whose blobs are kept in memory.

use std::borrow::Cow;

use crate::columns::{
    Block, BlockHead, ChunkHead, Damaged, MetricBlock, MetricChunk, MetricColumns, Tail, TailPoint,
};

/// Blocks as storage keeps them, and a tail.
pub(super) struct Kept {
    pub(super) blocks: Vec<Block>,
    pub(super) tail: Tail,
}

impl Kept {
    /// One of its metrics.
    pub(super) fn metric(&self, name: &str) -> KeptMetric<'_> {
        let mut metric = KeptMetric { heads: Vec::new(), blobs: Vec::new(), tail: self.tail.points(name) };
        for block in &self.blocks {
            let Some(chunk) = block.metrics.iter().find(|chunk| chunk.name == name) else { continue };
            metric.heads.push(MetricBlock {
                block: BlockHead::decode(&block.head.encode()).unwrap(),
                chunk: ChunkHead::decode(&chunk.head.encode()).unwrap(),
            });
            metric.blobs.push((block, chunk));
        }
        metric
    }
}

/// One metric of [`Kept`].
pub(super) struct KeptMetric<'a> {
    heads: Vec<MetricBlock>,
    blobs: Vec<(&'a Block, &'a MetricChunk)>,
    tail: Vec<TailPoint>,
}

impl MetricColumns for KeptMetric<'_> {
    type Error = Damaged;

    fn blocks(&self) -> &[MetricBlock] {
        &self.heads
    }

    fn steps(&self, place: usize) -> Result<Cow<'_, [u8]>, Damaged> {
        Ok(Cow::Borrowed(&self.blobs[place].0.steps))
    }

    fn times(&self, place: usize) -> Result<Cow<'_, [u8]>, Damaged> {
        Ok(Cow::Borrowed(&self.blobs[place].0.times))
    }

    fn values(&self, place: usize) -> Result<Cow<'_, [u8]>, Damaged> {
        Ok(Cow::Borrowed(&self.blobs[place].1.values))
    }

    fn rollup(&self, place: usize) -> Result<Option<Cow<'_, [u8]>>, Damaged> {
        Ok(self.blobs[place].1.rollup.as_deref().map(Cow::Borrowed))
    }

    fn tail(&self) -> &[TailPoint] {
        &self.tail
    }
}
