//! `paceline plan`: how a model is best trained, on what, how long and for how much; before anything is paid for.

mod dataset;
mod model;
mod report;
mod rows;
pub(super) mod script;

use std::path::Path;

use paceline_advice::{AdviceFault, Adviser, Given, Speech};
use paceline_hub::remote::Account;
use paceline_planner::Sample;
use paceline_schema::dataset_report::DatasetReport;
use paceline_schema::env::HF_HUB_OFFLINE;
use paceline_schema::plan::{Method, TrainingPlan};
use paceline_schema::plan_request::PlanRequest;

use crate::arguments::{AskedMethod, PlanArguments};
use crate::commands::open_engine;
use crate::failure::Failure;
use crate::output;

/// Plans, or looks at a dataset when no model is named.
pub(crate) fn run(arguments: &PlanArguments) -> Result<(), Failure> {
    let plan = match made(arguments, None)? {
        Made::Plan(plan) => plan,
        Made::Report(report) => return show(&report, arguments),
    };
    if let (Some(file), Some(dataset)) = (&arguments.script, &arguments.dataset) {
        script::write(&plan, dataset, arguments, file)?;
    }
    tell(&plan, arguments.json)?;
    ready(&plan)
}

/// What comes of what was asked for.
pub(super) enum Made {
    /// A plan.
    Plan(Box<TrainingPlan>),
    /// What a dataset serves, where no model is named.
    Report(Box<DatasetReport>),
}

/// Plans, or looks at a dataset. `environment` names the variables of the job that trains, where there is to be one.
pub(super) fn made(arguments: &PlanArguments, environment: Option<Vec<String>>) -> Result<Made, Failure> {
    let sample = local_dataset(arguments)?;
    let adviser = adviser(arguments)?;
    let Some(name) = &arguments.model else {
        let report = match sample {
            Some((name, sample)) => paceline_planner::inspect(&name, &sample),
            None => adviser.inspect(request(arguments, "").inspect())?,
        };
        return Ok(Made::Report(Box::new(report)));
    };
    let model = model::facts(name, arguments.params.as_deref())?;
    let given = Given { dataset: sample, model, model_is_here: Path::new(name).is_dir(), environment };
    Ok(Made::Plan(Box::new(adviser.plan(request(arguments, name), given)?)))
}

/// Tells a plan.
pub(super) fn tell(plan: &TrainingPlan, json: bool) -> Result<(), Failure> {
    if json { Ok(output::json_indented(plan)?) } else { report::plan(plan) }
}

/// A training that may not start is the answer no.
pub(super) fn ready(plan: &TrainingPlan) -> Result<(), Failure> {
    let is_ready = plan.preflight.as_ref().is_none_or(|preflight| preflight.ready);
    if is_ready { Ok(()) } else { Err(Failure::AnsweredNo) }
}

fn adviser(arguments: &PlanArguments) -> Result<Adviser, Failure> {
    let engine = arguments.project.as_ref().map(|_| open_engine(&arguments.directory)).transpose()?;
    let is_offline = std::env::var(HF_HUB_OFFLINE).is_ok_and(|value| !matches!(value.as_str(), "" | "0"));
    let hub = if is_offline { None } else { Some(Account::of_this_process()?) };
    Ok(Adviser { engine, hub, speech: Speech::Options })
}

/// The rows of a dataset that is a file. A name that could be one of the Hub, and is no file, is one of the Hub.
fn local_dataset(arguments: &PlanArguments) -> Result<Option<(String, Sample)>, Failure> {
    match arguments.dataset.as_deref() {
        Some(dataset) if is_file(dataset) => {
            Ok(Some((dataset.to_owned(), rows::sample(Path::new(dataset))?)))
        }
        Some(_) | None => Ok(None),
    }
}

/// Whether a dataset is meant as a file.
fn is_file(dataset: &str) -> bool {
    let path = Path::new(dataset);
    let has_form =
        rows::ENDINGS.iter().any(|ending| path.extension().is_some_and(|of| of.eq_ignore_ascii_case(ending)));
    has_form || path.is_absolute() || dataset.starts_with('.') || path.exists()
}

fn request(arguments: &PlanArguments, model: &str) -> PlanRequest {
    PlanRequest {
        params: arguments.params.clone(),
        method: arguments.method.map(word),
        dataset: arguments.dataset.clone(),
        config: arguments.config.clone(),
        split: arguments.split.clone(),
        sample: None,
        rows: arguments.rows,
        epochs: arguments.epochs,
        flavor: arguments.flavor.clone(),
        adaptation: arguments.adaptation,
        max_length: arguments.max_length,
        eval_share: arguments.eval_share,
        packing: arguments.packing,
        prices: arguments.prices.into(),
        project: arguments.project.clone(),
        preflight: arguments.preflight,
        hub_model_id: arguments.hub_model_id.clone(),
        ..PlanRequest::of(model)
    }
}

/// Shows what a dataset serves; one that serves nothing, or not what was asked for, is an error all the same.
fn show(report: &DatasetReport, arguments: &PlanArguments) -> Result<(), Failure> {
    if arguments.json {
        output::json_indented(report)?;
    } else {
        dataset::report(report, arguments.method.and_then(known))?;
    }
    Ok(Adviser::check_serves(arguments.method.map(word).as_deref(), report)?)
}

fn word(asked: AskedMethod) -> String {
    match asked {
        AskedMethod::Known(method) => method.as_str().to_owned(),
        AskedMethod::Ppo => "ppo".to_owned(),
    }
}

fn known(asked: AskedMethod) -> Option<Method> {
    match asked {
        AskedMethod::Known(method) => Some(method),
        AskedMethod::Ppo => None,
    }
}

impl From<AdviceFault> for Failure {
    fn from(fault: AdviceFault) -> Self {
        match fault {
            AdviceFault::Query(error) => error.into(),
            AdviceFault::Hub(fault) => fault.into(),
            AdviceFault::Plan(_) | AdviceFault::Request { .. } => Self::new(fault.to_string(), fault.hint()),
        }
    }
}
