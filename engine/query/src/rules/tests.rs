//! The labelled series of the study, each asked at every look while it grows.

mod trainings;

use std::collections::BTreeMap;
use std::sync::Arc;

use paceline_schema::{Timestamp, Value};
use paceline_series::RunHeads;
use serde_json::Value as Json;

use super::deadline::{Look, deadline};
use super::machine::{Device, full, idle};
use super::*;
use crate::known::Known;

const VECTORS: &str = include_str!("../../../../tests/fixtures/findings-vectors.json");

/// What one vector holds, and what is to be said of it.
struct Vector {
    name: String,
    json: Json,
    /// Codes with the row at which each is raised.
    expected: Vec<(String, usize)>,
    allowed: Vec<String>,
    forbidden: String,
}

fn vectors() -> Vec<Vector> {
    let all: Json = serde_json::from_str(VECTORS).expect("the fixture is JSON");
    let text = |json: &Json| json.as_str().expect("text").to_owned();
    let vector = |json: &Json| Vector {
        name: text(&json["id"]),
        expected: json["expected"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|each| (text(&each["code"]), each["raised_at_row"].as_u64().expect("a row") as usize))
            .collect(),
        allowed: json["allowed"].as_array().map(|all| all.iter().map(text).collect()).unwrap_or_default(),
        forbidden: json["forbidden"].as_str().unwrap_or_default().to_owned(),
        json: json.clone(),
    };
    all["series"].as_array().expect("a list").iter().map(vector).collect()
}

impl Vector {
    fn column(&self, name: &str) -> Option<Vec<f64>> {
        let column = self.json[name].as_array()?;
        Some(column.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect())
    }

    fn rows(&self) -> usize {
        ["loss", "time", "reward", "kl", "completions_clipped_ratio", "memory_used_fraction"]
            .into_iter()
            .filter_map(|name| self.column(name))
            .map(|column| column.len())
            .max()
            .expect("it has rows")
    }

    /// The codes raised so far after each row that is looked at, by the rules alone: nothing hides anything.
    fn seen(&self) -> BTreeMap<String, usize> {
        let rows = self.rows();
        let keys = [
            ("loss", "train/loss"),
            ("grad_norm", "train/grad_norm"),
            ("learning_rate", "train/learning_rate"),
            ("reward", "train/reward"),
            ("reward_std", "train/reward_std"),
            ("frac_reward_zero_std", "train/frac_reward_zero_std"),
            ("entropy", "train/entropy"),
            ("kl", "train/kl"),
            ("completions_clipped_ratio", "train/completions/clipped_ratio"),
        ];
        let columns: Vec<(&str, Vec<f64>)> =
            keys.iter().filter_map(|(name, key)| Some((*key, self.column(name)?))).collect();
        let steps = self.column("step").unwrap_or_else(|| (1..=rows).map(|row| row as f64).collect());
        let times = self.column("time").unwrap_or_else(|| (0..rows).map(|row| row as f64).collect());
        let evaluations: Vec<(f64, f64)> = self.json["eval"]
            .as_array()
            .map(|all| {
                let number = |json: &Json| json.as_f64().expect("a number");
                all.iter().map(|each| (number(&each["step"]), number(&each["loss"]))).collect()
            })
            .unwrap_or_default();
        let config = self.json["config"].as_object().cloned();
        let facts = Facts {
            total_steps: self.json["total_steps"].as_i64(),
            judges_loss: self.column("reward").is_none(),
        };

        let mut heads = Arc::new(RunHeads::default());
        let known = Known::default();
        let mut seen = BTreeMap::new();
        let (mut id, mut evaluated) = (0, 0);
        for row in 0..rows {
            let time = Timestamp::from_seconds(times[row]);
            let metrics: Vec<(String, Value)> =
                columns.iter().map(|(key, values)| ((*key).to_owned(), Value::Float(values[row]))).collect();
            let step = steps[row] as i64;
            id += 1;
            Arc::make_mut(&mut heads).absorb(id, time, step, &metrics);
            while let Some((_, loss)) = evaluations.get(evaluated).filter(|(at, _)| *at <= steps[row]) {
                let metrics = [("eval/loss".to_owned(), Value::Float(*loss))];
                id += 1;
                Arc::make_mut(&mut heads).absorb(id, time, step, &metrics);
                evaluated += 1;
            }
            let newest_loss = self.column("loss").map(|loss| loss[row]);
            let is_look = looks(rows).any(|look| look == row + 1) || row + 1 == rows;
            if !is_look && newest_loss.is_none_or(f64::is_finite) {
                continue;
            }
            let tracks = Tracks::of(&heads);
            let spikes = if facts.judges_loss { known.reckonings.spikes(&heads) } else { Arc::default() };
            let mut found = tracks.findings(&facts);
            found.extend(tracks.gradient_spike(&spikes));
            found.extend(throughput_drop(&heads.pace().intervals()));
            if facts.judges_loss {
                found.extend(no_evaluation(&heads, config.as_ref(), &facts));
                let moved = !known.reckonings.divergences(&heads).is_empty();
                found.extend(moved.then(|| finding_named("loss_diverging")));
                found.extend((!spikes.is_empty()).then(|| finding_named("loss_spike")));
                let nan = heads.loss().is_some_and(|(_, head)| head.not_finite_since_step.is_some());
                found.extend(nan.then(|| finding_named("loss_nan")));
            }
            for finding in found {
                seen.entry(finding.code).or_insert(row);
            }
        }
        seen
    }
}

