//! An evaluation loss that rises while the training loss goes on falling.

use paceline_schema::status::{Finding, Severity};

use super::track::Track;
use super::{Sign, finding_of, follow, looks_from, percent};
use crate::level::median;
use crate::sentence::figure;
use crate::trend::DEVIATION_OF_MEDIAN;

/// Evaluations until anything is said.
const FEWEST: usize = 5;
/// Evaluations of the running median, and those that must lie after the best.
const SMOOTHED: usize = 3;
/// How far the newest must lie above the best.
const RISE: f64 = 1.05;
const RISE_OF_EACH: f64 = 1.025;
const OVER: f64 = 1.02;
/// From this rise on it is more than a note.
const LARGE_RISE: f64 = 1.15;
/// How steadily they must rise, by Kendall's measure, over at most so many of the newest.
const STEADINESS: f64 = 0.4;
const MOST_PAIRED: usize = 64;
/// The training loss may have risen by so much since the best evaluation.
const TRAIN_RISE: f64 = 1.02;

pub(crate) fn overfitting(evaluation: &Track, train: &Track) -> Option<Finding> {
    let smoothed: Vec<f64> =
        evaluation.values.windows(SMOOTHED).filter_map(|window| median(window.to_vec())).collect();
    let stretches = follow(
        looks_from(FEWEST, 1, evaluation.len()),
        |look| evaluation.step_at(look),
        |look| rising(evaluation, &smoothed, train, look),
        |look, sign| smoothed.get(look - SMOOTHED).is_some_and(|level| *level < OVER * sign.usual),
    );
    finding_of("overfitting", &[&evaluation.key, &train.key], stretches)
}

fn rising(evaluation: &Track, smoothed: &[f64], train: &Track, look: usize) -> Option<Sign> {
    let smoothed = smoothed.get(..=look - SMOOTHED)?;
    // Where it stood last, if it stood there more than once.
    let (best_at, best) = smoothed.iter().copied().enumerate().rev().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let level = *smoothed.last()?;
    // The middle one of the three that the best level is the median of.
    let best_row = best_at + SMOOTHED / 2;
    let after = look - 1 - (best_at + SMOOTHED - 1);
    if best <= 0.0 || after < SMOOTHED || level <= RISE * best {
        return None;
    }
    let values = &evaluation.values[..look];
    if values[look - SMOOTHED..].iter().any(|value| *value <= RISE_OF_EACH * best) {
        return None;
    }
    if level <= best + 2.0 * noise(values)? || steadiness(&values[best_row..]) <= STEADINESS {
        return None;
    }
    let (best_step, step) = (evaluation.steps[best_row], evaluation.steps[look - 1]);
    let (then, now) = (train_level(train, best_step)?, train_level(train, step)?);
    if now > TRAIN_RISE * then {
        return None;
    }
    Some(Sign {
        severity: if level >= LARGE_RISE * best { Severity::Warning } else { Severity::Note },
        evidence: format!(
            "`{}` rose {} from its best {} at step {best_step} to {}, while `{}` went from {} to {}",
            evaluation.key,
            percent(level / best - 1.0),
            figure(best),
            figure(level),
            train.key,
            figure(then),
            figure(now)
        ),
        since_step: Some(best_step),
        usual: best,
    })
}

/// Deviation of one evaluation, from the differences of neighbours.
fn noise(values: &[f64]) -> Option<f64> {
    let differences: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let middle = median(differences.clone())?;
    let away = median(differences.into_iter().map(|difference| (difference - middle).abs()).collect())?;
    Some(DEVIATION_OF_MEDIAN * away / std::f64::consts::SQRT_2)
}

/// Pairs that rise less those that fall, as a share of all.
fn steadiness(values: &[f64]) -> f64 {
    let values = &values[values.len().saturating_sub(MOST_PAIRED)..];
    let (mut sum, mut pairs) = (0.0, 0.0);
    for (place, later) in values.iter().enumerate() {
        for earlier in &values[..place] {
            pairs += 1.0;
            if later > earlier {
                sum += 1.0;
            } else if later < earlier {
                sum -= 1.0;
            }
        }
    }
    if pairs > 0.0 { sum / pairs } else { 0.0 }
}

/// Level of the training loss at a step: the median of some rows up to it.
fn train_level(train: &Track, step: i64) -> Option<f64> {
    let until = train.until(step);
    let width = (until / 20).clamp(5, 15).min(until);
    train.newest_median(until, width)
}
