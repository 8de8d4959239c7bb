//! What about a run deserves attention, by rules on its heads.

use paceline_schema::status::{Finding, Severity};
use paceline_schema::{RunState, StateSource};
use paceline_series::RunHeads;

use crate::sentence::{duration, figure};
use crate::state::Condition;

/// The findings, worst first.
#[must_use]
pub(crate) fn findings(heads: &RunHeads, condition: &Condition, silent_seconds: Option<f64>) -> Vec<Finding> {
    let stalled = silent_seconds.and_then(|seconds| stalled(condition, seconds));
    loss_not_finite(heads).into_iter().chain(stalled).collect()
}

fn loss_not_finite(heads: &RunHeads) -> Option<Finding> {
    let (loss, head) = heads.loss()?;
    let since = head.not_finite_since_step?;
    let before =
        loss.curve.points().last().map(|point| format!(", {} before", figure(f64::from(point.value))));
    Some(Finding {
        code: "loss_nan".to_owned(),
        severity: Severity::Critical,
        evidence: format!(
            "`{}` is {} since step {since}{}",
            loss.key,
            head.last.value,
            before.unwrap_or_default()
        ),
    })
}

/// A living process whose rows are overdue; rows alone may have ended without a word.
fn stalled(condition: &Condition, silent_seconds: f64) -> Option<Finding> {
    let stalled = condition.state == RunState::Stalled && condition.source == StateSource::Process;
    stalled.then(|| Finding {
        code: "stalled".to_owned(),
        severity: Severity::Warning,
        evidence: format!(
            "no row for {}, at most {} was to be expected",
            duration(silent_seconds),
            duration(condition.allowed_silence_seconds)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use paceline_schema::{Timestamp, Value};

    fn condition(state: RunState, source: StateSource) -> Condition {
        Condition { state, source, ended_at: None, allowed_silence_seconds: 300.0 }
    }

    #[test]
    fn a_loss_that_is_not_finite_comes_first_and_names_its_step() {
        let mut heads = RunHeads::default();
        for (step, value) in [(1, 2.5), (2, f64::NAN), (3, f64::NAN)] {
            heads.absorb(step, Timestamp(step), step, &[("loss".to_owned(), Value::Float(value))]);
        }
        let found = findings(&heads, &condition(RunState::Stalled, StateSource::Process), Some(840.0));
        let told: Vec<_> =
            found.iter().map(|finding| (finding.code.as_str(), finding.evidence.as_str())).collect();
        assert_eq!(
            told,
            [
                ("loss_nan", "`loss` is NaN since step 2, 2.5 before"),
                ("stalled", "no row for 14 minutes, at most 5 minutes was to be expected")
            ]
        );
        heads.absorb(4, Timestamp(4), 4, &[("loss".to_owned(), Value::Float(2.0))]);
        assert!(findings(&heads, &condition(RunState::Stalled, StateSource::Rows), Some(840.0)).is_empty());
        assert!(findings(&heads, &condition(RunState::Running, StateSource::Process), Some(1.0)).is_empty());
    }
}
