//! What the name of a metric says of its part in a run.

use serde::{Deserialize, Serialize};

use crate::watched::{Watched, watched};

/// Beginnings of names of metrics taken on data that is not trained on.
const EVALUATION_PREFIXES: [&str; 7] = ["eval/", "eval_", "val/", "val_", "valid", "test/", "test_"];
/// The same as the last part of a name, as in `Loss/val`.
const EVALUATION_SEGMENTS: [&str; 5] = ["eval", "val", "valid", "validation", "test"];
/// Names of the training loss, best first; what a loss found otherwise is called ranks after them.
const LOSS_KEYS: [&str; 4] = ["train/loss", "loss", "train_loss", "training_loss"];
/// Rank of a whole loss on data that is not trained on.
const WHOLE_EVALUATION_LOSS: u8 = 5;
/// Beginning of names by which TRL reports how long a part of a step took, `compute_loss` among them.
const PROFILING_PREFIX: &str = "profiling/";
const EPOCH_KEYS: [&str; 2] = ["train/epoch", "epoch"];
const LEARNING_RATE_KEYS: [&str; 4] = ["train/learning_rate", "learning_rate", "lr", "train/lr"];

/// The part a metric plays beside being a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Part {
    /// It may stand for the loss; the lowest rank does.
    Loss { rank: u8 },
    /// It tells the epoch; the lowest rank counts.
    Epoch { rank: u8 },
    /// It is the learning rate; the lowest rank counts.
    LearningRate { rank: u8 },
    /// How long the evaluation took that the row reports.
    EvaluationSeconds,
    /// None of these.
    Series,
}

/// What the name of a metric says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyFacts {
    pub(crate) part: Part,
    /// It was taken on data that is not trained on.
    pub(crate) evaluation: bool,
    /// Rules look at it; the lowest rank counts.
    pub(crate) watched: Option<(Watched, u8)>,
}

impl KeyFacts {
    pub(crate) fn of(key: &str) -> Self {
        let evaluation = is_evaluation(key);
        Self { part: part(key, evaluation), evaluation, watched: watched(key) }
    }

    /// A loss of the training itself: a row that carries one is a training row.
    pub(crate) fn is_training_loss(self) -> bool {
        matches!(self.part, Part::Loss { .. }) && !self.evaluation
    }
}

/// A time that a trainer takes beside the training: it says nothing of where the training stands.
#[must_use]
pub fn is_profiling(key: &str) -> bool {
    key.starts_with(PROFILING_PREFIX)
}

/// The whole loss on data that is not trained on, as `eval/loss`.
#[must_use]
pub fn is_evaluation_loss(key: &str) -> bool {
    let evaluation = is_evaluation(key);
    evaluation && loss_rank(key, evaluation) == Some(WHOLE_EVALUATION_LOSS)
}

fn is_evaluation(key: &str) -> bool {
    EVALUATION_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
        || EVALUATION_SEGMENTS
            .iter()
            .any(|segment| key.contains('/') && last_segment(key).eq_ignore_ascii_case(segment))
}

fn last_segment(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

fn part(key: &str, evaluation: bool) -> Part {
    if is_profiling(key) {
        return Part::Series;
    }
    let segment = last_segment(key);
    if evaluation && (segment == "runtime" || key.ends_with("_runtime")) {
        return Part::EvaluationSeconds;
    }
    if let Some(rank) = loss_rank(key, evaluation) {
        return Part::Loss { rank };
    }
    if let Some(rank) = rank_among(&EPOCH_KEYS, key, segment) {
        return Part::Epoch { rank };
    }
    rank_among(&LEARNING_RATE_KEYS, key, segment).map_or(Part::Series, |rank| Part::LearningRate { rank })
}

/// Place of `key` in `names`; a key that only ends with one of them comes after all.
fn rank_among(names: &[&str], key: &str, segment: &str) -> Option<u8> {
    let place = names.iter().position(|name| *name == key);
    place
        .or_else(|| names.contains(&segment).then_some(names.len()))
        .and_then(|place| u8::try_from(place).ok())
}

fn loss_rank(key: &str, evaluation: bool) -> Option<u8> {
    let named = LOSS_KEYS.iter().position(|name| *name == key).and_then(|place| u8::try_from(place).ok());
    if named.is_some() {
        return named;
    }
    let is_loss = key.split('/').any(|segment| segment.eq_ignore_ascii_case("loss"));
    let is_part = key.ends_with("_loss");
    // `val_loss` is the whole loss, `val/box_loss` a part of it.
    let is_whole = is_loss || evaluation && key.split(['/', '_']).all(is_evaluation_or_loss);
    match (is_whole, is_part, evaluation) {
        (true, _, false) => Some(4),
        (true, _, true) => Some(WHOLE_EVALUATION_LOSS),
        (false, true, false) => Some(6),
        (false, true, true) => Some(7),
        (false, false, _) => None,
    }
}

fn is_evaluation_or_loss(word: &str) -> bool {
    word.eq_ignore_ascii_case("loss")
        || EVALUATION_SEGMENTS.iter().any(|name| word.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_rank_by_how_surely_they_are_the_training_loss() {
        let ordered =
            ["train/loss", "loss", "train_loss", "training_loss", "model/loss", "eval/loss", "policy_loss"];
        for (rank, key) in ordered.iter().enumerate() {
            assert_eq!(KeyFacts::of(key).part, Part::Loss { rank: rank as u8 }, "{key}");
        }
        for (key, rank) in [
            ("Loss/train", 4),
            ("Loss/val", 5),
            ("val_loss", 5),
            ("validation_loss", 5),
            ("train/box_loss", 6),
            ("val/box_loss", 7),
            ("validation/aux_loss", 7),
        ] {
            assert_eq!(KeyFacts::of(key).part, Part::Loss { rank }, "{key}");
        }
        for key in [
            "reward",
            "train/reward",
            "lossless",
            "accuracy",
            "profiling/Time taken: GRPOTrainer.compute_loss",
        ] {
            assert_eq!(KeyFacts::of(key).part, Part::Series, "{key}");
        }
    }

    #[test]
    fn evaluation_is_told_by_the_name() {
        for key in ["eval/loss", "eval_loss", "val/acc", "val_acc", "valid_acc", "validation/x", "test/x"] {
            assert!(KeyFacts::of(key).evaluation, "{key}");
        }
        for key in ["train/loss", "value", "evaluator", "valuation", "latest"] {
            assert!(!KeyFacts::of(key).evaluation, "{key}");
        }
        assert_eq!(KeyFacts::of("eval/runtime").part, Part::EvaluationSeconds);
        assert_eq!(KeyFacts::of("eval_runtime").part, Part::EvaluationSeconds);
        assert_eq!(KeyFacts::of("train/runtime").part, Part::Series);
    }

    #[test]
    fn epoch_and_learning_rate_are_found_under_any_prefix() {
        assert_eq!(KeyFacts::of("train/epoch").part, Part::Epoch { rank: 0 });
        assert_eq!(KeyFacts::of("trainer/epoch").part, Part::Epoch { rank: 2 });
        assert_eq!(KeyFacts::of("lr").part, Part::LearningRate { rank: 2 });
        assert_eq!(KeyFacts::of("optimizer/lr").part, Part::LearningRate { rank: 4 });
    }
}
