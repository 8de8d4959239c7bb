//! The runs that jobs log into.

use std::collections::HashMap;

use paceline_schema::{RunStatus, Timestamp};

use crate::engine::Engine;
use crate::error::QueryError;

/// A clock that was set back meanwhile is forgiven this much, microseconds.
const TOLERANCE: i64 = 60_000_000;

impl Engine {
    /// Where the runs of jobs stand, by the ids of the jobs: of each the newest one whose process said at its start that it
    /// is part of the job. A job without one is not in the answer. Each job comes with the time it was made at: runs whose
    /// process began earlier are not looked at, also not those that went on since with an older process.
    ///
    /// # Errors
    /// When the data directory cannot be read.
    pub fn statuses_of_jobs(
        &self,
        jobs: &[(&str, Option<Timestamp>)],
    ) -> Result<HashMap<String, RunStatus>, QueryError> {
        let since = |created: Option<Timestamp>| created.map_or(i64::MIN, |created| created.0 - TOLERANCE);
        let wanted: HashMap<&str, Timestamp> =
            jobs.iter().map(|(job, created)| (*job, Timestamp(since(*created)))).collect();
        let Some(earliest) = wanted.values().min().copied() else { return Ok(HashMap::new()) };
        let mut newest: HashMap<&str, (Timestamp, String, String)> = HashMap::new();
        for project in self.projects()? {
            if project.damaged.is_some() || project.last_activity.is_some_and(|last| last < earliest) {
                continue;
            }
            let found = self.read(&project.project, |reader, _| {
                let mut found = Vec::new();
                for record in reader.runs()? {
                    // A run that goes on has an old begin and a new process.
                    let began = record.process.started_at.or(record.created_at).unwrap_or_default();
                    if began < earliest {
                        continue;
                    }
                    let said = reader.environment(&record.run_id)?.and_then(|said| said.job);
                    if let Some((job, since)) = said.and_then(|job| wanted.get_key_value(job.as_str()))
                        && began >= *since
                    {
                        found.push((*job, (began, project.project.clone(), record.run_id)));
                    }
                }
                Ok(found)
            });
            // One that went, or was damaged, meanwhile says nothing of the others.
            for (job, run) in found.unwrap_or_default() {
                let known = newest.entry(job).or_insert_with(|| run.clone());
                if *known < run {
                    *known = run;
                }
            }
        }
        let told = newest.into_iter();
        Ok(told
            .filter_map(|(job, (_, project, run))| Some((job.to_owned(), self.status(&project, &run).ok()?)))
            .collect())
    }
}
