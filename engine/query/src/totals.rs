//! How many steps a run will have, from the best source there is.

use paceline_schema::TotalStepsSource;
use paceline_series::{EpochUnits, RunHeads};
use serde_json::{Map, Value};

/// Totals that a script states in its config.
const STATED_KEYS: [&str; 2] = ["total_steps", "num_training_steps"];
/// The same, unless it is transformers' limit.
const LIMIT_KEY: &str = "max_steps";
/// Totals that a run logs.
const LOGGED_KEYS: [&str; 4] =
    ["total_steps", "train/total_steps", "num_training_steps", "train/num_training_steps"];
const LOGGED_LIMIT_KEYS: [&str; 3] = ["max_steps", "train/max_steps", "trainer/max_steps"];
const PROGRESS_KEYS: [&str; 2] = ["progress", "train/progress"];
/// What trainers call their number of epochs, transformers' first.
const EPOCHS_KEYS: [&str; 5] = ["num_train_epochs", "epochs", "num_epochs", "n_epochs", "max_epochs"];
/// A smaller share of the way says too little of its length.
const LEAST_PROGRESS: f64 = 1e-3;
/// Totals beyond this are mistakes.
const MOST_STEPS: f64 = 1e15;

/// Whether the value of this setting counts in [`total_steps`].
pub(crate) fn tells_total(setting: &str) -> bool {
    setting == LIMIT_KEY || STATED_KEYS.contains(&setting) || EPOCHS_KEYS.contains(&setting)
}

/// How many steps a run will have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Total {
    /// The number to reckon with.
    pub(crate) steps: i64,
    /// The highest number that fits what was logged.
    pub(crate) high_steps: i64,
    /// How it is known.
    pub(crate) source: TotalStepsSource,
    /// It is certain.
    pub(crate) exact: bool,
}

impl Total {
    fn new(steps: f64, high_steps: f64, source: TotalStepsSource, exact: bool) -> Option<Self> {
        let usable = |steps: f64| (1.0..=MOST_STEPS).contains(&steps).then_some(steps as i64);
        let steps = usable(steps)?;
        Some(Self { steps, high_steps: usable(high_steps)?.max(steps), source, exact })
    }

    /// The source is a guess from something else than the length of this run.
    #[must_use]
    pub(crate) fn has_low_confidence(&self) -> bool {
        matches!(self.source, TotalStepsSource::LearningRate | TotalStepsSource::EarlierRuns)
    }

    /// How many times as many steps may remain as [`Self::steps`] says, at most 3.
    #[must_use]
    pub(crate) fn high_factor(&self, step: i64) -> f64 {
        let remaining = (self.steps.saturating_sub(step)).max(1) as f64;
        ((self.high_steps.saturating_sub(step)) as f64 / remaining).clamp(1.0, 3.0)
    }
}

/// The total by the best source. `earlier_runs` is asked last: the median of the last steps of finished
/// runs of the project with the same config.
#[must_use]
pub(crate) fn total_steps(
    heads: &RunHeads,
    config: Option<&Map<String, Value>>,
    earlier_runs: impl FnOnce() -> Option<i64>,
) -> Option<Total> {
    let configured = |key: &str| positive(config?.get(key)?);
    let logged = |keys: &[&str]| keys.iter().find_map(|key| heads.metric(key)).map(|head| head.last);
    let sure = |steps: f64, source| Total::new(steps, steps, source, true);
    // Its config always holds both; one that holds `max_steps` alone is a script's own statement.
    let of_transformers = config.is_some_and(|config| config.contains_key("num_train_epochs"));
    let limit = configured(LIMIT_KEY);

    let stated = STATED_KEYS.iter().find_map(|key| configured(key)).or(limit.filter(|_| !of_transformers));
    stated
        .and_then(|steps| sure(steps, TotalStepsSource::Config))
        .or_else(|| sure(logged(&LOGGED_KEYS)?.value, TotalStepsSource::Config))
        .or_else(|| from_progress(heads))
        .or_else(|| {
            sure(limit.or_else(|| Some(logged(&LOGGED_LIMIT_KEYS)?.value))?, TotalStepsSource::MaxSteps)
        })
        .or_else(|| {
            let total =
                from_epochs(heads.epoch_units()?, EPOCHS_KEYS.iter().find_map(|key| configured(key))?)?;
            // Rows that belong to no epoch, as what is logged after the last one, make an estimate wrong.
            (total.exact || total.high_steps >= heads.step()?).then_some(total)
        })
        .or_else(|| {
            let steps = heads.learning_rate_zero_step()?.round();
            (steps > heads.step()? as f64)
                .then(|| Total::new(steps, steps, TotalStepsSource::LearningRate, false))?
        })
        .or_else(|| {
            let steps = earlier_runs()?;
            (steps >= heads.step().unwrap_or(0))
                .then(|| Total::new(steps as f64, steps as f64, TotalStepsSource::EarlierRuns, false))?
        })
}

fn positive(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| *number > 0.0 && number.is_finite())
}

fn from_progress(heads: &RunHeads) -> Option<Total> {
    let head = PROGRESS_KEYS.iter().find_map(|key| heads.metric(key))?;
    let share = head.last.value;
    let is_share = head.highest?.value <= 1.0 && head.lowest?.value >= 0.0 && share >= LEAST_PROGRESS;
    let steps = (head.last.step as f64 / share).round();
    is_share.then(|| Total::new(steps, steps, TotalStepsSource::Progress, false))?
}

