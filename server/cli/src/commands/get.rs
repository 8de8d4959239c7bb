//! `paceline get`: what a project, a run, a metric and more hold, in the peer's forms.

use paceline_schema::Operation;
use serde_json::{Map, Value, json};

use super::list::{self, of_run};
use super::{moment, reports, text, traces};
use crate::arguments::{
    ArtifactOfProjectArguments, GetCommand, MetricArguments, MomentArguments, ProjectArguments,
    RemoteArguments, RunArguments, SnapshotArguments, SystemMetricArguments,
};
use crate::failure::Failure;
use crate::output;
use crate::source::{Source, texts};

/// Tells what is asked for.
pub(crate) fn run(command: &GetCommand, remote: &RemoteArguments) -> Result<(), Failure> {
    match command {
        GetCommand::Project(arguments) => project(arguments, remote),
        GetCommand::Run(arguments) => one_run(arguments, remote),
        GetCommand::Artifact(arguments) => artifact(arguments, remote),
        GetCommand::Metric(arguments) => metric(arguments, remote),
        GetCommand::Snapshot(arguments) => snapshot(arguments, remote),
        GetCommand::Moment(arguments) => moment::run(arguments, remote),
        GetCommand::SystemMetric(arguments) => system_metric(arguments, remote),
        GetCommand::Trace(arguments) => traces::get(arguments, remote),
        GetCommand::TraceSummary(arguments) => traces::summary(arguments, remote),
        GetCommand::Alerts(arguments) => list::alerts(arguments, remote),
        GetCommand::Report(arguments) => reports::get(arguments, remote),
    }
}

fn project(arguments: &ProjectArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let source = Source::open(remote, &arguments.read.directory)?;
    source.check_project(&arguments.project)?;
    let summary = source.call(Operation::GetProjectSummary, json!({ "project": arguments.project }))?;
    if arguments.read.json {
        return Ok(output::json_indented(&summary)?);
    }
    output::line(&format!("Project: {}", text::python(&summary["project"])))?;
    output::line(&format!("Number of runs: {}", text::python(&summary["num_runs"])))?;
    let runs = summary["runs"].as_array().cloned().unwrap_or_default();
    if !runs.is_empty() {
        output::line("\nRuns:")?;
        for run in &runs {
            let [id, name, made] = ["id", "name", "created_at"].map(|field| text::python(&run[field]));
            output::line(&format!("  - {name} (id {id}, created {made})"))?;
        }
    }
    if let Some(step) = summary["last_activity"].as_i64() {
        output::line(&format!("\nLast activity (max step): {step}"))?;
    }
    Ok(())
}

fn one_run(arguments: &RunArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let RunArguments { project, run, read } = arguments;
    let source = Source::open(remote, &read.directory)?;
    let named = source.run(project, run)?;
    let summary = source.call(Operation::GetRunSummary, of_run(project, &named))?;
    if read.json {
        return Ok(output::json_indented(&summary)?);
    }
    output::line(&format!("Project: {}", text::python(&summary["project"])))?;
    output::line(&format!("Run: {}", text::python(&summary["run"])))?;
    output::line(&format!("Number of logs: {}", text::python(&summary["num_logs"])))?;
    if let Some(step) = summary["last_step"].as_i64() {
        output::line(&format!("Last step: {step}"))?;
    }
    let metrics = texts(&summary["metrics"]);
    if !metrics.is_empty() {
        text::list(&metrics, "\nMetrics:")?;
    }
    let config = summary["config"].as_object().cloned().unwrap_or_default();
    // What begins so is said by the tracker, not by the script.
    let said: Vec<_> = config.iter().filter(|(name, _)| !name.starts_with('_')).collect();
    if !said.is_empty() {
        output::line("\nConfig:")?;
        for (name, value) in said {
            output::line(&format!("  {name}: {}", text::python(value)))?;
        }
    }
    Ok(())
}

fn artifact(arguments: &ArtifactOfProjectArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let ArtifactOfProjectArguments { project, name, version, read } = arguments;
    let source = Source::open(remote, &read.directory)?;
    source.check_project(project)?;
    let asked = json!({ "project": project, "name": name, "spec": version });
    let record = source.call(Operation::GetArtifactManifest, asked)?;
    if record.is_null() {
        let spec = version.as_ref().map(|version| format!(":{version}")).unwrap_or_default();
        return Err(Failure::new(
            format!("artifact `{name}{spec}` is not in project `{project}`"),
            format!("`list artifacts --project {project}` shows what is there"),
        ));
    }
    if read.json {
        return Ok(output::json_indented(&record)?);
    }
    let shown = |field: &str| text::python(&record[field]);
    output::line(&format!("Artifact: {} (v{})", shown("name"), shown("version")))?;
    output::line(&format!("  type:        {}", shown("type")))?;
    if !record["description"].is_null() {
        output::line(&format!("  description: {}", shown("description")))?;
    }
    let aliases = texts(&record["aliases"]);
    if !aliases.is_empty() {
        output::line(&format!("  aliases:     {}", aliases.join(", ")))?;
    }
    if record["metadata"].as_object().is_some_and(|metadata| !metadata.is_empty()) {
        output::line(&format!("  metadata:    {}", shown("metadata")))?;
    }
    output::line(&format!("  size:        {} bytes", shown("size_bytes")))?;
    output::line(&format!("  digest:      {}", shown("manifest_digest")))?;
    let files = record["manifest"].as_array().cloned().unwrap_or_default();
    output::line(&format!("  files ({}):", files.len()))?;
    for file in &files {
        let path = text::python(&file["path"]);
        let what = match file["ref"].as_str() {
            Some(reference) => format!("{path} -> {reference} (reference)"),
            None => format!("{path} ({} bytes)", text::python(&file["size"])),
        };
        output::line(&format!("    - {what}"))?;
    }
    Ok(())
}

