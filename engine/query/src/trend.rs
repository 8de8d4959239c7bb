//! Which way the loss goes, or that its noise does not let it be told.

use paceline_schema::Trend;
use paceline_series::{Curve, CurvePoint};

use crate::level::median;

/// With fewer rows nothing is said.
const FEWEST_ROWS: u64 = 20;
/// The window holds at least so many rows,
const WINDOW_ROWS: u64 = 40;
/// and at least this share of them.
const WINDOW_SHARE: f64 = 0.3;
/// However far a series has fallen, a larger change is one.
pub(crate) const WIDEST_TOLERANCE: f64 = 0.15;
/// Turns a median of absolute deviations into a standard deviation.
pub(crate) const DEVIATION_OF_MEDIAN: f64 = 1.4826;

/// The direction of a series over its newest rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Direction {
    /// Which way.
    pub(crate) trend: Trend,
    /// First step of the window.
    pub(crate) since_step: i64,
    /// Change per 1,000 steps.
    pub slope_per_1000_steps: f64,
}

/// Change over a window, as a share of its level, and how uncertain it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fit {
    pub(crate) fall: f64,
    pub(crate) error: f64,
    /// From the first block to the last, whatever lies between.
    pub(crate) ends: f64,
}

/// The direction over the last 30 % of the rows; `None` when they are too few or too noisy.
#[must_use]
pub(crate) fn direction(curve: &Curve) -> Option<Direction> {
    let rows = curve.rows();
    if rows < FEWEST_ROWS {
        return None;
    }
    let window_rows = WINDOW_ROWS.max((WINDOW_SHARE * rows as f64).ceil() as u64).min(rows);
    let points: Vec<CurvePoint> = curve.points().collect();
    let window_points = (window_rows.div_ceil(curve.rows_per_point()) as usize).min(points.len());
    let window = &points[points.len() - window_points..];
    let values: Vec<f64> = window.iter().map(|point| f64::from(point.value)).collect();

    let Fit { fall, error, .. } = fit(&values, if window_rows < 24 { 6 } else { 12 })?;
    let trend = if fall - 1.3 * error > 0.0 && fall > 0.01 {
        Trend::Falling
    } else {
        let all: Vec<f64> = points.iter().map(|point| f64::from(point.value)).collect();
        let tolerance = tolerance(&all)?;
        if -fall - 1.3 * error > 0.0 && -fall > tolerance {
            Trend::Rising
        } else if fall.abs() + 1.3 * error < tolerance {
            Trend::Flat
        } else {
            return None;
        }
    };
    let since_step = window.first()?.step;
    let steps = curve.last_step()?.saturating_sub(since_step);
    let level = median(values)?.abs();
    (steps > 0).then(|| Direction {
        trend,
        since_step,
        slope_per_1000_steps: -fall * level / steps as f64 * 1_000.0,
    })
}

/// A line through the medians of equal blocks, free of scale by the logarithm where all values allow it.
pub(crate) fn fit(values: &[f64], blocks: usize) -> Option<Fit> {
    let scaled: Vec<f64> = if values.iter().all(|value| *value > 0.0) {
        values.iter().map(|value| value.ln()).collect()
    } else {
        let scale = median(values.to_vec()).map(f64::abs).filter(|scale| *scale > 0.0)?;
        values.iter().map(|value| value / scale).collect()
    };
    let n = scaled.len();
    let medians: Vec<f64> = (0..blocks)
        .map(|block| median(scaled[block * n / blocks..(block + 1) * n / blocks].to_vec()))
        .collect::<Option<_>>()?;
    let slopes = (0..blocks).flat_map(|i| (i + 1..blocks).map(move |j| (i, j)));
    let slope = median(slopes.map(|(i, j)| (medians[j] - medians[i]) / (j - i) as f64).collect())?;

    let offsets: Vec<f64> = medians.iter().enumerate().map(|(i, value)| value - slope * i as f64).collect();
    let offset = median(offsets.clone())?;
    let residuals: Vec<f64> = offsets.iter().map(|value| value - offset).collect();
    let count = blocks as f64;
    let root_mean_square = (residuals.iter().map(|residual| residual * residual).sum::<f64>() / count).sqrt();
    let robust = DEVIATION_OF_MEDIAN * median(residuals.iter().map(|residual| residual.abs()).collect())?;
    let deviation = robust.max(0.8 * root_mean_square);
    let spans = count - 1.0;
    Some(Fit {
        fall: -spans * slope,
        error: spans * 1.1 * deviation * (12.0 / (count.powi(3) - count)).sqrt(),
        ends: medians[0] - medians[blocks - 1],
    })
}

