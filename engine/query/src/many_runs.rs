//! The same question about many runs, on one snapshot; a run that is not there costs the others nothing.

use std::collections::BTreeMap;

use paceline_schema::RunStatus;
use paceline_schema::many_runs::{OfRun, RunConfig, RunFault};
use paceline_schema::metric_definition::MetricDefinitions;
use paceline_schema::private_config::user_part;
use paceline_storage::{Reader, StorageError};
use serde_json::Value;

use crate::engine::Engine;
use crate::error::QueryError;
use crate::run_summary::summary_values;
use crate::status::{small, status_of};

/// Runs of one request.
const MOST_RUNS: usize = 1_000;

impl Engine {
    /// Where each of these runs stands.
    ///
    /// # Errors
    /// When there is no such project, there are too many runs, or its file cannot be read.
    pub fn statuses(&self, project: &str, runs: &[String]) -> Result<Vec<OfRun<RunStatus>>, QueryError> {
        let now = self.now();
        self.of_runs(project, runs, |reader, project, run| {
            Ok(small(status_of(reader, project, run, now, &self.known)?))
        })
    }

    /// What the summary of each of these runs holds.
    ///
    /// # Errors
    /// As [`Self::statuses`].
    pub fn summaries(
        &self,
        project: &str,
        runs: &[String],
    ) -> Result<Vec<OfRun<BTreeMap<String, Value>>>, QueryError> {
        self.of_runs(project, runs, |reader, _, run| {
            let record = reader.find_run(run)?;
            let config = reader.config(&record.run_id)?;
            let definitions = config.as_ref().map(MetricDefinitions::of_config).unwrap_or_default();
            let heads = reader.heads(&record.run_id)?;
            Ok(summary_values(&heads, &definitions, record.summary_json.as_deref()))
        })
    }

    /// What users set in the configs of all runs that have one, newest run first.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn run_configs(&self, project: &str) -> Result<Vec<RunConfig>, QueryError> {
        self.read(project, |reader, _| {
            let mut configs = reader.configs()?;
            let runs = reader.runs()?.into_iter().rev();
            let config = |run: paceline_storage::RunRecord| {
                let config = Value::Object(user_part(configs.remove(&run.run_id)?));
                Some(RunConfig { run_id: run.run_id, run: run.run_name, config })
            };
            Ok(runs.filter_map(config).collect())
        })
    }

    /// What `ask` says of each of these runs.
    pub(crate) fn of_runs<T>(
        &self,
        project: &str,
        runs: &[String],
        ask: impl Fn(&Reader<'_>, &str, &str) -> Result<T, QueryError>,
    ) -> Result<Vec<OfRun<T>>, QueryError> {
        if runs.len() > MOST_RUNS {
            let reason = format!("`runs` names {}, more than the {MOST_RUNS} of one request", runs.len());
            return Err(QueryError::InvalidRequest { reason });
        }
        self.read(project, |reader, project| {
            let answer = |run: &String| match ask(reader, project, run) {
                Ok(answer) => Ok(OfRun { run: run.clone(), answer: Some(answer), error: None }),
                Err(error @ QueryError::Storage(StorageError::RunNotFound { .. })) => {
                    let fault = RunFault {
                        error: error.to_string(),
                        code: error.code().as_str().to_owned(),
                        hint: error.hint(),
                    };
                    Ok(OfRun { run: run.clone(), answer: None, error: Some(fault) })
                }
                Err(error) => Err(error),
            };
            runs.iter().map(answer).collect()
        })
    }
}
