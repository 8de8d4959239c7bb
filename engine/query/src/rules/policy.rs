//! A policy that runs away from where it began, answers without an end, and exploration that is gone.

use paceline_schema::status::{Finding, Severity};

use super::reward::line;
use super::track::{Track, mean};
use super::{Facts, Sign, finding_of, follow, looks, percent};
use crate::level::median;
use crate::sentence::figure;

/// Rows of a level.
const NEWEST_ROWS: usize = 10;
/// A smaller distance is no matter.
const SMALL_DISTANCE: f64 = 0.1;
/// Rows until a distance is judged; fewer late in a run.
const DISTANCE_ROWS: usize = 100;
const DISTANCE_ROWS_LATE: usize = 60;
const LATE: f64 = 0.6;
/// Rows of which the share of cut answers is the mean, and its limits.
const CUT_ROWS: usize = 20;
const MANY_CUT: f64 = 0.5;
const CUT_OVER: f64 = 0.35;
const MOST_CUT: f64 = 0.8;
/// Rows until entropy is judged, and what is left of it where it is gone and where it is back.
const ENTROPY_ROWS: usize = 30;
const GONE: f64 = 0.1;
const BACK: f64 = 0.2;
/// Rows over which a reward must rise for exploration to have been worth it.
const RISING_ROWS: usize = 40;

pub(crate) fn exploding(distance: &Track, facts: &Facts) -> Option<Finding> {
    let stretches = follow(
        looks(distance.len()),
        |look| distance.step_at(look),
        |look| far_away(distance, facts, look),
        |look, sign| distance.newest_median(look, NEWEST_ROWS).is_some_and(|level| level < 2.0 * sign.usual),
    );
    finding_of("kl_exploding", &[&distance.key], stretches)
}

fn far_away(distance: &Track, facts: &Facts, look: usize) -> Option<Sign> {
    let rows = distance.rows(look);
    let is_late = facts.progress(distance.step_at(look)?).is_some_and(|progress| progress >= LATE);
    // Early on it grows from nothing, so only a leap counts where nobody knows how early it is.
    let (judges, leaps_only) = (rows >= DISTANCE_ROWS || is_late, !is_late && facts.total_steps.is_none());
    if rows < DISTANCE_ROWS_LATE || !(judges || leaps_only) {
        return None;
    }
    let level = distance.newest_median(look, NEWEST_ROWS).filter(|level| *level >= SMALL_DISTANCE)?;
    let at_half = distance.newest_median(look / 2 + NEWEST_ROWS / 2, NEWEST_ROWS)?;
    let lately = look.checked_sub(NEWEST_ROWS).and_then(|until| distance.newest_median(until, 50.min(until)));
    let just_before = look
        .checked_sub(NEWEST_ROWS)
        .and_then(|until| distance.newest_median(until, 20.max(look / 10).min(until)))?;
    let is_leap = lately.is_some_and(|lately| level >= 10.0 * lately);
    let is_far = is_leap || judges && level >= 5.0 * at_half;
    // What a policy learns takes it away ever slower; what runs away does so ever faster.
    let earlier =
        |rows: usize| look.checked_sub(rows).and_then(|until| distance.newest_median(until, NEWEST_ROWS));
    let (previous, before) = (earlier(NEWEST_ROWS)?, earlier(2 * NEWEST_ROWS)?);
    let is_speeding_up = level - previous >= 2.0 * (previous - before).max(0.0);
    if !is_far || level < 1.5 * just_before || !is_speeding_up {
        return None;
    }
    let usual = at_half.max(just_before.min(level / 10.0));
    let since = distance.values[..look].iter().rev().take_while(|value| **value > 2.0 * usual).count();
    Some(Sign {
        severity: Severity::Critical,
        evidence: format!(
            "`{}` is {}, {} at half of the rows until now",
            distance.key,
            figure(level),
            figure(at_half)
        ),
        since_step: distance.steps.get(look - since.max(1)).copied(),
        usual,
    })
}

