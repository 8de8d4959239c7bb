//! Whether the loss ran away: far above its best level or its start, and not on its way back.

use paceline_series::CurvePoint;

use crate::level::median;
use crate::rules::looks;
use crate::trend::{DEVIATION_OF_MEDIAN, fit};

/// Widths of the running median.
const NARROWEST: usize = 5;
const WIDEST: usize = 15;
/// The newest running medians that must all be high: so many, or a 20th part of the rows.
const FEWEST_HIGH: usize = 15;
/// Rows until a rise above the best level can be told from noise, and one above the start.
const ROWS_ABOVE_BEST: usize = 30;
const ROWS_ABOVE_START: usize = 15;
/// Differences of neighbours that the noise is read from.
const NOISE_ROWS: usize = 200;
/// How much of the way up from the best level still counts as that level.
const NEAR_BEST: f64 = 0.25;
/// Looks in a row at which a loss must be back.
const CALM_LOOKS: usize = 2;

/// One stretch over which the loss ran away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Divergence {
    /// Where it begins among the points, and the step there.
    pub(crate) since_point: usize,
    pub(crate) since_step: i64,
    /// The best level before it, and a step of that.
    pub(crate) best: f64,
    pub(crate) best_step: i64,
    /// Highest value of it.
    pub(crate) peak: f64,
    /// Where it was back, and the step there; `None` while it is not.
    pub(crate) until_point: Option<usize>,
    pub(crate) until_step: Option<i64>,
    /// Below this level it is back.
    back: f64,
}

/// Every such stretch, in order. What is told depends on the points alone: the looks at them are made again each time.
#[must_use]
pub(crate) fn divergences(points: &[CurvePoint]) -> Vec<Divergence> {
    let values: Vec<f64> = points.iter().map(|point| f64::from(point.value)).collect();
    let Some(first) = values.get(..NARROWEST).and_then(|first| median(first.to_vec())) else {
        return Vec::new();
    };
    let mut medians = Medians::new(&values);
    let mut found: Vec<Divergence> = Vec::new();
    let mut calm = 0;
    let mut seen = 0;
    let mut lowest = f64::INFINITY;
    for rows in looks(values.len()) {
        lowest = values[seen..rows].iter().copied().fold(lowest, f64::min);
        seen = rows;
        match found.last_mut().filter(|newest| newest.until_step.is_none()) {
            Some(active) => {
                let (running, width) = medians.of(rows);
                let is_back = running.last().is_some_and(|now| *now < active.back);
                calm = if is_back { calm + 1 } else { 0 };
                if calm == CALM_LOOKS {
                    let high = running.iter().rposition(|level| *level >= active.back).unwrap_or(0);
                    // Medians of another width may never have been as high as those that found it.
                    let from = (high + width / 2).max(active.since_point + 1);
                    let until = first_row(&values, from, rows, |value| value < active.back);
                    active.until_point = Some(until);
                    active.until_step = Some(points[until].step);
                }
            }
            None if is_calm(&values[..rows], first, lowest) => {}
            None => {
                found.extend(raised(points, &values[..rows], first, lowest, &mut medians));
                calm = 0;
            }
        }
    }
    for each in &mut found {
        let end = each.until_point.unwrap_or(values.len());
        each.peak = values[each.since_point..end].iter().copied().fold(f64::NEG_INFINITY, f64::max);
    }
    found
}

fn newest_medians(rows: usize) -> usize {
    FEWEST_HIGH.max(rows / 20)
}

/// So few of the newest rows lie in the upper half of the way from the start to the best that their medians cannot:
/// this spares most looks the medians.
fn is_calm(values: &[f64], first: f64, lowest: f64) -> bool {
    let half = f64::midpoint(lowest, first);
    let needed = newest_medians(values.len());
    let newest = &values[values.len().saturating_sub(needed + WIDEST - 1)..];
    newest.iter().filter(|value| **value > half).count() < needed / 2
}

