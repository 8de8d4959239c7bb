//! A loss that does not fall any more, and one that never did.

use std::cell::{Cell, RefCell};

use paceline_schema::status::{Finding, Severity};

use super::track::Track;
use super::{Facts, Sign, finding_of, follow, looks, percent};
use crate::divergence::Medians;
use crate::level::median;
use crate::sentence::figure;
use crate::trend::{WIDEST_TOLERANCE, fit, tolerance_above};

/// Blocks of the line through a loss.
const BLOCKS: usize = 12;
/// The part of a run in which a plateau is told: later it may just have converged.
const PLATEAU_PROGRESS: std::ops::RangeInclusive<f64> = 0.2..=0.85;
/// Rows for that in a run of unknown length.
const PLATEAU_ROWS: usize = 60;
/// Looks in a row at which it must be flat.
const FLAT_LOOKS: usize = 2;
/// Below this share of its highest the learning rate has done its work.
const LOW_RATE: f64 = 0.1;
/// A loss that fell less than this share has not moved.
const MOVED: f64 = 0.03;

/// A loss and what is beside it.
pub(crate) struct LossRules<'a> {
    pub(crate) loss: &'a Track,
    pub(crate) rate: Option<&'a Track>,
    pub(crate) evaluation: Option<&'a Track>,
    pub(crate) facts: &'a Facts,
}

