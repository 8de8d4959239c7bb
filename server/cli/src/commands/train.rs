//! `paceline train`: plans a training, writes its script and submits it as a job.

use std::path::{Path, PathBuf};

use paceline_hub::jobs::name_of_script;
use paceline_hub::remote::Account;
use paceline_jobs::{Order, Script, UvScript};
use paceline_schema::env::{HF_TOKEN, HUB_MODEL_ID};

use super::jobs::{How, own_order, submit};
use super::plan::{Made, made, ready, script, tell};
use crate::arguments::{On, TrainArguments};
use crate::failure::Failure;
use crate::output;

/// Plans, tells the plan, and submits its script.
pub(crate) fn run(arguments: &TrainArguments) -> Result<(), Failure> {
    let Some(dataset) = &arguments.plan.dataset else {
        return Err(Failure::new("no dataset is named", "`--dataset FILE` names what to train on"));
    };
    let given = Given::of(arguments);
    if arguments.place.on == On::Hf {
        check_it_can_go(arguments, dataset, &given)?;
    }
    let Made::Plan(plan) = made(&arguments.plan, Some(given.names()))? else {
        return Err(Failure::new("no model is named", "`--model MODEL` names what to train"));
    };
    let text = script::text(&plan, dataset, &arguments.plan)?;
    let how = How { detach: arguments.detach, json: arguments.plan.json };
    if !how.json {
        tell(&plan, false)?;
        output::line("")?;
    } else if ready(&plan).is_err() {
        // There is no job to tell of: the plan says what does not hold.
        tell(&plan, true)?;
    }
    ready(&plan)?;
    if let Some(file) = &arguments.plan.script {
        script::write(&plan, dataset, &arguments.plan, file)?;
    }
    let name = format!("{}.py", plan.method.as_str());
    let uv = UvScript { script: name.clone(), ..UvScript::default() };
    let command = match &arguments.python {
        Some(python) => vec![absolute(python)?, name.clone()],
        None => uv.command(),
    };
    let mut order = own_order(command, &given.environment, &given.secrets)?;
    order.spec.labels.insert("name".to_owned(), name_of_script(&name, std::slice::from_ref(&plan.model)));
    order.spec.flavor = Some(plan.flavor.clone());
    order.spec.timeout_seconds = Some(arguments.timeout.unwrap_or(plan.timeout_seconds));
    let order = Order {
        memory_bytes: arguments.memory,
        expected: plan.expectation(),
        script: Some(Script { name, bytes: text.into_bytes(), uv }),
        ..order
    };
    submit(&arguments.place, order, how)
}

/// Variables and secrets that the job is given, each as `NAME` or `NAME=VALUE`.
struct Given {
    environment: Vec<String>,
    secrets: Vec<String>,
}

impl Given {
    /// What was given, and what the script needs to push its model.
    fn of(arguments: &TrainArguments) -> Self {
        let mut given =
            Self { environment: arguments.environment.clone(), secrets: arguments.secrets.clone() };
        if let Some(id) = arguments.plan.hub_model_id.as_ref().filter(|_| !given.has(HUB_MODEL_ID)) {
            given.environment.push(format!("{HUB_MODEL_ID}={id}"));
        }
        let has_token = || Account::of_this_process().is_ok_and(|account| account.token().is_some());
        if given.has(HUB_MODEL_ID) && !given.has(HF_TOKEN) && has_token() {
            given.secrets.push(HF_TOKEN.to_owned());
        }
        given
    }

    fn names(&self) -> Vec<String> {
        let all = self.environment.iter().chain(&self.secrets);
        all.map(|given| given.split('=').next().unwrap_or(given).to_owned()).collect()
    }

    fn has(&self, name: &str) -> bool {
        self.names().iter().any(|given| given == name)
    }
}

/// Fails where a job on another machine would lack what it reads, or lose what it makes.
fn check_it_can_go(arguments: &TrainArguments, dataset: &str, given: &Given) -> Result<(), Failure> {
    let folder = |name: &Option<String>| name.clone().filter(|name| Path::new(name).is_dir());
    let local = [
        ("dataset", Some(dataset.to_owned()).filter(|name| Path::new(name).exists())),
        ("model", folder(&arguments.plan.model)),
        ("teacher", folder(&arguments.plan.teacher)),
    ];
    if let Some((what, name)) = local.into_iter().find_map(|(what, name)| Some((what, name?))) {
        return Err(Failure::new(
            format!("the {what} `{name}` lies on this machine, and a job elsewhere cannot read it"),
            "`hf upload` brings it to the Hub; without `--on hf` the training runs here",
        ));
    }
    if !given.has(HUB_MODEL_ID) {
        return Err(Failure::new(
            "nothing says where the model goes, and what a job leaves on its machine goes with it",
            "`--hub-model-id USER/NAME` says where",
        ));
    }
    if !given.has(HF_TOKEN) {
        return Err(Failure::new(
            "there is no token of the Hub for the job to push its model with",
            "set HF_TOKEN, run `hf auth login`, or give `--secret HF_TOKEN=VALUE`",
        ));
    }
    Ok(())
}

/// A path holds in any folder; a command is found anywhere.
fn absolute(python: &PathBuf) -> Result<String, Failure> {
    let path = if python.components().count() > 1 { std::path::absolute(python)? } else { python.clone() };
    Ok(path.display().to_string())
}