/// A smaller change of a series is none, on the scale of [`fit`].
fn tolerance(values: &[f64]) -> Option<f64> {
    let width = (values.len() / 20).clamp(5, 15).min(values.len());
    let best = values
        .windows(width)
        .step_by(width / 2)
        .filter_map(|window| median(window.to_vec()))
        .fold(f64::INFINITY, f64::min);
    tolerance_above(values, best)
}

/// The same for a series whose lowest level is known.
pub(crate) fn tolerance_above(values: &[f64], best: f64) -> Option<f64> {
    let first = median(values.iter().take(5).copied().collect())?;
    let fall = if best > 0.0 {
        (first / best).ln()
    } else {
        let scale = median(values.to_vec())?.abs();
        (first - best) / scale
    };
    let total = if fall.is_finite() { fall.max(0.0) } else { 0.0 };
    Some((0.05 * total).clamp(0.015, WIDEST_TOLERANCE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use paceline_schema::{Timestamp, Value};
    use paceline_series::RunHeads;
    use proptest::prelude::*;

    fn trend_of(values: impl Iterator<Item = f64>) -> Option<Direction> {
        let mut heads = RunHeads::default();
        for (index, value) in values.enumerate() {
            let index = index as i64;
            heads.absorb(index, Timestamp(index), index, &[("loss".to_owned(), Value::Float(value))]);
        }
        direction(&heads.loss()?.0.curve)
    }

    /// Noise of mean 0 and deviation about 1, the same on every machine.
    fn noise(index: i64) -> f64 {
        let mixed = (index as u64)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(29)
            .wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((mixed >> 11) as f64 / (1u64 << 53) as f64 - 0.5) * 3.46
    }

    #[test]
    fn a_falling_loss_falls_by_its_slope() {
        let found = trend_of((0..400).map(|step| 2.0 - 0.001 * f64::from(step))).expect("no noise");
        assert_eq!((found.trend, found.since_step), (Trend::Falling, 280));
        assert!((found.slope_per_1000_steps + 1.0).abs() < 0.1, "{found:?}");
    }

    #[test]
    fn flat_rising_and_unknown() {
        let flat = (0..400i64).map(|step| 0.5 + 2.0 * (-step as f64 / 30.0).exp() + 0.005 * noise(step));
        assert_eq!(trend_of(flat).map(|found| found.trend), Some(Trend::Flat));
        let rising =
            (0..400i64).map(|step| if step < 200 { 2.0 - step as f64 / 200.0 } else { step as f64 / 200.0 });
        assert_eq!(trend_of(rising).map(|found| found.trend), Some(Trend::Rising));
        assert_eq!(trend_of((0..400).map(|step| (2.0 * noise(step)).exp())), None);
        assert_eq!(trend_of((0..19).map(f64::from)), None);
    }

    #[test]
    fn losses_below_zero_have_a_direction() {
        let found = trend_of((0..300).map(|step| -1.0 - 0.01 * f64::from(step))).expect("no noise");
        assert_eq!(found.trend, Trend::Falling);
        assert!((found.slope_per_1000_steps + 10.0).abs() < 1.0, "{found:?}");
    }

    #[test]
    fn a_long_run_is_read_as_a_short_one() {
        let found = trend_of((0..100_000i64).map(|step| 3.0 - step as f64 / 50_000.0 + 0.05 * noise(step)))
            .expect("clear");
        assert_eq!(found.trend, Trend::Falling);
        assert!((found.slope_per_1000_steps + 0.02).abs() < 0.004, "{found:?}");
    }

    proptest! {
        #[test]
        fn the_scale_of_the_loss_does_not_matter(
            values in prop::collection::vec(0.5..2.0f64, 20..900), power in -4i32..5,
        ) {
            let scale = f64::from(2.0f32.powi(power));
            let (plain, scaled) = (trend_of(values.iter().copied()), trend_of(values.iter().map(|value| value * scale)));
            prop_assert_eq!(plain.map(|found| found.trend), scaled.map(|found| found.trend));
        }
    }
}
