//! Evaluations that were asked for, or are needed, and do not come.

use paceline_schema::status::{Finding, Severity};
use paceline_series::RunHeads;
use serde_json::{Map, Value};

use super::Facts;
use crate::rules::percent;

/// How often a script says that it evaluates, in steps; below 1 it is a share of the run.
const INTERVAL_KEYS: [&str; 4] = ["eval_steps", "eval_interval", "eval_every", "eval_freq"];
/// What transformers calls when it evaluates, now and before.
const STRATEGY_KEYS: [&str; 2] = ["eval_strategy", "evaluation_strategy"];
/// Intervals without one.
const INTERVALS: f64 = 2.0;
/// A run that never said so is asked for one from here on.
const PROGRESS: f64 = 0.25;
const ROWS: u64 = 100;

pub(crate) fn no_evaluation(
    heads: &RunHeads,
    config: Option<&Map<String, Value>>,
    facts: &Facts,
) -> Option<Finding> {
    let step = heads.step()?;
    let (loss, head) = heads.loss()?;
    if heads.has_evaluation() {
        return None;
    }
    let progress = facts.progress(step);
    let evidence = match interval(heads, config, facts) {
        Some(interval) => (step as f64 > INTERVALS * interval).then(|| {
            format!("no evaluation until step {step}, one each {} steps is configured", interval.round())
        }),
        None => progress
            .filter(|progress| *progress >= PROGRESS && head.points >= ROWS)
            .map(|progress| format!("no evaluation until step {step}, {} of the run", percent(progress))),
    }?;
    Some(Finding {
        code: "no_eval".to_owned(),
        severity: Severity::Note,
        evidence,
        metrics: vec![loss.key.clone()],
        since_step: None,
        until_step: None,
        hint: None,
    })
}

/// Steps between evaluations, as the config says.
fn interval(heads: &RunHeads, config: Option<&Map<String, Value>>, facts: &Facts) -> Option<f64> {
    let config = config?;
    let strategy = STRATEGY_KEYS.iter().find_map(|key| config.get(*key)?.as_str());
    match strategy {
        Some("epoch") => return heads.epoch_units().map(|units| units.low),
        Some("no") => return None,
        Some(_) | None => {}
    }
    let steps =
        INTERVAL_KEYS.iter().find_map(|key| config.get(*key)?.as_f64()).filter(|steps| *steps > 0.0)?;
    if steps < 1.0 { Some(steps * facts.total_steps? as f64) } else { Some(steps) }
}