fn from_epochs(units: EpochUnits, epochs: f64) -> Option<Total> {
    Total::new(
        (epochs * units.low).ceil(),
        (epochs * units.high).ceil(),
        TotalStepsSource::Epochs,
        units.exact,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use paceline_schema::{Timestamp, Value as Logged};
    use serde_json::json;

    fn heads(rows: &[&[(&str, f64)]]) -> RunHeads {
        let mut heads = RunHeads::default();
        for (index, row) in rows.iter().enumerate() {
            let metrics: Vec<_> =
                row.iter().map(|(key, value)| ((*key).to_owned(), Logged::Float(*value))).collect();
            heads.absorb(index as i64, Timestamp(index as i64), 10 * (index as i64 + 1), &metrics);
        }
        heads
    }

    fn total(heads: &RunHeads, config: &Value) -> Option<(i64, TotalStepsSource, bool)> {
        total_steps(heads, config.as_object(), || None).map(|total| (total.steps, total.source, total.exact))
    }

    #[test]
    fn the_best_source_wins() {
        let rows = heads(&[&[
            ("total_steps", 70.0),
            ("progress", 0.2),
            ("train/epoch", 0.5),
            ("train/global_step", 10.0),
        ]]);
        let transformers = json!({"max_steps": 60, "num_train_epochs": 2, "total_steps": 80});
        assert_eq!(total(&rows, &transformers), Some((80, TotalStepsSource::Config, true)));
        assert_eq!(total(&rows, &json!({"max_steps": 60})), Some((60, TotalStepsSource::Config, true)));
        assert_eq!(
            total(&rows, &json!({"max_steps": 60, "num_train_epochs": 2})),
            Some((70, TotalStepsSource::Config, true))
        );
        let rows = heads(&[&[("progress", 0.2), ("train/epoch", 0.5), ("train/global_step", 10.0)]]);
        assert_eq!(total(&rows, &json!({})), Some((50, TotalStepsSource::Progress, false)));
        let rows = heads(&[&[("train/epoch", 0.5123), ("train/global_step", 10.0)]]);
        assert_eq!(
            total(&rows, &json!({"max_steps": 60, "num_train_epochs": 2})),
            Some((60, TotalStepsSource::MaxSteps, true))
        );
        assert_eq!(
            total(&rows, &json!({"max_steps": -1, "num_train_epochs": 2.0}))
                .map(|(steps, source, _)| (steps, source)),
            Some((40, TotalStepsSource::Epochs))
        );
        assert_eq!(total(&rows, &json!({})), None);
        assert_eq!(
            total_steps(&rows, None, || Some(90)).map(|total| (total.steps, total.source)),
            Some((90, TotalStepsSource::EarlierRuns))
        );
    }

    #[test]
    fn an_epoch_that_counts_gives_its_mean_length() {
        let rows = heads(&[&[("epoch", 0.0)], &[("epoch", 0.0)], &[("epoch", 1.0)], &[("epoch", 1.0)]]);
        assert_eq!(total(&rows, &json!({"epochs": 5})), Some((100, TotalStepsSource::Epochs, false)));
    }

    #[test]
    fn an_estimate_that_was_passed_is_none() {
        let rows = heads(&[&[("epoch", 1.0)], &[("epoch", 2.0)], &[("epoch", 3.0)], &[("epoch", 2.0)]]);
        assert_eq!(total(&rows, &json!({"epochs": 2})), None);
        assert!(total(&rows, &json!({"epochs": 5})).is_some());
    }

    #[test]
    fn a_learning_rate_along_a_line_ends_at_zero() {
        let rows: Vec<_> = (1..8).map(|row| [("lr", 1.0 - f64::from(row) / 20.0)]).collect();
        let rows: Vec<&[(&str, f64)]> = rows.iter().map(<[_; 1]>::as_slice).collect();
        assert_eq!(total(&heads(&rows), &json!({})), Some((200, TotalStepsSource::LearningRate, false)));
    }

    #[test]
    fn rounded_epochs_widen_upwards_only() {
        let total = from_epochs(EpochUnits { low: 90.0, high: 110.0, exact: false }, 2.0).expect("usable");
        assert_eq!((total.steps, total.high_steps), (180, 220));
        assert!((total.high_factor(100) - 1.5).abs() < 1e-12);
        assert_eq!(total.high_factor(180), 3.0);
    }

    #[test]
    fn the_vectors_agree() {
        let vectors: Value = serde_json::from_str(include_str!("../../../tests/fixtures/eta-vectors.json"))
            .expect("the fixture is JSON");
        let vectors = vectors["totals"].as_array().expect("a list");
        assert_eq!(vectors.len(), 5);
        for vector in vectors {
            let single = json!([[vector["global_step"], vector["epoch"]]]);
            let pairs = vector["rows"].as_array().or(single.as_array()).expect("rows");
            let rows: Vec<_> = pairs
                .iter()
                .map(|pair| (pair[0].as_f64().expect("a step"), pair[1].as_f64().expect("an epoch")))
                .map(|(step, epoch)| [("train/global_step", step), ("train/epoch", epoch)])
                .collect();
            let rows: Vec<&[(&str, f64)]> = rows.iter().map(<[_; 2]>::as_slice).collect();
            let heads = heads(&rows);
            if let Some(expected) = vector["total"].as_i64() {
                let config = json!({"num_train_epochs": vector["num_train_epochs"], "max_steps": -1});
                assert_eq!(total(&heads, &config).map(|found| found.0), Some(expected), "{vector}");
            } else {
                let units = heads.epoch_units().expect("rows are there");
                assert_eq!(Some(units.low), vector["units_low"].as_f64(), "{vector}");
                assert_eq!(Some(units.high), vector["units_high"].as_f64(), "{vector}");
            }
        }
    }
}
