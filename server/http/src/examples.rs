//! Examples for the OpenAPI document, made of the types themselves so that they cannot be wrong.

mod artifact;
mod comparing;
mod jobs;
mod plans;
mod publication;
mod sync;

use std::collections::BTreeMap;

use paceline_schema::console::{ConsoleLine, ConsolePage, ConsoleReport, StoredLine, Stream};
use paceline_schema::environment::{EnvironmentReport, RunDiff, RunEnvironment};
use paceline_schema::events::{Delta, RunRows, StateOfRuns, Waited};
use paceline_schema::logged_value::{LoggedValue, ValuesPage};
use paceline_schema::many_runs::{MetricsRequest, OfRun, RunConfig, RunFault, RunsRequest};
use paceline_schema::metric_definition::Goal;
use paceline_schema::report::{EndReport, HeartbeatReport, StartReport};
use paceline_schema::run::{ProjectContents, ProjectDetail, Projects, RunEdit, Runs};
use paceline_schema::series::{
    AlertEntry, Band, LogEntry, LogRow, MetricSummary, MetricValue, Page, ProjectMetric, RawLine, RunAlert,
    RunGroup, SampleEntry, Series, SeriesRequest, SeriesResponse, Stored, XAxis,
};
use paceline_schema::smoothing::Smoothing;
use paceline_schema::sql::{SqlAnswer, SqlRequest};
use paceline_schema::status::{AlertCounts, Finding, Severity};
use paceline_schema::upload::UploadedFiles;
use paceline_schema::{
    Alert, AlertLevel, LossStatus, ProcessIdentity, ProjectSummary, RankOfRun, RunDetail, RunEnd, RunStart,
    RunState, RunStatus, RunSummary, Scope, StateSource, Timestamp, TotalStepsSource, Trend, ValueKind,
};
use serde_json::json;
use serde_json::value::to_raw_value;

pub(crate) use artifact::{artifact_record, artifact_versions, artifacts, lineage, run_artifacts};
pub(crate) use comparing::{compare_request, comparison, difference, snapshot};
pub(crate) use jobs::{job_report, job_reports};
pub(crate) use plans::{dataset_report, inspect_request, plan_request, training_plan};
pub(crate) use publication::{model_publication, published_model};
pub(crate) use sync::{sync_status, sync_target};

use crate::compat::version::PeerVersion;
use crate::routes::{
    Alerts, Configs, Health, ListedFile, Metrics, MetricsOfRuns, Permitted, ProjectFiles, ProjectMetrics,
    Statuses, Summaries,
};

/// 2026-11-23T02:17:52.070297Z.
const NOW: Timestamp = Timestamp(1_795_400_272_070_297);
const DIFF: &str = "diff --git a/train.py b/train.py\n@@ -1 +1 @@\n-lr = 1e-3\n+lr = 3e-4\n";
const RUN_ID: &str = "6b1f0c2e9d7a4f5b8c3e1a2d4f6b8c0e";
const SUMMARY: &str = "Step 850/1200 (71 %), loss 1.23 (from 2.41, falling), about 20 minutes left";

pub(crate) fn health() -> Health {
    Health { status: "ok", version: "0.1.0" }
}

pub(crate) fn version() -> PeerVersion {
    PeerVersion::current()
}

pub(crate) fn uploaded_files() -> UploadedFiles {
    UploadedFiles { paths: vec!["upload-6b1f0c2e9d7a4f5b8c3e1a2d4f6b8c0e".into()] }
}

pub(crate) fn project_files() -> ProjectFiles {
    let config = ListedFile {
        name: "configs/train.yaml".into(),
        file_path: "digits/files/configs/train.yaml".into(),
        size_bytes: 512,
    };
    ProjectFiles { files: vec![config] }
}

pub(crate) fn projects() -> Projects {
    Projects { projects: vec![project().project] }
}

