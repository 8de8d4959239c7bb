//! What about a run deserves attention, by rules on its heads.

use std::cmp::Reverse;
use std::sync::Arc;

use paceline_schema::status::{Finding, Severity};
use paceline_schema::{RunState, StateSource};
use paceline_series::RunHeads;

use crate::known::Known;
use crate::sentence::{duration, figure};
use crate::spikes::Spike;
use crate::state::Condition;

pub(crate) const LOSS_NAN: &str = "loss_nan";
pub(crate) const LOSS_DIVERGING: &str = "loss_diverging";
pub(crate) const LOSS_SPIKE: &str = "loss_spike";
pub(crate) const STALLED: &str = "stalled";
pub(crate) const RANK_LOST: &str = "rank_lost";

/// A leap so few points before the loss ran away is the beginning of that.
const ONSET_POINTS: usize = 15;
/// From so many spikes on they are more than a note.
const MANY_SPIKES: usize = 3;

/// The findings: what holds before what is over, worst first. `others` are those that other rules found; `known` is
/// there for a loss that rules may judge.
#[must_use]
pub(crate) fn findings(
    heads: &Arc<RunHeads>,
    condition: &Condition,
    silent_seconds: Option<f64>,
    others: Vec<Finding>,
    known: Option<&Known>,
) -> Vec<Finding> {
    let not_finite = loss_not_finite(heads);
    // Behind a loss that is no number any more nothing else of it matters.
    let of_loss = known.filter(|_| not_finite.is_none()).map(|known| loss_course(heads, known));
    let stalled = silent_seconds.and_then(|seconds| stalled(condition, seconds));
    let mut all: Vec<Finding> =
        not_finite.into_iter().chain(others).chain(stalled).chain(of_loss.into_iter().flatten()).collect();
    hide(&mut all);
    all.sort_by_key(|finding| (finding.until_step.is_some(), Reverse(finding.severity)));
    all
}

/// What hides what, while both hold: the cause stands there, and what follows from it does not.
const HIDDEN: [(&str, &[&str]); 7] = [
    (
        LOSS_NAN,
        &["loss_plateau", "loss_not_moving_from_start", "overfitting", "grad_norm_spike", "grad_vanishing"],
    ),
    (
        LOSS_DIVERGING,
        &["loss_plateau", "loss_not_moving_from_start", "overfitting", "grad_norm_spike", "grad_vanishing"],
    ),
    ("loss_not_moving_from_start", &["loss_plateau"]),
    ("lr_zero_early", &["loss_plateau"]),
    ("grad_vanishing", &["loss_plateau"]),
    (STALLED, &["gpu_idle", "throughput_drop"]),
    ("reward_no_signal", &["reward_flat", "grad_vanishing"]),
];

fn hide(all: &mut Vec<Finding>) {
    let holds = |code: &str| all.iter().any(|finding| finding.code == code && finding.until_step.is_none());
    let hidden: Vec<&str> = HIDDEN
        .iter()
        .filter(|(cause, _)| holds(cause))
        .flat_map(|(_, hidden)| hidden.iter().copied())
        .collect();
    all.retain(|finding| finding.until_step.is_some() || !hidden.contains(&finding.code.as_str()));
}

fn loss_not_finite(heads: &RunHeads) -> Option<Finding> {
    let (loss, head) = heads.loss()?;
    let evidence = match head.not_finite_since_step {
        Some(since) => {
            let before = loss
                .curve
                .points()
                .last()
                .map(|point| format!(", {} before", figure(f64::from(point.value))));
            format!("`{}` is {} since step {since}{}", loss.key, head.last.value, before.unwrap_or_default())
        }
        // Now and then a number among others that are none is no return.
        None => {
            let lost = head.recent.iter().filter(|value| !value.is_finite()).count();
            let newest = head.recent.iter().count();
            (lost > 0)
                .then(|| format!("`{}` was NaN or infinite in {lost} of its last {newest} rows", loss.key))?
        }
    };
    Some(Finding {
        code: LOSS_NAN.to_owned(),
        severity: Severity::Critical,
        evidence,
        metrics: vec![loss.key.clone()],
        since_step: head.not_finite_since_step,
        until_step: None,
        hint: None,
    })
}

