//! The one interface of jobs, and its two back ends: this machine, and Hugging Face Jobs.

use std::cell::OnceCell;
use std::thread;
use std::time::Duration;

use paceline_hub::jobs::{HubJobs, ScheduleChange, ScheduledJob, ScheduledOrder};
use paceline_hub::remote::Account;
use paceline_schema::jobs::{JobExpectation, JobHardware, JobInfo, JobLine, JobSpec, JobStage};

use crate::fault::JobFault;
use crate::hardware::hardware;
use crate::local::{LocalJobs, Order, Workshop};

/// How soon a new line of a job of this machine is told.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// Read at once.
const PIECE: usize = 1 << 20;
/// Labels that carry what a job of Hugging Face is expected to take; nothing else is kept of it here.
const PLAN_LABELS: [&str; 3] = ["plan-seconds", "plan-usd", "plan-usd-per-hour"];

/// Where jobs run.
pub trait Backend {
    /// Submits a job.
    ///
    /// # Errors
    /// When it is not taken.
    fn submit(&self, order: Order) -> Result<JobInfo, JobFault>;

    /// The jobs in any of these stages, in all where none is named, newest first.
    ///
    /// # Errors
    /// When they cannot be asked for.
    fn list(&self, stages: &[JobStage]) -> Result<Vec<JobInfo>, JobFault>;

    /// One job.
    ///
    /// # Errors
    /// When there is none of this id, or it cannot be asked for.
    fn inspect(&self, id: &str) -> Result<JobInfo, JobFault>;

    /// Gives what a job printed, from its begin on or its last lines; with `follow` until it has ended. `each` answers whether
    /// to go on.
    ///
    /// # Errors
    /// As [`Self::inspect`].
    fn lines(
        &self,
        id: &str,
        tail: Option<usize>,
        follow: bool,
        each: &mut dyn FnMut(&JobLine) -> bool,
    ) -> Result<(), JobFault>;

    /// Asks a job to end.
    ///
    /// # Errors
    /// As [`Self::inspect`].
    fn cancel(&self, id: &str) -> Result<JobInfo, JobFault>;

    /// The machines there are.
    ///
    /// # Errors
    /// When they cannot be asked for.
    fn hardware(&self) -> Result<Vec<JobHardware>, JobFault>;

    /// What a job was expected to take, where it was planned.
    fn expected(&self, job: &JobInfo) -> Option<JobExpectation>;

    /// Seconds since a job last printed something, where that is known.
    fn silent_seconds(&self, id: &str) -> Option<f64>;
}

/// Jobs of this machine.
#[derive(Debug, Clone)]
pub struct ThisMachine {
    /// Those of a data directory.
    pub jobs: LocalJobs,
    /// What they are run with.
    pub workshop: Workshop,
}

impl Backend for ThisMachine {
    fn submit(&self, order: Order) -> Result<JobInfo, JobFault> {
        self.jobs.submit(&self.workshop, order)
    }

    fn list(&self, stages: &[JobStage]) -> Result<Vec<JobInfo>, JobFault> {
        let is_meant = |job: &JobInfo| stages.is_empty() || stages.contains(&job.status.stage);
        Ok(self.jobs.list()?.into_iter().filter(is_meant).collect())
    }

    fn inspect(&self, id: &str) -> Result<JobInfo, JobFault> {
        self.jobs.inspect(id)
    }

    fn lines(
        &self,
        id: &str,
        tail: Option<usize>,
        follow: bool,
        each: &mut dyn FnMut(&JobLine) -> bool,
    ) -> Result<(), JobFault> {
        let mut log = self.jobs.log(id, tail)?;
        loop {
            // Asked first: what it prints before its end is then read after it.
            let has_ended = !follow || self.jobs.inspect(id)?.status.stage.has_ended();
            while let Some(lines) =
                log.read(PIECE).map_err(|source| JobFault::System { path: id.into(), source })?
            {
                let parsed = lines.iter().filter_map(|line| serde_json::from_str::<JobLine>(line).ok());
                for line in parsed {
                    if !each(&line) {
                        return Ok(());
                    }
                }
            }
            if has_ended {
                return Ok(());
            }
            thread::sleep(LOOK_INTERVAL);
        }
    }

    fn cancel(&self, id: &str) -> Result<JobInfo, JobFault> {
        self.jobs.cancel(id)
    }

    fn hardware(&self) -> Result<Vec<JobHardware>, JobFault> {
        Ok(vec![hardware()])
    }

    fn expected(&self, job: &JobInfo) -> Option<JobExpectation> {
        self.jobs.expected(&job.id)
    }

    fn silent_seconds(&self, id: &str) -> Option<f64> {
        self.jobs.silent_seconds(id)
    }
}

/// Hugging Face Jobs of an account.
#[derive(Debug)]
pub struct HuggingFace {
    jobs: HubJobs,
    /// Whose jobs; the owner of the token where nobody is named.
    namespace: OnceCell<String>,
}

