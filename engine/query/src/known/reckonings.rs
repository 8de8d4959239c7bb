//! What was reckoned from the heads of runs, held as long as these stay what they were.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use paceline_schema::Timestamp;
use paceline_schema::status::Finding;
use paceline_series::{CurvePoint, RunHeads};

use crate::divergence::{Divergence, divergences};
use crate::eta::{NoEta, Pace};
use crate::known::courses::KnownCourses;
use crate::rules::{Facts, Tracks, settled, throughput_drop};
use crate::spikes::{Spike, spikes};
use crate::trend::{Direction, direction};

/// With so many more than there were at the last look, those of heads that are gone are looked for.
const ENTRIES_BETWEEN_LOOKS: usize = 1_000;

/// The paces and trends of runs and what their losses did, by where their heads stand in memory: a place is not used again as long as a weak
/// reference to it is held, and heads that take in a row move to another one.
#[derive(Default)]
pub(crate) struct Reckonings(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    by_place: HashMap<usize, Reckoned>,
    next_look: usize,
}

struct Reckoned {
    heads: Weak<RunHeads>,
    pace: Option<ReckonedPace>,
    direction: Option<Option<Direction>>,
    divergences: Option<Arc<[Divergence]>>,
    spikes: Option<Arc<[Spike]>>,
    course: Option<(Facts, Arc<[Finding]>)>,
}

/// A pace with the start of the run it was reckoned from.
#[derive(Clone)]
struct ReckonedPace {
    created_at: Option<Timestamp>,
    pace: Result<Arc<Pace>, NoEta>,
}

impl Reckonings {
    /// The pace of a run that was created at `created_at`.
    ///
    /// # Errors
    /// As [`Pace::read`].
    pub(crate) fn pace(
        &self,
        heads: &Arc<RunHeads>,
        created_at: Option<Timestamp>,
    ) -> Result<Arc<Pace>, NoEta> {
        let known = self.entries().of(heads).pace.clone();
        if let Some(known) = known.filter(|known| known.created_at == created_at) {
            return known.pace;
        }
        let pace = Pace::read(heads.pace(), created_at).map(Arc::new);
        self.entries().of(heads).pace = Some(ReckonedPace { created_at, pace: pace.clone() });
        pace
    }

    /// The direction of the loss of a run.
    pub(crate) fn direction(&self, heads: &Arc<RunHeads>) -> Option<Direction> {
        let known = self.entries().of(heads).direction;
        known.unwrap_or_else(|| {
            let found = heads.loss().and_then(|(loss, _)| direction(&loss.curve));
            self.entries().of(heads).direction = Some(found);
            found
        })
    }

    /// Where the loss of a run ran away.
    pub(crate) fn divergences(&self, heads: &Arc<RunHeads>) -> Arc<[Divergence]> {
        let known = self.entries().of(heads).divergences.clone();
        known.unwrap_or_else(|| {
            let found: Arc<[Divergence]> = divergences(&settled_points(heads)).into();
            self.entries().of(heads).divergences = Some(Arc::clone(&found));
            found
        })
    }

    /// Where the loss of a run leapt up.
    pub(crate) fn spikes(&self, heads: &Arc<RunHeads>) -> Arc<[Spike]> {
        let known = self.entries().of(heads).spikes.clone();
        known.unwrap_or_else(|| {
            let highest = heads.loss().and_then(|(_, head)| head.highest);
            let peak = highest.map(|peak| CurvePoint::of_row(peak.step, peak.value));
            let found: Arc<[Spike]> = spikes(&settled_points(heads), peak).into();
            self.entries().of(heads).spikes = Some(Arc::clone(&found));
            found
        })
    }

