//! Metrics beside the loss that rules look at, whatever a trainer calls them.

use serde::{Deserialize, Serialize};

/// What such a metric tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Watched {
    /// Norm of the gradient, before it is clipped.
    GradientNorm,
    /// The learning rate.
    LearningRate,
    /// Mean reward of a policy.
    Reward,
    /// Deviation of the reward within a group of answers.
    RewardDeviation,
    /// Share of the groups whose answers all have the same reward.
    EqualRewards,
    /// How far the policy went from where it began.
    PolicyDistance,
    /// Share of the answers that were cut at the longest length.
    CutAnswers,
    /// Entropy of the policy.
    Entropy,
}

/// Names of each, best first.
const NAMES: [(Watched, &[&str]); 8] = [
    (
        Watched::GradientNorm,
        &["grad_norm", "gradient_norm", "train_grad_norm", "total_grad_norm", "global_grad_norm"],
    ),
    (Watched::LearningRate, &["learning_rate", "lr", "train_learning_rate"]),
    (Watched::Reward, &["reward", "mean_reward"]),
    (Watched::RewardDeviation, &["reward_std"]),
    (Watched::EqualRewards, &["frac_reward_zero_std"]),
    (Watched::PolicyDistance, &["kl", "mean_kl"]),
    (Watched::CutAnswers, &["completions/clipped_ratio", "clipped_ratio", "completions_clipped_ratio"]),
    (Watched::Entropy, &["entropy", "mean_entropy"]),
];
/// They count alone and behind these: the norm or the entropy of one layer of many ends with such a name as well.
const PREFIXES: [&str; 5] = ["train/", "trainer/", "optim/", "optimizer/", "policy/"];

/// What a metric of this name tells, and how surely: a lower rank takes the place.
pub(crate) fn watched(key: &str) -> Option<(Watched, u8)> {
    let prefix = PREFIXES.iter().position(|prefix| key.starts_with(prefix));
    let bare = prefix.map_or(key, |place| &key[PREFIXES[place].len()..]);
    NAMES.iter().find_map(|(what, names)| {
        let place = names.iter().position(|name| *name == bare)?;
        let worse = PREFIXES.len() + 1;
        // Of `train/lr` and `lr` the first is the better name.
        let rank =
            u8::try_from(place * worse + prefix.map_or(1, |prefix| if prefix == 0 { 0 } else { prefix + 1 }));
        Some((*what, rank.ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_known_by_what_trainers_call_it() {
        for (key, what) in [
            ("train/grad_norm", Watched::GradientNorm),
            ("optim/total_grad_norm", Watched::GradientNorm),
            ("lr", Watched::LearningRate),
            ("train/reward", Watched::Reward),
            ("train/reward_std", Watched::RewardDeviation),
            ("train/frac_reward_zero_std", Watched::EqualRewards),
            ("train/kl", Watched::PolicyDistance),
            ("train/completions/clipped_ratio", Watched::CutAnswers),
            ("entropy", Watched::Entropy),
        ] {
            assert_eq!(watched(key).map(|(found, _)| found), Some(what), "{key}");
        }
        for key in [
            "eval/reward",
            "eval_kl",
            "objective/kl",
            "rewards/format/reward",
            "layer_3/grad_norm",
            "clip_ratio",
        ] {
            assert_eq!(watched(key), None, "{key}");
        }
        let rank = |key| watched(key).map(|(_, rank)| rank);
        assert!(rank("train/grad_norm") < rank("grad_norm"));
        assert!(rank("grad_norm") < rank("optim/grad_norm"));
    }
}
