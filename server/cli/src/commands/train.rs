//! `paceline train`: plans a training, writes its script and submits it as a job.

use std::path::{Path, PathBuf};

use paceline_hub::jobs::name_of_script;
use paceline_jobs::{Order, Script, UvScript};
use paceline_schema::jobs::JobExpectation;
use paceline_schema::plan::TrainingPlan;

use super::jobs::{How, own_order, submit};
use super::plan::{Made, made, script, tell};
use crate::arguments::{On, TrainArguments};
use crate::failure::Failure;
use crate::output;

/// Plans, tells the plan, and submits its script.
pub(crate) fn run(arguments: &TrainArguments) -> Result<(), Failure> {
    let Made::Plan(plan) = made(&arguments.plan)? else {
        return Err(Failure::new("no model is named", "`--model MODEL` names what to train"));
    };
    let Some(dataset) = &arguments.plan.dataset else {
        return Err(Failure::new("no dataset is named", "`--dataset FILE` names what to train on"));
    };
    if arguments.place.on == On::Hf && Path::new(dataset).exists() {
        let message =
            format!("the dataset `{dataset}` is a file of this machine, which a job elsewhere cannot read");
        return Err(Failure::new(
            message,
            "`hf upload` brings it to the Hub; without `--on hf` the training runs here",
        ));
    }
    if let Some(file) = &arguments.plan.script {
        script::write(&plan, dataset, &arguments.plan, file)?;
    }
    let text = script::text(&plan, dataset, &arguments.plan)?;
    let how = How { detach: arguments.detach, json: arguments.plan.json };
    if !how.json {
        tell(&plan, false)?;
        output::line("")?;
    }
    let name = format!("{}.py", plan.method.as_str());
    let uv = UvScript { script: name.clone(), ..UvScript::default() };
    let command = match &arguments.python {
        Some(python) => vec![absolute(python)?, name.clone()],
        None => uv.command(),
    };
    let mut order = own_order(command, &arguments.environment, &arguments.secrets)?;
    order.spec.labels.insert("name".to_owned(), name_of_script(&name, std::slice::from_ref(&plan.model)));
    order.spec.flavor = Some(plan.flavor.clone());
    order.spec.timeout_seconds = Some(arguments.timeout.unwrap_or(plan.timeout_seconds));
    let order = Order {
        memory_bytes: arguments.memory,
        expected: expectation(&plan),
        script: Some(Script { name, bytes: text.into_bytes(), uv }),
        ..order
    };
    submit(&arguments.place, order, how)
}

/// What the plan says that the job takes.
fn expectation(plan: &TrainingPlan) -> Option<JobExpectation> {
    let price = plan.prices.iter().find(|price| price.price_table == plan.price_table)?;
    Some(JobExpectation {
        seconds: plan.seconds,
        usd: plan.usd,
        usd_per_hour: price.usd_per_hour,
        flavor: plan.flavor.clone(),
    })
}

/// A path holds in any folder; a command is found anywhere.
fn absolute(python: &PathBuf) -> Result<String, Failure> {
    let path = if python.components().count() > 1 { std::path::absolute(python)? } else { python.clone() };
    Ok(path.display().to_string())
}
