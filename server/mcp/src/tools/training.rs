//! A training, planned and submitted as a job of this machine.

use paceline_advice::{Given, Names};
use paceline_jobs::{Order, Script, UvScript};
use paceline_query::Form;
use paceline_schema::Scope;
use paceline_schema::env::{HF_TOKEN, HUB_MODEL_ID};
use paceline_schema::jobs::{JobSpec, Secrets};
use paceline_schema::plan::{SubmittedTraining, TrainingPlan};
use paceline_schema::plan_request::PlanRequest;
use paceline_schema::preflight::Standing;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::planning::SECONDARY;
use crate::fault::Fault;
use crate::tool::{Ask, Here, data};
use crate::world::{JobDesk, Pending};

/// Whose jobs they are.
const OWNER: &str = "local";
/// The label that names a job.
const NAME: &str = "name";

/// What is to be trained, as it is planned.
#[derive(Deserialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct SubmitTraining(PlanRequest);

impl Ask for SubmitTraining {
    const NAME: &'static str = "submit_training";
    const TITLE: &'static str = "Train it";
    const DESCRIPTION: &'static str = "Plans a training as `plan_training` does, writes its script and starts it as a job of \
        this machine, with the plan's time-out. Ask the user first: show the plan. `hub_model_id` lets it push the model there; \
        `preflight` starts nothing where something would be lost. `hf_jobs` follows and ends the job by its id.";
    const SECONDARY: &'static [&'static str] = SECONDARY;
    const WRITES: bool = true;
    type Answer = SubmittedTraining;

    fn ask(self, world: Here, _: Form) -> Pending<Value> {
        Box::pin(async move {
            // Who may not start it is told so before anything is looked at.
            world.jobs(Scope::Admin, Box::new(|desk| workshop(desk).map(|_| Value::Null))).await?;
            let hub_model_id = self.0.hub_model_id.clone();
            let asked = PlanRequest { script: true, ..self.0 };
            let planned = move |adviser: &paceline_advice::Adviser| {
                let plan = adviser.plan(asked, Given::default())?;
                ready(&plan)?;
                data(&plan)
            };
            let plan: TrainingPlan = serde_json::from_value(world.advise(Box::new(planned)).await?)
                .map_err(|error| Fault::new(format!("the plan has no form: {error}"), "plan it again"))?;
            let submitted = move |desk: &JobDesk<'_>| submit(desk, plan, hub_model_id);
            world.jobs(Scope::Admin, Box::new(submitted)).await
        })
    }
}

fn workshop<'a>(desk: &JobDesk<'a>) -> Result<&'a paceline_jobs::Workshop, Fault> {
    desk.workshop.ok_or_else(|| {
        let hint =
            "`paceline serve --jobs` starts one that does; who may start jobs may do what its user may";
        Fault::new("this server starts no jobs", hint)
    })
}

/// A training that would be lost is not begun.
fn ready(plan: &TrainingPlan) -> Result<(), Fault> {
    let checks = plan.preflight.iter().flat_map(|preflight| &preflight.checks);
    match checks.into_iter().find(|check| check.standing == Standing::Bad) {
        Some(check) => Err(Fault::new(&check.found, check.hint.clone().unwrap_or_default())),
        None => Ok(()),
    }
}

fn submit(desk: &JobDesk<'_>, mut plan: TrainingPlan, hub_model_id: Option<String>) -> Result<Value, Fault> {
    let workshop = workshop(desk)?;
    let text = plan.script.take().unwrap_or_default();
    let names = Names::of(&plan);
    let name = format!("{}.py", plan.method.as_str());
    let uv = UvScript { script: name.clone(), ..UvScript::default() };
    let mut spec = JobSpec {
        command: uv.command(),
        flavor: Some(plan.flavor.clone()),
        timeout_seconds: Some(plan.timeout_seconds),
        docker_image: Some(paceline_jobs::UV_IMAGE.to_owned()),
        ..JobSpec::default()
    };
    spec.labels.insert(NAME.to_owned(), names.output.clone());
    if let Some(id) = hub_model_id {
        spec.environment.insert(HUB_MODEL_ID.to_owned(), id);
        let token = desk.own_token.clone().map(|token| (HF_TOKEN.to_owned(), token));
        spec.secrets = Secrets(token.into_iter().collect());
    }
    let order = Order {
        spec,
        namespace: OWNER.to_owned(),
        expected: plan.expectation(),
        script: Some(Script { name, bytes: text.into_bytes(), uv }),
        ..Order::default()
    };
    let job =
        desk.jobs.submit(workshop, order).map_err(|fault| Fault::new(fault.to_string(), fault.hint()))?;
    let Names { project, run, output } = names;
    data(&SubmittedTraining { job_id: job.id, project, run, output, plan })
}
