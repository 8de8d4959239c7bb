//! The values of one metric in one block: which rows have it, its numbers, and what the chunk says at a glance.

use serde::{Deserialize, Serialize};

use super::block::{MOST_ROWS, Span};
use super::checksum::{self, Damaged};
use super::floats::{self, Floats};
use super::packed::{self, Packed};

/// What a chunk says without its blobs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChunkHead {
    /// Values, those that are not finite included; at least one.
    pub points: u32,
    /// How many of them are NaN or infinite.
    pub not_finite: u32,
    /// Steps and times of the rows that have the metric, where some rows of the block do not.
    pub sparse: Option<(Span, Span)>,
}

impl ChunkHead {
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
            .filter(|head: &Self| (1..=MOST_ROWS).contains(&head.points))
            .ok_or(Damaged { reason: "the head of a chunk" })
    }
}

const EVERY_ROW: u8 = 0;
const SOME_ROWS: u8 = 1;

/// The blob of a chunk; `rows` are the places of its values in the block where some rows lack the metric.
pub(crate) fn encode(rows: Option<&[u32]>, values: &[f64]) -> Vec<u8> {
    let mut out = Vec::new();
    match rows {
        None => out.push(EVERY_ROW),
        Some(rows) => {
            out.push(SOME_ROWS);
            let rows: Vec<u64> = rows.iter().map(|row| u64::from(*row)).collect();
            packed::pack(&rows, &mut out);
        }
    }
    floats::write(values, &mut out);
    checksum::seal(out)
}

/// A chunk that is read.
#[derive(Debug, Clone)]
pub(crate) struct Chunk<'a> {
    /// Where in the block its values stand, ascending; `None` when every row has one.
    pub(crate) rows: Option<Vec<u32>>,
    /// The values.
    pub(crate) values: Floats<'a>,
}

impl<'a> Chunk<'a> {
    /// The chunk of so many points in a block of so many rows.
    pub(crate) fn open(blob: &'a [u8], points: u32, block_rows: u32) -> Result<Self, Damaged> {
        let damaged = Damaged { reason: "a chunk does not fit its block" };
        let (sparse, mut rest) = checksum::open(blob)?.split_first().ok_or(damaged)?;
        if points > block_rows {
            return Err(damaged);
        }
        let mut rows = None;
        match *sparse {
            EVERY_ROW if points == block_rows => {}
            SOME_ROWS => {
                let (packed, after) = Packed::open(rest, points as usize)?;
                rest = after;
                let places = packed.to_vec();
                let fit = places.is_sorted_by(|a, b| a < b)
                    && places.last().is_some_and(|last| *last < u64::from(block_rows));
                if !fit {
                    return Err(damaged);
                }
                rows = Some(places.into_iter().map(|row| row as u32).collect());
            }
            _ => return Err(damaged),
        }
        let (values, _) = Floats::open(rest, points as usize)?;
        Ok(Self { rows, values })
    }

    /// The row of the block in which a point stands.
    pub(crate) fn row_of(&self, point: usize) -> usize {
        self.rows.as_ref().map_or(point, |rows| rows[point] as usize)
    }

    /// How many points stand before a row of the block.
    pub(crate) fn points_before(&self, row: usize) -> usize {
        self.rows.as_ref().map_or(row, |rows| rows.partition_point(|place| (*place as usize) < row))
    }
}
