//! A norm of the gradient that leaps, and one that is gone.

use paceline_schema::status::{Finding, Severity};

use super::track::Track;
use super::{Sign, Stretch, finding_of, follow, looks};
use crate::level::median;
use crate::sentence::figure;
use crate::spikes::{Spike, USUAL_ROWS, Window};

/// Rows until a leap is called one.
const FIRST_ROWS: usize = 25;
/// A leap is so many times the usual norm and the largest one before,
const TIMES_USUAL: f64 = 10.0;
const TIMES_LARGEST: f64 = 2.0;
/// and over when so many rows lie below so many times the usual.
const BACK_ROWS: usize = 20;
const BACK: f64 = 3.0;
/// From so many leaps on they are more than a note.
const MANY: usize = 3;
/// A norm below this is none.
const NOTHING: f64 = 1e-8;
/// What a norm has fallen to that vanishes slowly, and in one leap.
const VANISHED: f64 = 1e-3;
const VANISHED_AT_ONCE: f64 = 1e-4;
const OVER: f64 = 1e-2;
/// A loss that has come so far down needs no gradient any more: slowly, and in one leap.
const CONVERGED: f64 = 0.1;
const SOLVED: f64 = 1e-3;

pub(crate) fn spike(gradient: &Track, loss_spikes: &[Spike]) -> Option<Finding> {
    let values = &gradient.values;
    let mut window = Window::default();
    let mut largest = 0.0f64;
    let mut back_at = 0;
    let mut stretches: Vec<Stretch> = Vec::new();
    for (row, top) in gradient.highest.iter().copied().enumerate() {
        let usual = window.median().unwrap_or(0.0);
        let is_leap = row >= FIRST_ROWS
            && usual > 0.0
            && top > TIMES_USUAL * usual
            && top > TIMES_LARGEST * largest
            && row >= back_at;
        if is_leap {
            let calm =
                |from: &usize| values[*from..from + BACK_ROWS].iter().all(|value| *value < BACK * usual);
            let back = (row + 1..(values.len() + 1).saturating_sub(BACK_ROWS)).find(calm);
            back_at = back.unwrap_or(values.len());
            let step = gradient.steps[row];
            let until_step = back.map(|back| gradient.steps[back]);
            let with_loss = loss_spikes.iter().any(|spike| {
                let nearby =
                    gradient.steps[row.saturating_sub(1)]..=gradient.steps[(row + 2).min(values.len() - 1)];
                nearby.contains(&spike.step)
            });
            let is_note = !with_loss && stretches.len() + 1 < MANY;
            let usual_times = figure((top / usual).round());
            let ending = until_step
                .map_or_else(|| ", not back since".to_owned(), |step| format!(", back at step {step}"));
            let aside = if with_loss { ", and the loss leapt with it" } else { "" };
            stretches.push(Stretch {
                sign: Sign {
                    severity: if is_note { Severity::Note } else { Severity::Warning },
                    evidence: format!(
                        "`{}` went to {}, {usual_times} times the usual {}{aside}{ending}",
                        gradient.key,
                        figure(top),
                        figure(usual)
                    ),
                    since_step: Some(step),
                    usual,
                },
                until_step,
            });
        } else if row >= back_at {
            largest = largest.max(top);
        }
        window.push(values[row], row.checked_sub(USUAL_ROWS).map(|gone| values[gone]));
    }
    finding_of("grad_norm_spike", &[&gradient.key], stretches)
}

pub(crate) fn vanishing(gradient: &Track, loss: Option<&Track>) -> Option<Finding> {
    // The highest running median of five of so many rows.
    let mut reference = vec![0.0f64; gradient.len() + 1];
    for row in 0..gradient.len() {
        let level = gradient.newest_median(row + 1, 5).unwrap_or(0.0);
        reference[row + 1] = reference[row].max(level);
    }
    let stretches = follow(
        looks(gradient.len()),
        |look| gradient.step_at(look),
        |look| vanished(gradient, loss, look, reference[look]),
        |look, sign| {
            gradient.newest_median(look, 10).is_some_and(|level| level > OVER * sign.usual && level > NOTHING)
        },
    );
    finding_of("grad_vanishing", &[&gradient.key], stretches)
}

fn vanished(gradient: &Track, loss: Option<&Track>, look: usize, reference: f64) -> Option<Sign> {
    if gradient.rows(look) < 30 {
        return None;
    }
    let step = gradient.step_at(look)?;
    // How much of the first loss is left.
    let left = loss.and_then(|loss| {
        let first = median(loss.values.get(..5)?.to_vec())?;
        let until = loss.until(step);
        Some(loss.newest_median(until, 5.min(until))? / first).filter(|_| first > 0.0)
    });
    let newest = gradient.newest_median(look, 10)?;
    let slowly = gradient.newest_median(look, 20).is_some_and(|level| level < VANISHED * reference)
        && left.is_some_and(|left| left > CONVERGED);
    let is_nothing = gradient.newest(look, 10)?.iter().all(|value| *value < NOTHING);
    let fell_within = |reach: &[usize]| {
        reach.iter().any(|earlier| {
            let before = look.checked_sub(10 + earlier).and_then(|until| gradient.newest_median(until, 20));
            before.is_some_and(|before| newest < VANISHED_AT_ONCE * before)
        })
    };
    let is_solved = left.is_some_and(|left| left < SOLVED);
    // Where the loss has come down the gradient may go with it, but not in one leap.
    let may_be_gone = left.is_some_and(|left| left <= CONVERGED);
    let at_once = !is_solved && fell_within(&[5, 20]);
    let is_gone = !may_be_gone && (is_nothing || fell_within(&[60, look / 10]));
    if !(slowly || at_once || is_gone) {
        return None;
    }
    let gone = gradient.values[..look].iter().rev().take_while(|value| **value <= OVER * reference).count();
    let loss = loss.and_then(|loss| {
        let until = loss.until(step);
        Some(format!(", with `{}` at {}", loss.key, figure(loss.newest_median(until, 5.min(until))?)))
    });
    Some(Sign {
        severity: Severity::Critical,
        evidence: format!(
            "`{}` fell to {} from {}{}",
            gradient.key,
            figure(newest),
            figure(reference),
            loss.unwrap_or_default()
        ),
        since_step: gradient.steps.get(look - gone.max(1)).copied(),
        usual: reference,
    })
}