fn raised(
    points: &[CurvePoint],
    values: &[f64],
    first: f64,
    lowest: f64,
    medians: &mut Medians<'_>,
) -> Option<Divergence> {
    let rows = values.len();
    let (running, width) = medians.of(rows);
    let needed = newest_medians(rows).min(running.len());
    let newest = &running[running.len() - needed..];
    let low = newest.iter().copied().fold(f64::INFINITY, f64::min);
    let best_at = (0..running.len()).min_by(|a, b| running[*a].total_cmp(&running[*b]))?;
    let best = running[best_at];
    let noise = noise(values)?;
    let span = first - best;

    let above_start =
        rows >= ROWS_ABOVE_START && lowest > 0.0 && low > (1.5 * first).max(first + 4.0 * noise);
    let has_fallen = rows >= ROWS_ABOVE_BEST && span > 2.0 * noise;
    let threshold = (best + 0.5 * span).max(1.3 * best).max(best + 4.0 * noise);
    let above_best =
        has_fallen && low > threshold && !is_falling(values, running, first, best, low, threshold);
    if !above_start && !above_best {
        return None;
    }
    // A loss that never fell has no way down to measure by: the way up is what there is.
    let back = best + NEAR_BEST * if has_fallen { span } else { low - best };
    let near = best + NEAR_BEST * (low - best);
    let last_near = running.iter().rposition(|level| *level <= near).unwrap_or(best_at);
    let since = first_row(values, last_near + width / 2, rows, |value| value > near);
    Some(Divergence {
        since_point: since,
        since_step: points[since].step,
        best,
        best_step: points[best_at + width / 2].step,
        peak: low,
        until_point: None,
        until_step: None,
        back,
    })
}

/// Whether a loss that lies high is on its way back, as after a shock or with harder data.
fn is_falling(values: &[f64], running: &[f64], first: f64, best: f64, low: f64, threshold: f64) -> bool {
    let rows = values.len();
    let elevated = running.iter().rev().take_while(|level| **level > threshold).count();
    let high = &running[running.len() - elevated..];
    let peak = high.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let Some(now) = high.last().copied() else { return false };
    let falls = fit(&values[rows - elevated..], if elevated < 24 { 6 } else { 12 })
        .is_some_and(|fit| fit.fall - fit.error > 0.03);
    let stays_high = elevated > (3 * newest_medians(rows)).max(rows / 5) && now > best + 0.65 * (peak - best);
    (falls || now < 0.9 * peak) && low < 0.95 * first && !stays_high
}

/// The first row from `from` on, before `rows`, of which this holds; else the last of them.
fn first_row(values: &[f64], from: usize, rows: usize, holds: impl Fn(f64) -> bool) -> usize {
    (from..rows).find(|row| holds(values[*row])).unwrap_or(rows - 1)
}

/// Deviation of the differences of neighbours, which a trend hardly moves.
fn noise(values: &[f64]) -> Option<f64> {
    let newest = &values[values.len().saturating_sub(NOISE_ROWS + 1)..];
    let differences: Vec<f64> = newest.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let middle = median(differences.clone())?;
    let away = median(differences.into_iter().map(|difference| (difference - middle).abs()).collect())?;
    Some(DEVIATION_OF_MEDIAN * away)
}

/// Running medians of all widths that the looks ask for, each made once.
pub(crate) struct Medians<'a> {
    values: &'a [f64],
    by_width: Vec<Option<Vec<f64>>>,
}

impl<'a> Medians<'a> {
    pub(crate) fn new(values: &'a [f64]) -> Self {
        Self { values, by_width: vec![None; WIDEST + 1] }
    }

    /// Those of the first `rows`, and of how many rows each is; the first one is that of the first rows.
    pub(crate) fn of(&mut self, rows: usize) -> (&[f64], usize) {
        let width = (rows / 20).clamp(NARROWEST, WIDEST);
        let values = self.values;
        let all = self.by_width[width].get_or_insert_with(|| {
            values.windows(width).filter_map(|window| median(window.to_vec())).collect()
        });
        (&all[..(rows + 1).saturating_sub(width).min(all.len())], width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = f32> {
        prop_oneof![4 => -10.0..30.0f32, 1 => prop::num::f32::NORMAL, 1 => Just(f32::MAX), 1 => Just(f32::MIN)]
    }

    /// Stretches of some length, each of two values in one of many orders, as where two losses share a name.
    fn losses() -> impl Strategy<Value = Vec<f32>> {
        let stretch = (1usize..80, value(), value(), any::<u64>());
        let rows = |(length, one, other, order): (usize, f32, f32, u64)| {
            (0..length).map(move |row| if order.rotate_right(row as u32) & 1 == 0 { one } else { other })
        };
        prop::collection::vec(stretch, 1..10)
            .prop_map(move |stretches| stretches.into_iter().flat_map(rows).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn whatever_the_loss_does_stretches_lie_in_it(losses in losses()) {
            let points: Vec<CurvePoint> =
                losses.iter().zip(0..).map(|(value, step)| CurvePoint::of_row(step, f64::from(*value))).collect();
            for found in divergences(&points) {
                let until = found.until_point.unwrap_or(points.len());
                prop_assert!(found.since_point < until && until <= points.len(), "{:?}", found);
            }
        }
    }
}
