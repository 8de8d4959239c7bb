//! Jobs and machines as people read them.

use paceline_schema::jobs::{JobHardware, JobReport, JobReports};

use crate::failure::Failure;
use crate::output;

/// Characters of a command in a list.
const LONGEST_COMMAND: usize = 60;

/// A list, each job with its sentence.
pub(super) fn list(reports: &[JobReport], json: bool) -> Result<(), Failure> {
    if json {
        return Ok(output::json_indented(&JobReports { jobs: reports.to_vec() })?);
    }
    if reports.is_empty() {
        return Ok(output::line("No jobs run; `paceline jobs ps --all` shows those that have ended.")?);
    }
    for report in reports {
        output::line(&report.summary)?;
        output::line(&format!("  {}", output::faint(&command(report))))?;
    }
    Ok(())
}

/// One job: its sentence, then what it is.
pub(super) fn one(report: &JobReport, json: bool) -> Result<(), Failure> {
    if json {
        return Ok(output::json_indented(report)?);
    }
    output::line(&report.summary)?;
    let job = &report.job;
    let time = |time: Option<paceline_schema::Timestamp>| time.map(|time| time.to_string());
    let run = report.run.as_ref().map(|run| format!("{} of {}: {}", run.run, run.project, run.summary));
    let rows = [
        ("command", Some(command(report))),
        ("image", job.docker_image.clone()),
        ("flavor", job.flavor.clone()),
        ("created", time(job.created_at)),
        ("started", time(job.started_at)),
        ("finished", time(job.finished_at)),
        ("run", run),
    ];
    let rows = rows.into_iter().filter_map(|(name, value)| Some(vec![output::faint(name), value?]));
    Ok(output::table(&rows.collect::<Vec<_>>())?)
}

/// Machines with their prices.
pub(super) fn hardware(machines: &[JobHardware]) -> Result<(), Failure> {
    let rows = machines.iter().map(|machine| {
        let accelerator = machine.accelerator.as_ref();
        let accelerator =
            accelerator.map(|found| format!("{} × {} ({})", found.quantity, found.model, found.vram));
        let price = format!("${:.2} an hour", machine.unit_cost_usd * 60.0);
        vec![
            output::strong(&machine.name),
            machine.cpu.clone(),
            machine.ram.clone(),
            accelerator.unwrap_or_default(),
            price,
        ]
    });
    Ok(output::table(&rows.collect::<Vec<_>>())?)
}

fn command(report: &JobReport) -> String {
    let words: Vec<String> =
        report.job.command.iter().flatten().chain(report.job.arguments.iter().flatten()).cloned().collect();
    let line = words.join(" ");
    let short: String = line.chars().take(LONGEST_COMMAND).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}
