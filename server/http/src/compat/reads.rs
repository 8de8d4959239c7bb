//! Projects, runs and alerts as the peer's client and page ask for them.

use paceline_query::{Engine, RunMention};
use paceline_schema::{Alert, AlertLevel, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use super::call::{Call, Reply, or_default};
use super::values::finite_object;
use crate::error::ApiError;

/// A run in the peer's form.
#[derive(Serialize)]
struct PeerRun {
    id: String,
    name: String,
    created_at: Option<Timestamp>,
}

/// An alert in the peer's form.
#[derive(Serialize)]
struct PeerAlert {
    timestamp: Timestamp,
    run: String,
    title: String,
    text: Option<String>,
    level: AlertLevel,
    step: Option<i64>,
}

/// What a run holds, in the peer's form; nothing for a run that is not there.
#[derive(Serialize)]
struct PeerSummary {
    project: String,
    run: Option<String>,
    run_id: Option<String>,
    num_logs: u64,
    metrics: Vec<String>,
    config: Option<Map<String, Value>>,
    last_step: Option<i64>,
}

/// What a project holds, in the peer's form.
#[derive(Serialize)]
struct PeerProject {
    project: String,
    num_runs: usize,
    runs: Vec<PeerRun>,
    last_activity: Option<i64>,
}

/// `get_all_projects`: the names; registries are no projects.
pub(super) fn all_projects(_: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    Reply::of(&engine.store().projects()?)
}

/// `get_runs_for_project`: oldest first; empty for a project that is not there.
pub(super) fn runs_for_project(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    Reply::of(&runs(engine, &call.get::<String>("project")?)?)
}

/// `get_run_configs`: by run id.
pub(super) fn run_configs(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let configs = or_default(engine.configs(&call.get::<String>("project")?))?;
    let plain = configs.into_iter().map(|(run_id, config)| (run_id, Value::Object(finite_object(config))));
    Reply::of(&plain.collect::<Map<String, Value>>())
}

/// `get_metrics_for_run`: every key, sorted.
pub(super) fn metrics_for_run(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let project: String = call.get("project")?;
    let overview = match call.run_choice()? {
        Some(run) => or_default(engine.run_overview(&project, &run))?,
        None => None,
    };
    Reply::of(&overview.map(|overview| overview.keys).unwrap_or_default())
}

/// `get_project_summary`; `last_activity` is the largest step.
pub(super) fn project_summary(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let project: String = call.get("project")?;
    let runs = runs(engine, &project)?;
    let last_activity = or_default(engine.max_step(&project))?;
    Reply::of(&PeerProject { num_runs: runs.len(), project, runs, last_activity })
}

/// `get_run_summary`.
pub(super) fn run_summary(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let (project, run_id): (String, Option<String>) = (call.get("project")?, call.get("run_id")?);
    let said = call.get("run")?;
    let overview = match call.run_choice()? {
        Some(run) => or_default(engine.run_overview(&project, &run))?,
        None => None,
    };
    Reply::of(&match overview {
        Some(found) => PeerSummary {
            project,
            run: if run_id.is_some() { Some(found.name) } else { said },
            run_id,
            num_logs: found.rows,
            metrics: found.keys,
            config: found.config.map(finite_object),
            last_step: found.last_step,
        },
        None => PeerSummary {
            project,
            run: said,
            run_id,
            num_logs: 0,
            metrics: Vec::new(),
            config: None,
            last_step: None,
        },
    })
}

/// `get_alerts`: newest first; empty for what is not there.
pub(super) fn alerts(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let (project, run) = (call.get::<String>("project")?, call.run_choice()?);
    let since = call.time("since")?;
    let level = match call.get::<Option<String>>("level")? {
        None => None,
        Some(word) => match AlertLevel::parse(&word) {
            // No alert has another level.
            None => return Reply::of(&[(); 0]),
            level => level,
        },
    };
    let alerts = or_default(engine.chosen_alerts(&project, run.as_ref(), level, since))?;
    Reply::of(&alerts.into_iter().map(PeerAlert::from).collect::<Vec<_>>())
}

fn runs(engine: &Engine, project: &str) -> Result<Vec<PeerRun>, ApiError> {
    Ok(or_default(engine.mentioned_runs(project))?.into_iter().map(PeerRun::from).collect())
}

impl From<RunMention> for PeerRun {
    fn from(run: RunMention) -> Self {
        Self { id: run.run_id, name: run.run_name, created_at: run.created_at }
    }
}

impl From<(String, Alert)> for PeerAlert {
    fn from((run, alert): (String, Alert)) -> Self {
        Self {
            timestamp: alert.time,
            run,
            title: alert.title,
            text: alert.text,
            level: alert.level,
            step: alert.step,
        }
    }
}
