//! Rules over the series of a run, each looked at as it stood again and again while it grew: what is told depends on
//! the series alone, never on who asked when.
//!
//! Numbers below that stand in no name are those of a study of labelled trainings; docs/FINDINGS.md tells the rules.

mod deadline;
mod evaluation;
mod gradient;
mod learning_rate;
mod loss;
mod machine;
mod overfitting;
mod policy;
mod reward;
mod throughput;
mod track;

use paceline_schema::status::{Finding, Severity};
use paceline_series::{RunHeads, Watched};

use crate::sentence::{figure, significant};
use crate::spikes::Spike;

pub(crate) use self::deadline::{TimeLimit, deadline};
pub(crate) use self::evaluation::no_evaluation;
pub(crate) use self::machine::{SAMPLES, machine_findings};
pub(crate) use self::throughput::throughput_drop;
pub(crate) use self::track::Track;
pub(crate) use self::track::settled;

/// Looks in a row at which a finding must be over until it is.
const CALM_LOOKS: usize = 2;
const FIRST_LOOK: usize = 10;
/// A look is made with so many more rows than there were at the one before, or a 40th part of them.
const ROWS_BETWEEN_LOOKS: usize = 3;
const PART_BETWEEN_LOOKS: usize = 40;

/// What a rule found at one look.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sign {
    pub(crate) severity: Severity,
    pub(crate) evidence: String,
    /// The step from which on.
    pub(crate) since_step: Option<i64>,
    /// What was usual before, for the rule that tells when it is over.
    pub(crate) usual: f64,
}

/// What a rule found, until it was over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stretch {
    pub(crate) sign: Sign,
    pub(crate) until_step: Option<i64>,
}

/// Replays the looks. What was found stays until it is over at some looks in a row; its words follow the newest look
/// at which the rule still holds, and it grows no milder.
pub(crate) fn follow(
    looks: impl IntoIterator<Item = usize>,
    step_at: impl Fn(usize) -> Option<i64>,
    mut found: impl FnMut(usize) -> Option<Sign>,
    mut is_over: impl FnMut(usize, &Sign) -> bool,
) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    let mut over_since = None;
    let mut calm = 0;
    for look in looks {
        let Some(open) = all.last_mut().filter(|newest| newest.until_step.is_none()) else {
            all.extend(found(look).map(|sign| Stretch { sign, until_step: None }));
            (calm, over_since) = (0, None);
            continue;
        };
        if is_over(look, &open.sign) {
            calm += 1;
            over_since = over_since.or_else(|| step_at(look));
            if calm == CALM_LOOKS {
                open.until_step = over_since;
            }
        } else {
            (calm, over_since) = (0, None);
            if let Some(newer) = found(look) {
                open.sign.severity = open.sign.severity.max(newer.severity);
                open.sign.evidence = newer.evidence;
            }
        }
    }
    all
}

/// Numbers of rows, up to `rows`, at which rules look.
pub(crate) fn looks(rows: usize) -> impl Iterator<Item = usize> {
    looks_from(FIRST_LOOK, ROWS_BETWEEN_LOOKS, rows)
}

/// The same with another first look and another least distance.
fn looks_from(first: usize, apart: usize, rows: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(first), move |look| Some(look + apart.max(look / PART_BETWEEN_LOOKS)))
        .take_while(move |look| *look <= rows)
}

/// The finding of what a rule found: of many stretches the newest.
pub(crate) fn finding_of(code: &str, metrics: &[&str], stretches: Vec<Stretch>) -> Option<Finding> {
    let before = match stretches.len() {
        0 | 1 => String::new(),
        all => format!(", {} more before it", all - 1),
    };
    let Stretch { sign, until_step } = stretches.into_iter().next_back()?;
    Some(Finding {
        code: code.to_owned(),
        severity: sign.severity,
        evidence: sign.evidence + &before,
        metrics: metrics.iter().map(|metric| (*metric).to_owned()).collect(),
        since_step: sign.since_step,
        until_step,
        hint: None,
    })
}

/// A share in words, as `3.2 %`.
fn percent(share: f64) -> String {
    format!("{} %", figure(significant(100.0 * share, 2)))
}

/// What the rules know of a run beside its series.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Facts {
    /// Steps it will have.
    pub(crate) total_steps: Option<i64>,
    /// Its loss is to fall.
    pub(crate) judges_loss: bool,
}

impl Facts {
    /// The share of the run that is done at a step.
    fn progress(&self, step: i64) -> Option<f64> {
        self.total_steps.filter(|total| *total > 0).map(|total| step as f64 / total as f64)
    }
}

