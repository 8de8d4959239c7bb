//! Examples of jobs.

use paceline_jobs::report;
use paceline_schema::Timestamp;
use paceline_schema::jobs::{
    JobDurations, JobExpectation, JobInfo, JobOwner, JobReport, JobReports, JobStage, JobStatus,
};
use serde_json::json;

use super::{NOW, run_status};

pub(crate) fn job_reports() -> JobReports {
    JobReports { jobs: vec![job_report()] }
}

pub(crate) fn job_report() -> JobReport {
    let job = JobInfo {
        id: "692aef3ce80b42e4d05c0ee3".into(),
        created_at: Some(Timestamp(NOW.0 - 2_910_000_000)),
        started_at: Some(Timestamp(NOW.0 - 2_910_000_000)),
        finished_at: None,
        docker_image: Some("ghcr.io/astral-sh/uv:python3.12-bookworm".into()),
        space_id: None,
        command: Some(["uv", "run", "train.py"].map(str::to_owned).to_vec()),
        arguments: Some(Vec::new()),
        environment: json!({"SEED": "1"}),
        secrets: json!({"HF_TOKEN": null}),
        flavor: Some("t4-small".into()),
        labels: json!({"name": "train-1f3c"}),
        status: JobStatus { stage: JobStage::Running, message: None },
        durations: Some(JobDurations {
            scheduling_secs: Some(0),
            running_secs: Some(2_910),
            total_secs: Some(2_910),
        }),
        owner: JobOwner { id: "local".into(), name: "local".into(), kind: "user".into() },
        timeout_seconds: Some(7_200),
    };
    let expected =
        JobExpectation { seconds: 4_100.0, usd: 0.86, usd_per_hour: 0.75, flavor: "t4-small".into() };
    report(job, Some(run_status()), Some(expected), Some(3.0))
}