pub(crate) fn project() -> ProjectDetail {
    let project = ProjectSummary {
        project: "digits".into(),
        runs: 3,
        active_runs: 1,
        last_activity: Some(NOW),
        damaged: None,
    };
    let contents = ProjectContents { metrics: true, artifacts: 2, alerts: 1, ..ProjectContents::default() };
    ProjectDetail { project, contents }
}

pub(crate) fn runs() -> Runs {
    Runs { runs: vec![run_summary()], next: None }
}

pub(crate) fn sql_request() -> SqlRequest {
    SqlRequest { sql: "SELECT run_name, count(*) AS rows FROM metrics GROUP BY run_name".into() }
}

pub(crate) fn sql_answer() -> SqlAnswer {
    SqlAnswer {
        columns: vec!["run_name".into(), "rows".into()],
        rows: vec![vec!["lr-3e-4".into(), 85.into()]],
        row_count: 1,
        truncated: false,
    }
}

fn run_summary() -> RunSummary {
    RunSummary {
        project: "digits".into(),
        run: "lr-3e-4".into(),
        run_id: RUN_ID.into(),
        state: RunState::Running,
        created_at: Some(Timestamp(NOW.0 - 2_910_000_000)),
        finished_at: None,
        last_row_at: Some(Timestamp(NOW.0 - 1_200_000)),
        rows: 85,
        step: Some(850),
        total_steps: Some(1200),
        progress: Some(0.708),
        loss_key: Some("train/loss".into()),
        loss: Some(1.23),
        loss_first: Some(2.41),
        loss_best: Some(1.19),
        elapsed_seconds: Some(2910.0),
        eta_seconds: Some(1198.0),
        eta_low_seconds: Some(1150.0),
        eta_high_seconds: Some(1260.0),
        exit_code: None,
        group: None,
        tags: vec!["baseline".into()],
        notes: None,
        colour_slot: 2,
        summary: SUMMARY.into(),
    }
}

pub(crate) fn run_detail() -> RunDetail {
    RunDetail {
        run: run_summary(),
        config: json!({ "learning_rate": 0.0003, "max_steps": 1200 }),
        summary_values: BTreeMap::from([
            ("train/loss".into(), json!(1.23)),
            ("train/global_step".into(), json!(850)),
            ("val/accuracy".into(), json!({ "max": 0.91, "last": 0.9 })),
        ]),
        failure: None,
        exit_signal: None,
        host: Some("trainer-1".into()),
        pid: Some(4242),
        command: Some("python train.py --lr 3e-4".into()),
        git_commit: Some("9f2c1e7".into()),
        environment: Some(environment()),
        ranks: Vec::new(),
        findings: vec![Finding {
            code: "loss_spike".into(),
            severity: Severity::Note,
            evidence: "`train/loss` went to 7.2 where 1.61 was usual, back at step 224".into(),
            metrics: vec!["train/loss".into()],
            since_step: Some(214),
            until_step: Some(224),
            hint: Some(
                "harmless if single; if it comes again, look at the batch of that step, clip gradients or \
                 lower the learning rate"
                    .into(),
            ),
        }],
        job_type: Some("train".into()),
        entity: None,
        sweep_id: None,
    }
}

pub(crate) fn run_status() -> RunStatus {
    RunStatus {
        project: "digits".into(),
        run: "lr-3e-4".into(),
        run_id: RUN_ID.into(),
        state: RunState::Running,
        state_source: StateSource::Process,
        step: Some(850),
        total_steps: Some(1200),
        total_steps_source: Some(TotalStepsSource::MaxSteps),
        total_steps_exact: Some(true),
        progress: Some(0.708),
        loss: Some(LossStatus {
            key: "train/loss".into(),
            latest: Some(1.21),
            recent: Some(1.23),
            first: Some(2.41),
            best: Some(1.19),
            best_step: Some(840),
            trend: Some(Trend::Falling),
            trend_since_step: Some(600),
            slope_per_1000_steps: Some(-0.82),
        }),
        learning_rate: Some(0.000_087),
        epoch: Some(2.1),
        steps_per_second: Some(0.29),
        elapsed_seconds: Some(2910.0),
        eta_seconds: Some(1198.0),
        eta_low_seconds: Some(1150.0),
        eta_high_seconds: Some(1260.0),
        eta_reason: None,
        finish_at: Some(Timestamp(NOW.0 + 1_198_000_000)),
        seconds_since_last_row: Some(1.2),
        findings: vec![Finding {
            code: "grad_norm_spike".into(),
            severity: Severity::Note,
            evidence: "`train/grad_norm` went to 41.2, 12 times the usual 3.4, not back since".into(),
            metrics: vec!["train/grad_norm".into()],
            since_step: Some(610),
            until_step: None,
            hint: None,
        }],
        more_findings: None,
        alerts: AlertCounts::default(),
        summary: SUMMARY.into(),
    }
}