pub(crate) fn clipped(cut: &Track) -> Option<Finding> {
    let stretches = follow(
        looks(cut.len()),
        |look| cut.step_at(look),
        |look| {
            let share = cut.newest_mean(look, CUT_ROWS).filter(|share| *share >= MANY_CUT)?;
            let since = cut.values[..look].iter().rev().take_while(|value| **value >= CUT_OVER).count();
            Some(Sign {
                severity: if share >= MOST_CUT { Severity::Critical } else { Severity::Warning },
                evidence: format!("{} of the completions reach the length limit", percent(share)),
                since_step: cut.steps.get(look - since.max(1)).copied(),
                usual: share,
            })
        },
        |look, _| cut.newest_mean(look, CUT_ROWS).is_some_and(|share| share < CUT_OVER),
    );
    finding_of("completions_clipped", &[&cut.key], stretches)
}

pub(crate) fn collapse(entropy: &Track, reward: &Track) -> Option<Finding> {
    let first = median(entropy.values.get(..NEWEST_ROWS)?.to_vec())?;
    if first <= 0.0 {
        return None;
    }
    let stretches = follow(
        looks(entropy.len()),
        |look| entropy.step_at(look),
        |look| {
            let level = entropy.newest_median(look, NEWEST_ROWS).filter(|level| *level < GONE * first)?;
            let until = Some(reward.until(entropy.step_at(look)?)).filter(|until| *until > 0)?;
            if entropy.rows(look) < ENTROPY_ROWS || was_worth_it(reward, until) {
                return None;
            }
            let since =
                entropy.values[..look].iter().rev().take_while(|value| **value < BACK * first).count();
            let reward_now = reward.newest_mean(until, 20.min(until))?;
            Some(Sign {
                severity: Severity::Warning,
                evidence: format!(
                    "`{}` fell to {} from {} while `{}` is {}",
                    entropy.key,
                    figure(level),
                    figure(first),
                    reward.key,
                    figure(reward_now)
                ),
                since_step: entropy.steps.get(look - since.max(1)).copied(),
                usual: first,
            })
        },
        |look, _| entropy.newest_median(look, NEWEST_ROWS).is_some_and(|level| level > BACK * first),
    );
    finding_of("entropy_collapse", &[&entropy.key], stretches)
}

/// The reward is as high as it was, or still rises.
fn was_worth_it(reward: &Track, until: usize) -> bool {
    let Some(level) = reward.newest_mean(until, 20.min(until)) else { return false };
    let values = &reward.values[..until];
    let mut sorted = values.to_vec();
    let place = ((until - 1) as f64 * 0.95) as usize;
    let high = *sorted.select_nth_unstable_by(place, f64::total_cmp).1;
    if level >= 0.9 * high.max(1.0) {
        return true;
    }
    let newest = &values[until.saturating_sub(RISING_ROWS)..];
    if newest.len() < RISING_ROWS {
        return false;
    }
    let blocks = 8;
    let n = newest.len();
    let means: Vec<f64> =
        (0..blocks).map(|block| mean(&newest[block * n / blocks..(block + 1) * n / blocks])).collect();
    let (slope, error) = line(&means);
    let spans = (blocks - 1) as f64;
    spans * slope > 1.3 * spans * error && spans * slope > 0.02
}

#[cfg(test)]
mod tests {
    use paceline_schema::{Timestamp, Value};
    use paceline_series::RunHeads;

    use super::super::Tracks;
    use super::*;

    /// What is told of an entropy that is gone after step 20, with a low reward at these steps.
    fn told(rewards: std::ops::Range<i64>) -> Option<Finding> {
        let mut heads = RunHeads::default();
        for step in 0..rewards.end {
            let mut metrics = Vec::new();
            if step < 60 {
                let entropy = if step < 20 { 2.0 } else { 0.01 };
                metrics.push(("train/entropy".to_owned(), Value::Float(entropy)));
            }
            if rewards.contains(&step) {
                metrics.push(("train/reward".to_owned(), Value::Float(0.1)));
            }
            heads.absorb(step + 1, Timestamp(step), step, &metrics);
        }
        let tracks = Tracks::of(&heads);
        let (entropy, reward) = tracks.entropy.zip(tracks.reward).expect("both were logged");
        collapse(&entropy, &reward)
    }

    #[test]
    fn an_entropy_that_is_gone_waits_for_a_reward() {
        assert_eq!(told(100..110), None);
        let found = told(0..60).expect("it is told");
        assert!(found.evidence.ends_with("while `train/reward` is 0.1"), "{}", found.evidence);
    }
}
