//! Examples of runs held against each other.

use std::collections::BTreeMap;

use paceline_schema::comparison::{CompareRequest, Comparison, Influence, OutcomeKind, RankedRun};
use paceline_schema::difference::{Change, Difference, MetricChange, SideOfDifference};
use paceline_schema::metric_definition::Goal;
use paceline_schema::moment::{AlertNear, MetricAround, Snapshot};
use paceline_schema::{AlertLevel, RunState};
use serde_json::json;

use super::{NOW, RUN_ID, SUMMARY};

const OTHER_ID: &str = "77b1c5d08e6f4a2c9b3d5e7f1a2c4e6d";
const EVALUATION_LOSS: &str = "eval/loss";

pub(crate) fn compare_request() -> CompareRequest {
    CompareRequest { metric: Some(EVALUATION_LOSS.into()), ..CompareRequest::default() }
}

pub(crate) fn comparison() -> Comparison {
    let ranked = |place, run: &str, run_id: &str, value, rate: f64| RankedRun {
        place,
        run: run.into(),
        run_id: run_id.into(),
        state: RunState::Finished,
        value,
        best_step: Some(1_100),
        step: Some(1_200),
        config: BTreeMap::from([("learning_rate".into(), json!(rate))]),
    };
    Comparison {
        project: "digits".into(),
        summary: "`lr-3e-4` is best of 6 runs by `eval/loss` (lowest 0.31 at step 1100; next `lr-1e-3` 0.35). \
            `learning_rate` goes with it most: the higher `learning_rate`, the higher `eval/loss` (rank correlation 0.94, \
            6 runs); the best has 0.0003"
            .into(),
        metric: EVALUATION_LOSS.into(),
        goal: Goal::Minimize,
        by: OutcomeKind::Best,
        runs: vec![
            ranked(1, "lr-3e-4", RUN_ID, 0.31, 0.0003),
            ranked(2, "lr-1e-3", OTHER_ID, 0.35, 0.001),
        ],
        runs_without: 0,
        matters: vec![Influence {
            setting: "learning_rate".into(),
            value: None,
            correlation: 0.94,
            low: 0.58,
            high: 0.99,
            runs: 6,
        }],
    }
}

pub(crate) fn difference() -> Difference {
    let side = |run: &str, run_id: &str| SideOfDifference {
        run: run.into(),
        run_id: run_id.into(),
        state: RunState::Running,
        summary: SUMMARY.into(),
    };
    let change = |name: &str, from, to| Change { name: name.into(), from, to };
    Difference {
        project: "digits".into(),
        summary:
            "`eval/loss` ends at 0.31 in `lr-3e-4`, 0.35 in `lr-1e-3`. Config: `learning_rate` 0.001 → 0.0003"
                .into(),
        from: side("lr-1e-3", OTHER_ID),
        to: side("lr-3e-4", RUN_ID),
        config: vec![change("learning_rate", json!(0.001), json!(0.0003))],
        same_settings: 4,
        code: vec![change("commit", json!("41d0b2a"), json!("9f2c1e7"))],
        environment: vec![change("torch", json!("2.8.0"), json!("2.9.0"))],
        metrics: vec![MetricChange {
            key: EVALUATION_LOSS.into(),
            from: Some(0.35),
            to: Some(0.31),
            percent: Some(-11.4),
        }],
    }
}

pub(crate) fn snapshot() -> Snapshot {
    Snapshot {
        project: "digits".into(),
        run: "lr-3e-4".into(),
        run_id: RUN_ID.into(),
        summary: "At step 850 of `lr-3e-4` (±100) `train/loss` is 3.1, before 1.25. Alert: Loss rises".into(),
        step: 850,
        from_step: 750,
        to_step: 950,
        metrics: vec![MetricAround {
            key: "train/loss".into(),
            before: Some(1.25),
            at: Some(3.1),
            at_step: 850,
            after: Some(1.24),
            deviations: Some(38.0),
        }],
        alerts: vec![AlertNear {
            timestamp: NOW,
            title: "Loss rises".into(),
            text: None,
            level: AlertLevel::Warn,
            step: Some(850),
        }],
        findings: Vec::new(),
    }
}
