//! `paceline findings`: what is wrong with a run, since when, and what to do about it.

use paceline_schema::RunDetail;
use paceline_schema::status::{Finding, Severity};
use serde::Serialize;

use super::status::newest_run;
use crate::arguments::{FindingsArguments, RemoteArguments};
use crate::failure::Failure;
use crate::output;
use crate::source::Source;

/// The answer in JSON.
#[derive(Serialize)]
struct Findings<'a> {
    project: &'a str,
    run: &'a str,
    run_id: &'a str,
    state: &'a str,
    /// What holds now comes first; what is over has its `until_step`.
    findings: &'a [Finding],
}

/// Tells.
pub(crate) fn run(arguments: &FindingsArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let source = Source::open(remote, &arguments.of.directory)?;
    let project = &arguments.of.project;
    let run = match &arguments.of.run {
        Some(run) => run.clone(),
        None => newest_run(&source, project)?,
    };
    let detail: RunDetail = source.ask(|engine| engine.run(project, &run), &[project, "runs", &run], &[])?;
    let RunDetail { run, findings, .. } = detail;
    if arguments.json {
        let state = run.state.as_str();
        let answer = Findings {
            project: &run.project,
            run: &run.run,
            run_id: &run.run_id,
            state,
            findings: &findings,
        };
        output::json_indented(&answer)?;
    } else if findings.is_empty() {
        output::line(&format!("{}: nothing is wrong.", run.run))?;
    } else {
        output::line(&format!("{} {}", output::strong(&run.run), output::state(run.state)))?;
        for finding in &findings {
            print(finding)?;
        }
    }
    let holds = |finding: &Finding| finding.until_step.is_none() && finding.severity > Severity::Note;
    if arguments.check && findings.iter().any(holds) { Err(Failure::AnsweredNo) } else { Ok(()) }
}

fn print(finding: &Finding) -> Result<(), Failure> {
    let Finding { code, severity, evidence, since_step, until_step, hint, metrics: _ } = finding;
    let steps = match (since_step, until_step) {
        (Some(since), Some(until)) => format!(", steps {since} to {until}"),
        (Some(since), None) => format!(", since step {since}"),
        (None, _) => String::new(),
    };
    let over = if until_step.is_some() { "over: " } else { "" };
    output::line(&format!("{over}{}: {evidence} ({code}{steps})", output::severity(*severity)))?;
    if let Some(hint) = hint {
        output::line(&format!("  {}", output::faint(hint)))?;
    }
    Ok(())
}
