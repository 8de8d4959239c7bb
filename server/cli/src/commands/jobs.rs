//! `paceline jobs`: commands with a time, a log and an end, on this machine or by Hugging Face Jobs.

mod order;
mod scheduled;
mod show;

pub(super) use order::own as own_order;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use paceline_hub::remote::Account;
use paceline_jobs::{Backend, HuggingFace, LocalJobs, Order, ThisMachine, Workshop, supervise};
use paceline_query::Engine;
use paceline_schema::jobs::{JobInfo, JobLine, JobReport, JobStage};

use super::open_engine;
use crate::arguments::{
    JobNamed, JobOptions, JobRunnerArguments, JobsCommand, JobsHardwareArguments, JobsLogsArguments,
    JobsPsArguments, On, PlaceOfJobs,
};
use crate::failure::Failure;
use crate::output;

/// How often a job that is to end is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// How long it is waited for: three times what a job has to end by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs, lists, tells, ends.
pub(crate) fn run(command: &JobsCommand) -> Result<(), Failure> {
    match command {
        JobsCommand::Run(arguments) => {
            submit(&arguments.options.place, order::of_command(arguments)?, How::of(&arguments.options))
        }
        JobsCommand::Uv(arguments) => {
            submit(&arguments.options.place, order::of_script(arguments)?, How::of(&arguments.options))
        }
        JobsCommand::Ps(arguments) => list(arguments),
        JobsCommand::Inspect(arguments) => inspect(arguments),
        JobsCommand::Logs(arguments) => logs(arguments),
        JobsCommand::Cancel(arguments) => cancel(arguments),
        JobsCommand::Scheduled(command) => scheduled::run(command),
        JobsCommand::Hardware(arguments) => machines(arguments),
    }
}

/// How a job is followed that was submitted.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    /// Not at all.
    pub(super) detach: bool,
    /// The answer is JSON.
    pub(super) json: bool,
}

impl How {
    fn of(options: &JobOptions) -> Self {
        Self { detach: options.detach, json: options.json }
    }
}

/// Submits a job and follows it to its end; one that did not complete is an answer of no.
pub(super) fn submit(place: &PlaceOfJobs, order: Order, how: How) -> Result<(), Failure> {
    let jobs = back_end(place)?;
    let job = jobs.submit(order)?;
    if !how.json {
        let on = if place.on == On::Hf { " --on hf" } else { "" };
        let id = &job.id;
        output::note(&format!("job {id} has begun; `paceline jobs inspect{on} {id}` tells how it goes"));
    }
    if how.detach {
        return if how.json { Ok(output::json_indented(&job)?) } else { Ok(output::line(&job.id)?) };
    }
    print(&*jobs, &job.id, None, true, |line| if how.json { Ok(()) } else { Ok(output::line(&line.data)?) })?;
    let job = jobs.inspect(&job.id)?;
    if how.json {
        output::json_indented(&job)?;
    }
    if job.status.stage == JobStage::Completed { Ok(()) } else { Err(Failure::AnsweredNo) }
}

/// Takes care of one job until it has ended.
pub(crate) fn run_supervisor(arguments: &JobRunnerArguments) -> Result<(), Failure> {
    // Whoever submitted the job reads this line, and goes.
    Ok(supervise(&arguments.folder, || drop(output::line("ready")))?)
}

/// Where the jobs are.
fn back_end(place: &PlaceOfJobs) -> Result<Box<dyn Backend>, Failure> {
    Ok(match place.on {
        On::Local => {
            let jobs = LocalJobs::of(&place.directory.directory());
            Box::new(ThisMachine { jobs, workshop: workshop(None)? })
        }
        On::Hf => Box::new(HuggingFace::of(Account::of_this_process()?, place.namespace.clone())),
    })
}

