//! Recorded trainings, each asked at many moments while it goes on: what of their faults is told, and what is told of
//! those that have none.
//!
//! `tests/findings/trainings.py` made them; another set is read from the file that `PACELINE_FINDINGS_TRAININGS` names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use paceline_schema::{RunState, StateSource, Timestamp, Value};
use paceline_series::RunHeads;
use serde_json::Value as Json;

use super::super::{Facts, no_evaluation};
use crate::findings::findings;
use crate::known::Known;
use crate::state::Condition;

const RECORDED: &str = include_str!("../../../../../tests/fixtures/findings-trainings.jsonl");
/// Moments at which a training is asked.
const MOMENTS: usize = 20;
const FEWEST_TRAININGS: usize = 200;
/// What must be met: recall of all codes but that of a plateau together, of that one, healthy trainings with a false alarm.
const RECALL: f64 = 0.95;
const RECALL_OF_PLATEAU: f64 = 0.8;
const FALSE_ALARMS: f64 = 0.02;

/// What one training was told to be.
struct Told {
    id: String,
    is_healthy: bool,
    expected: BTreeSet<String>,
    tolerated: BTreeSet<String>,
    /// The codes that held at each moment.
    moments: Vec<BTreeSet<String>>,
    /// Those and the ones that were over.
    seen: BTreeSet<String>,
}

fn number(json: &Json) -> f64 {
    // JSON has no such numbers; they stand there as text.
    json.as_f64().unwrap_or(f64::NAN)
}

fn texts(json: &Json) -> BTreeSet<String> {
    json.as_array().expect("a list").iter().map(|text| text.as_str().expect("text").to_owned()).collect()
}

fn tell(training: &Json) -> Told {
    let columns: BTreeMap<&str, Vec<f64>> = training["columns"]
        .as_object()
        .expect("columns")
        .iter()
        .map(|(key, values)| (key.as_str(), values.as_array().expect("values").iter().map(number).collect()))
        .collect();
    let steps = &columns["step"];
    let evaluations: Vec<(f64, f64)> = training["eval"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|each| (number(&each[0]), number(&each[1])))
        .collect();
    let facts = Facts {
        total_steps: training["total_steps"].as_i64(),
        judges_loss: !columns.contains_key("train/reward"),
    };
    let running = Condition {
        state: RunState::Running,
        source: StateSource::Process,
        ended_at: None,
        allowed_silence_seconds: 300.0,
    };
    let mut heads = Arc::new(RunHeads::default());
    let known = Known::default();
    let (mut id, mut evaluated) = (0, 0);
    let (mut moments, mut seen) = (Vec::new(), BTreeSet::new());
    for (row, step) in steps.iter().enumerate() {
        let mut absorb = |metrics: &[(String, Value)], step: f64| {
            id += 1;
            Arc::make_mut(&mut heads).absorb(id, Timestamp::from_seconds(step), step as i64, metrics);
        };
        let metrics: Vec<(String, Value)> = columns
            .iter()
            .filter(|(key, _)| **key != "step")
            .map(|(key, values)| ((*key).to_owned(), Value::Float(values[row])))
            .collect();
        absorb(&metrics, *step);
        while let Some((at, loss)) = evaluations.get(evaluated).filter(|(at, _)| at <= step) {
            absorb(&[("eval/loss".to_owned(), Value::Float(*loss))], at.max(*step));
            evaluated += 1;
        }
        if (row + 1) * MOMENTS / steps.len() == row * MOMENTS / steps.len() {
            continue;
        }
        let mut others = known.reckonings.course(&heads, "run", facts, &known.courses).to_vec();
        if facts.judges_loss {
            others.extend(no_evaluation(&heads, None, &facts));
        }
        let judged = facts.judges_loss.then_some(&known);
        let found = findings(&heads, &running, Some(1.0), others, judged);
        seen.extend(found.iter().map(|finding| finding.code.clone()));
        moments.push(
            found
                .into_iter()
                .filter(|finding| finding.until_step.is_none())
                .map(|finding| finding.code)
                .collect(),
        );
    }
    Told {
        id: training["id"].as_str().expect("a name").to_owned(),
        is_healthy: training["healthy"].as_bool().expect("a flag"),
        expected: texts(&training["expected"]),
        tolerated: texts(&training["tolerated"]),
        moments,
        seen,
    }
}

impl Told {
    fn false_alarms(&self) -> Vec<&str> {
        let is_false = |code: &&str| !self.expected.contains(*code) && !self.tolerated.contains(*code);
        self.seen.iter().map(String::as_str).filter(is_false).collect()
    }

    /// Codes that came, went and came again.
    fn flickers(&self) -> Vec<&str> {
        let comings = |code: &str| {
            let held = std::iter::once(false).chain(self.moments.iter().map(|moment| moment.contains(code)));
            let held: Vec<bool> = held.collect();
            held.windows(2).filter(|pair| !pair[0] && pair[1]).count()
        };
        self.seen.iter().map(String::as_str).filter(|code| comings(code) > 1).collect()
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
fn the_faults_of_trainings_are_told_and_healthy_ones_are_left_alone() {
    let other = std::env::var("PACELINE_FINDINGS_TRAININGS").ok();
    let text = match &other {
        Some(path) => std::fs::read_to_string(path).expect("the file can be read"),
        None => RECORDED.to_owned(),
    };
    let all: Vec<Told> =
        text.lines().map(|line| tell(&serde_json::from_str(line).expect("each line is JSON"))).collect();
    assert!(all.len() >= FEWEST_TRAININGS, "{}", all.len());

    let mut of_code: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut report = Vec::new();
    for told in &all {
        let seen = &told.seen;
        for code in &told.expected {
            let (found, of) = of_code.entry(code).or_default();
            *of += 1;
            if seen.contains(code.as_str()) {
                *found += 1;
            } else {
                report.push(format!("{}: `{code}` was not told, {seen:?} was", told.id));
            }
        }
        let alarms = told.false_alarms();
        if !alarms.is_empty() {
            report.push(format!("{}: false alarms {alarms:?}", told.id));
        }
        let flickers = told.flickers();
        if !flickers.is_empty() {
            report.push(format!("{}: {flickers:?} came and went", told.id));
        }
    }
    let healthy = all.iter().filter(|told| told.is_healthy);
    let alarmed = healthy.clone().filter(|told| !told.false_alarms().is_empty()).count();
    let healthy = healthy.count();
    let pooled = of_code.iter().filter(|(code, _)| **code != "loss_plateau");
    let (found, of) = pooled.fold((0, 0), |sum, (_, each)| (sum.0 + each.0, sum.1 + each.1));
    let (plateau, plateaus) = of_code.get("loss_plateau").copied().unwrap_or_default();
    let flickering = all.iter().filter(|told| !told.flickers().is_empty()).count();
    println!("{}", report.join("\n"));
    println!("{} trainings, {of_code:?}", all.len());
    println!("recall {found}/{of}, of a plateau {plateau}/{plateaus}");
    println!("healthy with a false alarm {alarmed}/{healthy}, that came and went {flickering}");
    assert!(found as f64 >= RECALL * of as f64, "{found} of {of}");
    assert!(plateau as f64 >= RECALL_OF_PLATEAU * plateaus as f64, "{plateau} of {plateaus}");
    assert!(alarmed as f64 <= FALSE_ALARMS * healthy as f64, "{alarmed} of {healthy}");
    assert!(flickering as f64 <= FALSE_ALARMS * all.len() as f64, "{flickering} of {}", all.len());
}