fn environment() -> RunEnvironment {
    RunEnvironment {
        user: Some("ada".into()),
        directory: Some("/home/ada/digits".into()),
        python: Some("3.12.7".into()),
        packages: BTreeMap::from([("torch".to_owned(), "2.9.1".to_owned())]),
        git_branch: Some("main".into()),
        git_dirty: Some(true),
        diff_bytes: Some(DIFF.len() as u32),
        ..RunEnvironment::default()
    }
}

pub(crate) fn environment_report() -> EnvironmentReport {
    EnvironmentReport { environment: environment(), diff: Some(DIFF.into()) }
}

pub(crate) fn run_diff() -> RunDiff {
    RunDiff { git_commit: Some("9f2c1e7".into()), diff: Some(DIFF.into()), is_cut: false }
}

fn console_line() -> ConsoleLine {
    ConsoleLine {
        log_id: Some("my-line-1".into()),
        time: NOW,
        stream: Stream::Stdout,
        rank: 0,
        text: "epoch 3: loss 1.23".into(),
    }
}

pub(crate) fn console_report() -> ConsoleReport {
    ConsoleReport { lines: vec![console_line()] }
}

pub(crate) fn console_lines() -> ConsolePage {
    let ConsoleLine { time, stream, rank, text, .. } = console_line();
    let items = vec![StoredLine { id: 1, timestamp: time, stream, rank, text }];
    ConsolePage { items, next: None, total: 1 }
}

pub(crate) fn start_report() -> StartReport {
    let process = ProcessIdentity {
        pid: 4242,
        start_ticks: 1_234_567,
        boot_id: String::new(),
        host: "trainer-1".into(),
    };
    let start = RunStart {
        time: Timestamp(NOW.0 - 2_910_000_000),
        process: Some(process),
        command: Some("python train.py --lr 3e-4".into()),
        git_commit: Some("9f2c1e7".into()),
        tags: vec!["baseline".into()],
        ..RunStart::default()
    };
    StartReport { name: "lr-3e-4".into(), start }
}

pub(crate) fn heartbeats() -> HeartbeatReport {
    HeartbeatReport {
        runs: vec![RUN_ID.into()],
        ranks: vec![RankOfRun { run: RUN_ID.into(), rank: 1 }],
        time: NOW,
    }
}

pub(crate) fn end_report() -> EndReport {
    let end = RunEnd {
        time: NOW,
        state: RunState::Failed,
        exit_code: Some(1),
        exit_signal: None,
        failure: Some("ValueError: no data".into()),
        leaving: false,
        rank: 0,
        of_start: None,
    };
    EndReport { name: Some("lr-3e-4".into()), end }
}

pub(crate) fn run_edit() -> RunEdit {
    RunEdit { tags: Some(vec!["baseline".into()]), notes: Some("warm-up 10 %".into()), ..RunEdit::default() }
}

pub(crate) fn runs_request() -> RunsRequest {
    RunsRequest { runs: vec!["lr-3e-4".into(), "lr-1e-3".into()] }
}

pub(crate) fn metrics_request() -> MetricsRequest {
    MetricsRequest { runs: runs_request().runs, keys: vec!["train/loss".into()] }
}

