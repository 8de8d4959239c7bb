//! A column that every row of a block has: ids, steps or times.

use std::ops::Range;

use super::checksum::{self, Damaged};
use super::packed::{self, MINI, Packed};

/// The column as a blob.
pub(crate) fn encode(numbers: &[i64]) -> Vec<u8> {
    let numbers: Vec<u64> = numbers.iter().map(|number| ordered(*number)).collect();
    let mut out = Vec::new();
    packed::pack(&numbers, &mut out);
    checksum::seal(out)
}

/// So that the lowest of a mini-block is the lowest of signed numbers.
fn ordered(number: i64) -> u64 {
    number as u64 ^ 1 << 63
}

fn signed(number: u64) -> i64 {
    (number ^ 1 << 63) as i64
}

/// The column of a block that is read; the mini-block read last is kept.
#[derive(Debug, Clone)]
pub(crate) struct RowNumbers<'a> {
    numbers: Packed<'a>,
    mini: Option<usize>,
    read: [u64; MINI],
}

impl<'a> RowNumbers<'a> {
    /// The column of `rows` rows in a blob.
    pub(crate) fn open(blob: &'a [u8], rows: usize) -> Result<Self, Damaged> {
        let (numbers, _) = Packed::open(checksum::open(blob)?, rows)?;
        Ok(Self { numbers, mini: None, read: [0; MINI] })
    }

    /// The number of a row of the block.
    pub(crate) fn at(&mut self, row: usize) -> i64 {
        if let Some(number) = self.numbers.on_line(row) {
            return signed(number);
        }
        if self.mini != Some(row / MINI) {
            self.numbers.read(row / MINI, &mut self.read);
            self.mini = Some(row / MINI);
        }
        signed(self.read[row % MINI])
    }

    /// Of numbers that ascend: the first of `rows` for which `holds` is false, and the end when there is none.
    pub(crate) fn partition(&mut self, rows: Range<usize>, holds: impl Fn(i64) -> bool) -> usize {
        // The first mini-block after that of the first row which does not begin with it.
        let (mut low, mut high) = (rows.start / MINI + 1, rows.end.div_ceil(MINI));
        while low < high {
            let middle = low.midpoint(high);
            if holds(signed(self.numbers.first_of(middle))) { low = middle + 1 } else { high = middle }
        }
        let (mut start, mut end) = (rows.start.max((low - 1) * MINI), rows.end.min(low * MINI));
        while start < end {
            let middle = start.midpoint(end);
            if holds(self.at(middle)) { start = middle + 1 } else { end = middle }
        }
        start
    }

    /// All numbers.
    pub(crate) fn to_vec(&self) -> Vec<i64> {
        self.numbers.to_vec().into_iter().map(signed).collect()
    }
}