/// What the loss did on its way: where it ran away, and where it leapt up outside of that. Of each the newest is told.
fn loss_course(heads: &Arc<RunHeads>, known: &Known) -> Vec<Finding> {
    let Some((loss, head)) = heads.loss() else { return Vec::new() };
    let ran_away = known.reckonings.divergences(heads);
    let leapt = known.reckonings.spikes(heads);
    let lone: Vec<&Spike> = leapt
        .iter()
        .filter(|spike| {
            !ran_away.iter().any(|stretch| {
                let until = stretch.until_point.unwrap_or(usize::MAX);
                (stretch.since_point.saturating_sub(ONSET_POINTS)..=until).contains(&spike.point)
            })
        })
        .collect();
    let before = |all: usize| if all > 1 { format!(", {} more before it", all - 1) } else { String::new() };
    let diverging = ran_away.last().map(|newest| {
        let best = format!("its best {} at step {}", figure(newest.best), newest.best_step);
        let evidence = match newest.until_step {
            None => {
                let now = head.recent_mean().unwrap_or(head.last.value);
                format!("`{}` rose to {} from {best}", loss.key, figure(now))
            }
            Some(step) => {
                let peak = head.highest.filter(|peak| (newest.since_step..step).contains(&peak.step));
                let peak = peak.map_or(newest.peak, |peak| peak.value);
                format!("`{}` rose to {} from {best}, back at step {step}", loss.key, figure(peak))
            }
        };
        Finding {
            code: LOSS_DIVERGING.to_owned(),
            severity: if newest.until_step.is_none() { Severity::Critical } else { Severity::Warning },
            evidence: evidence + &before(ran_away.len()),
            metrics: vec![loss.key.clone()],
            since_step: Some(newest.since_step),
            until_step: newest.until_step,
            hint: None,
        }
    });
    let spike = lone.last().map(|newest| {
        let (value, usual) = (figure(newest.value), figure(newest.usual));
        let back = newest
            .until_step
            .map_or_else(|| "not back since".to_owned(), |step| format!("back at step {step}"));
        let is_note = newest.until_step.is_some() && lone.len() < MANY_SPIKES;
        Finding {
            code: LOSS_SPIKE.to_owned(),
            severity: if is_note { Severity::Note } else { Severity::Warning },
            evidence: format!(
                "`{}` went to {value} where {usual} was usual, {back}{}",
                loss.key,
                before(lone.len())
            ),
            metrics: vec![loss.key.clone()],
            since_step: Some(newest.step),
            until_step: newest.until_step,
            hint: None,
        }
    });
    diverging.into_iter().chain(spike).collect()
}

