//! The alerts of a project.

use paceline_schema::series::{Page, PageRequest, RunAlert};
use paceline_schema::{Alert, AlertLevel, RunChoice, Timestamp};
use paceline_storage::{AlertFilter, AlertRange};

use crate::engine::Engine;
use crate::error::QueryError;
use crate::rows::page_of;

/// What the ids of alerts that tell of findings begin with.
const OF_FINDING: &str = "finding-";

/// The id of the one alert that tells of a kind of finding in a run.
#[must_use]
pub fn alert_id_of_finding(run_id: &str, code: &str) -> String {
    format!("{OF_FINDING}{run_id}-{code}")
}

/// Whether an alert tells of a finding: its step is a training step then, and that of a row otherwise.
pub(crate) fn is_of_finding(alert: &Alert) -> bool {
    alert.alert_id.as_ref().is_some_and(|id| id.starts_with(OF_FINDING))
}

/// Most alerts in one answer.
const MOST_ALERTS: usize = 1_000;

impl Engine {
    /// The newest alerts of a run or of all runs of a project, newest first, at most 1,000.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn alerts(&self, project: &str, run: Option<&str>) -> Result<Vec<Alert>, QueryError> {
        self.read(project, |reader, _| {
            let run_id = run.map(|run| reader.find_run(run)).transpose()?.map(|record| record.run_id);
            let filter = AlertFilter { run_id: run_id.as_deref(), ..AlertFilter::default() };
            Ok(reader.alerts(&filter, MOST_ALERTS)?.into_iter().map(|(_, alert)| alert).collect())
        })
    }

    /// Every alert of a run or of all runs, of one level or of all, after a time or ever, newest first, each
    /// with the name of its run; none for a run that is not there.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn chosen_alerts(
        &self,
        project: &str,
        run: Option<&RunChoice>,
        level: Option<AlertLevel>,
        since: Option<Timestamp>,
    ) -> Result<Vec<(String, Alert)>, QueryError> {
        self.read(project, |reader, _| {
            let run_id = run.map(|run| reader.chosen_run(run)).transpose()?;
            if run_id == Some(None) {
                return Ok(Vec::new());
            }
            let run_id = run_id.flatten();
            let filter = AlertFilter { run_id: run_id.as_deref(), level, since };
            Ok(reader.alerts(&filter, usize::MAX)?)
        })
    }

    /// The alerts of all runs of a project, or of one, in the order they were stored.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn alerts_page(
        &self,
        project: &str,
        run: Option<&str>,
        page: PageRequest,
    ) -> Result<Page<RunAlert>, QueryError> {
        self.read(project, |reader, _| {
            let run_id = run.map(|run| reader.find_run(run)).transpose()?.map(|record| record.run_id);
            let after_id = page.after.unwrap_or_default();
            let range = AlertRange { run_id: run_id.as_deref(), after_id, since: page.since };
            let limit = page.limit.max(1);
            let alerts = reader.alerts_between(range, i64::MAX, limit.saturating_add(1))?;
            Ok(page_of(alerts.into_iter().map(|alert| (alert.id, alert)).collect(), limit))
        })
    }
}
