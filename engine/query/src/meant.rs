//! Which run is meant where a question names none: the one that logs, else the newest.

use paceline_schema::RunSummary;

use crate::engine::Engine;
use crate::error::QueryError;

impl Engine {
    /// The project that is named, else the one in which something happened last.
    ///
    /// # Errors
    /// When no project can be read, or the data directory cannot.
    pub fn meant_project(&self, named: Option<&str>) -> Result<String, QueryError> {
        if let Some(project) = named {
            return Ok(project.to_owned());
        }
        let projects =
            self.projects()?.into_iter().filter(|project| project.damaged.is_none() && project.runs > 0);
        let newest = projects.max_by_key(|project| (project.active_runs > 0, project.last_activity));
        newest.map(|project| project.project).ok_or(QueryError::NoRuns { project: None })
    }

    /// The run that is named, by id or name, else the one of the project that logged last: one that has not ended
    /// before one that has. The project comes first in the answer.
    ///
    /// # Errors
    /// When there is no such project, or no run in it.
    pub fn meant_run(
        &self,
        project: Option<&str>,
        run: Option<&str>,
    ) -> Result<(String, String), QueryError> {
        let project = self.meant_project(project)?;
        if let Some(run) = run {
            return Ok((project, run.to_owned()));
        }
        let age =
            |run: &RunSummary| (!run.state.has_ended(), run.last_row_at.or(run.created_at), run.colour_slot);
        let newest = self.runs(&project)?.into_iter().max_by_key(age);
        let newest = newest.ok_or_else(|| QueryError::NoRuns { project: Some(project.clone()) })?;
        Ok((project, newest.run_id))
    }
}
