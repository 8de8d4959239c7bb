//! The series of one track as columns: encoded blocks of rows, and charts that read few bytes of them.
//!
//! A *track* is the rows of one run and one rank in the order they came, for each process counts its own steps.
//! [`Tail`] takes rows in; when it is full it becomes a [`Block`], whose blobs storage keeps and hands out again
//! through [`MetricColumns`], one metric at a time. [`chart()`], [`draft`] and [`points`] answer over any mixture of
//! blocks and a tail exactly as they would over the rows.
//!
//! A key has up to two columns: its numbers, and the kinds of typed objects that its other values hold.

mod axis;
mod block;
mod chart;
mod checksum;
mod chunk;
mod floats;
mod kinds;
mod marks;
mod names;
mod packed;
mod pixel;
mod rollup;
mod row_numbers;
mod source;
mod tail;

pub use axis::Axis;
pub use block::{Block, BlockHead, MetricChunk, Span};
pub use chart::{Chart, RowPoint, RowValue, chart, draft, points, values};
pub use checksum::Damaged;
pub use chunk::ChunkHead;
pub use kinds::{RowKinds, kinds_of_block};
pub use names::{kinds_column, number_column};
pub use pixel::{Grid, Point, Window, reduce};
pub use source::{MetricBlock, MetricColumns};
pub use tail::{Tail, TailPoint};

#[cfg(test)]
mod tests;
