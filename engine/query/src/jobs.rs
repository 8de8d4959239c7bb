//! The run that a job logs into.

use paceline_schema::{RunStatus, Timestamp};

use crate::engine::Engine;
use crate::error::QueryError;

/// A clock that was set back meanwhile is forgiven this much, microseconds.
const TOLERANCE: i64 = 60_000_000;

impl Engine {
    /// Where the run of a job stands: the newest one whose process said at its start that it is part of the job. Runs
    /// older than the job are not looked at. `None` until there is one.
    ///
    /// # Errors
    /// When the data directory cannot be read.
    pub fn status_of_job(
        &self,
        job: &str,
        created_at: Option<Timestamp>,
    ) -> Result<Option<RunStatus>, QueryError> {
        let since = created_at.map(|created| Timestamp(created.0 - TOLERANCE));
        let mut newest: Option<(Timestamp, String, String)> = None;
        for project in self.projects()? {
            if project.damaged.is_some() || since.is_some_and(|since| project.last_activity < Some(since)) {
                continue;
            }
            let found = self.read(&project.project, |reader, name| {
                let mut found = None;
                for record in reader.runs()? {
                    let started = record.created_at.unwrap_or_default();
                    if since.is_some_and(|since| started < since) {
                        continue;
                    }
                    let said = reader.environment(&record.run_id)?;
                    if said.is_some_and(|said| said.job.as_deref() == Some(job)) {
                        found = found.max(Some((started, name.to_owned(), record.run_id.clone())));
                    }
                }
                Ok(found)
            });
            // One that went, or was damaged, meanwhile says nothing of the others.
            newest = newest.max(found.unwrap_or_default());
        }
        newest.map(|(_, project, run)| self.status(&project, &run)).transpose()
    }
}
