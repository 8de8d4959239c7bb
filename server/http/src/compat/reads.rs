//! Projects and runs as the peer's client and page ask for them.

use paceline_query::Engine;
use paceline_schema::{RunSummary, Timestamp};
use serde::Serialize;

use super::call::{Call, Reply, or_default};
use super::missing;
use crate::error::ApiError;

/// A run in the peer's form.
#[derive(Serialize)]
struct PeerRun {
    id: String,
    name: String,
    created_at: Option<Timestamp>,
}

/// What a run holds, in the peer's form; nothing for a run that is not there.
#[derive(Serialize, Default)]
struct PeerSummary {
    project: String,
    run: Option<String>,
    run_id: Option<String>,
    num_logs: u64,
    metrics: Vec<String>,
    config: Option<serde_json::Value>,
    last_step: Option<i64>,
}

/// `get_runs_for_project`: oldest first; empty for a project that is not there.
pub(super) fn runs_for_project(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let runs = or_default(engine.runs(&call.get::<String>("project")?))?;
    Reply::of(&runs.into_iter().rev().map(PeerRun::from).collect::<Vec<_>>())
}

/// `get_run_summary`.
pub(super) fn run_summary(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let project: String = call.get("project")?;
    let selector = call.run()?.unwrap_or_default();
    let metrics = or_default(engine.metrics(&project, &selector))?;
    let run = or_default(engine.run(&project, &selector).map(Some))?;
    Reply::of(&PeerSummary {
        project,
        run: call.get("run")?,
        run_id: call.get("run_id")?,
        num_logs: run.as_ref().map_or(0, |run| run.run.rows),
        last_step: metrics.iter().filter_map(|metric| metric.last_step).max(),
        metrics: metrics.into_iter().map(|metric| metric.key).collect(),
        config: run.map(|run| run.config),
    })
}

missing!(read: alerts, run_configs, metrics_for_run, all_projects, project_summary);

impl From<RunSummary> for PeerRun {
    fn from(run: RunSummary) -> Self {
        Self { id: run.run_id, name: run.run, created_at: run.created_at }
    }
}