impl HuggingFace {
    /// Those of the owner of the token, or of an organisation.
    #[must_use]
    pub fn of(account: Account, namespace: Option<String>) -> Self {
        let owner = OnceCell::new();
        if let Some(namespace) = namespace {
            // It was empty a moment ago.
            let _ = owner.set(namespace);
        }
        Self { jobs: HubJobs::of(account), namespace: owner }
    }

    fn namespace(&self) -> Result<&str, JobFault> {
        if let Some(known) = self.namespace.get() {
            return Ok(known);
        }
        let found = self.jobs.who_am_i()?;
        Ok(self.namespace.get_or_init(|| found))
    }

    /// Makes a job by the clock: at the times of `schedule`, as cron has them, or `@hourly` and the like. With `suspend` it
    /// waits until it is resumed, with `concurrency` one may begin while the one before runs.
    ///
    /// # Errors
    /// When it is not taken.
    pub fn schedule(
        &self,
        order: Order,
        schedule: &str,
        suspend: bool,
        concurrency: bool,
    ) -> Result<ScheduledJob, JobFault> {
        let order = ScheduledOrder {
            spec: spec_of(order)?,
            schedule: schedule.to_owned(),
            suspend: suspend.then_some(true),
            concurrency: concurrency.then_some(true),
        };
        Ok(self.jobs.schedule(self.namespace()?, order)?)
    }

    /// The jobs by the clock.
    ///
    /// # Errors
    /// When they cannot be asked for.
    pub fn scheduled(&self) -> Result<Vec<ScheduledJob>, JobFault> {
        Ok(self.jobs.scheduled(self.namespace()?)?)
    }

    /// One job by the clock.
    ///
    /// # Errors
    /// When there is none of this id, or it cannot be asked for.
    pub fn inspect_scheduled(&self, id: &str) -> Result<ScheduledJob, JobFault> {
        Ok(self.jobs.inspect_scheduled(self.namespace()?, id)?)
    }

    /// Removes a job by the clock, lets it wait, or go on.
    ///
    /// # Errors
    /// As [`Self::inspect_scheduled`].
    pub fn change_scheduled(&self, id: &str, change: ScheduleChange) -> Result<(), JobFault> {
        Ok(self.jobs.change_scheduled(self.namespace()?, id, change)?)
    }
}

/// What is sent of an order: a script goes within the command, what it is expected to take as labels.
fn spec_of(order: Order) -> Result<JobSpec, JobFault> {
    let Order { mut spec, script, expected, namespace: _, memory_bytes: _, folder: _ } = order;
    if let Some(script) = script {
        let text = String::from_utf8(script.bytes)
            .map_err(|_| JobFault::unusable(format!("`{}` is no text in UTF-8", script.name)))?;
        spec.command = script.uv.command_with(&text);
    }
    if let Some(expected) = expected {
        let figures = [expected.seconds.round(), expected.usd, expected.usd_per_hour];
        for (label, figure) in PLAN_LABELS.iter().zip(figures) {
            spec.labels.insert((*label).to_owned(), format!("{}", (figure * 1e4).round() / 1e4));
        }
    }
    Ok(spec)
}

impl Backend for HuggingFace {
    fn submit(&self, order: Order) -> Result<JobInfo, JobFault> {
        Ok(self.jobs.run(self.namespace()?, spec_of(order)?)?)
    }

    fn list(&self, stages: &[JobStage]) -> Result<Vec<JobInfo>, JobFault> {
        Ok(self.jobs.list(self.namespace()?, stages)?)
    }

    fn inspect(&self, id: &str) -> Result<JobInfo, JobFault> {
        Ok(self.jobs.inspect(self.namespace()?, id)?)
    }

    fn lines(
        &self,
        id: &str,
        tail: Option<usize>,
        follow: bool,
        each: &mut dyn FnMut(&JobLine) -> bool,
    ) -> Result<(), JobFault> {
        Ok(self.jobs.lines(self.namespace()?, id, tail, follow, each)?)
    }

    fn cancel(&self, id: &str) -> Result<JobInfo, JobFault> {
        let namespace = self.namespace()?;
        self.jobs.cancel(namespace, id)?;
        Ok(self.jobs.inspect(namespace, id)?)
    }

    fn hardware(&self) -> Result<Vec<JobHardware>, JobFault> {
        Ok(self.jobs.hardware()?)
    }

    fn expected(&self, job: &JobInfo) -> Option<JobExpectation> {
        let figure = |label: &str| job.labels[label].as_str()?.parse::<f64>().ok();
        let [seconds, usd, usd_per_hour] = PLAN_LABELS.map(figure);
        let flavor = job.flavor.clone().unwrap_or_default();
        Some(JobExpectation { seconds: seconds?, usd: usd?, usd_per_hour: usd_per_hour?, flavor })
    }

    fn silent_seconds(&self, _: &str) -> Option<f64> {
        None
    }
}