pub(crate) fn metrics_of_runs() -> MetricsOfRuns {
    MetricsOfRuns { metrics: of_runs(metrics().metrics) }
}

pub(crate) fn project_metrics() -> ProjectMetrics {
    let loss = ProjectMetric { key: "train/loss".into(), runs: 2, goal: Some(Goal::Minimize), hidden: false };
    ProjectMetrics { metrics: vec![loss] }
}

pub(crate) fn permitted() -> Permitted {
    Permitted { scope: Some(Scope::Read) }
}

fn of_runs<T>(answer: T) -> Vec<OfRun<T>> {
    let fault = RunFault {
        error: "run `lr-1e-3` is not in project `digits`".into(),
        code: "run_not_found".into(),
        hint: "did you mean `lr-3e-4`".into(),
    };
    vec![
        OfRun { run: "lr-3e-4".into(), answer: Some(answer), error: None },
        OfRun { run: "lr-1e-3".into(), answer: None, error: Some(fault) },
    ]
}

pub(crate) fn statuses() -> Statuses {
    Statuses { statuses: of_runs(run_status()) }
}

pub(crate) fn summaries() -> Summaries {
    Summaries { summaries: of_runs(run_detail().summary_values) }
}

pub(crate) fn configs() -> Configs {
    let config = run_detail().config;
    Configs { configs: vec![RunConfig { run_id: RUN_ID.into(), run: "lr-3e-4".into(), config }] }
}

pub(crate) fn waited() -> Waited {
    Waited { met: vec!["finding:any".into()], timed_out: false, status: run_status() }
}

pub(crate) fn events() -> String {
    let states = BTreeMap::from([(RUN_ID.into(), RunState::Running)]);
    let state = serde_json::to_string(&StateOfRuns { states }).unwrap_or_default();
    let rows = vec![RunRows { run_id: RUN_ID.into(), rows: log_rows().items }];
    let delta = serde_json::to_string(&Delta { rows, ..Delta::default() }).unwrap_or_default();
    format!(
        "retry: 2000\n\nevent: state\nid: fd01a2-84-0\ndata: {state}\n\n\
         event: delta\nid: fd01a2-85-0\ndata: {delta}\n\n"
    )
}

pub(crate) fn metrics() -> Metrics {
    let loss = MetricSummary {
        key: "train/loss".into(),
        points: 85,
        first: Some(2.41),
        last: Some(1.21),
        last_step: Some(850),
        min: Some(1.19),
        min_step: Some(840),
        max: Some(2.41),
        max_step: Some(10),
        mean: Some(1.64),
        best: None,
        best_step: None,
        step_metric: None,
        hidden: false,
    };
    Metrics { metrics: vec![loss] }
}

pub(crate) fn metric_values() -> Page<MetricValue> {
    Page { items: vec![MetricValue { timestamp: NOW, step: 850, value: json!(1.21) }], next: Some(85) }
}

pub(crate) fn logged_values() -> ValuesPage {
    let image = json!({ "_type": "trackio.image", "file_path": "digits/lr-3e-4/850/6b1f0c2e.png" });
    let sample = LoggedValue {
        row_id: 85,
        run_id: RUN_ID.into(),
        step: 850,
        timestamp: NOW,
        key: "samples".into(),
        kinds: vec![ValueKind::Image],
        value: to_raw_value(&image).ok(),
    };
    ValuesPage { items: vec![sample], next: Some("85".into()) }
}

pub(crate) fn log_rows() -> Page<LogRow> {
    page_of(850, json!({ "train/loss": 1.21, "train/grad_norm": "NaN" }))
}

pub(crate) fn system_rows() -> Page<LogRow> {
    page_of(0, json!({ "gpu/0/utilization": 97.0 }))
}

fn page_of(step: i64, metrics: serde_json::Value) -> Page<LogRow> {
    let metrics = metrics.as_object().cloned().unwrap_or_default();
    Page { items: vec![LogRow { id: 85, timestamp: NOW, step, metrics }], next: Some(85) }
}

