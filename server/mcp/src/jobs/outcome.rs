//! What came of an operation of `hf_jobs`: an outcome of a kind, and how much of it is told.

use paceline_schema::jobs::{JobInfo, JobLine, JobReport};
use rmcp::model::CallToolResult;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::schemas::Object;

/// How the operations are called.
const USAGE: &str = "run {command, timeout?, env?, secrets?, detach?}; uv {script, with_deps?, script_args?, timeout?, env?, \
    secrets?, detach?}; ps {all?, status?}; logs {job_id, tail?}; inspect {job_id}; cancel {job_id}. Arguments stand under `args`. \
    Submit a training with `detach: true`, then ask `inspect` when somebody wants to know, or `wait_for_run`; do not poll.";

/// The schema of what the tool answers.
pub(crate) fn output() -> Object {
    let kinds = [
        "usage",
        "help",
        "job",
        "jobs",
        "logs",
        "inspections",
        "scheduled_job",
        "scheduled_jobs",
        "acknowledgement",
        "unavailable",
        "error",
    ];
    let schema = json!({
        "type": "object",
        "properties": {
            "operation": {"type": "string"},
            "outcome": {"type": "object", "properties": {"kind": {"type": "string", "enum": kinds}}, "required": ["kind"]},
            "total_results": {"type": "integer"},
            "results_shared": {"type": "integer"},
        },
        "required": ["outcome", "total_results", "results_shared"],
    });
    schema.as_object().cloned().unwrap_or_default()
}

/// What came of it.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    outcome: Value,
    total: usize,
    shared: usize,
}

impl Outcome {
    fn one(outcome: Value) -> Self {
        Self { outcome, total: 1, shared: 1 }
    }

    pub(super) fn usage() -> Self {
        Self::one(json!({"kind": "usage", "text": USAGE}))
    }

    pub(super) fn help(operation: &str) -> Self {
        let text = USAGE.split("; ").find(|part| part.starts_with(operation)).unwrap_or(USAGE);
        Self::one(json!({"kind": "help", "text": text}))
    }

    pub(super) fn error(message: &str, hint: &str) -> Self {
        Self { outcome: json!({"kind": "error", "message": message, "hint": hint}), total: 0, shared: 0 }
    }

    pub(super) fn failed(fault: &Fault) -> Self {
        Self { outcome: json!({"kind": "error", "message": fault.to_string()}), total: 0, shared: 0 }
    }

    pub(super) fn unavailable(message: &str, hint: &str) -> Self {
        Self {
            outcome: json!({"kind": "unavailable", "message": message, "hint": hint}),
            total: 0,
            shared: 0,
        }
    }

    pub(super) fn job(report: &JobReport, lines: &[JobLine]) -> Self {
        let lines: Vec<&str> = lines.iter().map(|line| line.data.as_str()).collect();
        Self::one(json!({"kind": "job", "summary": report.summary, "job": told(&report.job), "logs": lines}))
    }

    pub(super) fn jobs(reports: &[JobReport], total: usize) -> Self {
        let jobs: Vec<Value> = reports.iter().map(summed).collect();
        Self { shared: jobs.len(), outcome: json!({"kind": "jobs", "jobs": jobs}), total }
    }

    pub(super) fn logs(id: &str, lines: &[JobLine]) -> Self {
        let texts: Vec<&str> = lines.iter().map(|line| line.data.as_str()).collect();
        Self {
            total: lines.len(),
            shared: lines.len(),
            outcome: json!({"kind": "logs", "job_id": id, "lines": texts}),
        }
    }

    pub(super) fn inspections(reports: &[JobReport]) -> Self {
        let jobs: Vec<Value> = reports
            .iter()
            .map(|report| {
                let mut job = summed(report);
                job["run"] = json!(report.run);
                job["expected"] = json!(report.expected);
                job["usd"] = json!(report.usd);
                job
            })
            .collect();
        Self { total: jobs.len(), shared: jobs.len(), outcome: json!({"kind": "inspections", "jobs": jobs}) }
    }

    pub(super) fn acknowledgement(job: &JobInfo) -> Self {
        let message = if job.status.stage.has_ended() {
            format!("job {} is {}", job.id, job.status.stage.as_str())
        } else {
            format!("job {} is told to end; after ten seconds it is ended by force", job.id)
        };
        Self::one(json!({"kind": "acknowledgement", "job_id": job.id, "message": message}))
    }

    /// From what was sent between threads.
    pub(super) fn of(value: Value) -> Self {
        let count = |name: &str| value[name].as_u64().unwrap_or_default() as usize;
        Self {
            outcome: value["outcome"].clone(),
            total: count("total_results"),
            shared: count("results_shared"),
        }
    }

    /// As it is sent.
    pub(super) fn value(self) -> Value {
        json!({"outcome": self.outcome, "total_results": self.total, "results_shared": self.shared})
    }

    /// As the protocol answers.
    pub(super) fn result(self, operation: Option<&str>) -> CallToolResult {
        let is_error = self.outcome["kind"] == "error";
        let mut value = self.value();
        if let Some(operation) = operation {
            value["operation"] = json!(operation);
        }
        if is_error { CallToolResult::structured_error(value) } else { CallToolResult::structured(value) }
    }
}

fn summed(report: &JobReport) -> Value {
    let mut job = told(&report.job);
    job["summary"] = json!(report.summary);
    job
}

/// A job with names in place of values that others are not to see.
fn told(job: &JobInfo) -> Value {
    let names = |value: &Value| -> Vec<String> {
        value.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default()
    };
    let time = |time: Option<paceline_schema::Timestamp>| time.map(|time| time.to_string());
    json!({
        "id": job.id, "url": format!("/api/v1/jobs/{}", job.id), "created_at": time(job.created_at), "started_at": time(job.started_at),
        "finished_at": time(job.finished_at), "docker_image": job.docker_image, "space_id": job.space_id, "command": job.command,
        "arguments": job.arguments, "environment_variable_names": names(&job.environment), "secret_names": names(&job.secrets),
        "flavor": job.flavor, "status": job.status, "owner": job.owner, "timeout_seconds": job.timeout_seconds,
    })
}