impl LossRules<'_> {
    pub(crate) fn plateau(&self) -> Option<Finding> {
        let loss = self.loss;
        let flat_looks = Cell::new(0);
        let medians = RefCell::new(Medians::new(&loss.values));
        let stretches = follow(
            looks(loss.len()),
            |look| loss.step_at(look),
            |look| {
                let sign = self.flat(look, &mut medians.borrow_mut());
                flat_looks.set(if sign.is_some() { flat_looks.get() + 1 } else { 0 });
                sign.filter(|_| flat_looks.get() >= FLAT_LOOKS)
            },
            |look, _| {
                let falls = self.falls_again(look, &mut medians.borrow_mut());
                if falls {
                    flat_looks.set(0);
                }
                falls
            },
        );
        finding_of("loss_plateau", &[&loss.key], stretches)
    }

    fn flat(&self, look: usize, medians: &mut Medians<'_>) -> Option<Sign> {
        let loss = self.loss;
        let step = loss.step_at(look)?;
        let progress = self.facts.progress(step);
        let rows = loss.rows(look);
        let in_time = progress.map_or(rows >= PLATEAU_ROWS, |progress| PLATEAU_PROGRESS.contains(&progress));
        if !in_time || self.rate_is_low(step) || self.is_warming(step) || self.evaluation_falls(step) {
            return None;
        }
        let of_total = progress.map_or(0.0, |progress| 0.15 * rows as f64 / progress);
        let window = loss.points(40f64.max(0.5 * rows as f64).max(of_total));
        if (look as f64) < 1.5 * window as f64 {
            return None;
        }
        let values = loss.newest(look, window)?;
        let fit = fit(values, BLOCKS)?;
        if fit.fall + 1.6 * fit.error >= WIDEST_TOLERANCE {
            return None;
        }
        let tolerance = self.tolerance(look, medians)?;
        let is_flat =
            fit.fall + 1.6 * fit.error < tolerance && fit.fall > -tolerance && fit.error < tolerance;
        if !is_flat {
            return None;
        }
        let since = *loss.steps.get(look - window)?;
        let early = progress.is_some_and(|progress| progress < 0.5);
        Some(Sign {
            severity: if early { Severity::Warning } else { Severity::Note },
            evidence: format!(
                "`{}` fell {} (± {}) over {} steps, to {}",
                loss.key,
                percent(fit.fall),
                percent(fit.error),
                step - since,
                figure(median(values[values.len() - values.len() / BLOCKS..].to_vec())?)
            ),
            since_step: Some(since),
            usual: tolerance,
        })
    }

    /// Over its last 30 % it falls by more than the noise.
    fn falls_again(&self, look: usize, medians: &mut Medians<'_>) -> bool {
        let window = self.loss.points(40f64.max(0.3 * self.loss.rows(look) as f64)).min(look);
        let Some(fit) = self.loss.newest(look, window).and_then(|values| fit(values, BLOCKS)) else {
            return false;
        };
        let tolerance = self.tolerance(look, medians).unwrap_or(f64::INFINITY);
        fit.fall - 1.3 * fit.error > tolerance / 2.0
    }

    fn tolerance(&self, look: usize, medians: &mut Medians<'_>) -> Option<f64> {
        let (running, _) = medians.of(look);
        let best = running.iter().copied().fold(f64::INFINITY, f64::min);
        tolerance_above(&self.loss.values[..look], best)
    }

    pub(crate) fn not_moving(&self) -> Option<Finding> {
        let loss = self.loss;
        let stretches = follow(
            looks(loss.len()),
            |look| loss.step_at(look),
            |look| self.unmoved(look),
            |look, _| {
                let fit = loss.values.get(..look).and_then(|values| fit(values, BLOCKS));
                fit.is_some_and(|fit| fit.fall - 1.3 * fit.error > MOVED)
            },
        );
        let metrics = [Some(loss.key.as_str()), self.rate.map(|rate| rate.key.as_str())];
        let metrics: Vec<&str> = metrics.into_iter().flatten().collect();
        finding_of("loss_not_moving_from_start", &metrics, stretches)
    }

    fn unmoved(&self, look: usize) -> Option<Sign> {
        let loss = self.loss;
        let step = loss.step_at(look)?;
        let rows = loss.rows(look);
        let progress = self.facts.progress(step);
        let enough = match progress {
            Some(progress) => progress >= 0.2 && rows >= 40,
            None => rows >= 150,
        };
        if !(enough || rows >= 1_000) || self.is_warming(step) {
            return None;
        }
        let values = &loss.values[..look];
        let fit = fit(values, BLOCKS)?;
        let fall = fit.fall.max(fit.ends);
        if !(fall + 1.6 * fit.error < MOVED && fall > -0.05) {
            return None;
        }
        let block = (look / BLOCKS).max(1);
        let rate = self.rate.and_then(|rate| Some(*rate.values[..rate.until(step)].last()?));
        let rate = rate.map(|rate| format!(", learning rate {}", figure(rate))).unwrap_or_default();
        Some(Sign {
            severity: if progress.is_some_and(|progress| progress >= 0.4) {
                Severity::Critical
            } else {
                Severity::Warning
            },
            evidence: format!(
                "`{}` was {} and is {} after {} steps, moved {} (± {}){rate}",
                loss.key,
                figure(median(values[..block].to_vec())?),
                figure(median(values[look - block..].to_vec())?),
                step - loss.steps[0],
                percent(fit.ends.abs()),
                percent(fit.error)
            ),
            since_step: Some(loss.steps[0]),
            usual: 0.0,
        })
    }

    /// The learning rate still rises to its peak.
    fn is_warming(&self, step: i64) -> bool {
        let Some(rates) = self.rates(step) else { return false };
        let now = rates[rates.len() - 1];
        now >= 0.999 * highest(rates) && now > 1.2 * rates[rates.len() / 2]
    }

    fn rate_is_low(&self, step: i64) -> bool {
        self.rates(step).is_some_and(|rates| rates[rates.len() - 1] < LOW_RATE * highest(rates))
    }

    fn rates(&self, step: i64) -> Option<&[f64]> {
        let rate = self.rate?;
        Some(&rate.values[..rate.until(step)]).filter(|rates| !rates.is_empty())
    }

    /// The loss of the evaluations falls where the noise of the training hides it: the newest three are the best.
    fn evaluation_falls(&self, step: i64) -> bool {
        let Some(evaluation) = self.evaluation else { return false };
        let values = &evaluation.values[..evaluation.until(step)];
        let Some((before, newest)) = values.split_last_chunk::<3>() else { return false };
        let best = before.iter().copied().fold(f64::INFINITY, f64::min);
        best.is_finite()
            && newest[2] < newest[0]
            && newest.iter().all(|value| *value < best)
            && newest[2] < best - 0.01 * best.abs()
    }
}

fn highest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}
