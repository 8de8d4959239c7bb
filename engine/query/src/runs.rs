//! The runs of a project: the list, one run in full.

use paceline_schema::environment::RunDiff;
use paceline_schema::private_config::{PrivateConfig, user_part};
use paceline_schema::{RunDetail, RunState, RunSummary};
use paceline_storage::StorageError;

use crate::earlier_runs::EarlierRuns;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::known::configs::digest;
use crate::project_runs::ProjectRuns;
use crate::run_summary::summary_values;
use crate::status::RunView;

impl Engine {
    /// The runs of a project, newest first.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn runs(&self, project: &str) -> Result<Vec<RunSummary>, QueryError> {
        let now = self.now();
        self.read(project, |reader, project| {
            let runs = ProjectRuns::read(reader, project, now, &self.known)?;
            Ok(runs.records.iter().rev().map(|record| runs.item(record)).collect())
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
            let view = RunView {
                project,
                record: &record,
                heads: &heads,
                config: config.as_ref(),
                now,
                known: &self.known,
            };
            let summary = view.list_item(|config| {
                EarlierRuns::read(reader, &self.known.configs).ok()?.median_last_step(digest(config))
            });
            let ranks = view.ranks();
            let findings = view.findings(summary.total_steps, view.of_machine(reader)?);
            let config = config.unwrap_or_default();
            let said = PrivateConfig::of(&config);
            Ok(RunDetail {
                run: summary,
                config: serde_json::Value::Object(user_part(config)),
                summary_values: summary_values(&heads, &said.metrics, record.summary_json.as_deref()),
                job_type: said.job_type,
                entity: said.entity,
                sweep_id: said.sweep_id,
                failure: record.process.failure,
                exit_signal: record.process.exit_signal,
                pid: record.process.identity.as_ref().map(|identity| identity.pid),
                host: record.process.identity.map(|identity| identity.host),
                command: record.command,
                git_commit: record.git_commit,
                environment: reader.environment(&record.run_id)?,
                ranks,
                findings,
            })
        })
    }

    /// The changes of a run's code that were not committed.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn diff(&self, project: &str, run: &str) -> Result<RunDiff, QueryError> {
        self.read(project, |reader, _| {
            let record = reader.find_run(run)?;
            let environment = reader.environment(&record.run_id)?.unwrap_or_default();
            Ok(RunDiff {
                git_commit: record.git_commit,
                diff: reader.diff(&record.run_id)?,
                is_cut: environment.diff_is_cut,
            })
        })
    }
}
