//! Which training step a row belongs to.

use paceline_schema::Value;
use serde::{Deserialize, Serialize};

use crate::keys::is_profiling;

/// Metrics that carry the trainer's own step, best first.
const GLOBAL_STEP_KEYS: [&str; 3] = ["train/global_step", "global_step", "trainer/global_step"];

/// Finds the training step of each row of a run, fed in id order.
///
/// A trainer's global step counts where it is logged; the row's own step is then only a log index. Once
/// a run has logged a global step, a row without one stands where the run stood, and does not move it. Nor does a row of nothing but times
/// that a trainer took: the first of them come before the first step is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepResolver {
    newest_global_step: Option<i64>,
}

/// Where a row stands on the axis of training steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedStep {
    /// The training step.
    pub step: i64,
    /// The row says itself where it stands, so it moves the current step and takes part in the pace.
    pub advances: bool,
    /// The first global step of the run: steps of earlier rows were counted otherwise.
    pub first_global: bool,
}

impl StepResolver {
    /// The training step of the next row.
    pub fn resolve(&mut self, row_step: i64, metrics: &[(String, Value)]) -> ResolvedStep {
        let logged = GLOBAL_STEP_KEYS.iter().find_map(|wanted| {
            let (_, value) = metrics.iter().find(|(key, _)| key == wanted)?;
            value.number().filter(|step| step.is_finite()).map(|step| step as i64)
        });
        match (logged, self.newest_global_step) {
            (Some(step), before) => {
                self.newest_global_step = Some(step);
                ResolvedStep { step, advances: true, first_global: before.is_none() }
            }
            (None, Some(step)) => ResolvedStep { step, advances: false, first_global: false },
            (None, None) => {
                let is_aside = !metrics.is_empty() && metrics.iter().all(|(key, _)| is_profiling(key));
                ResolvedStep { step: row_step, advances: !is_aside, first_global: false }
            }
        }
    }

    /// The run has logged a global step.
    #[must_use]
    pub fn has_global_step(&self) -> bool {
        self.newest_global_step.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_global_step_counts_where_it_is_logged() {
        let mut resolver = StepResolver::default();
        let mut resolve = |row_step, metrics: &[(&str, f64)]| {
            let metrics: Vec<_> =
                metrics.iter().map(|(key, value)| ((*key).to_owned(), Value::Float(*value))).collect();
            let resolved = resolver.resolve(row_step, &metrics);
            (resolved.step, resolved.advances, resolved.first_global)
        };
        assert_eq!(resolve(0, &[("profiling/time", 1.0)]), (0, false, false));
        assert_eq!(resolve(0, &[("loss", 1.0)]), (0, true, false));
        assert_eq!(resolve(1, &[("loss", 1.0), ("trainer/global_step", 50.0)]), (50, true, true));
        assert_eq!(resolve(2, &[("profiling/time", 1.0)]), (50, false, false));
        assert_eq!(resolve(3, &[("global_step", 7.0), ("train/global_step", 60.0)]), (60, true, false));
        assert_eq!(resolve(4, &[("train/global_step", f64::NAN)]), (60, false, false));
    }
}