fn list(arguments: &JobsPsArguments) -> Result<(), Failure> {
    let jobs = back_end(&arguments.place)?;
    let stages: Vec<JobStage> = match arguments.status {
        Some(stage) => vec![stage],
        None if arguments.all => Vec::new(),
        None => JobStage::ALL.into_iter().filter(|stage| !stage.has_ended()).collect(),
    };
    let engine = open_engine(&arguments.place.directory)?;
    show::list(&reports(&*jobs, &engine, jobs.list(&stages)?)?, arguments.json)
}

fn inspect(arguments: &JobNamed) -> Result<(), Failure> {
    let jobs = back_end(&arguments.place)?;
    let job = jobs.inspect(&arguments.id)?;
    let reports = reports(&*jobs, &open_engine(&arguments.place.directory)?, vec![job])?;
    reports.iter().try_for_each(|report| show::one(report, arguments.json))
}

fn reports(jobs: &dyn Backend, engine: &Engine, found: Vec<JobInfo>) -> Result<Vec<JobReport>, Failure> {
    Ok(paceline_jobs::reports(engine, found, |job| (jobs.expected(job), jobs.silent_seconds(&job.id)))?)
}

fn logs(arguments: &JobsLogsArguments) -> Result<(), Failure> {
    let jobs = back_end(&arguments.place)?;
    print(&*jobs, &arguments.id, arguments.tail, arguments.follow, |line| {
        if arguments.json { Ok(output::json_line(line)?) } else { Ok(output::line(&line.data)?) }
    })
}

/// Prints lines of a job, until nobody reads them any more.
fn print(
    jobs: &dyn Backend,
    id: &str,
    tail: Option<usize>,
    follow: bool,
    print: impl Fn(&JobLine) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut printed = Ok(());
    jobs.lines(id, tail, follow, &mut |line| {
        printed = print(line);
        printed.is_ok()
    })?;
    printed
}

fn cancel(arguments: &JobNamed) -> Result<(), Failure> {
    let jobs = back_end(&arguments.place)?;
    let mut job = jobs.cancel(&arguments.id)?;
    let until = Instant::now() + PATIENCE;
    // A machine elsewhere takes its time.
    while !job.status.stage.has_ended() && arguments.place.on == On::Local {
        if Instant::now() >= until {
            let message = job.status.message.unwrap_or_else(|| "it does not end".to_owned());
            let hint = "`paceline jobs inspect` tells how it goes; call this again to see to it again";
            return Err(Failure::new(format!("job {} was told to end: {message}", job.id), hint));
        }
        thread::sleep(LOOK_INTERVAL);
        // Again: its supervisor may be gone since.
        job = jobs.cancel(&arguments.id)?;
    }
    if arguments.json {
        return Ok(output::json_indented(&job)?);
    }
    Ok(output::line(&format!("job {} is {}", job.id, job.status.stage.as_str()))?)
}

fn machines(arguments: &JobsHardwareArguments) -> Result<(), Failure> {
    let machines = back_end(&arguments.place)?.hardware()?;
    if arguments.json { Ok(output::json_indented(&machines)?) } else { show::hardware(&machines) }
}

/// What jobs are run with: this program, and the package that lies in the same environment.
pub(crate) fn workshop(memory_bytes: Option<u64>) -> Result<Workshop, Failure> {
    let program = std::env::current_exe().and_then(|path| path.canonicalize()).map_err(|error| {
        let hint = "install Paceline again; jobs are looked after by its own program";
        Failure::new(format!("the program of this command cannot be found: {error}"), hint)
    })?;
    Ok(Workshop { package: package(&program), program, memory_bytes })
}

/// The folder of our `trackio` in the environment that a program was installed into.
fn package(program: &Path) -> Option<PathBuf> {
    let libraries = program.parent()?.parent()?.join("lib");
    let versions = fs::read_dir(libraries).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let mut packages = versions.map(|version| version.join("site-packages").join("trackio"));
    // The peer's has no such module.
    packages.find(|package| {
        let files = fs::read_dir(package).into_iter().flatten().filter_map(Result::ok);
        files.map(|file| file.file_name()).any(|name| name.as_encoded_bytes().starts_with(b"_native."))
    })
}