    /// What the rules find in the series of a run and in its pace.
    pub(crate) fn course(
        &self,
        heads: &Arc<RunHeads>,
        run_id: &str,
        facts: Facts,
        courses: &KnownCourses,
    ) -> Arc<[Finding]> {
        let known = self.entries().of(heads).course.clone();
        if let Some((_, findings)) = known.filter(|(known, _)| *known == facts) {
            return findings;
        }
        let tracks = Tracks::of(heads);
        let slow = courses.of(run_id, &tracks, &facts);
        let spikes = if facts.judges_loss { self.spikes(heads) } else { Arc::default() };
        let findings: Arc<[Finding]> = slow
            .iter()
            .cloned()
            .chain(tracks.gradient_spike(&spikes))
            .chain(throughput_drop(&heads.pace().intervals()))
            .collect();
        self.entries().of(heads).course = Some((facts, Arc::clone(&findings)));
        findings
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn settled_points(heads: &RunHeads) -> Vec<CurvePoint> {
    heads.loss().map(|(loss, _)| settled(&loss.curve)).unwrap_or_default()
}

impl Entries {
    fn of(&mut self, heads: &Arc<RunHeads>) -> &mut Reckoned {
        if self.by_place.len() >= self.next_look {
            self.by_place.retain(|_, reckoned| reckoned.heads.strong_count() > 0);
            self.next_look = self.by_place.len() + ENTRIES_BETWEEN_LOOKS;
        }
        self.by_place.entry(Arc::as_ptr(heads).addr()).or_insert_with(|| Reckoned {
            heads: Arc::downgrade(heads),
            pace: None,
            direction: None,
            divergences: None,
            spikes: None,
            course: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use paceline_schema::Value;

    use super::*;

    fn absorb(heads: &mut Arc<RunHeads>, rows: std::ops::Range<i64>) {
        for row in rows {
            let metrics = [("loss".to_owned(), Value::Float(1.0 / (row + 1) as f64))];
            Arc::make_mut(heads).absorb(row + 1, Timestamp(row * row * 1_000), row, &metrics);
        }
    }

    #[test]
    fn points_are_finite_whatever_was_logged() {
        for huge in [1e39, f64::MAX] {
            let mut heads = Arc::new(RunHeads::default());
            for row in 0..3_000 {
                let loss = if row / 2 % 2 == 0 { huge } else { -huge };
                let metrics = [("loss".to_owned(), Value::Float(loss))];
                Arc::make_mut(&mut heads).absorb(row + 1, Timestamp(row), row, &metrics);
                if row == 100 {
                    assert_eq!(settled_points(&heads).len(), 101);
                }
            }
            assert!(settled_points(&heads).iter().all(|point| point.value.is_finite()), "{huge}");
        }
    }

    #[test]
    fn what_is_known_is_of_the_heads_as_they_are() {
        let reckonings = Reckonings::default();
        let mut heads = Arc::new(RunHeads::default());
        let starts = [None, Some(Timestamp(0))];
        for rows in [0..2, 2..3, 3..60, 60..61, 61..2_000] {
            absorb(&mut heads, rows);
            for _ in 0..2 {
                for created_at in starts {
                    let told = reckonings.pace(&heads, created_at).map(|pace| pace.seconds_per_step());
                    let reckoned = Pace::read(heads.pace(), created_at).map(|pace| pace.seconds_per_step());
                    assert_eq!(told, reckoned);
                }
                let reckoned = heads.loss().and_then(|(loss, _)| direction(&loss.curve));
                assert_eq!(reckonings.direction(&heads), reckoned);
            }
        }
    }

    #[test]
    fn heads_that_are_gone_are_forgotten() {
        let reckonings = Reckonings::default();
        let mut kept = Vec::new();
        for run in 0..5_000 {
            let heads = Arc::new(RunHeads::default());
            let _ = reckonings.direction(&heads);
            kept.extend(Some(heads).filter(|_| run % 100 == 0));
        }
        assert!(reckonings.entries().by_place.len() <= kept.len() + ENTRIES_BETWEEN_LOOKS);
    }
}
