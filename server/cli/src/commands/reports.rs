//! Reports in Markdown: `paceline list reports`, `paceline get report`.

use paceline_schema::logged_value::{ValueCursor, ValuesRequest};
use paceline_schema::{Operation, ValueKind, ValueKinds};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

use super::get::not_there;
use super::list::of_run;
use super::text;
use crate::arguments::{MaybeRunArguments, RemoteArguments, ReportArguments};
use crate::failure::Failure;
use crate::output;
use crate::source::{RunNamed, Source};

/// Values looked at in one go.
const VALUES_AT_A_TIME: usize = 1_000;

/// A report as it was logged once.
#[derive(Serialize)]
struct Report {
    run: String,
    report: String,
    step: Value,
    timestamp: Value,
    content: String,
}

/// Lists them.
pub(super) fn list(arguments: &MaybeRunArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let MaybeRunArguments { project, run, read } = arguments;
    let source = Source::open(remote, &read.directory)?;
    let runs = match run {
        Some(run) => vec![source.run(project, run)?],
        None => source.runs(project)?,
    };
    let mut reports = Vec::new();
    for run in &runs {
        reports.extend(of(&source, project, run)?);
    }
    if read.json {
        return Ok(output::json_indented(&json!({ "project": project, "run": run, "reports": reports }))?);
    }
    let title = match run {
        Some(run) => format!("Reports for '{run}' in '{project}':"),
        None => format!("Reports in '{project}':"),
    };
    let lines: Vec<String> = reports
        .iter()
        .map(|report| {
            let (step, time) = (text::python(&report.step), text::python(&report.timestamp));
            format!("{} | {} | step={step} | {time}", report.run, report.report)
        })
        .collect();
    text::list(&lines, &title)
}

/// Prints one, each time it was logged.
pub(super) fn get(arguments: &ReportArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let (project, run) = (&arguments.of.project, &arguments.of.run);
    let source = Source::open(remote, &arguments.of.read.directory)?;
    let mut reports = of(&source, project, &source.run(project, run)?)?;
    reports.retain(|report| report.report == arguments.report);
    if reports.is_empty() {
        return Err(not_there("report", &arguments.report, run, "list reports", project));
    }
    if arguments.of.read.json {
        return Ok(output::json_indented(
            &json!({ "project": project, "run": run, "report": arguments.report, "values": reports }),
        )?);
    }
    for (place, report) in reports.iter().enumerate() {
        let (step, time) = (text::python(&report.step), text::python(&report.timestamp));
        output::line(&format!("Entry {} | step={step} | timestamp={time}", place + 1))?;
        output::line(&report.content)?;
        if place + 1 < reports.len() {
            output::line("")?;
        }
    }
    Ok(())
}

/// The reports of a run in the order logged.
fn of(source: &Source, project: &str, run: &RunNamed) -> Result<Vec<Report>, Failure> {
    let report = |key: &str, value: &Value, step: &Value, timestamp: &Value| {
        let is_report = value["_type"] == "trackio.markdown";
        let content = value["_value"].as_str().filter(|_| is_report)?.to_owned();
        let (step, timestamp) = (step.clone(), timestamp.clone());
        Some(Report { run: run.name.clone(), report: key.to_owned(), step, timestamp, content })
    };
    let Source::Local(_) = source else {
        // The peer's wire has rows alone; of long runs not every one.
        let rows = source.call(Operation::GetLogs, of_run(project, run))?;
        let rows: Vec<Map<String, Value>> = serde_json::from_value(rows).unwrap_or_default();
        let of_row = |row: Map<String, Value>| {
            let nothing = Value::Null;
            let [step, time] = ["step", "timestamp"].map(|name| row.get(name).unwrap_or(&nothing).clone());
            row.iter().filter_map(|(key, value)| report(key, value, &step, &time)).collect::<Vec<_>>()
        };
        return Ok(rows.into_iter().flat_map(of_row).collect());
    };
    let mut reports = Vec::new();
    for key in keys(source, project, run)? {
        let mut asked = of_run(project, run);
        asked["metric_name"] = json!(key);
        let values = source.call(Operation::GetMetricValues, asked)?;
        let values = values.as_array().into_iter().flatten();
        reports.extend(
            values.filter_map(|value| report(&key, &value["value"], &value["step"], &value["timestamp"])),
        );
    }
    reports.sort_by_key(|report| (report.timestamp.as_str().map(str::to_owned), report.step.as_i64()));
    Ok(reports)
}

/// The keys under which a run has logged reports.
fn keys(source: &Source, project: &str, run: &RunNamed) -> Result<BTreeSet<String>, Failure> {
    let mut keys = BTreeSet::new();
    let Source::Local(engine) = source else { return Ok(keys) };
    let run = run.id.as_deref().unwrap_or(&run.name);
    let mut after: Option<ValueCursor> = None;
    loop {
        let request = ValuesRequest {
            kinds: ValueKinds::default().with(ValueKind::Markdown),
            run: Some(run.to_owned()),
            after,
            limit: VALUES_AT_A_TIME,
            brief: true,
            ..ValuesRequest::default()
        };
        let page = engine.logged_values(project, &request)?;
        keys.extend(page.items.iter().map(|value| value.key.clone()));
        after = page.next.as_deref().and_then(ValueCursor::parse);
        if after.is_none() {
            return Ok(keys);
        }
    }
}