pub(crate) fn log_entries() -> Vec<LogEntry> {
    let metrics = vec![("train/loss".into(), paceline_schema::Value::Float(1.21))];
    let log_id = Some("019ab3f0c2e97a4f8b8c3e1a2d4f6b8c".into());
    vec![LogEntry { metrics, step: Some(850), timestamp: Some(NOW), log_id }]
}

pub(crate) fn log_lines() -> &'static str {
    "{\"metrics\":{\"train/loss\":1.21},\"step\":850}\n{\"metrics\":{\"train/loss\":1.20},\"step\":860}\n"
}

pub(crate) fn stored() -> Stored {
    Stored { stored: 1, duplicates: 0 }
}

pub(crate) fn alerts() -> Alerts {
    let alert = Alert {
        alert_id: Some("019ab3f0c2e97a4f8b8c3e1a2d4f6b8d".into()),
        time: NOW,
        title: "Loss rises".into(),
        text: Some("train/loss 1.9, from 1.2".into()),
        level: AlertLevel::Warn,
        step: Some(850),
    };
    Alerts { alerts: vec![alert] }
}

pub(crate) fn run_alerts() -> Page<RunAlert> {
    let alert = |alert| RunAlert { id: 3, run_id: RUN_ID.into(), run: "lr-3e-4".into(), alert };
    Page { items: alerts().alerts.into_iter().map(alert).collect(), next: None }
}

pub(crate) fn alert_entries() -> Vec<AlertEntry> {
    let entry = |alert: Alert| {
        let Alert { alert_id, time, title, text, level, step } = alert;
        AlertEntry { title, text, level, step, time: Some(time), alert_id }
    };
    alerts().alerts.into_iter().map(entry).collect()
}

pub(crate) fn alert_lines() -> &'static str {
    "{\"title\":\"Loss rises\",\"level\":\"warn\"}\n"
}

pub(crate) fn sample_entries() -> Vec<SampleEntry> {
    let metrics = vec![("gpu/0/utilization".into(), paceline_schema::Value::Float(97.0))];
    vec![SampleEntry {
        metrics,
        timestamp: Some(NOW),
        log_id: Some("019ab3f0c2e97a4f8b8c3e1a2d4f6b8e".into()),
    }]
}

pub(crate) fn sample_lines() -> &'static str {
    "{\"metrics\":{\"gpu/0/utilization\":97.0}}\n"
}

pub(crate) fn series_request() -> SeriesRequest {
    SeriesRequest {
        runs: vec!["lr-3e-4".into()],
        keys: vec!["train/loss".into()],
        groups: vec![RunGroup { name: "seeds".into(), runs: vec!["lr-3e-4".into()] }],
        smoothing: Some(Smoothing::Exponential { weight: 0.9 }),
        raw: true,
        ..SeriesRequest::default()
    }
}

pub(crate) fn series() -> SeriesResponse {
    let x = vec![0.0, 420.0, 850.0];
    let loss = Series {
        run_id: RUN_ID.into(),
        run: "lr-3e-4".into(),
        key: "train/loss".into(),
        rank: 0,
        x_axis: XAxis::Step,
        x: x.clone(),
        value: vec![Some(2.41), None, Some(1.78)],
        raw: Some(RawLine { x, value: vec![Some(2.41), None, Some(1.21)] }),
        total_points: 3,
        exact: true,
    };
    let seeds = Band {
        group: "seeds".into(),
        key: "train/loss".into(),
        x_axis: XAxis::Step,
        x: vec![0.0, 850.0],
        mean: vec![Some(2.41), Some(1.78)],
        standard_deviation: vec![Some(0.0), Some(0.0)],
        min: vec![2.41, 1.78],
        max: vec![2.41, 1.78],
        runs: vec![1, 1],
    };
    SeriesResponse { series: vec![loss], bands: vec![seeds] }
}
