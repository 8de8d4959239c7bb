//! A job and its run in one sentence: how long, how far, how well, how much longer, and for how much.

use paceline_query::{Engine, QueryError, duration, figure};
use paceline_schema::jobs::{JobExpectation, JobInfo, JobReport, JobStage};
use paceline_schema::{RunState, RunStatus, Trend};

/// A job that prints nothing and logs nothing for so long may hang, seconds.
const LONG_SILENCE: f64 = 600.0;

/// Tells jobs with the runs they log into, all looked for at once; `known_of` gives what is known of one besides, as [`report`] takes
/// it.
///
/// # Errors
/// When the data directory cannot be read.
pub fn reports(
    engine: &Engine,
    jobs: Vec<JobInfo>,
    known_of: impl Fn(&JobInfo) -> (Option<JobExpectation>, Option<f64>),
) -> Result<Vec<JobReport>, QueryError> {
    let asked: Vec<_> = jobs.iter().map(|job| (job.id.as_str(), job.created_at)).collect();
    let mut runs = engine.statuses_of_jobs(&asked)?;
    let told = jobs.into_iter().map(|job| {
        let (expected, silent_seconds) = known_of(&job);
        let run = runs.remove(&job.id);
        report(job, run, expected, silent_seconds)
    });
    Ok(told.collect())
}

/// Tells a job with the run it logs into, what it was expected to take, and how long it has been silent, which is not known
/// of one elsewhere: neither is then whether it has a run.
#[must_use]
pub fn report(
    job: JobInfo,
    run: Option<RunStatus>,
    expected: Option<JobExpectation>,
    silent_seconds: Option<f64>,
) -> JobReport {
    let usd = expected.as_ref().and_then(|expected| usd_so_far(&job, expected.usd_per_hour));
    let summary = sentence(&job, run.as_ref(), expected.as_ref(), usd, silent_seconds);
    JobReport { summary, job, run, expected, usd }
}

/// What a job costs so far at a price of an hour, dollars: as Hugging Face does, every minute that was begun.
#[must_use]
pub fn usd_so_far(job: &JobInfo, usd_per_hour: f64) -> Option<f64> {
    let seconds = job.durations?.total_secs?;
    Some((seconds as f64 / 60.0).ceil() * usd_per_hour / 60.0)
}

fn sentence(
    job: &JobInfo,
    run: Option<&RunStatus>,
    expected: Option<&JobExpectation>,
    usd: Option<f64>,
    silent_seconds: Option<f64>,
) -> String {
    let stage = match job.status.stage {
        JobStage::Scheduling => "waiting for its machine",
        JobStage::Running => "running",
        JobStage::Completed => "completed",
        JobStage::Canceled => "canceled",
        JobStage::Error => "failed",
        JobStage::Deleted => "deleted",
    };
    let mut parts = vec![format!("Job {} {stage}", job.id)];
    let ran = job.durations.and_then(|durations| durations.running_secs);
    let is_over = job.status.stage.has_ended();
    parts.extend(ran.map(|seconds| {
        let words = duration(seconds as f64);
        if is_over { format!("after {words}") } else { words }
    }));
    if let Some(run) = run {
        parts.extend(place(run));
        parts.extend(loss(run));
        let left = run.eta_seconds.filter(|_| !is_over && run.state == RunState::Running);
        parts.extend(left.map(|seconds| format!("about {} left", duration(seconds))));
        parts.extend(findings(run).filter(|_| !is_over));
    } else if job.status.stage == JobStage::Running && silent_seconds.is_some() {
        parts.push("no run has begun to log yet".to_owned());
    }
    let silent = silent_seconds.filter(|seconds| {
        let logs = run.and_then(|run| run.seconds_since_last_row);
        !is_over && *seconds >= LONG_SILENCE && logs.is_none_or(|logs| logs >= LONG_SILENCE)
    });
    parts.extend(
        silent.map(|seconds| {
            format!("silent for {}: it may hang, look at the end of its log", duration(seconds))
        }),
    );
    if let (Some(usd), Some(expected)) = (usd, expected) {
        // A machine of one's own is paid already.
        let local =
            silent_seconds.map(|_| format!(" at the price of {}", expected.flavor)).unwrap_or_default();
        parts.push(format!("{} of about {}{local}", dollars(usd), dollars(expected.usd)));
    }
    let message = job.status.message.as_deref().filter(|_| job.status.stage != JobStage::Canceled);
    let message = message.map(|message| format!(": {message}")).unwrap_or_default();
    format!("{}{message}", parts.join(", "))
}

