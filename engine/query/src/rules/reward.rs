//! A reward that does not rise, and groups of answers between which it makes no difference.

use paceline_schema::status::{Finding, Severity};

use super::track::{Track, mean};
use super::{Facts, Sign, finding_of, follow, looks, percent};
use crate::level::median;
use crate::sentence::figure;

/// Blocks of the line through the reward.
const BLOCKS: usize = 12;
/// Rows until it can be called flat, where the length of the run is known and where it is not.
const FLAT_ROWS: usize = 50;
const FLAT_ROWS_WITHOUT_TOTAL: usize = 100;
const FLAT_PROGRESS: f64 = 0.2;
/// Rows of which the share of equal rewards is the mean.
const NEWEST_ROWS: usize = 20;
/// Shares of groups without a difference: that is told, that is over, that is all of them.
const MOST_EQUAL: f64 = 0.8;
const EQUAL_OVER: f64 = 0.6;
const ALL_EQUAL: f64 = 0.95;

/// How far a line through the means of blocks rises, and how uncertain that is.
struct Gain {
    gain: f64,
    error: f64,
}

pub(crate) fn flat(reward: &Track, deviation: Option<&Track>, facts: &Facts) -> Option<Finding> {
    let tolerance_at = |look: usize| tolerance(reward, deviation, look);
    let stretches = follow(
        looks(reward.len()),
        |look| reward.step_at(look),
        |look| {
            let step = reward.step_at(look)?;
            let rows = reward.rows(look);
            let enough = match facts.progress(step) {
                Some(progress) => rows >= FLAT_ROWS && progress >= FLAT_PROGRESS,
                None => rows >= FLAT_ROWS_WITHOUT_TOTAL,
            };
            let Gain { gain, error } = Some(gain(&reward.values[..look])).filter(|_| enough)??;
            let tolerance = tolerance_at(look)?;
            let is_flat = gain + 1.3 * error <= tolerance && gain > -3.0 * tolerance;
            is_flat.then(|| Sign {
                severity: Severity::Warning,
                evidence: format!(
                    "`{}` rose {} (± {}) in {} steps, mean {}",
                    reward.key,
                    figure(gain),
                    figure(error),
                    step - reward.steps[0],
                    figure(mean(&reward.values[..look]))
                ),
                since_step: Some(reward.steps[0]),
                usual: 0.0,
            })
        },
        |look, _| {
            let rises = gain(&reward.values[..look]).zip(tolerance_at(look));
            rises.is_some_and(|(Gain { gain, error }, tolerance)| gain - 1.3 * error > tolerance)
        },
    );
    finding_of("reward_flat", &[&reward.key], stretches)
}

/// A smaller gain means nothing beside the noise of the reward.
fn tolerance(reward: &Track, deviation: Option<&Track>, look: usize) -> Option<f64> {
    let values = &reward.values[..look];
    let of_level = 0.02 * median(values.to_vec())?.abs();
    let of_group = deviation.map_or(0.0, |deviation| {
        let until = deviation.until(reward.steps[look - 1]);
        if until == 0 { 0.0 } else { 0.15 * mean(&deviation.values[..until]) }
    });
    let differences: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let middle = mean(&differences);
    let squares: Vec<f64> = differences.iter().map(|difference| (difference - middle).powi(2)).collect();
    let of_noise = 0.3 * mean(&squares).sqrt() / std::f64::consts::SQRT_2;
    Some(1e-12f64.max(of_level).max(of_group).max(of_noise))
}

fn gain(values: &[f64]) -> Option<Gain> {
    let n = values.len();
    if n < BLOCKS {
        return None;
    }
    let means: Vec<f64> =
        (0..BLOCKS).map(|block| mean(&values[block * n / BLOCKS..(block + 1) * n / BLOCKS])).collect();
    let (slope, error) = line(&means);
    let quarter = BLOCKS / 4;
    let ends = mean(&means[BLOCKS - quarter..]) - mean(&means[..quarter]);
    let spans = (BLOCKS - 1) as f64;
    Some(Gain { gain: (slope * spans).max(ends), error: error * spans })
}

/// The slope of the line through values at equal distances, and its deviation.
pub(super) fn line(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let (middle, level) = ((n - 1.0) / 2.0, mean(values));
    let along = (n.powi(3) - n) / 12.0;
    let both: f64 = values.iter().enumerate().map(|(i, value)| (i as f64 - middle) * (value - level)).sum();
    let slope = both / along;
    let squares: f64 = values
        .iter()
        .enumerate()
        .map(|(i, value)| (value - level - slope * (i as f64 - middle)).powi(2))
        .sum();
    (slope, (squares / (n - 2.0).max(1.0) / along).sqrt())
}

pub(crate) fn no_signal(equal: &Track, reward: Option<&Track>) -> Option<Finding> {
    let stretches = follow(
        looks(equal.len()),
        |look| equal.step_at(look),
        |look| {
            let share = equal.newest_mean(look, NEWEST_ROWS).filter(|share| *share >= MOST_EQUAL)?;
            let since = equal.values[..look].iter().rev().take_while(|value| **value >= EQUAL_OVER).count();
            let reward = reward.and_then(|reward| {
                let until = reward.until(equal.steps[look - 1]);
                let level = reward.newest_mean(until, NEWEST_ROWS.min(until).max(1))?;
                Some(format!(", with `{}` at {}", reward.key, figure(level)))
            });
            Some(Sign {
                severity: if share >= ALL_EQUAL { Severity::Critical } else { Severity::Warning },
                evidence: format!(
                    "{} of the groups have equal rewards{}",
                    percent(share),
                    reward.unwrap_or_default()
                ),
                since_step: equal.steps.get(look - since.max(1)).copied(),
                usual: share,
            })
        },
        |look, _| equal.newest_mean(look, NEWEST_ROWS).is_some_and(|share| share < EQUAL_OVER),
    );
    finding_of("reward_no_signal", &[&equal.key], stretches)
}
