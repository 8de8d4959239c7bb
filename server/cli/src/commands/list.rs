//! `paceline list`: what is there. The JSON has the peer's keys; beside them our own directories tell `details`.

use paceline_query::figure;
use paceline_schema::series::MetricSummary;
use paceline_schema::{Operation, ProjectSummary, RunSummary};
use serde_json::{Value, json};

use super::{reports, spaces, text, traces};
use crate::arguments::{
    AlertsArguments, ListCommand, ProjectArguments, ReadArguments, RemoteArguments, RunArguments,
};
use crate::failure::Failure;
use crate::output;
use crate::source::{RunNamed, Source, texts};

/// Lists what is asked for.
pub(crate) fn run(command: &ListCommand, remote: &RemoteArguments) -> Result<(), Failure> {
    match command {
        ListCommand::Projects(arguments) => projects(arguments, remote),
        ListCommand::Runs(arguments) => runs(arguments, remote),
        ListCommand::Spaces(arguments) => spaces::list(arguments, remote),
        ListCommand::Metrics(arguments) => metrics(arguments, remote),
        ListCommand::SystemMetrics(arguments) => system_metrics(arguments, remote),
        ListCommand::Alerts(arguments) => alerts(arguments, remote),
        ListCommand::Traces(arguments) => traces::list(arguments, remote),
        ListCommand::Reports(arguments) => reports::list(arguments, remote),
        ListCommand::Artifacts(arguments) => artifacts(arguments, remote),
    }
}

fn projects(arguments: &ReadArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let source = Source::open(remote, &arguments.directory)?;
    let mut answer = json!({ "projects": source.projects()? });
    let details = match &source {
        Source::Local(engine) => Some(engine.projects()?),
        Source::Remote(_) => None,
    };
    if arguments.json {
        put_details(&mut answer, details.as_ref());
        return Ok(output::json_indented(&answer)?);
    }
    let names = texts(&answer["projects"]);
    if names.is_empty() {
        return Ok(output::line("No projects yet.")?);
    }
    match details {
        Some(details) => {
            output::line("Projects:")?;
            Ok(output::table(&details.iter().map(project_row).collect::<Vec<_>>())?)
        }
        None => text::list(&names, "Projects:"),
    }
}

fn put_details(answer: &mut Value, details: Option<&impl serde::Serialize>) {
    if let Some(details) = details {
        // Names and numbers are all there is, so this cannot fail.
        answer["details"] = serde_json::to_value(details).unwrap_or_default();
    }
}

fn project_row(project: &ProjectSummary) -> Vec<String> {
    let runs = match &project.damaged {
        Some(reason) => format!("damaged: {reason}"),
        None => format!("{} runs, {} active", project.runs, project.active_runs),
    };
    vec![project.project.clone(), output::faint(&runs)]
}

fn runs(arguments: &ProjectArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let project = &arguments.project;
    let source = Source::open(remote, &arguments.read.directory)?;
    let named = source.runs(project)?;
    let names: Vec<&str> = named.iter().map(|run| run.name.as_str()).collect();
    let details: Option<Vec<RunSummary>> = match &source {
        // Oldest first, as the peer lists them.
        Source::Local(engine) => Some(engine.runs(project)?.into_iter().rev().collect()),
        Source::Remote(_) => None,
    };
    if arguments.read.json {
        let mut answer = json!({ "project": project, "runs": names });
        put_details(&mut answer, details.as_ref());
        return Ok(output::json_indented(&answer)?);
    }
    let title = format!("Runs in '{project}':");
    let Some(details) = details else { return text::list(&names, &title) };
    output::line(&title)?;
    let rows: Vec<Vec<String>> = details
        .iter()
        .map(|run| vec![run.run.clone(), output::state(run.state), run.summary.clone()])
        .collect();
    Ok(output::table(&rows)?)
}

fn metrics(arguments: &RunArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let RunArguments { project, run, read } = arguments;
    let source = Source::open(remote, &read.directory)?;
    let named = source.run(project, run)?;
    let keys = source.call(Operation::GetMetricsForRun, of_run(project, &named))?;
    let details: Option<Vec<MetricSummary>> = match &source {
        Source::Local(engine) => Some(engine.metrics(project, run)?),
        Source::Remote(_) => None,
    };
    if read.json {
        let mut answer = json!({ "project": project, "run": run, "metrics": keys });
        put_details(&mut answer, details.as_ref());
        return Ok(output::json_indented(&answer)?);
    }
    let title = format!("Metrics for '{run}' in '{project}':");
    let keys = texts(&keys);
    let Some(details) = details else { return text::list(&keys, &title) };
    output::line(&title)?;
    let row = |key: &String| match details.iter().find(|metric| metric.key == *key) {
        Some(metric) => metric_row(metric),
        None => vec![key.clone()],
    };
    Ok(output::table(&keys.iter().map(row).collect::<Vec<_>>())?)
}

