//! Where a run stands, now and when something holds.

use std::time::Duration;

use paceline_query::{Form, WaitCondition};
use paceline_schema::RunStatus;
use paceline_schema::events::Waited;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::fault::Fault;
use crate::tool::{Ask, Here, data};
use crate::world::{Pending, Threads, Wait};

/// Longest wait.
const MOST_SECONDS: f64 = 600.0;
/// Clients give up after a minute unless told otherwise.
const USUAL_SECONDS: f64 = 50.0;
/// Conditions of one wait.
const MOST_CONDITIONS: usize = 32;
/// What a status holds beside what decides.
const SECONDARY: &[&str] = &[
    "run_id",
    "state_source",
    "total_steps_source",
    "total_steps_exact",
    "recent",
    "trend_since_step",
    "slope_per_1000_steps",
    "finish_at",
    "metrics",
    "steps_per_second",
    "elapsed_seconds",
];

/// Which run.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetRunStatus {
    /// Its project; the one where something happened last when absent.
    #[schema(nullable = false)]
    project: Option<String>,
    /// Its name or id; the one that logs, else the newest, when absent.
    #[schema(nullable = false)]
    run: Option<String>,
}

impl Ask for GetRunStatus {
    const NAME: &'static str = "get_run_status";
    const TITLE: &'static str = "How is it going?";
    const DESCRIPTION: &'static str = "Where a training run stands, in one small answer: state, step of total, loss with its \
        trend, time left, what is wrong. `summary` is a sentence to pass on. Without arguments: the run that logs now. Call \
        it once; to wait for something call `wait_for_run`.";
    const SECONDARY: &'static [&'static str] = SECONDARY;
    type Answer = RunStatus;

    fn ask(self, world: Here, _: Form) -> Pending<Value> {
        world.ask(
            Threads::Read,
            Box::new(move |engine| {
                let (project, run) = engine.meant_run(self.project.as_deref(), self.run.as_deref())?;
                data(&engine.status(&project, &run)?)
            }),
        )
    }
}

/// Until when.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaitForRun {
    /// Its project; the one where something happened last when absent.
    #[schema(nullable = false)]
    project: Option<String>,
    /// Its name or id; the one that logs, else the newest, when absent.
    #[schema(nullable = false)]
    run: Option<String>,
    /// Conditions separated by commas, any of which ends the wait: `progress>=0.5`, `step>=1000`, `loss<1.2`,
    /// `val/acc>0.9` (a metric's newest value), `state!=running`, `finding:any`, `finding:loss_nan`. The end of the run ends
    /// it too. When absent: `finding:any`.
    #[serde(default = "any_finding")]
    #[schema(example = "progress>=0.5,finding:any")]
    until: String,
    /// Seconds until an answer comes in any case, 0 to 600; 50 when absent, since many clients give up after 60.
    #[serde(default = "usual_seconds")]
    #[schema(minimum = 0, maximum = 600)]
    timeout_seconds: f64,
}

fn any_finding() -> String {
    "finding:any".to_owned()
}

fn usual_seconds() -> f64 {
    USUAL_SECONDS
}

impl WaitForRun {
    fn conditions(&self) -> Result<Vec<WaitCondition>, Fault> {
        let conditions: Vec<&str> = self.until.split(',').collect();
        if conditions.len() > MOST_CONDITIONS {
            let message = format!("{} conditions are more than {MOST_CONDITIONS}", conditions.len());
            return Err(Fault::argument(message));
        }
        let parsed = conditions.into_iter().map(|text| text.parse().map_err(Fault::from));
        parsed.collect()
    }

    fn timeout(&self) -> Result<Duration, Fault> {
        let seconds = self.timeout_seconds;
        if (0.0..=MOST_SECONDS).contains(&seconds) {
            return Ok(Duration::from_secs_f64(seconds));
        }
        Err(Fault::argument(format!("`timeout_seconds` is {seconds}, not from 0 to {MOST_SECONDS}")))
    }
}

impl Ask for WaitForRun {
    const NAME: &'static str = "wait_for_run";
    const TITLE: &'static str = "Wait until something holds of a run";
    const DESCRIPTION: &'static str = "Waits until a condition holds of a run, the run ends or the time is over, and tells \
        where it stands then: `met` has the conditions that hold. Use it in place of asking again and again; when `timed_out` \
        is true, call it again.";
    const SECONDARY: &'static [&'static str] = SECONDARY;
    type Answer = Waited;

    fn ask(self, world: Here, _: Form) -> Pending<Value> {
        Box::pin(async move {
            let (conditions, timeout) = (self.conditions()?, self.timeout()?);
            let meant = move |engine: &paceline_query::Engine| {
                data(&engine.meant_run(self.project.as_deref(), self.run.as_deref())?)
            };
            let (project, run) = serde_json::from_value(world.ask(Threads::Read, Box::new(meant)).await?)
                .map_err(|error| Fault::argument(error.to_string()))?;
            data(&world.wait(Wait { project, run, conditions, timeout }).await?)
        })
    }
}
