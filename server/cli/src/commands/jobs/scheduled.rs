//! `paceline jobs scheduled`: jobs by the clock, at Hugging Face.

use paceline_hub::jobs::{ScheduleChange, ScheduledJob};
use paceline_hub::remote::Account;
use paceline_jobs::{HuggingFace, Order};

use super::order;
use crate::arguments::{JobOptions, On, PlaceOfJobs, ScheduledCommand, When};
use crate::failure::Failure;
use crate::output;

/// Makes, lists, tells, changes.
pub(super) fn run(command: &ScheduledCommand) -> Result<(), Failure> {
    match command {
        ScheduledCommand::Run(arguments) => {
            make(&arguments.job.options, &arguments.when, order::of_command(&arguments.job)?)
        }
        ScheduledCommand::Uv(arguments) => {
            make(&arguments.job.options, &arguments.when, order::of_script(&arguments.job)?)
        }
        ScheduledCommand::Ps(arguments) => {
            let jobs = hub(&arguments.place)?.scheduled()?;
            if arguments.json { Ok(output::json_indented(&jobs)?) } else { list(&jobs) }
        }
        ScheduledCommand::Inspect(named) => {
            let job = hub(&named.place)?.inspect_scheduled(&named.id)?;
            if named.json { Ok(output::json_indented(&job)?) } else { list(&[job]) }
        }
        ScheduledCommand::Delete(named) => {
            change(&named.place, &named.id, named.json, ScheduleChange::Delete)
        }
        ScheduledCommand::Suspend(named) => {
            change(&named.place, &named.id, named.json, ScheduleChange::Suspend)
        }
        ScheduledCommand::Resume(named) => {
            change(&named.place, &named.id, named.json, ScheduleChange::Resume)
        }
    }
}

/// Who has a clock.
fn hub(place: &PlaceOfJobs) -> Result<HuggingFace, Failure> {
    if place.on == On::Local {
        let hint =
            "add `--on hf`, or let cron or a timer of systemd call `paceline jobs run` on this machine";
        return Err(Failure::new("jobs by the clock run at Hugging Face", hint));
    }
    Ok(HuggingFace::of(Account::of_this_process()?, place.namespace.clone()))
}

fn make(options: &JobOptions, when: &When, order: Order) -> Result<(), Failure> {
    let jobs = hub(&options.place)?;
    let job = jobs.schedule(order, &when.schedule, when.suspended, when.concurrent)?;
    if options.json { Ok(output::json_indented(&job)?) } else { Ok(output::line(&job.id)?) }
}

fn change(place: &PlaceOfJobs, id: &str, json: bool, change: ScheduleChange) -> Result<(), Failure> {
    let jobs = hub(place)?;
    jobs.change_scheduled(id, change)?;
    let done = match change {
        ScheduleChange::Delete => "removed",
        ScheduleChange::Suspend => "suspended",
        ScheduleChange::Resume => "resumed",
    };
    if json {
        return Ok(output::json_indented(&serde_json::json!({ "id": id, "done": done }))?);
    }
    Ok(output::line(&format!("job by the clock {id} is {done}"))?)
}

fn list(jobs: &[ScheduledJob]) -> Result<(), Failure> {
    if jobs.is_empty() {
        return Ok(output::line(
            "There are no jobs by the clock; `paceline jobs scheduled run --on hf` makes one.",
        )?);
    }
    let rows = jobs.iter().map(|job| {
        let words = [&job.job_spec["command"], &job.job_spec["arguments"]];
        let words = words.into_iter().filter_map(serde_json::Value::as_array).flatten();
        let command: Vec<&str> = words.filter_map(serde_json::Value::as_str).collect();
        let waits = if job.suspend == Some(true) { "suspended" } else { "" };
        vec![
            output::strong(&job.id),
            job.schedule.clone().unwrap_or_default(),
            waits.to_owned(),
            output::faint(&command.join(" ")),
        ]
    });
    Ok(output::table(&rows.collect::<Vec<_>>())?)
}
