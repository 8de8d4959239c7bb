//! Hugging Face Jobs over their wire: run, list, inspect, follow, cancel, machines and prices, and jobs by the clock.
//!
//! What is sent is what Hugging Face's own client sends for the same wish.

mod events;
mod name;
mod scheduled;

use paceline_schema::jobs::{JobHardware, JobInfo, JobSpec, JobStage, USUAL_FLAVOR};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use name::{name_of_image, name_of_script};
pub use scheduled::{ScheduleChange, ScheduledJob, ScheduledOrder};

use crate::remote::{Account, HubFault, HubFaultKind};
use crate::remote::{Client, JSON, Payload};

/// Pages of a list that are asked for at most.
const MOST_PAGES: usize = 100;
/// What the label is called that names a job.
const NAME: &str = "name";

/// The jobs of an account.
#[derive(Debug)]
pub struct HubJobs {
    client: Client,
    account: Account,
}

impl HubJobs {
    /// Those of `account`.
    #[must_use]
    pub fn of(account: Account) -> Self {
        Self { client: Client::new(account.clone()), account }
    }

    /// Whose the token is: the namespace of jobs unless one is named.
    ///
    /// # Errors
    /// When the Hub does not say.
    pub fn who_am_i(&self) -> Result<String, HubFault> {
        let doing = "asking whose the token is";
        self.account.expect_token(doing)?;
        let (answer, _) = self.client.json("GET", "/api/whoami-v2", &Payload::Nothing, doing)?;
        answer["name"].as_str().map(str::to_owned).ok_or_else(|| HubFault::strange(doing))
    }

    /// Submits a job. One that has no name gets one by its image or script.
    ///
    /// # Errors
    /// When the Hub does not take it.
    pub fn run(&self, namespace: &str, spec: JobSpec) -> Result<JobInfo, HubFault> {
        let doing = "submitting a job";
        self.account.expect_token(doing)?;
        let body = body(&complete(spec), doing)?;
        let path = format!("/api/jobs/{}", path_part(namespace));
        self.ask("POST", &path, &Payload::Bytes { kind: JSON, bytes: &body }, doing)
    }

    /// The jobs of an owner in any of these stages (all where none is named), newest first.
    ///
    /// # Errors
    /// When the Hub does not say.
    pub fn list(&self, namespace: &str, stages: &[JobStage]) -> Result<Vec<JobInfo>, HubFault> {
        let doing = "listing jobs";
        self.account.expect_token(doing)?;
        let query: Vec<String> = stages.iter().map(|stage| format!("stage={}", stage.as_str())).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let mut path = format!("/api/jobs/{}{mark}{}", path_part(namespace), query.join("&"));
        let mut jobs = Vec::new();
        for _ in 0..MOST_PAGES {
            let (answer, headers) =
                self.client.json("GET", &path, &Payload::Nothing, doing).map_err(explained)?;
            jobs.extend(parsed::<Vec<JobInfo>>(answer, doing)?);
            let link = headers.get("link").and_then(|value| value.to_str().ok());
            match link.and_then(|link| next_page(link, self.account.endpoint())) {
                Some(next) => path = next,
                None => break,
            }
        }
        Ok(jobs)
    }

    /// One job.
    ///
    /// # Errors
    /// When there is none of this id, or the Hub does not say.
    pub fn inspect(&self, namespace: &str, id: &str) -> Result<JobInfo, HubFault> {
        let answer = self.ask("GET", &path(namespace, id, ""), &Payload::Nothing, "asking for a job");
        answer.map_err(|fault| missing(fault, namespace, id))
    }

    /// Ends a job.
    ///
    /// # Errors
    /// When there is none of this id, or the Hub refuses.
    pub fn cancel(&self, namespace: &str, id: &str) -> Result<(), HubFault> {
        let address = format!("{}{}", self.account.endpoint(), path(namespace, id, "/cancel"));
        let sent = self.client.send("POST", &address, &Payload::Nothing, &[], "ending a job");
        sent.map(drop).map_err(|fault| missing(explained(fault), namespace, id))
    }

    /// The machines there are, with their prices.
    ///
    /// # Errors
    /// When the Hub does not say.
    pub fn hardware(&self) -> Result<Vec<JobHardware>, HubFault> {
        self.ask("GET", "/api/jobs/hardware", &Payload::Nothing, "asking for machines and prices")
    }

    fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        payload: &Payload<'_>,
        doing: &str,
    ) -> Result<T, HubFault> {
        let (answer, _) = self.client.json(method, path, payload, doing).map_err(explained)?;
        parsed(answer, doing)
    }
}

/// As the official client completes it.
fn complete(mut spec: JobSpec) -> JobSpec {
    spec.flavor.get_or_insert_with(|| USUAL_FLAVOR.to_owned());
    if !spec.labels.contains_key(NAME) {
        let image = spec.docker_image.as_deref().or(spec.space_id.as_deref()).unwrap_or_default();
        spec.labels.insert(NAME.to_owned(), name_of_image(image, &spec.command));
    }
    let space = spec.docker_image.as_deref().and_then(name::space_of).map(str::to_owned);
    if let Some(space) = space {
        (spec.docker_image, spec.space_id) = (None, Some(space));
    }
    spec
}

fn body(value: &impl serde::Serialize, doing: &str) -> Result<Vec<u8>, HubFault> {
    serde_json::to_vec(value).map_err(|_| HubFault::strange(doing))
}

fn parsed<T: DeserializeOwned>(answer: Value, doing: &str) -> Result<T, HubFault> {
    serde_json::from_value(answer).map_err(|_| HubFault::strange(doing))
}

fn path(namespace: &str, id: &str, more: &str) -> String {
    format!("/api/jobs/{}/{}{more}", path_part(namespace), path_part(id))
}

/// A name as a part of a path; what is none is not sent as one.
fn path_part(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let part: String = text
        .bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    if part.bytes().all(|byte| byte == b'.') { part.replace('.', "%2E") } else { part }
}

/// The address of the next page, below that of the Hub; one that leads elsewhere is none.
fn next_page(link: &str, endpoint: &str) -> Option<String> {
    let next = link.split(',').find(|part| part.contains("rel=\"next\""))?;
    let address = next.split_once('<')?.1.split_once('>')?.0;
    Some(address.strip_prefix(endpoint).unwrap_or(address).to_owned()).filter(|path| path.starts_with('/'))
}

/// A refusal in words of jobs; those of the client are of repositories.
fn explained(fault: HubFault) -> HubFault {
    match fault.kind {
        HubFaultKind::Unusable => HubFault {
            hint: "Hugging Face Jobs need a paid plan (Pro, Team or Enterprise), credit, and a flavor that `paceline jobs hardware --on hf` lists"
                .to_owned(),
            ..fault
        },
        HubFaultKind::NotFound => HubFault {
            message: "there is no such owner or job, or the token may not see it".to_owned(),
            hint: "`--namespace` names the owner; `paceline jobs ps --on hf --all` shows the jobs of one".to_owned(),
            ..fault
        },
        HubFaultKind::Away
        | HubFaultKind::Refused
        | HubFaultKind::Expired
        | HubFaultKind::Conflict
        | HubFaultKind::Local => fault,
    }
}

fn missing(fault: HubFault, namespace: &str, id: &str) -> HubFault {
    if fault.kind != HubFaultKind::NotFound {
        return fault;
    }
    HubFault { message: format!("`{namespace}` has no job `{id}`, or the token may not see it"), ..fault }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_stay_at_the_hub() {
        let hub = "https://hub.example";
        let link = "<https://hub.example/api/jobs/a?cursor=2>; rel=\"next\"";
        assert_eq!(next_page(link, hub).as_deref(), Some("/api/jobs/a?cursor=2"));
        assert_eq!(next_page("<https://evil.example/x>; rel=\"next\"", hub), None);
        assert_eq!(next_page("<https://hub.example/x>; rel=\"prev\"", hub), None);
    }

    #[test]
    fn a_job_is_completed_as_the_official_client_does() {
        let spec = JobSpec {
            command: vec!["python".to_owned(), "-c".to_owned(), "print(1)".to_owned()],
            docker_image: Some("python:3.12".to_owned()),
            ..JobSpec::default()
        };
        let sent = serde_json::to_value(complete(spec)).expect("JSON");
        assert_eq!(
            sent,
            serde_json::json!({
                "command": ["python", "-c", "print(1)"], "arguments": [], "environment": {}, "flavor": "cpu-basic",
                "labels": {"name": name_of_image("python:3.12", &["python", "-c", "print(1)"].map(str::to_owned))},
                "dockerImage": "python:3.12",
            })
        );
    }
}
