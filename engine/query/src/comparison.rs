//! Runs ranked by a metric, and which settings go with a better one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use paceline_schema::comparison::{CompareRequest, Comparison, Influence, OutcomeKind, RankedRun};
use paceline_schema::metric_definition::{Goal, MetricDefinition, MetricDefinitions};
use paceline_schema::private_config::user_part;
use paceline_series::{MetricHead, RunHeads, is_evaluation_loss};
use paceline_storage::{Reader, RunRecord};
use serde_json::Value;

use crate::engine::Engine;
use crate::error::QueryError;
use crate::influence::{FEWEST_PAIRS, Trial, influences};
use crate::run_summary::best;
use crate::sentence::{figure, significant};
use crate::settings::{settings_of, shown};
use crate::status::{REWARDS, RunView};

/// Runs of one comparison.
const MOST_RUNS: usize = 1_000;
/// Settings of a run that are shown.
const MOST_SETTINGS: usize = 12;
/// Settings of which is told how they go with the metric.
const MOST_INFLUENCES: usize = 10;
/// With more runs than this a text that is different in each is a name.
const FEW_RUNS: usize = 3;

/// All that a comparison needs of one run.
struct Candidate {
    record: RunRecord,
    heads: Arc<RunHeads>,
    definitions: MetricDefinitions,
    settings: BTreeMap<String, Value>,
}

impl Engine {
    /// Ranks runs by a metric.
    ///
    /// # Errors
    /// When there is no such project or run, no run has the metric, there are too many runs, or the file cannot be read.
    pub fn compare(&self, project: &str, request: &CompareRequest) -> Result<Comparison, QueryError> {
        if request.runs.len() > MOST_RUNS {
            let reason =
                format!("`runs` names {}, more than the {MOST_RUNS} of one request", request.runs.len());
            return Err(QueryError::InvalidRequest { reason });
        }
        let now = self.now();
        self.read(project, |reader, project| {
            let candidates = candidates(reader, &request.runs)?;
            let metric = match &request.metric {
                Some(metric) => metric.clone(),
                None => usual_metric(&candidates)
                    .ok_or_else(|| QueryError::NoRuns { project: Some(project.to_owned()) })?,
            };
            let goal = request.goal.unwrap_or_else(|| goal_of(&metric, &candidates));
            let by = request.by.unwrap_or_else(|| usual_kind(&metric, &candidates));
            let mut ranked: Vec<(f64, &Candidate, &MetricHead)> = candidates
                .iter()
                .filter_map(|candidate| {
                    let head = candidate.heads.metric(&metric)?;
                    Some((outcome(head, goal, by)?, candidate, head))
                })
                .collect();
            if ranked.is_empty() {
                return Err(missing(&metric, project, &candidates));
            }
            // Stable: of equal ones the newest comes first.
            ranked.sort_by(|(a, ..), (b, ..)| match goal {
                Goal::Minimize => a.total_cmp(b),
                Goal::Maximize => b.total_cmp(a),
            });
            let trials: Vec<Trial<'_>> = ranked
                .iter()
                .map(|(value, candidate, _)| Trial { settings: &candidate.settings, outcome: *value })
                .collect();
            let mut matters = influences(&trials);
            matters.truncate(MOST_INFLUENCES);
            let differing = differing(&trials, &matters);
            let mut runs: Vec<RankedRun> = Vec::with_capacity(ranked.len());
            for (place, (value, candidate, head)) in ranked.iter().enumerate() {
                let view = RunView {
                    project,
                    record: &candidate.record,
                    heads: &candidate.heads,
                    config: None,
                    now,
                    known: &self.known,
                };
                let shared = runs
                    .last()
                    .filter(|before: &&RankedRun| before.value == *value)
                    .map(|before| before.place);
                let setting = |name: &String| Some((name.clone(), candidate.settings.get(name)?.clone()));
                let best_step =
                    (by == OutcomeKind::Best).then(|| extremum(head, goal).map(|best| best.step)).flatten();
                runs.push(RankedRun {
                    place: shared.unwrap_or(place as u64 + 1),
                    run: candidate.record.run_name.clone(),
                    run_id: candidate.record.run_id.clone(),
                    state: view.condition_now().state,
                    value: *value,
                    best_step,
                    step: candidate.heads.step(),
                    config: differing.iter().filter_map(setting).collect(),
                });
            }
            let without = (candidates.len() - runs.len()) as u64;
            let summary = summary(&metric, goal, by, &runs, &differing, &matters);
            let project = project.to_owned();
            Ok(Comparison { project, summary, metric, goal, by, runs, runs_without: without, matters })
        })
    }
}

