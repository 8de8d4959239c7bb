//! Tracks as trainers make them, and as nobody would.

use paceline_schema::{Timestamp, Value};
use proptest::prelude::*;

use super::kept::Kept;
use crate::columns::Tail;

/// How the numbers of a track run.
#[derive(Debug, Clone, Copy)]
pub(super) enum Run {
    Regular,
    Stride,
    Repeated,
    Rewinding,
    Gaps,
    Falling,
    Anywhere,
    /// Neighbours are one float.
    Huge,
    Still,
}

pub(super) const RUNS: [Run; 9] = [
    Run::Regular,
    Run::Stride,
    Run::Repeated,
    Run::Rewinding,
    Run::Gaps,
    Run::Falling,
    Run::Anywhere,
    Run::Huge,
    Run::Still,
];

/// What the values are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Values {
    Noise,
    Short,
    Decimals,
    Counter,
    Line,
    Constant,
    NotFinite,
    NanRuns,
    Zeros,
    Bits,
    /// Decimals with a NaN, an infinity or noise among them.
    Spoiled,
}

pub(super) const VALUES: [Values; 11] = [
    Values::Noise,
    Values::Short,
    Values::Decimals,
    Values::Counter,
    Values::Line,
    Values::Constant,
    Values::NotFinite,
    Values::NanRuns,
    Values::Zeros,
    Values::Bits,
    Values::Spoiled,
];

/// Which rows have the metric.
#[derive(Debug, Clone, Copy)]
pub(super) enum Presence {
    Every,
    Most,
    EverySeventh,
    FirstHalf,
    Few,
}

const PRESENCES: [Presence; 5] =
    [Presence::Every, Presence::Most, Presence::EverySeventh, Presence::FirstHalf, Presence::Few];

/// A stream of numbers that a seed fixes.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// From 0 to 1.
    pub(super) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

impl Run {
    pub(super) fn numbers(self, length: usize, dice: &mut Dice) -> Vec<i64> {
        let mut newest = 0i64;
        let number = |place: usize| {
            let place = place as i64;
            newest = match self {
                Self::Regular => place,
                Self::Stride => place * 10 - 50,
                Self::Repeated => place / 3,
                Self::Rewinding if dice.below(60) == 0 => newest - dice.below(40) as i64,
                Self::Rewinding => newest + 1,
                Self::Gaps => newest + dice.below(9) as i64 * dice.below(9) as i64,
                Self::Falling => -place,
                Self::Anywhere => dice.below(1_000) as i64 - 500,
                Self::Huge => (1 << 60) + place * 40,
                Self::Still => 7,
            };
            newest
        };
        (0..length).map(number).collect()
    }
}

impl Values {
    pub(super) fn numbers(self, length: usize, dice: &mut Dice) -> Vec<f64> {
        let decimal = |dice: &mut Dice| (dice.below(40_000) as f64 - 10_000.0) / 1e4;
        let number = |place: usize| match self {
            Self::Noise => dice.share() * 3.0 - 1.0,
            Self::Short => f64::from(dice.share() as f32),
            Self::Decimals => decimal(dice),
            Self::Counter => place as f64 * 8_192.0,
            Self::Line => 3e-4 * (1.0 - place as f64 / length as f64),
            Self::Constant => 0.1,
            Self::NotFinite => {
                [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, dice.share()][dice.below(4) as usize]
            }
            Self::NanRuns if (place / 50).is_multiple_of(2) => f64::NAN,
            Self::NanRuns => decimal(dice),
            Self::Zeros => [0.0, -0.0, 1.0][dice.below(3) as usize],
            Self::Bits => f64::from_bits(dice.next()),
            Self::Spoiled if dice.below(40) == 0 => {
                [f64::NAN, f64::INFINITY, -0.0, dice.share(), 1e300][dice.below(5) as usize]
            }
            Self::Spoiled => decimal(dice),
        };
        (0..length).map(number).collect()
    }
}

/// One row; its place is the number of rows before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) step: i64,
    pub(super) time: i64,
    pub(super) value: Option<f64>,
}

/// A track of one metric `loss`, and where it is cut into blocks.
#[derive(Debug, Clone)]
pub(super) struct Track {
    pub(super) rows: Vec<Row>,
    pub(super) cuts: Vec<usize>,
}

impl Track {
    pub(super) fn new(
        length: usize,
        steps: Run,
        times: Run,
        values: Values,
        presence: Presence,
        longest_block: usize,
        seed: u64,
    ) -> Self {
        let mut dice = Dice::new(seed);
        let steps = steps.numbers(length, &mut dice);
        let times = times.numbers(length, &mut dice);
        let values = values.numbers(length, &mut dice);
        let mut has = |row: usize| match presence {
            Presence::Every => true,
            Presence::Most => dice.below(5) > 0,
            Presence::EverySeventh => row % 7 == 3,
            Presence::FirstHalf => row < length / 2,
            Presence::Few => dice.below(100) == 0,
        };
        let rows = (0..length).map(|row| Row {
            step: steps[row],
            time: times[row],
            value: has(row).then_some(values[row]),
        });
        let rows = rows.collect();
        let mut cuts = Vec::new();
        let mut end = 0;
        while end < length {
            end += 1 + dice.below(longest_block as u64) as usize;
            cuts.push(end);
        }
        Self { rows, cuts }
    }

    /// As storage keeps it, the rows after the last cut in the tail.
    pub(super) fn kept(&self) -> Kept {
        let mut kept = Kept { blocks: Vec::new(), tail: Tail::new(0) };
        for (place, row) in self.rows.iter().enumerate() {
            if self.cuts.contains(&place) {
                kept.blocks.push(kept.tail.encode().unwrap());
                kept.tail = kept.tail.after();
            }
            let mut metrics = vec![("other".to_owned(), Value::Integer(1))];
            metrics.extend(row.value.map(|value| ("loss".to_owned(), Value::Float(value))));
            kept.tail.absorb(place as i64 * 3, Timestamp(row.time), row.step, &metrics);
        }
        kept
    }
}

/// Any track of at most `longest` rows.
pub(super) fn any_track(longest: usize) -> impl Strategy<Value = Track> {
    let run = || prop::sample::select(RUNS.to_vec());
    let presence = prop_oneof![3 => Just(Presence::Every), 2 => prop::sample::select(PRESENCES.to_vec())];
    let values = prop::sample::select(VALUES.to_vec());
    let block = prop::sample::select(vec![1usize, 70, 200, 1_000]);
    (1..=longest, run(), run(), values, presence, block, any::<u64>()).prop_map(
        |(length, steps, times, values, presence, block, seed)| {
            // Blocks of one row only where there are few.
            let length = length.min(block * 150);
            Track::new(length, steps, times, values, presence, block, seed)
        },
    )
}
