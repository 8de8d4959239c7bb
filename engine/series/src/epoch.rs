//! How many steps an epoch has, read from the logged epoch and step.

use serde::{Deserialize, Serialize};

/// An epoch is written with this many decimals at most when it is rounded.
const DECIMALS: usize = 4;
/// With fewer rows it is not certain whether the epoch is rounded.
const CERTAIN_ROWS: u64 = 5;

/// Steps of one epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochUnits {
    /// The number to reckon with: the lowest that fits all rows when the epoch is known to be rounded.
    pub low: f64,
    /// Highest number that fits all rows.
    pub high: f64,
    /// There is no doubt.
    pub exact: bool,
}

/// The bounds that rows give if their epochs are rounded to a number of decimals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Rounding {
    /// Every epoch so far has no more decimals.
    fits: bool,
    low: f64,
    high: f64,
}

impl Default for Rounding {
    fn default() -> Self {
        Self { fits: true, low: 0.0, high: f64::INFINITY }
    }
}

impl Rounding {
    fn absorb(&mut self, decimals: usize, step: f64, epoch: f64) {
        let scale = 10f64.powi(decimals as i32);
        let scaled = epoch * scale;
        self.fits &= (scaled - scaled.round()).abs() < 1e-6;
        let half = 0.5 / scale + 1e-9;
        self.low = self.low.max((step / (epoch + half)).ceil());
        if epoch > half {
            self.high = self.high.min((step / (epoch - half) + 1.0).ceil() - 1.0);
        }
    }
}

/// Where an epoch of a whole number began.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Boundary {
    epoch: f64,
    step: f64,
}

/// What the logged epochs of a run say about the steps of one; constant memory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochTrack {
    rows: u64,
    last: Option<Boundary>,
    roundings: [Rounding; DECIMALS],
    /// Steps per epoch in the first row of the epoch that the newest row is in.
    ratio: Option<Boundary>,
    ratio_varies_within_an_epoch: bool,
    ratio_varies: bool,
    epoch_is_fractional: bool,
    /// The first and the newest beginning of an epoch that was logged as a whole number.
    first: Option<Boundary>,
    newest: Option<Boundary>,
}

impl EpochTrack {
    /// Takes the epoch of the row at training step `step` in; rows of a step already seen say nothing new.
    pub fn absorb(&mut self, step: i64, epoch: f64) {
        let step = step as f64;
        if !epoch.is_finite() || epoch < 0.0 || step < 0.0 || self.last.is_some_and(|last| last.step == step)
        {
            return;
        }
        let here = Boundary { epoch, step };
        self.rows += 1;
        self.last = Some(here);
        for (place, rounding) in self.roundings.iter_mut().enumerate() {
            rounding.absorb(place + 1, step, epoch);
        }
        self.absorb_ratio(here);
        self.epoch_is_fractional |= epoch.fract() != 0.0;
        self.first.get_or_insert(here);
        if self.newest.is_none_or(|newest| epoch > newest.epoch) {
            self.newest = Some(here);
        }
    }

    fn absorb_ratio(&mut self, here: Boundary) {
        if here.epoch == 0.0 {
            self.ratio_varies |= here.step > 0.0;
            self.ratio_varies_within_an_epoch |= here.step > 0.0;
            return;
        }
        let ratio = here.step / here.epoch;
        if let Some(before) = self.ratio {
            let before_ratio = before.step / before.epoch;
            let varies = (ratio - before_ratio).abs() > 1e-9 * before_ratio.abs();
            self.ratio_varies |= varies;
            if before.epoch.floor() == here.epoch.floor() {
                self.ratio_varies_within_an_epoch |= varies;
                return;
            }
        }
        self.ratio = Some(here);
    }

