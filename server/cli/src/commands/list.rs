//! `paceline list`: projects, runs and metrics. The JSON has the peer's keys, and `details` beside them.

use paceline_query::figure;
use paceline_schema::series::MetricSummary;
use paceline_schema::{ProjectSummary, RunSummary};
use serde::Serialize;

use super::open_engine;
use crate::arguments::{ListMetricsArguments, ListProjectsArguments, ListRunsArguments};
use crate::failure::Failure;
use crate::output;

#[derive(Serialize)]
struct Projects<'a> {
    projects: Vec<&'a str>,
    details: &'a [ProjectSummary],
}

#[derive(Serialize)]
struct Runs<'a> {
    project: &'a str,
    runs: Vec<&'a str>,
    details: &'a [RunSummary],
}

#[derive(Serialize)]
struct Metrics<'a> {
    project: &'a str,
    run: &'a str,
    metrics: Vec<&'a str>,
    details: &'a [MetricSummary],
}

/// Lists the projects.
pub(crate) fn projects(arguments: &ListProjectsArguments) -> Result<(), Failure> {
    let details = open_engine(&arguments.directory)?.projects()?;
    if arguments.json {
        let projects = details.iter().map(|project| project.project.as_str()).collect();
        return Ok(output::json_indented(&Projects { projects, details: &details })?);
    }
    if details.is_empty() {
        return Ok(output::line("No projects yet.")?);
    }
    output::line("Projects:")?;
    let rows: Vec<Vec<String>> = details.iter().map(project_row).collect();
    Ok(output::table(&rows)?)
}

fn project_row(project: &ProjectSummary) -> Vec<String> {
    let runs = match &project.damaged {
        Some(reason) => format!("damaged: {reason}"),
        None => format!("{} runs, {} active", project.runs, project.active_runs),
    };
    vec![project.project.clone(), output::faint(&runs)]
}

/// Lists the runs of a project, oldest first as the peer does.
pub(crate) fn runs(arguments: &ListRunsArguments) -> Result<(), Failure> {
    let mut details = open_engine(&arguments.directory)?.runs(&arguments.project)?;
    details.reverse();
    if arguments.json {
        let runs = details.iter().map(|run| run.run.as_str()).collect();
        return Ok(output::json_indented(&Runs { project: &arguments.project, runs, details: &details })?);
    }
    output::line(&format!("Runs in '{}':", arguments.project))?;
    let rows: Vec<Vec<String>> = details
        .iter()
        .map(|run| vec![run.run.clone(), output::state(run.state), run.summary.clone()])
        .collect();
    Ok(output::table(&rows)?)
}

/// Lists the metrics of a run.
pub(crate) fn metrics(arguments: &ListMetricsArguments) -> Result<(), Failure> {
    let details = open_engine(&arguments.directory)?.metrics(&arguments.project, &arguments.run)?;
    if arguments.json {
        let metrics = details.iter().map(|metric| metric.key.as_str()).collect();
        let (project, run) = (&arguments.project, &arguments.run);
        return Ok(output::json_indented(&Metrics { project, run, metrics, details: &details })?);
    }
    output::line(&format!("Metrics for '{}' in '{}':", arguments.run, arguments.project))?;
    let rows: Vec<Vec<String>> = details.iter().map(metric_row).collect();
    Ok(output::table(&rows)?)
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
