//! Lowest and highest of each 64 values of a chunk, and where they and the first value that is not finite stand.

use super::checksum::{self, Damaged};
use super::floats::{self, Floats};
use super::marks::Marks;
use super::packed::{self, MINI, Packed};

/// In the place of a row: there is no such value.
const NONE: u64 = u32::MAX as u64;
/// The same in a chunk of every row, whose rows are counted from the first of each mini-block.
const NONE_OF_MINI: u64 = MINI as u64;

/// The rollup of a chunk; none where one mini-block holds all values. `rows` as of the chunk.
pub(crate) fn encode(rows: Option<&[u32]>, values: &[f64]) -> Option<Vec<u8>> {
    if values.len() <= MINI {
        return None;
    }
    let marks: Vec<Marks> =
        values.chunks(MINI).map(|bucket| Marks::of(bucket.iter().copied().enumerate())).collect();
    let values = |of: fn(&Marks) -> Option<(usize, f64)>| -> Vec<f64> {
        marks.iter().map(|marks| of(marks).map_or(0.0, |(_, value)| value)).collect()
    };
    let places = |of: fn(&Marks) -> Option<(usize, f64)>| -> Vec<u64> {
        let places = marks.iter().map(|marks| of(marks).map(|(place, _)| place)).enumerate();
        let in_rows = places.map(|(bucket, place)| match (rows, place) {
            (None, place) => place.map_or(NONE_OF_MINI, |place| place as u64),
            (Some(rows), place) => place.map_or(NONE, |place| u64::from(rows[bucket * MINI + place])),
        });
        in_rows.collect()
    };
    let mut out = Vec::new();
    floats::write(&values(|marks| marks.lowest), &mut out);
    floats::write(&values(|marks| marks.highest), &mut out);
    packed::pack(&places(|marks| marks.lowest), &mut out);
    packed::pack(&places(|marks| marks.highest), &mut out);
    packed::pack(&places(|marks| marks.gap), &mut out);
    Some(checksum::seal(out))
}

/// What matters of each 64 of so many points, by their rows in a block of so many.
pub(crate) fn decode(blob: &[u8], points: u32, block_rows: u32) -> Result<Vec<Marks>, Damaged> {
    let buckets = (points as usize).div_ceil(MINI);
    let (lowest, rest) = Floats::open(checksum::open(blob)?, buckets)?;
    let (highest, rest) = Floats::open(rest, buckets)?;
    let (lowest_at, rest) = Packed::open(rest, buckets)?;
    let (highest_at, rest) = Packed::open(rest, buckets)?;
    let (gap_at, _) = Packed::open(rest, buckets)?;
    let (lowest, highest) = (lowest.into_vec(), highest.into_vec());
    let (lowest_at, highest_at, gap_at) = (lowest_at.to_vec(), highest_at.to_vec(), gap_at.to_vec());
    let has_every_row = points == block_rows;
    let marks = |bucket: usize| {
        let (first, most) = if has_every_row { (bucket * MINI, NONE_OF_MINI) } else { (0, NONE) };
        let mark = |place: u64, value: f64| {
            let row = (place < most).then(|| first + place as usize);
            row.filter(|row| *row < block_rows as usize).map(|row| (row, value))
        };
        Marks {
            lowest: mark(lowest_at[bucket], lowest[bucket]),
            highest: mark(highest_at[bucket], highest[bucket]),
            gap: mark(gap_at[bucket], f64::NAN),
        }
    };
    Ok((0..buckets).map(marks).collect())
}
