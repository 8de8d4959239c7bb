//! The traces of a run.

use paceline_schema::RunChoice;
use paceline_storage::{StoredTrace, TraceSearch};

use crate::engine::Engine;
use crate::error::QueryError;

impl Engine {
    /// The traces of a run that fit a search; none for a run that is not there.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn traces(
        &self,
        project: &str,
        run: &RunChoice,
        search: &TraceSearch,
    ) -> Result<Vec<StoredTrace>, QueryError> {
        self.read(project, |reader, _| match reader.chosen_run(run)? {
            Some(run_id) => Ok(reader.traces(&run_id, search)?),
            None => Ok(Vec::new()),
        })
    }

    /// The steps of a run that have traces, ascending, each with how many; none for a run that is not there.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn trace_steps(&self, project: &str, run: &RunChoice) -> Result<Vec<(i64, u64)>, QueryError> {
        self.read(project, |reader, _| match reader.chosen_run(run)? {
            Some(run_id) => Ok(reader.trace_steps(&run_id)?),
            None => Ok(Vec::new()),
        })
    }
}
