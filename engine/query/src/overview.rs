//! Runs and projects at a glance, from their heads alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use paceline_schema::run::ProjectContents;
use paceline_schema::{RunChoice, Timestamp, ValueKind, ValueKinds};
use paceline_storage::{BesideRows, JsonObject, RowsOf};

use crate::engine::Engine;
use crate::error::QueryError;

/// A run at a glance.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOverview {
    /// Display name.
    pub name: String,
    /// Rows logged.
    pub rows: u64,
    /// Every key that was logged, whatever it held, sorted.
    pub keys: Vec<String>,
    /// Its config, where it has one.
    pub config: Option<JsonObject>,
    /// Largest step of a row.
    pub last_step: Option<i64>,
}

/// A run by its id, name and age, which is all that may be known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunMention {
    /// Its id, or its name where it has none.
    pub run_id: String,
    /// Display name.
    pub run_name: String,
    /// When it was created, or first heard of.
    pub created_at: Option<Timestamp>,
}

impl Engine {
    /// A run at a glance; `None` for one that is not there or has no rows.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn run_overview(&self, project: &str, run: &RunChoice) -> Result<Option<RunOverview>, QueryError> {
        self.read(project, |reader, _| {
            let Some(run_id) = reader.chosen_run(run)? else { return Ok(None) };
            let heads = reader.heads(&run_id)?;
            if heads.rows() == 0 {
                return Ok(None);
            }
            Ok(Some(RunOverview {
                name: reader.find_run(&run_id)?.run_name,
                rows: heads.rows(),
                keys: heads.keys().into_iter().map(str::to_owned).collect(),
                config: reader.config(&run_id)?,
                last_step: heads.max_step(),
            }))
        })
    }

    /// Every run of a project, oldest first, those included that only made or used artifacts.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn mentioned_runs(&self, project: &str) -> Result<Vec<RunMention>, QueryError> {
        self.read(project, |reader, _| {
            let mut runs: Vec<RunMention> = reader
                .runs()?
                .into_iter()
                .map(|run| RunMention {
                    run_id: run.run_id,
                    run_name: run.run_name,
                    created_at: run.created_at,
                })
                .collect();
            // A link that names a known run, by whatever it names it, tells of no other one; of links alone,
            // one without an id tells of no other run than one of that name with an id.
            let with_records = runs.len();
            let mut linked = reader.linked_runs()?;
            linked.sort_by_key(|run| run.run_id.is_none());
            for run in linked {
                let named_alike = if run.run_id.is_some() { &runs[..with_records] } else { &runs };
                let known = named_alike.iter().any(|other| other.run_name == run.run_name)
                    || runs.iter().any(|other| Some(&other.run_id) == run.run_id.as_ref());
                if !known {
                    let run_id = run.run_id.unwrap_or_else(|| run.run_name.clone());
                    runs.push(RunMention { run_id, run_name: run.run_name, created_at: run.created_at });
                }
            }
            runs.sort_by_key(|run| run.created_at);
            Ok(runs)
        })
    }

    /// Largest step of any row of a project.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn max_step(&self, project: &str) -> Result<Option<i64>, QueryError> {
        self.read(project, |reader, _| {
            Ok(reader.all_heads()?.values().filter_map(|heads| heads.max_step()).max())
        })
    }

    /// The configs of all runs of a project that have one, by run id.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn configs(&self, project: &str) -> Result<BTreeMap<String, JsonObject>, QueryError> {
        self.read(project, |reader, _| Ok(reader.configs()?.into_iter().collect()))
    }

    /// The names of the samples of the machine taken for a run, sorted; none for a run that is not there.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn system_keys(&self, project: &str, run: &RunChoice) -> Result<Vec<String>, QueryError> {
        self.read(project, |reader, _| {
            let Some(run_id) = reader.chosen_run(run)? else { return Ok(Vec::new()) };
            let mut keys = BTreeSet::new();
            reader.rows_by_time(RowsOf::System, &run_id, |row| {
                for (key, _) in row.metrics {
                    keys.insert(key);
                }
                ControlFlow::Continue(())
            })?;
            Ok(keys.into_iter().collect())
        })
    }

    /// What a project holds.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn project_contents(&self, project: &str) -> Result<ProjectContents, QueryError> {
        let of_rows = self.read(project, |reader, _| {
            let heads = reader.all_heads()?;
            let kinds = heads.values().fold(ValueKinds::default(), |all, heads| all.and(heads.kinds()));
            let BesideRows { system, traces, alerts, artifacts } = reader.beside_rows()?;
            Ok(ProjectContents {
                metrics: kinds.has(ValueKind::Histogram)
                    || heads.values().any(|heads| heads.metric_count() > 0),
                media: kinds.meets(ValueKinds::MEDIA),
                reports: kinds.has(ValueKind::Markdown),
                system,
                traces,
                files: false,
                artifacts,
                alerts,
            })
        })?;
        Ok(ProjectContents { files: self.store().has_project_files(project)?, ..of_rows })
    }
}