/// The arguments by which calls name rows.
fn put_moment(asked: &mut Value, moment: &MomentArguments) {
    asked["step"] = json!(moment.step);
    asked["around_step"] = json!(moment.around);
    asked["at_time"] = json!(moment.at_time);
    asked["window"] = json!(moment.window);
}

fn metric(arguments: &MetricArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let MetricArguments { of: RunArguments { project, run, read }, metric, moment } = arguments;
    let source = Source::open(remote, &read.directory)?;
    let named = source.run(project, run)?;
    let keys = texts(&source.call(Operation::GetMetricsForRun, of_run(project, &named))?);
    if !keys.contains(metric) {
        return Err(not_there("metric", metric, run, "list metrics", project));
    }
    let mut asked = of_run(project, &named);
    asked["metric_name"] = json!(metric);
    put_moment(&mut asked, moment);
    let values = source.call(Operation::GetMetricValues, asked)?;
    if read.json {
        let answer = json!({ "project": project, "run": run, "metric": metric, "values": values });
        return Ok(output::json_indented(&answer)?);
    }
    let values = values.as_array().cloned().unwrap_or_default();
    if values.is_empty() {
        return Ok(output::line("No metric values found.")?);
    }
    output::line(&format!("Found {} value(s):\n", values.len()))?;
    print_values(&values, "")
}

fn print_values(values: &[Value], indent: &str) -> Result<(), Failure> {
    output::line(&format!("{indent}Step | Timestamp | Value"))?;
    output::line(&format!("{indent}{}", "-".repeat(50 - indent.len())))?;
    for value in values {
        let [step, time, value] = ["step", "timestamp", "value"].map(|field| text::python(&value[field]));
        output::line(&format!("{indent}{step} | {time} | {value}"))?;
    }
    Ok(())
}

fn snapshot(arguments: &SnapshotArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let SnapshotArguments { of: RunArguments { project, run, read }, moment } = arguments;
    if moment.step.is_none() && moment.around.is_none() && moment.at_time.is_none() {
        return Err(Failure::new("no step and no time is named", "give `--step`, `--around` or `--at-time`"));
    }
    let source = Source::open(remote, &read.directory)?;
    let named = source.run(project, run)?;
    let mut asked = of_run(project, &named);
    put_moment(&mut asked, moment);
    let metrics = source.call(Operation::GetSnapshot, asked)?;
    if read.json {
        let mut answer = json!({ "project": project, "run": run, "metrics": metrics });
        let is_around = moment.around.is_some() || moment.at_time.is_some();
        let said = [
            ("step", moment.step.map(Value::from)),
            ("around", moment.around.map(Value::from)),
            ("at_time", moment.at_time.clone().map(Value::from)),
            ("window", is_around.then(|| moment.window.into())),
        ];
        for (name, value) in said {
            if let Some(value) = value {
                answer[name] = value;
            }
        }
        return Ok(output::json_indented(&answer)?);
    }
    let metrics = metrics.as_object().cloned().unwrap_or_default();
    if metrics.is_empty() {
        return Ok(output::line("No metrics found in the specified range.")?);
    }
    let mut names: Vec<&String> = metrics.keys().collect();
    names.sort();
    for name in names {
        output::line(&format!("\n{name}:"))?;
        print_values(metrics[name].as_array().map_or(&[], Vec::as_slice), "  ")?;
    }
    Ok(())
}

fn system_metric(arguments: &SystemMetricArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let SystemMetricArguments { of: RunArguments { project, run, read }, metric } = arguments;
    let source = Source::open(remote, &read.directory)?;
    let named = source.run(project, run)?;
    if let Some(metric) = metric {
        let keys = texts(&source.call(Operation::GetSystemMetricsForRun, of_run(project, &named))?);
        if !keys.contains(metric) {
            return Err(not_there("system metric", metric, run, "list system-metrics", project));
        }
    }
    let rows = source.call(Operation::GetSystemLogs, of_run(project, &named))?;
    let mut rows: Vec<Map<String, Value>> = serde_json::from_value(rows).unwrap_or_default();
    if let Some(metric) = metric {
        rows.retain(|row| row.contains_key(metric));
        rows.iter_mut().for_each(|row| row.retain(|name, _| name == metric || name == "timestamp"));
    }
    if read.json {
        let answer = match metric {
            Some(metric) => json!({ "project": project, "run": run, "metric": metric, "values": rows }),
            None => json!({ "project": project, "run": run, "system_metrics": rows }),
        };
        return Ok(output::json_indented(&answer)?);
    }
    if rows.is_empty() {
        return Ok(output::line("No system metrics found.")?);
    }
    output::line(&format!("Found {} system metric entry/entries:\n", rows.len()))?;
    for (place, row) in rows.iter().enumerate() {
        let time = text::python(&row.get("timestamp").cloned().unwrap_or_default());
        output::line(&format!("\nEntry {} (Timestamp: {time}):", place + 1))?;
        for (name, value) in row.iter().filter(|(name, _)| *name != "timestamp") {
            output::line(&format!("  {name}: {}", text::python(value)))?;
        }
    }
    Ok(())
}

/// Something that a run does not have.
pub(super) fn not_there(kind: &str, name: &str, run: &str, command: &str, project: &str) -> Failure {
    Failure::new(
        format!("{kind} `{name}` is not in run `{run}`"),
        format!("`{command} --project {project} --run {run}` shows what is there"),
    )
}
