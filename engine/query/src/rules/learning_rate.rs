//! A learning rate that is nothing before the run is done.

use paceline_schema::status::{Finding, Severity};

use super::track::Track;
use super::{Facts, Sign, finding_of, follow, looks, percent};
use crate::sentence::figure;

/// What is nothing, and what is something again, against the peak.
const NOTHING: f64 = 1e-3;
const SOMETHING: f64 = 1e-2;
/// The peak is this share of the sorted rates: one row of a shock is none.
const PEAK: f64 = 0.95;
/// For so many rows, and this share of all, it must have been nothing; so many where the end is not known.
const FEWEST_ROWS: usize = 5;
const SHARE_OF_ALL: f64 = 0.03;
const ROWS_WITHOUT_TOTAL: usize = 20;
/// Later it is the end of the schedule.
const NEAR_THE_END: f64 = 0.9;

pub(crate) fn zero_early(rate: &Track, facts: &Facts) -> Option<Finding> {
    let stretches = follow(
        looks(rate.len()),
        |look| rate.step_at(look),
        |look| at_zero(rate, facts, look),
        |look, sign| rate.values[look - 1] > SOMETHING * sign.usual,
    );
    finding_of("lr_zero_early", &[&rate.key], stretches)
}

fn at_zero(rate: &Track, facts: &Facts, look: usize) -> Option<Sign> {
    let values = &rate.values[..look];
    let step = rate.step_at(look)?;
    let progress = facts.progress(step);
    let needed = match progress {
        Some(progress) if progress < NEAR_THE_END => {
            rate.points(SHARE_OF_ALL * rate.rows(look) as f64 / progress.max(1e-3)).max(FEWEST_ROWS)
        }
        Some(_) => return None,
        None => ROWS_WITHOUT_TOTAL,
    };
    // Most looks end here.
    if values[look - 1] > NOTHING * values.iter().copied().fold(0.0, f64::max) {
        return None;
    }
    let peak = {
        let mut sorted = values.to_vec();
        let place = ((look - 1) as f64 * PEAK) as usize;
        *sorted.select_nth_unstable_by(place, f64::total_cmp).1
    };
    let zeros = values.iter().rev().take_while(|value| **value <= NOTHING * peak).count();
    if peak <= 0.0 || zeros < needed || zeros == look {
        return None;
    }
    let since = rate.steps[look - zeros];
    let left =
        facts.progress(since).map(|progress| format!(", with {} of the run left", percent(1.0 - progress)));
    Some(Sign {
        severity: Severity::Warning,
        evidence: format!(
            "`{}` is {} since step {since}, {} at its peak{}",
            rate.key,
            figure(values[look - 1]),
            figure(peak),
            left.unwrap_or_default()
        ),
        since_step: Some(since),
        usual: peak,
    })
}