fn candidates(reader: &Reader<'_>, named: &[String]) -> Result<Vec<Candidate>, QueryError> {
    let records = match named {
        [] => reader.runs()?.into_iter().rev().take(MOST_RUNS).collect(),
        named => {
            let mut known = BTreeSet::new();
            let mut records = Vec::with_capacity(named.len());
            for run in named {
                let record = reader.find_run(run)?;
                if known.insert(record.run_id.clone()) {
                    records.push(record);
                }
            }
            records
        }
    };
    let mut heads: HashMap<String, Arc<RunHeads>> = reader.all_heads()?;
    let mut configs = reader.configs()?;
    let candidate = |record: RunRecord| {
        let config = configs.remove(&record.run_id).unwrap_or_default();
        let definitions = MetricDefinitions::of_config(&config);
        let heads = heads.remove(&record.run_id).unwrap_or_default();
        Candidate { definitions, settings: settings_of(&user_part(config)), heads, record }
    };
    Ok(records.into_iter().map(candidate).collect())
}

/// What a run came to; `None` where that is no number.
fn outcome(head: &MetricHead, goal: Goal, by: OutcomeKind) -> Option<f64> {
    match by {
        OutcomeKind::Best => extremum(head, goal).map(|best| best.value),
        // A run whose loss is no number any more came to nothing.
        OutcomeKind::Last => head.recent_mean().filter(|_| head.last.value.is_finite()),
    }
}

fn extremum(head: &MetricHead, goal: Goal) -> Option<paceline_series::Extremum> {
    let definition = MetricDefinition {
        name: String::new(),
        step_metric: None,
        step_sync: true,
        hidden: false,
        summary: Vec::new(),
        goal: Some(goal),
    };
    best(head, Some(&definition))
}

/// One that most runs have: with a goal of its own, else a reward, else the loss of the evaluation, else the loss.
fn usual_metric(candidates: &[Candidate]) -> Option<String> {
    let mut votes: HashMap<(u8, &str), usize> = HashMap::new();
    for candidate in candidates {
        for (key, _) in candidate.heads.metrics() {
            let definition = candidate.definitions.of(key).and_then(MetricDefinition::direction);
            let kind = match definition {
                Some(_) => 4,
                None if REWARDS.contains(&key) => 3,
                None if is_evaluation_loss(key) => 2,
                None => continue,
            };
            *votes.entry((kind, key)).or_default() += 1;
        }
        if let Some((loss, _)) = candidate.heads.loss() {
            *votes.entry((1, loss.key.as_str())).or_default() += 1;
        }
    }
    let with_rows = candidates.iter().filter(|candidate| candidate.heads.rows() > 0).count();
    // What only few runs have ranks few of them, however good it would be.
    let mut votes: Vec<((u8, &str), usize)> = votes.into_iter().collect();
    votes.sort_by_key(|((kind, key), count)| {
        (2 * count < with_rows, std::cmp::Reverse((*kind, *count)), *key)
    });
    votes.first().map(|((_, key), _)| (*key).to_owned())
}

fn goal_of(metric: &str, candidates: &[Candidate]) -> Goal {
    let said =
        candidates.iter().find_map(|one| one.definitions.of(metric).and_then(MetricDefinition::direction));
    said.unwrap_or_else(|| if is_lower_better(metric) { Goal::Minimize } else { Goal::Maximize })
}

/// By its name alone: losses, errors and perplexities.
fn is_lower_better(metric: &str) -> bool {
    let metric = metric.to_lowercase();
    ["loss", "error", "perplexity", "ppl"].iter().any(|part| metric.contains(part))
        || metric
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| ["wer", "cer", "mae", "mse", "rmse"].contains(&word))
}

/// A training loss is noisy, and its lowest value a matter of luck.
fn usual_kind(metric: &str, candidates: &[Candidate]) -> OutcomeKind {
    let is_training_loss = !is_evaluation_loss(metric)
        && candidates.iter().any(|one| one.heads.loss().is_some_and(|(loss, _)| loss.key == metric))
        && candidates
            .iter()
            .all(|one| one.definitions.of(metric).and_then(MetricDefinition::direction).is_none());
    if is_training_loss { OutcomeKind::Last } else { OutcomeKind::Best }
}