/// A living process whose rows are overdue; rows alone may have ended without a word.
fn stalled(condition: &Condition, silent_seconds: f64) -> Option<Finding> {
    let stalled = condition.state == RunState::Stalled && condition.source == StateSource::Process;
    stalled.then(|| Finding {
        code: STALLED.to_owned(),
        severity: Severity::Warning,
        evidence: format!(
            "no row for {}, at most {} was to be expected",
            duration(silent_seconds),
            duration(condition.allowed_silence_seconds)
        ),
        metrics: Vec::new(),
        since_step: None,
        until_step: None,
        hint: None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::hints::with_hint;
    use paceline_schema::{Timestamp, Value};

    const VECTORS: &str = include_str!("../../../tests/fixtures/loss-vectors.json");

    fn condition(state: RunState, source: StateSource) -> Condition {
        Condition { state, source, ended_at: None, allowed_silence_seconds: 300.0 }
    }

    fn running() -> Condition {
        condition(RunState::Running, StateSource::Process)
    }

    fn absorb(heads: &mut Arc<RunHeads>, step: i64, loss: f64) {
        let metrics = [("loss".to_owned(), Value::Float(loss))];
        Arc::make_mut(heads).absorb(step + 1, Timestamp(step), step, &metrics);
    }

    fn heads_of(losses: impl IntoIterator<Item = f64>) -> Arc<RunHeads> {
        let mut heads = Arc::new(RunHeads::default());
        losses.into_iter().zip(0..).for_each(|(loss, step)| absorb(&mut heads, step, loss));
        heads
    }

    fn told(heads: &Arc<RunHeads>) -> Vec<Finding> {
        findings(heads, &running(), Some(1.0), Vec::new(), Some(&Known::default()))
    }

    /// Noise of mean 0 and deviation about 1, the same on every machine.
    fn noise(step: i64) -> f64 {
        let mixed = (step as u64)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(29)
            .wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((mixed >> 11) as f64 / (1u64 << 53) as f64 - 0.5) * 3.46
    }

    fn falling(step: i64) -> f64 {
        0.5 + 2.0 * (-step as f64 / 100.0).exp() + 0.02 * noise(step)
    }

    #[test]
    fn a_loss_that_is_not_finite_comes_first_and_names_its_step() {
        let mut heads = heads_of([2.5, f64::NAN, f64::NAN]);
        let stalled = condition(RunState::Stalled, StateSource::Process);
        let found = findings(&heads, &stalled, Some(840.0), Vec::new(), Some(&Known::default()));
        let words: Vec<_> =
            found.iter().map(|finding| (finding.code.as_str(), finding.evidence.as_str())).collect();
        assert_eq!(
            words,
            [
                ("loss_nan", "`loss` is NaN since step 1, 2.5 before"),
                ("stalled", "no row for 14 minutes, at most 5 minutes was to be expected")
            ]
        );
        assert_eq!((found[0].metrics.as_slice(), found[0].since_step), (&["loss".to_owned()][..], Some(1)));
        assert_eq!((found[1].metrics.as_slice(), found[1].since_step), (&[][..], None));
        absorb(&mut heads, 3, 2.0);
        let [held] = &told(&heads)[..] else { panic!("{:?}", told(&heads)) };
        assert_eq!(
            (held.evidence.as_str(), held.since_step),
            ("`loss` was NaN or infinite in 2 of its last 4 rows", None)
        );
        (4..13).for_each(|step| absorb(&mut heads, step, 2.0));
        let by_rows = condition(RunState::Stalled, StateSource::Rows);
        assert_eq!(findings(&heads, &by_rows, Some(840.0), Vec::new(), None), []);
        assert_eq!(told(&heads), []);
    }

    #[test]
    fn the_vectors_agree() {
        let vectors: serde_json::Value = serde_json::from_str(VECTORS).expect("the fixture is JSON");
        for vector in vectors["series"].as_array().expect("a list") {
            let name = vector["id"].as_str().expect("a name");
            let losses: Vec<f64> = vector["loss"]
                .as_array()
                .expect("values")
                .iter()
                .map(|loss| loss.as_f64().unwrap_or(f64::NAN))
                .collect();
            let expected: Vec<(&str, usize)> = vector["expected"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|each| {
                    (
                        each["code"].as_str().expect("a code"),
                        each["raised_at_row"].as_u64().expect("a row") as usize,
                    )
                })
                .collect();
            let allowed = vector["allowed"].as_array().expect("a list");
            let mut heads = Arc::new(RunHeads::default());
            let mut seen = BTreeSet::new();
            for (row, loss) in losses.iter().enumerate() {
                absorb(&mut heads, row as i64, *loss);
                for finding in told(&heads) {
                    let code = finding.code;
                    if !seen.insert(code.clone()) || allowed.iter().any(|each| each == code.as_str()) {
                        continue;
                    }
                    let (_, raised) = expected
                        .iter()
                        .find(|(each, _)| *each == code)
                        .unwrap_or_else(|| panic!("{name}: `{code}` at row {row} is a false alarm"));
                    let late = row.abs_diff(*raised);
                    assert!(late * 20 <= losses.len(), "{name}: `{code}` at row {row}, not {raised}");
                }
            }
            for (code, _) in expected {
                assert!(seen.contains(code), "{name}: `{code}` was not told");
            }
        }
    }

    #[test]
    fn a_loss_that_leapt_and_came_back_is_a_note_that_is_over() {
        let mut heads = heads_of((0..200).map(falling));
        for step in 200..206 {
            absorb(&mut heads, step, 20.0 - (step - 200) as f64);
        }
        let [pending] = &told(&heads)[..] else { panic!("{:?}", told(&heads)) };
        assert_eq!(
            (pending.code.as_str(), pending.severity, pending.until_step),
            ("loss_spike", Severity::Warning, None)
        );
        for step in 206..260 {
            absorb(&mut heads, step, falling(step));
        }
        let [found] = &told(&heads)[..] else { panic!("{:?}", told(&heads)) };
        assert_eq!(
            (found.severity, found.since_step, found.until_step),
            (Severity::Note, Some(200), Some(206))
        );
        assert_eq!(
            found.evidence,
            "`loss` went to 20 where 0.8 was usual, back at step 206".replace("0.8", &usual(found))
        );
        assert!(with_hint(found.clone()).hint.is_some_and(|hint| hint.starts_with("harmless if single")));
    }

    /// The usual value in the words of a spike.
    fn usual(finding: &Finding) -> String {
        let words = finding.evidence.split("where ").nth(1).and_then(|rest| rest.split(' ').next());
        let words = words.expect("the words name it").to_owned();
        assert!((0.7..0.9).contains(&words.parse::<f64>().expect("a figure")), "{words}");
        words
    }

    #[test]
    fn a_loss_that_ran_away_to_20_is_critical_until_it_is_back() {
        let away = |step: i64| {
            if (300..420).contains(&step) {
                20.0 * (1.0 - (-(step - 300) as f64 / 10.0).exp()) + falling(step)
            } else {
                falling(step)
            }
        };
        let diverging = told(&heads_of((0..400).map(away)));
        assert_eq!(diverging.len(), 1, "its beginning is no spike beside it: {diverging:?}");
        let found = &diverging[0];
        assert_eq!(
            (found.code.as_str(), found.severity, found.until_step),
            ("loss_diverging", Severity::Critical, None)
        );
        let since = found.since_step.expect("it began somewhere");
        assert!((300..304).contains(&since), "{since}");
        assert!(found.evidence.starts_with("`loss` rose to 20."), "{}", found.evidence);

        let back = told(&heads_of((0..600).map(away)));
        let [found] = &back[..] else { panic!("{back:?}") };
        assert_eq!((found.code.as_str(), found.severity), ("loss_diverging", Severity::Warning));
        let until = found.until_step.expect("it is back");
        assert!((418..424).contains(&until), "{until}");
        assert!(found.evidence.contains("back at step"), "{}", found.evidence);
    }

    #[test]
    fn in_a_long_run_one_row_is_seen_and_noise_is_not() {
        let plain = told(&heads_of((0..100_000).map(|step| falling(step / 50) + 0.1 * noise(step + 7))));
        assert_eq!(plain, []);
        let shocked = (0..100_000).map(|step| if step == 70_000 { 20.0 } else { falling(step / 50) });
        let [found] = &told(&heads_of(shocked))[..] else { panic!("one finding") };
        assert_eq!(
            (found.code.as_str(), found.since_step, found.severity),
            ("loss_spike", Some(70_000), Severity::Note)
        );
        assert!(found.evidence.starts_with("`loss` went to 20 where"), "{}", found.evidence);
    }

    #[test]
    fn a_loss_of_which_more_is_better_may_rise() {
        let heads = heads_of((0..400).map(|step| 2.0 + step as f64 / 50.0));
        assert_eq!(findings(&heads, &running(), Some(1.0), Vec::new(), None), []);
        assert_eq!(told(&heads)[0].code, "loss_diverging");
    }
}