/// The series of a run that rules look at, as far as they are settled.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tracks {
    loss: Option<Track>,
    evaluation: Option<Track>,
    gradient: Option<Track>,
    rate: Option<Track>,
    reward: Option<Track>,
    reward_deviation: Option<Track>,
    equal_rewards: Option<Track>,
    distance: Option<Track>,
    cut_answers: Option<Track>,
    entropy: Option<Track>,
}

/// What stands beside the rewards of preferences, where the distance of the policy means something else.
const PREFERENCES: [&str; 2] = ["rewards/chosen", "train/rewards/chosen"];

impl Tracks {
    pub(crate) fn of(heads: &RunHeads) -> Self {
        let watched = |what| heads.watched(what).and_then(|(key, curve)| Track::of(key, curve));
        let loss = heads.loss().map(|(loss, _)| loss);
        let learns_preferences = PREFERENCES.iter().any(|key| heads.metric(key).is_some());
        Self {
            loss: loss.and_then(|loss| Track::of(&loss.key, &loss.curve)),
            evaluation: heads.evaluation_loss().and_then(|loss| Track::of(&loss.key, &loss.curve)),
            gradient: watched(Watched::GradientNorm),
            rate: watched(Watched::LearningRate),
            reward: watched(Watched::Reward),
            reward_deviation: watched(Watched::RewardDeviation),
            equal_rewards: watched(Watched::EqualRewards),
            distance: watched(Watched::PolicyDistance).filter(|_| !learns_preferences),
            cut_answers: watched(Watched::CutAnswers),
            entropy: watched(Watched::Entropy),
        }
    }

    /// What of these series the rules look at: the same number, the same findings.
    pub(crate) fn signature(&self, facts: &Facts) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        (facts.total_steps, facts.judges_loss).hash(&mut hasher);
        let all = self.all();
        // A rule looks at other series up to the step of its own.
        let last_looks =
            all.iter().flatten().map(|track| track.step_at(looks(track.len()).last().unwrap_or(0)));
        // Each evaluation is looked at.
        let newest = self.evaluation.as_ref().and_then(|evaluation| evaluation.step_at(evaluation.len()));
        let newest = last_looks.max().flatten().max(newest);
        for track in all {
            let seen = track.zip(newest).map_or(0, |(track, newest)| track.until(newest));
            match track {
                Some(track) => track.hash_first(seen, &mut hasher),
                None => hasher.write_u8(0),
            }
        }
        hasher.finish()
    }

    fn all(&self) -> [Option<&Track>; 10] {
        [
            self.loss.as_ref(),
            self.evaluation.as_ref(),
            self.gradient.as_ref(),
            self.rate.as_ref(),
            self.reward.as_ref(),
            self.reward_deviation.as_ref(),
            self.equal_rewards.as_ref(),
            self.distance.as_ref(),
            self.cut_answers.as_ref(),
            self.entropy.as_ref(),
        ]
    }

    /// Where the norm of the gradient leapt up, which each row may change.
    pub(crate) fn gradient_spike(&self, loss_spikes: &[Spike]) -> Option<Finding> {
        gradient::spike(self.gradient.as_ref()?, loss_spikes)
    }

    /// What the other rules find in them, of each code the newest; what hides what is for the caller to say.
    pub(crate) fn findings(&self, facts: &Facts) -> Vec<Finding> {
        let mut all = Vec::new();
        if let Some(loss) = self.loss.as_ref().filter(|_| facts.judges_loss) {
            let rules = loss::LossRules {
                loss,
                rate: self.rate.as_ref(),
                evaluation: self.evaluation.as_ref(),
                facts,
            };
            all.extend(rules.plateau());
            all.extend(rules.not_moving());
            all.extend(
                self.evaluation.as_ref().and_then(|evaluation| overfitting::overfitting(evaluation, loss)),
            );
        }
        if let Some(gradient) = &self.gradient {
            let loss = self.loss.as_ref().filter(|_| facts.judges_loss);
            all.extend(gradient::vanishing(gradient, loss));
        }
        all.extend(self.rate.as_ref().and_then(|rate| learning_rate::zero_early(rate, facts)));
        if let Some(reward) = &self.reward {
            all.extend(reward::flat(reward, self.reward_deviation.as_ref(), facts));
        }
        all.extend(
            self.equal_rewards.as_ref().and_then(|equal| reward::no_signal(equal, self.reward.as_ref())),
        );
        all.extend(self.distance.as_ref().and_then(|distance| policy::exploding(distance, facts)));
        all.extend(self.cut_answers.as_ref().and_then(policy::clipped));
        if let (Some(entropy), Some(reward)) = (&self.entropy, &self.reward) {
            all.extend(policy::collapse(entropy, reward));
        }
        all
    }
}

#[cfg(test)]
mod tests;