fn missing(metric: &str, project: &str, candidates: &[Candidate]) -> QueryError {
    let names = candidates.iter().flat_map(|one| one.heads.metrics().map(|(key, _)| key));
    let similar = paceline_schema::similar::similar(metric, names);
    QueryError::MetricNotFound { run: format!("any of `{project}`"), metric: metric.to_owned(), similar }
}

/// Names of settings that differ between the runs, those that matter most first; without what only names a run.
fn differing(trials: &[Trial<'_>], matters: &[Influence]) -> Vec<String> {
    let names: BTreeSet<&String> = trials.iter().flat_map(|trial| trial.settings.keys()).collect();
    let differs = |name: &&String| {
        let values: Vec<Option<&Value>> = trials.iter().map(|trial| trial.settings.get(*name)).collect();
        let first = values.first().copied().flatten();
        let differs = values.iter().any(|value| *value != first);
        let texts: BTreeSet<&str> = values.iter().filter_map(|value| value.and_then(Value::as_str)).collect();
        let is_name = trials.len() > FEW_RUNS && texts.len() == trials.len();
        differs && !is_name
    };
    let strength = |name: &str| matters.iter().position(|found| found.setting == name).unwrap_or(usize::MAX);
    let mut found: Vec<String> = names.into_iter().filter(differs).cloned().collect();
    found.sort_by_key(|name| strength(name));
    found.truncate(MOST_SETTINGS);
    found
}

fn summary(
    metric: &str,
    goal: Goal,
    by: OutcomeKind,
    runs: &[RankedRun],
    differing: &[String],
    matters: &[Influence],
) -> String {
    let Some(first) = runs.first() else { return String::new() };
    let how = match (by, goal) {
        (OutcomeKind::Last, _) => "mean of the last 10 rows",
        (OutcomeKind::Best, Goal::Minimize) => "lowest",
        (OutcomeKind::Best, Goal::Maximize) => "highest",
    };
    let at = first.best_step.map(|step| format!(" at step {step}")).unwrap_or_default();
    let value = figure(first.value);
    let Some(second) = runs.get(1) else {
        return format!("Only `{}` has `{metric}`: {value}{at} ({how})", first.run);
    };
    let verdict = if second.place == first.place {
        format!("`{}` and `{}` are equally good", first.run, second.run)
    } else {
        format!("`{}` is best of {} runs", first.run, runs.len())
    };
    let head = format!(
        "{verdict} by `{metric}` ({how} {value}{at}; next `{}` {})",
        second.run,
        figure(second.value)
    );
    format!("{head}. {}", why(metric, runs, differing, matters))
}

/// What goes with the order, or why that cannot be told.
fn why(metric: &str, runs: &[RankedRun], differing: &[String], matters: &[Influence]) -> String {
    let Some(first) = runs.first() else { return String::new() };
    let has = |name: &str| first.config.get(name).map_or_else(|| "none".to_owned(), shown);
    let sure = matters.iter().find(|found| found.low * found.high > 0.0);
    if let Some(found) = sure {
        let (setting, rho) = (&found.setting, significant(found.correlation, 2));
        let rises = if found.correlation > 0.0 { "higher" } else { "lower" };
        let what = match &found.value {
            Some(value) => format!("runs with `{setting}` {value} have a {rises} `{metric}`"),
            None => format!("the higher `{setting}`, the {rises} `{metric}`"),
        };
        return format!(
            "`{setting}` goes with it most: {what} (rank correlation {rho}, {} runs); the best has {}",
            found.runs,
            has(setting)
        );
    }
    let Some(name) = differing.first() else { return "The runs have the same config".to_owned() };
    let told: Vec<String> = differing.iter().take(3).map(|name| format!("`{name}` {}", has(name))).collect();
    let told = told.join(", ");
    if runs.len() < FEWEST_PAIRS {
        format!("What differs: {told}. Fewer than {FEWEST_PAIRS} runs do not tell whether that is why")
    } else if matters.is_empty() {
        format!("What differs, as `{name}`, has no order; the best has {told}")
    } else {
        format!("No setting surely goes with it; the best has {told}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_which_values_are_better() {
        for metric in ["train/loss", "eval/wer", "perplexity", "val_error", "test/mse"] {
            assert!(is_lower_better(metric), "{metric}");
        }
        for metric in ["accuracy", "reward", "val/f1", "answer", "power"] {
            assert!(!is_lower_better(metric), "{metric}");
        }
    }
}