fn metric_row(metric: &MetricSummary) -> Vec<String> {
    let range = match (metric.min, metric.max) {
        (Some(min), Some(max)) => format!("{} to {}", figure(min), figure(max)),
        _ => String::new(),
    };
    vec![
        metric.key.clone(),
        metric.last.map(figure).unwrap_or_default(),
        output::faint(&range),
        output::faint(&format!("{} points", metric.points)),
    ]
}

fn system_metrics(arguments: &RunArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let RunArguments { project, run, read } = arguments;
    let source = Source::open(remote, &read.directory)?;
    let named = source.run(project, run)?;
    let keys = source.call(Operation::GetSystemMetricsForRun, of_run(project, &named))?;
    if read.json {
        let answer = json!({ "project": project, "run": run, "system_metrics": keys });
        return Ok(output::json_indented(&answer)?);
    }
    text::list(&texts(&keys), "System Metrics:")
}

/// Lists alerts; `get alerts` is the same.
pub(super) fn alerts(arguments: &AlertsArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let AlertsArguments { of, level, since } = arguments;
    let source = Source::open(remote, &of.read.directory)?;
    source.check_project(&of.project)?;
    // As the peer has it, a run that is not there has no alerts.
    let run = of.run.as_deref().map(|run| {
        source.run(&of.project, run).ok().unwrap_or_else(|| RunNamed { name: run.to_owned(), id: None })
    });
    let mut asked = json!({ "project": of.project, "level": level, "since": since });
    if let Some(run) = &run {
        asked["run"] = json!(run.name);
        asked["run_id"] = json!(run.id);
    }
    let found = source.call(Operation::GetAlerts, asked)?;
    if of.read.json {
        let answer = json!({
            "project": of.project, "run": of.run, "level": level, "since": since, "alerts": found,
        });
        return Ok(output::json_indented(&answer)?);
    }
    let found = found.as_array().cloned().unwrap_or_default();
    if found.is_empty() {
        return Ok(output::line("No alerts found.")?);
    }
    output::line(&format!("Found {} alert(s):\n", found.len()))?;
    output::line("Timestamp | Run | Level | Title | Text | Step")?;
    output::line(&"-".repeat(80))?;
    for alert in &found {
        let shown = |name: &str| alert[name].as_str().unwrap_or_default();
        output::line(&format!(
            "{} | {} | {} | {} | {} | {}",
            shown("timestamp"),
            shown("run"),
            shown("level").to_uppercase(),
            shown("title"),
            shown("text"),
            text::python(&alert["step"]),
        ))?;
    }
    Ok(())
}

fn artifacts(arguments: &ProjectArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let project = &arguments.project;
    let source = Source::open(remote, &arguments.read.directory)?;
    source.check_project(project)?;
    let found = source.call(Operation::GetArtifacts, json!({ "project": project }))?;
    if arguments.read.json {
        return Ok(output::json_indented(&json!({ "project": project, "artifacts": found }))?);
    }
    let found = found.as_array().cloned().unwrap_or_default();
    if found.is_empty() {
        return Ok(output::line("No artifacts found.")?);
    }
    output::line(&format!("Artifacts in '{project}':"))?;
    for artifact in &found {
        let latest = artifact["latest_version"].as_i64().map(|version| format!("v{version}"));
        let aliases = texts(&artifact["aliases"]);
        let aliases = if aliases.is_empty() { String::new() } else { format!(" [{}]", aliases.join(", ")) };
        output::line(&format!(
            "  - {} ({}) latest={}{aliases} versions={}",
            text::python(&artifact["name"]),
            text::python(&artifact["type"]),
            latest.as_deref().unwrap_or("(no versions)"),
            text::python(&artifact["num_versions"]),
        ))?;
        if let Some(description) = artifact["description"].as_str().filter(|text| !text.is_empty()) {
            output::line(&format!("      {description}"))?;
        }
    }
    Ok(())
}

/// The arguments by which calls name a run.
pub(super) fn of_run(project: &str, run: &RunNamed) -> Value {
    json!({ "project": project, "run": run.name, "run_id": run.id })
}
