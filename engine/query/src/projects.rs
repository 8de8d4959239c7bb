//! The projects of the data directory.

use std::sync::Arc;

use paceline_schema::run::ProjectDetail;
use paceline_schema::{ProjectSummary, RunState};
use paceline_series::RunHeads;
use paceline_storage::{ProcessRecord, StorageError};

use crate::engine::Engine;
use crate::error::QueryError;
use crate::status::RunView;

impl Engine {
    /// The projects, sorted by name. One that cannot be read is listed with the reason.
    ///
    /// # Errors
    /// When the data directory cannot be read.
    pub fn projects(&self) -> Result<Vec<ProjectSummary>, QueryError> {
        let names = self.store().projects()?;
        let mut projects = Vec::with_capacity(names.len());
        for name in names {
            match self.project_summary(&name) {
                Ok(summary) => projects.push(summary),
                // Deleted since the names were read.
                Err(QueryError::Storage(StorageError::ProjectNotFound { .. })) => {}
                Err(error) => projects.push(ProjectSummary {
                    project: name,
                    runs: 0,
                    active_runs: 0,
                    last_activity: None,
                    damaged: Some(told(&error)),
                }),
            }
        }
        Ok(projects)
    }

    /// One project, with what it holds.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn project(&self, name: &str) -> Result<ProjectDetail, QueryError> {
        Ok(ProjectDetail { project: self.project_summary(name)?, contents: self.project_contents(name)? })
    }

    fn project_summary(&self, name: &str) -> Result<ProjectSummary, QueryError> {
        let now = self.now();
        self.read(name, |reader, project| {
            let records = reader.runs()?;
            let heads = reader.all_heads()?;
            let no_heads = Arc::<RunHeads>::default();
            let mut active_runs = 0;
            let mut last_activity = None;
            for record in &records {
                let heads = heads.get(&record.run_id).unwrap_or(&no_heads);
                // Whether an evaluation excuses a silence does not matter: running and stalled both count.
                let state = RunView { project, record, heads, config: None, now, known: &self.known }
                    .condition(None)
                    .state;
                active_runs += u64::from(matches!(state, RunState::Running | RunState::Stalled));
                let ProcessRecord { finished_at, heartbeat_at, .. } = record.process;
                let signs = [heads.last_time(), finished_at, heartbeat_at, record.created_at];
                last_activity = signs.into_iter().fold(last_activity, Option::max);
            }
            Ok(ProjectSummary {
                project: project.to_owned(),
                runs: records.len() as u64,
                active_runs,
                last_activity,
                damaged: None,
            })
        })
    }
}

/// Why a project cannot be read, without the paths of the machine, which are nobody's business outside.
fn told(error: &QueryError) -> String {
    let is_of_the_file = matches!(
        error,
        QueryError::Storage(
            StorageError::NotReadable { .. }
                | StorageError::NotWritable { .. }
                | StorageError::ReadOnly { .. }
                | StorageError::DiskFull { .. }
        )
    );
    if is_of_the_file {
        "its file cannot be read; check its permissions".to_owned()
    } else {
        error.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_project_ails_from_is_told_without_paths() {
        let path = std::path::PathBuf::from("/home/somebody/secret.db");
        let error = StorageError::NotReadable { path: path.clone(), reason: path.display().to_string() };
        assert!(!told(&error.into()).contains("somebody"));
        let damaged = StorageError::Damaged { project: "p".into(), reason: "no database".into() };
        assert!(told(&damaged.into()).contains("no database"));
    }
}
