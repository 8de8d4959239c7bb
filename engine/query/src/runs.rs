//! The runs of a project: the list, one run in full, its metrics.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use paceline_schema::series::MetricSummary;
use paceline_schema::{RunDetail, RunState, RunSummary, Value};
use paceline_series::RunHeads;
use paceline_storage::{RunRecord, StorageError};
use serde_json::Map;

use crate::earlier_runs::EarlierRuns;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::status::RunView;

impl Engine {
    /// The runs of a project, newest first.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn runs(&self, project: &str) -> Result<Vec<RunSummary>, QueryError> {
        let now = self.now();
        self.read(project, |reader, project| {
            let records = reader.runs()?;
            let heads = reader.all_heads()?;
            let configs = reader.configs()?;
            let no_heads = RunHeads::default();
            let earlier = OnceCell::new();
            let usual_length = |config: &Map<String, serde_json::Value>| {
                earlier.get_or_init(|| EarlierRuns::of(&records, &configs, &heads)).median_last_step(config)
            };
            let item = |record: &RunRecord| {
                let heads = heads.get(&record.run_id).map_or(&no_heads, AsRef::as_ref);
                RunView { project, record, heads, config: configs.get(&record.run_id), now }
                    .list_item(usual_length)
            };
            Ok(records.iter().rev().map(item).collect())
        })
    }

    /// The runs of a project in this state, or in any, newest first: those that follow the run with the id
    /// `after`, at most `limit`. The id to go on with comes with them, where there are more.
    ///
    /// # Errors
    /// When there is no such project, no run `after`, or its file cannot be read.
    pub fn runs_page(
        &self,
        project: &str,
        state: Option<RunState>,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<(Vec<RunSummary>, Option<String>), QueryError> {
        let mut runs = self.runs(project)?;
        if let Some(after) = after {
            let place = runs.iter().position(|run| run.run_id == after);
            let place = place.ok_or_else(|| StorageError::RunNotFound {
                project: project.to_owned(),
                run: after.to_owned(),
                similar: Vec::new(),
            })?;
            runs.drain(..=place);
        }
        runs.retain(|run| state.is_none_or(|state| run.state == state));
        let limit = limit.unwrap_or(usize::MAX);
        let has_more = runs.len() > limit;
        runs.truncate(limit);
        let next = runs.last().filter(|_| has_more).map(|run| run.run_id.clone());
        Ok((runs, next))
    }

    /// One run with its config and its last values.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn run(&self, project: &str, run: &str) -> Result<RunDetail, QueryError> {
        let now = self.now();
        self.read(project, |reader, project| {
            let record = reader.find_run(run)?;
            let heads = reader.heads(&record.run_id)?;
            let config = reader.config(&record.run_id)?;
            let view = RunView { project, record: &record, heads: &heads, config: config.as_ref(), now };
            let summary = view.list_item(|config| EarlierRuns::read(reader).ok()?.median_last_step(config));
            Ok(RunDetail {
                run: summary,
                config: serde_json::Value::Object(config.unwrap_or_default()),
                summary_values: summary_values(&heads, record.summary_json.as_deref()),
                failure: record.failure,
                exit_signal: record.exit_signal,
                host: record.process.as_ref().map(|process| process.host.clone()),
                pid: record.process.as_ref().map(|process| process.pid),
                command: record.command,
                git_commit: record.git_commit,
                notes: record.notes,
            })
        })
    }

    /// The metrics of a run, sorted by name.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn metrics(&self, project: &str, run: &str) -> Result<Vec<MetricSummary>, QueryError> {
        self.read(project, |reader, _| {
            let heads = reader.heads(&reader.find_run(run)?.run_id)?;
            let metrics = heads.metrics().map(|(key, head)| MetricSummary {
                key: key.to_owned(),
                points: head.points,
                last: Some(head.last.value).filter(|value| value.is_finite()),
                last_step: Some(head.last.step),
                min: head.lowest.map(|lowest| lowest.value),
                max: head.highest.map(|highest| highest.value),
            });
            Ok(metrics.collect())
        })
    }
}

/// Last value of each metric, then what the script said itself.
pub(crate) fn summary_values(heads: &RunHeads, said: Option<&str>) -> BTreeMap<String, serde_json::Value> {
    let last = heads.metrics().map(|(key, head)| (key.to_owned(), Value::Float(head.last.value).to_json()));
    let said: Map<String, serde_json::Value> =
        said.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    last.chain(said).collect()
}
