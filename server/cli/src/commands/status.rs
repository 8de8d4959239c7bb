//! `paceline status`: where runs stand.

use paceline_query::{duration, figure};
use paceline_schema::status::Finding;
use paceline_schema::{LossStatus, ProjectSummary, RunStatus, RunSummary};
use serde::Serialize;

use crate::arguments::{RemoteArguments, StatusArguments};
use crate::failure::Failure;
use crate::output;
use crate::source::Source;

/// Answers for one run, or for all of them.
pub(crate) fn run(arguments: &StatusArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let source = Source::open(remote, &arguments.directory)?;
    match &arguments.project {
        Some(project) => one(&source, project, arguments),
        None => all(&source, arguments.json),
    }
}

fn one(source: &Source, project: &str, arguments: &StatusArguments) -> Result<(), Failure> {
    let run = match &arguments.run {
        Some(run) => run.clone(),
        None => newest_run(source, project)?,
    };
    let status = status_of(source, project, &run)?;
    if arguments.json {
        return Ok(output::json_line(&status)?);
    }
    print_status(&status)
}

/// Where a run stands.
pub(super) fn status_of(source: &Source, project: &str, run: &str) -> Result<RunStatus, Failure> {
    source.ask(|engine| engine.status(project, run), &[project, "runs", run, "status"], &[])
}

/// The id of the run that began last.
pub(super) fn newest_run(source: &Source, project: &str) -> Result<String, Failure> {
    let newest = source.runs(project)?.into_iter().next_back();
    newest.map(|run| run.id.unwrap_or(run.name)).ok_or_else(|| {
        Failure::new(format!("project `{project}` has no runs"), "start one with `trackio.init(project=…)`")
    })
}

/// The sentence first, then the figures it was made of and what deserves attention.
fn print_status(status: &RunStatus) -> Result<(), Failure> {
    output::line(&format!("{} {}", output::strong(&status.run), output::state(status.state)))?;
    output::line(&status.summary)?;
    output::table(&figures(status))?;
    for finding in &status.findings {
        print_finding(finding)?;
    }
    Ok(())
}

fn figures(status: &RunStatus) -> Vec<Vec<String>> {
    let time_left = status.eta_low_seconds.zip(status.eta_high_seconds);
    let known = [
        status.loss.as_ref().map(|loss| (loss.key.as_str(), loss_figures(loss))),
        status.learning_rate.map(|rate| ("learning rate", figure(rate))),
        status.epoch.map(|epoch| ("epoch", figure(epoch))),
        status.steps_per_second.map(|rate| ("steps per second", figure(rate))),
        status.elapsed_seconds.map(|seconds| ("elapsed", duration(seconds))),
        time_left.map(|(low, high)| ("time left", format!("{} to {}", duration(low), duration(high)))),
        status.seconds_since_last_row.map(|seconds| ("last row", format!("{} ago", duration(seconds)))),
    ];
    known.into_iter().flatten().map(|(name, value)| vec![output::faint(name), value]).collect()
}

fn loss_figures(loss: &LossStatus) -> String {
    let parts = [
        loss.recent.map(figure),
        loss.first.map(|first| format!("from {}", figure(first))),
        loss.best.zip(loss.best_step).map(|(best, step)| format!("best {} at step {step}", figure(best))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn print_finding(finding: &Finding) -> Result<(), Failure> {
    let severity = output::severity(finding.severity);
    Ok(output::line(&format!("{severity}: {} ({})", finding.evidence, finding.code))?)
}

#[derive(Serialize)]
struct ProjectStatus {
    #[serde(flatten)]
    project: ProjectSummary,
    run_details: Vec<RunSummary>,
}

#[derive(Serialize)]
struct AllStatus {
    projects: Vec<ProjectStatus>,
}

fn all(source: &Source, json: bool) -> Result<(), Failure> {
    let Source::Local(engine) = source else {
        return Err(Failure::new(
            "no project is named",
            "give `--project PROJECT`; `list projects` shows what is there",
        ));
    };
    let mut projects = Vec::new();
    for project in engine.projects()? {
        // The list says what a damaged project ails from; the others are shown all the same.
        let run_details = if project.damaged.is_none() { engine.runs(&project.project)? } else { Vec::new() };
        projects.push(ProjectStatus { project, run_details });
    }
    if json {
        return Ok(output::json_line(&AllStatus { projects })?);
    }
    if projects.is_empty() {
        return Ok(output::line("No Trackio projects found.")?);
    }
    output::line(&format!(
        "{} local trackio project(s) in {}",
        projects.len(),
        engine.store().directory().display()
    ))?;
    for ProjectStatus { project, run_details } in &projects {
        output::line("")?;
        output::line(&output::strong(&project.project))?;
        if let Some(reason) = &project.damaged {
            output::line(&format!("  damaged: {reason}"))?;
        }
        let rows: Vec<Vec<String>> = run_details
            .iter()
            .map(|run| vec![run.run.clone(), output::state(run.state), run.summary.clone()])
            .collect();
        output::table(&rows)?;
    }
    Ok(())
}