    /// Steps of one epoch. `trainer_counts` says that the trainer logs its global step, and then an epoch
    /// is the share of the data seen, also where it happens to be a whole number.
    #[must_use]
    pub fn units(&self, trainer_counts: bool) -> Option<EpochUnits> {
        let last = self.last?;
        if !self.epoch_is_fractional && self.ratio_varies {
            return self.units_of_whole_epochs();
        }
        if last.epoch == 0.0
            || last.step == 0.0
            || (!self.epoch_is_fractional && self.rows < 2 && !trainer_counts)
        {
            return None;
        }
        let ratio = last.step / last.epoch;
        let plain = (ratio - 1e-6 * ratio).ceil().max(1.0);
        match self.roundings.iter().find(|rounding| rounding.fits) {
            Some(rounding) if self.rows >= CERTAIN_ROWS && self.ratio_varies_within_an_epoch => {
                let low = rounding.low.max(1.0);
                let high = rounding.high.max(low);
                Some(EpochUnits { low, high, exact: low == high })
            }
            // Steps at even distances can be rounded to epochs at even distances.
            Some(rounding) if self.rows >= CERTAIN_ROWS && (ratio - ratio.round()).abs() > 1e-6 * ratio => {
                let (low, high) = (rounding.low.clamp(1.0, plain), rounding.high.max(plain));
                Some(EpochUnits { low, high, exact: low == high })
            }
            Some(rounding) if self.rows < CERTAIN_ROWS && self.epoch_is_fractional => {
                let high = if rounding.high.is_finite() { rounding.high.max(plain) } else { plain };
                Some(EpochUnits { low: plain, high, exact: rounding.low == rounding.high })
            }
            Some(_) | None => Some(EpochUnits { low: plain, high: plain, exact: true }),
        }
    }

    /// The epoch is a counter: an epoch has as many steps as lay between two of its beginnings.
    fn units_of_whole_epochs(&self) -> Option<EpochUnits> {
        let (first, newest) = (self.first?, self.newest?);
        let (epochs, steps) = (newest.epoch - first.epoch, newest.step - first.step);
        let units = (epochs > 0.0 && steps > 0.0).then(|| steps / epochs)?;
        Some(EpochUnits { low: units, high: units, exact: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn track(rows: impl IntoIterator<Item = (i64, f64)>) -> EpochTrack {
        let mut track = EpochTrack::default();
        rows.into_iter().for_each(|(step, epoch)| track.absorb(step, epoch));
        track
    }

    #[test]
    fn an_epoch_that_is_a_counter_gives_its_mean_length() {
        let rows = (0..95).map(|step| (step, (step / 20) as f64));
        assert_eq!(track(rows).units(false), Some(EpochUnits { low: 20.0, high: 20.0, exact: false }));
        assert_eq!(track([(5, 0.0), (10, 0.0)]).units(false), None);
        assert_eq!(track([(100, 1.0)]).units(false), None);
        assert_eq!(track([(100, 1.0)]).units(true).map(|units| units.low), Some(100.0));
    }

    #[test]
    fn rounded_epochs_at_even_distances_give_bounds() {
        let rows = (1..=6).map(|row| (395 * row, (1_428 * row) as f64 / 10_000.0));
        assert_eq!(track(rows).units(true), Some(EpochUnits { low: 2_766.0, high: 2_767.0, exact: false }));
    }

    #[test]
    fn two_decimals_give_bounds() {
        let rounded = |step: i64| (step as f64 / 25.75 * 100.0).round() / 100.0;
        let units =
            track((1..=7).map(|row| (row * 10, rounded(row * 10)))).units(true).expect("rows are there");
        assert!(units.low <= 26.0 && 26.0 <= units.high, "{units:?}");
    }

    proptest! {
        /// A trainer that sees `batches` batches an epoch and steps after each `accumulation` of them.
        #[test]
        fn an_unrounded_epoch_is_exact(batches in 2i64..5_000, accumulation in 1i64..16, rows in 6i64..40) {
            let units = (batches + accumulation - 1) / accumulation;
            let share = |step: i64| (step * accumulation).min(batches) as f64 / batches as f64;
            let steps = (1..=rows).map(|row| row * units / rows).filter(|step| *step > 0);
            let found = track(steps.map(|step| (step, share(step)))).units(true).expect("rows are there");
            prop_assert_eq!(found.low, units as f64);
        }

        #[test]
        fn rounded_bounds_hold_the_truth(units in 3i64..5_000, decimals in 2i32..=4, rows in 6i64..60) {
            let scale = 10f64.powi(decimals);
            let steps: Vec<i64> = (1..=rows).map(|row| (row * units / 7).max(1)).collect();
            let track = track(steps.iter().map(|step| (*step, (*step as f64 / units as f64 * scale).round() / scale)));
            if let Some(found) = track.units(true) {
                prop_assume!(track.rows >= CERTAIN_ROWS);
                prop_assert!(found.low <= units as f64 && units as f64 <= found.high, "{:?} not {}", found, units);
            }
        }
    }
}
