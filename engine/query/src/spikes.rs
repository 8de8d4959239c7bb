//! Rows at which the loss leapt up, and where it was back.

use paceline_series::CurvePoint;

use crate::level::median;
use crate::trend::DEVIATION_OF_MEDIAN;

/// Rows before a row that say what is usual there.
pub(crate) const USUAL_ROWS: usize = 50;
/// Rows until leaps of the noise are gathered, and until one is called a spike.
const ROWS_OF_NOISE: usize = 20;
const FIRST_ROWS: usize = 25;
/// A leap counts from so many deviations on,
const DEVIATIONS: f64 = 8.0;
/// from this share of the way the loss has come and of its level,
const SHARE: f64 = 0.3;
/// and from so many times the largest leap of the noise.
const TIMES_NOISE: f64 = 2.0;
/// It is back when the median of so many rows lies within this share of the leap.
const BACK_ROWS: usize = 5;
const BACK: f64 = 0.25;
/// For so many rows, or a 20th part of them, what follows belongs to the same spike.
const QUIET_ROWS: usize = 20;

/// One leap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spike {
    /// Where it is among the points, and its step.
    pub(crate) point: usize,
    pub(crate) step: i64,
    /// Value there, and the usual one.
    pub(crate) value: f64,
    pub(crate) usual: f64,
    /// First step at which it was back; `None` while it is not.
    pub(crate) until_step: Option<i64>,
}

/// All leaps, in order. Each point is the mean of some rows; `peak` is the highest row, which tells how far up its
/// point reached.
#[must_use]
pub(crate) fn spikes(points: &[CurvePoint], peak: Option<CurvePoint>) -> Vec<Spike> {
    let values: Vec<f64> = points.iter().map(|point| f64::from(point.value)).collect();
    let Some(first) = values.get(..5).and_then(|first| median(first.to_vec())) else { return Vec::new() };
    let peak_point = peak.map(|peak| (points.partition_point(|point| point.step <= peak.step), peak));
    let quiet = QUIET_ROWS.max(values.len() / 20);
    let mut found: Vec<Spike> = Vec::new();
    let mut window = Window::default();
    let (mut lowest, mut largest_of_noise) = (f64::INFINITY, 0.0f64);
    for (row, value) in values.iter().copied().enumerate() {
        if let Some(usual) = window.median().filter(|_| row >= ROWS_OF_NOISE) {
            lowest = lowest.min(usual);
            let leap = value - usual;
            let top = peak_point
                .filter(|(after, _)| *after == row + 1)
                .map_or(value, |(_, peak)| f64::from(peak.value).max(value));
            let is_large = top - usual > (SHARE * (first - lowest)).max(SHARE * usual.abs());
            let is_quiet = found.last().is_some_and(|newest| row - newest.point <= quiet);
            if is_quiet {
                // What follows a spike is no noise either.
            } else if row >= FIRST_ROWS
                && first > lowest
                && is_large
                && leap > TIMES_NOISE * largest_of_noise
                && leap > DEVIATIONS * window.deviation(usual)
            {
                let until = back_at(&values, row, usual + BACK * leap);
                found.push(Spike {
                    point: row,
                    step: peak_point
                        .filter(|(after, _)| *after == row + 1)
                        .map_or(points[row].step, |(_, peak)| peak.step),
                    value: top,
                    usual,
                    until_step: until.map(|until| points[until].step),
                });
            } else {
                largest_of_noise = largest_of_noise.max(leap);
            }
        }
        window.push(value, row.checked_sub(USUAL_ROWS).map(|gone| values[gone]));
    }
    found
}

/// The first row after `spike` below `level`, once the median of some rows confirms it.
fn back_at(values: &[f64], spike: usize, level: f64) -> Option<usize> {
    let confirmed = (spike + 1..(values.len() + 1).saturating_sub(BACK_ROWS))
        .find(|from| median(values[*from..from + BACK_ROWS].to_vec()).is_some_and(|median| median < level))?;
    (confirmed..confirmed + BACK_ROWS).find(|row| values[*row] < level)
}

/// The values before a row, in order of size.
#[derive(Default)]
pub(crate) struct Window(Vec<f64>);

impl Window {
    pub(crate) fn push(&mut self, value: f64, gone: Option<f64>) {
        if let Some(gone) = gone {
            let place = self.0.partition_point(|other| *other < gone);
            self.0.remove(place);
        }
        let place = self.0.partition_point(|other| *other < value);
        self.0.insert(place, value);
    }

    pub(crate) fn median(&self) -> Option<f64> {
        let middle = self.0.len() / 2;
        let upper = *self.0.get(middle)?;
        Some(if self.0.len() % 2 == 1 { upper } else { f64::midpoint(self.0[middle - 1], upper) })
    }

    fn deviation(&self, middle: f64) -> f64 {
        let away = self.0.iter().map(|value| (value - middle).abs()).collect();
        DEVIATION_OF_MEDIAN * median(away).unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_the_loss_does_leaps_lie_in_it(
            values in prop::collection::vec(
                prop_oneof![4 => -10.0..30.0f32, 1 => prop::num::f32::NORMAL, 1 => Just(f32::MAX), 1 => Just(f32::MIN)],
                0..400,
            ),
            peak in prop::option::of((0i64..400, prop::num::f32::ANY)),
        ) {
            let points: Vec<CurvePoint> =
                values.iter().zip(0..).map(|(value, step)| CurvePoint::of_row(step, f64::from(*value))).collect();
            let found = spikes(&points, peak.map(|(step, value)| CurvePoint::of_row(step, f64::from(value))));
            prop_assert!(found.iter().all(|spike| spike.point < points.len()));
        }
    }
}
