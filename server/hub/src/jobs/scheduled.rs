//! Jobs by the clock.

use paceline_schema::jobs::JobSpec;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{HubJobs, body, complete, explained, missing, path_part};
use crate::remote::{HubFault, JSON, Payload};

/// A job by the clock, to be made.
#[derive(Debug, Clone, Serialize)]
pub struct ScheduledOrder {
    /// What to run.
    #[serde(rename = "jobSpec")]
    pub spec: JobSpec,
    /// When: a line of cron, or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
    pub schedule: String,
    /// It waits until it is resumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
    /// One may begin while the one before runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<bool>,
}

/// A job by the clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledJob {
    /// Id.
    pub id: String,
    /// When it runs.
    #[serde(default)]
    pub schedule: Option<String>,
    /// It waits.
    #[serde(default)]
    pub suspend: Option<bool>,
    /// What it runs, as the Hub tells it.
    #[serde(default)]
    pub job_spec: Value,
    /// When it ran last and runs next, as the Hub tells it.
    #[serde(default)]
    pub status: Value,
}

impl HubJobs {
    /// Makes a job by the clock.
    ///
    /// # Errors
    /// When the Hub does not take it.
    pub fn schedule(&self, namespace: &str, order: ScheduledOrder) -> Result<ScheduledJob, HubFault> {
        let doing = "making a job by the clock";
        self.account.expect_token(doing)?;
        let order = ScheduledOrder { spec: complete(order.spec), ..order };
        let body = body(&order, doing)?;
        let path = format!("/api/scheduled-jobs/{}", path_part(namespace));
        self.ask("POST", &path, &Payload::Bytes { kind: JSON, bytes: &body }, doing)
    }

    /// The jobs by the clock of an owner.
    ///
    /// # Errors
    /// When the Hub does not say.
    pub fn scheduled(&self, namespace: &str) -> Result<Vec<ScheduledJob>, HubFault> {
        let path = format!("/api/scheduled-jobs/{}", path_part(namespace));
        let doing = "listing jobs by the clock";
        self.account.expect_token(doing)?;
        self.ask("GET", &path, &Payload::Nothing, doing)
    }

    /// One of them.
    ///
    /// # Errors
    /// When there is none of this id, or the Hub does not say.
    pub fn inspect_scheduled(&self, namespace: &str, id: &str) -> Result<ScheduledJob, HubFault> {
        let answer =
            self.ask("GET", &path(namespace, id, ""), &Payload::Nothing, "asking for a job by the clock");
        answer.map_err(|fault| missing(fault, namespace, id))
    }

    /// Removes one, lets it wait, or go on.
    ///
    /// # Errors
    /// When there is none of this id, or the Hub refuses.
    pub fn change_scheduled(
        &self,
        namespace: &str,
        id: &str,
        change: ScheduleChange,
    ) -> Result<(), HubFault> {
        let (method, more) = match change {
            ScheduleChange::Delete => ("DELETE", ""),
            ScheduleChange::Suspend => ("POST", "/suspend"),
            ScheduleChange::Resume => ("POST", "/resume"),
        };
        let address = format!("{}{}", self.account.endpoint(), path(namespace, id, more));
        let sent = self.client.send(method, &address, &Payload::Nothing, &[], "changing a job by the clock");
        sent.map(drop).map_err(|fault| missing(explained(fault), namespace, id))
    }
}

/// What to do with a job by the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleChange {
    /// Remove it.
    Delete,
    /// Let it wait.
    Suspend,
    /// Let it go on.
    Resume,
}

fn path(namespace: &str, id: &str, more: &str) -> String {
    format!("/api/scheduled-jobs/{}/{}{more}", path_part(namespace), path_part(id))
}