/// As the example of an agent's question has it: `step 850 of 1,200`.
fn place(run: &RunStatus) -> Option<String> {
    let step = thousands(run.step?);
    let total = run.total_steps.map(|total| format!(" of {}", thousands(total)));
    Some(format!("step {step}{}", total.unwrap_or_default()))
}

fn loss(run: &RunStatus) -> Option<String> {
    let loss = run.loss.as_ref()?;
    let latest = figure(loss.recent.or(loss.latest)?);
    let from = loss.first.map(figure).filter(|first| *first != latest);
    let from = from.map(|first| format!(" from {first}")).unwrap_or_default();
    let rising = if loss.trend == Some(Trend::Rising) { " and rising" } else { "" };
    Some(format!("loss {latest}{from}{rising}"))
}

/// The worst that is wrong, in its own words.
fn findings(run: &RunStatus) -> Option<String> {
    let worst = run.findings.first()?;
    Some(format!("{} ({})", worst.evidence, worst.code))
}

fn dollars(usd: f64) -> String {
    if usd > 0.0 && usd < 0.01 { "less than $0.01".to_owned() } else { format!("${usd:.2}") }
}

fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use paceline_schema::jobs::{JobDurations, JobOwner, JobStatus};
    use serde_json::json;

    fn job(stage: JobStage, seconds: i64, message: Option<&str>) -> JobInfo {
        JobInfo {
            id: "abc123".to_owned(),
            created_at: None,
            started_at: None,
            finished_at: None,
            docker_image: None,
            space_id: None,
            command: None,
            arguments: None,
            environment: json!({}),
            secrets: json!({}),
            flavor: None,
            labels: json!({}),
            status: JobStatus { stage, message: message.map(str::to_owned) },
            durations: Some(JobDurations {
                running_secs: Some(seconds),
                total_secs: Some(seconds),
                scheduling_secs: Some(0),
            }),
            owner: JobOwner { id: "ada".to_owned(), name: "ada".to_owned(), kind: "user".to_owned() },
            timeout_seconds: None,
        }
    }

    fn run() -> RunStatus {
        serde_json::from_value(json!({
            "project": "p", "run": "r", "run_id": "1", "state": "running", "state_source": "rows", "step": 850, "total_steps": 1200,
            "total_steps_source": null, "total_steps_exact": true, "progress": 0.7, "learning_rate": null, "epoch": null,
            "loss": {"key": "train/loss", "latest": 1.2, "recent": 1.23, "first": 2.41, "best": 1.2, "best_step": 850, "trend": "falling",
                     "trend_since_step": 1, "slope_per_1000_steps": -1.0},
            "steps_per_second": 0.3, "elapsed_seconds": 2700.0, "eta_seconds": 1200.0, "eta_low_seconds": 1100.0,
            "eta_high_seconds": 1300.0, "finish_at": null, "seconds_since_last_row": 1.0, "findings": [],
            "alerts": {"error": 0, "warn": 0, "info": 0}, "summary": "…",
        }))
        .expect("a status")
    }

    #[test]
    fn the_sentence_answers_how_it_goes() {
        let expected =
            JobExpectation { seconds: 3_900.0, usd: 0.60, usd_per_hour: 0.55, flavor: "t4-small".to_owned() };
        let told = report(job(JobStage::Running, 2_700, None), Some(run()), Some(expected.clone()), None);
        assert_eq!(
            told.summary,
            "Job abc123 running, 45 minutes, step 850 of 1,200, loss 1.23 from 2.41, about 20 minutes left, $0.41 of about $0.60"
        );
        let local = report(job(JobStage::Running, 2_700, None), Some(run()), Some(expected), Some(5.0));
        assert!(
            local.summary.ends_with("$0.41 of about $0.60 at the price of t4-small"),
            "{}",
            local.summary
        );
        let silent = report(job(JobStage::Running, 2_700, None), None, None, Some(1_200.0));
        assert_eq!(
            silent.summary,
            "Job abc123 running, 45 minutes, no run has begun to log yet, silent for 20 minutes: it may hang, look at the end of its log"
        );
        let failed =
            report(job(JobStage::Error, 90, Some("it ended with exit code 1")), Some(run()), None, None);
        assert_eq!(
            failed.summary,
            "Job abc123 failed, after 90 seconds, step 850 of 1,200, loss 1.23 from 2.41: it ended with exit code 1"
        );
    }

    #[test]
    fn minutes_that_were_begun_are_paid() {
        assert_eq!(usd_so_far(&job(JobStage::Running, 61, None), 0.60), Some(0.02));
        assert_eq!([850, 1_200, 1_234_567, -12].map(thousands), ["850", "1,200", "1,234,567", "-12"]);
    }
}