fn finding_named(code: &str) -> Finding {
    Finding {
        code: code.to_owned(),
        severity: Severity::Note,
        evidence: String::new(),
        metrics: Vec::new(),
        since_step: None,
        until_step: None,
        hint: None,
    }
}

#[test]
fn the_series_of_the_study_are_told_as_they_were_labelled() {
    let mut faults = Vec::new();
    for vector in vectors() {
        let Vector { name, expected, allowed, forbidden, .. } = &vector;
        if ["sim-gpu-idle", "sim-memory", "timeout"].contains(&name.as_str()) {
            continue;
        }
        let seen = vector.seen();
        for (code, row) in expected {
            match seen.get(code) {
                // A look is made each five rows, or each 40th part of them.
                Some(found) if found.abs_diff(*row) <= (vector.rows() / 20).max(5) => {}
                found => faults
                    .push(format!("{name}: `{code}` at {found:?} instead of row {row} of {}", vector.rows())),
            }
        }
        let is_forbidden = |code: &str| {
            let of_training = ["loss_", "overfitting", "grad_", "lr_"];
            let of_policy = ["reward_", "entropy_"];
            of_training.iter().any(|start| forbidden.contains("loss_") && code.starts_with(start))
                || of_policy.iter().any(|start| forbidden.contains("reward/") && code.starts_with(start))
        };
        for (code, row) in seen {
            let named = expected.iter().any(|(other, _)| *other == code) || allowed.contains(&code);
            if !named && is_forbidden(&code) {
                faults.push(format!("{name}: `{code}` at row {row} is a false alarm"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn an_idle_device_and_a_full_one_are_told_in_time() {
    let all = vectors();
    let vector = |name: &str| all.iter().find(|vector| vector.name == name).expect("it is there");
    let of = |vector: &Vector, column: &str| vector.column(column).expect("it has one");

    let gpu = vector("sim-gpu-idle");
    let samples: Vec<(Timestamp, f64)> =
        of(gpu, "time").into_iter().map(Timestamp::from_seconds).zip(of(gpu, "gpu_utilization")).collect();
    let raised = (1..=samples.len()).find(|end| {
        let device = Device { utilization: samples[..*end].to_vec(), memory: Vec::new() };
        idle(&0, &device, Some(Timestamp::from_seconds(0.0))).is_some()
    });
    assert_eq!(gpu.expected[0].0, "gpu_idle");
    assert!(raised.is_some_and(|row| (row - 1).abs_diff(gpu.expected[0].1) <= 4), "{raised:?}");

    let memory = vector("sim-memory");
    let shares = of(memory, "memory_used_fraction");
    let raised = (1..=shares.len()).find(|end| {
        let memory = shares[..*end].iter().map(|share| (80.0 * share, 80.0)).collect();
        full(&0, &Device { utilization: Vec::new(), memory }).is_some()
    });
    assert_eq!(memory.expected[0].0, "memory_near_limit");
    assert!(raised.is_some_and(|row| (row - 1).abs_diff(memory.expected[0].1) <= 3), "{raised:?}");
}

#[test]
fn a_limit_that_comes_too_early_is_told_at_the_third_look() {
    let all = vectors();
    let vector = all.iter().find(|vector| vector.name == "timeout").expect("it is there");
    let (eta, left) = (vector.column("eta_seconds"), vector.column("seconds_to_limit"));
    let looks: Vec<Look> = eta
        .into_iter()
        .flatten()
        .zip(left.into_iter().flatten())
        .map(|(eta_seconds, left_seconds)| Look {
            eta_seconds,
            low_seconds: 0.9 * eta_seconds,
            high_seconds: 1.1 * eta_seconds,
            left_seconds,
        })
        .collect();
    let raised = (0..=looks.len()).find(|end| deadline(&looks[..*end]).is_some());
    assert_eq!(raised.map(|end| end - 1), Some(vector.expected[0].1));
    let found = deadline(&looks).expect("it holds until the end");
    assert_eq!((found.code.as_str(), found.severity), ("timeout_risk", Severity::Critical));
}
