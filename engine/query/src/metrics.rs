//! Metrics at a glance: of a run, of many runs, and which ones a project has.

use std::collections::BTreeMap;
use std::sync::Arc;

use paceline_schema::many_runs::OfRun;
use paceline_schema::metric_definition::{MetricDefinition, MetricDefinitions};
use paceline_schema::series::{MetricSummary, ProjectMetric};
use paceline_series::{MetricHead, RunHeads};
use paceline_storage::{Reader, StorageError};

use crate::engine::Engine;
use crate::error::QueryError;
use crate::run_summary::best;

/// Metrics of one request about many runs.
const MOST_KEYS: usize = 100;

impl Engine {
    /// The metrics of a run, sorted by name.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn metrics(&self, project: &str, run: &str) -> Result<Vec<MetricSummary>, QueryError> {
        self.read(project, |reader, _| {
            let (heads, definitions) = of_run(reader, run)?;
            Ok(heads.metrics().map(|(key, head)| at_a_glance(key, head, definitions.of(key))).collect())
        })
    }

    /// Those of these metrics that each of these runs has, in the order asked.
    ///
    /// # Errors
    /// When there is no such project, there are too many runs or metrics, or its file cannot be read.
    pub fn metrics_of_runs(
        &self,
        project: &str,
        runs: &[String],
        keys: &[String],
    ) -> Result<Vec<OfRun<Vec<MetricSummary>>>, QueryError> {
        if keys.len() > MOST_KEYS {
            let reason = format!("`keys` names {}, more than the {MOST_KEYS} of one request", keys.len());
            return Err(QueryError::InvalidRequest { reason });
        }
        self.of_runs(project, runs, |reader, _, run| {
            let (heads, definitions) = of_run(reader, run)?;
            let of_key = |key: &String| Some(at_a_glance(key, heads.metric(key)?, definitions.of(key)));
            Ok(keys.iter().filter_map(of_key).collect())
        })
    }

    /// Every metric that a run of the project has logged, by name.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn project_metrics(&self, project: &str) -> Result<Vec<ProjectMetric>, QueryError> {
        self.read(project, |reader, _| {
            let heads = reader.all_heads()?;
            let configs = self.known.configs.of_all(reader)?;
            let mut found: BTreeMap<String, ProjectMetric> = BTreeMap::new();
            // The newest run that defines a metric is the one to believe.
            for run in reader.runs()?.iter().rev() {
                let Some(heads) = heads.get(&run.run_id) else { continue };
                let facts = configs.get(&run.run_id);
                let definitions =
                    facts.map(|facts| MetricDefinitions::of_config(&facts.settings)).unwrap_or_default();
                for (key, _) in heads.metrics() {
                    let definition = definitions.of(key);
                    let metric = found.entry(key.to_owned()).or_insert_with(|| ProjectMetric {
                        key: key.to_owned(),
                        runs: 0,
                        goal: None,
                        hidden: true,
                    });
                    metric.runs += 1;
                    metric.goal = metric.goal.or(definition.and_then(MetricDefinition::direction));
                    metric.hidden &= definition.is_some_and(|found| found.hidden);
                }
            }
            Ok(found.into_values().collect())
        })
    }
}

fn of_run(reader: &Reader<'_>, run: &str) -> Result<(Arc<RunHeads>, MetricDefinitions), StorageError> {
    let run_id = reader.find_run(run)?.run_id;
    let config = reader.config(&run_id)?;
    let definitions = config.as_ref().map(MetricDefinitions::of_config).unwrap_or_default();
    Ok((reader.heads(&run_id)?, definitions))
}

fn at_a_glance(key: &str, head: &MetricHead, definition: Option<&MetricDefinition>) -> MetricSummary {
    let known_best =
        definition.filter(|found| found.direction().is_some()).and_then(|_| best(head, definition));
    MetricSummary {
        key: key.to_owned(),
        points: head.points,
        first: head.first.map(|first| first.value),
        last: Some(head.last.value).filter(|value| value.is_finite()),
        last_step: Some(head.last.step),
        min: head.lowest.map(|lowest| lowest.value),
        min_step: head.lowest.map(|lowest| lowest.step),
        max: head.highest.map(|highest| highest.value),
        max_step: head.highest.map(|highest| highest.step),
        mean: head.mean(),
        best: known_best.map(|best| best.value),
        best_step: known_best.map(|best| best.step),
        step_metric: definition.and_then(|found| found.axis_of(key)).map(str::to_owned),
        hidden: definition.is_some_and(|found| found.hidden),
    }
}
