//! `paceline plan`: how a model is best trained, on what, how long and for how much; before anything is paid for.

mod dataset;
mod model;
mod report;
mod rows;
pub(super) mod script;

use paceline_planner::{PlanError, Request, Sample, Wishes, inspect, plan};
use paceline_schema::dataset_report::{DatasetReport, Verdict};
use paceline_schema::plan::{Method, TrainingPlan};

use crate::arguments::{AskedMethod, PlanArguments};
use crate::failure::Failure;
use crate::output;

/// Plans, or looks at a dataset when no model is named.
pub(crate) fn run(arguments: &PlanArguments) -> Result<(), Failure> {
    let plan = match made(arguments)? {
        Made::Plan(plan) => plan,
        Made::Report(report, asked) => return show(&report, asked, arguments.json),
    };
    if let (Some(file), Some(dataset)) = (&arguments.script, &arguments.dataset) {
        script::write(&plan, dataset, file)?;
    }
    tell(&plan, arguments.json)
}

/// What comes of what was asked for.
pub(super) enum Made {
    /// A plan.
    Plan(Box<TrainingPlan>),
    /// What a dataset serves, where no model is named, and the method that was asked for.
    Report(Box<DatasetReport>, Option<Method>),
}

/// Tells a plan.
pub(super) fn tell(plan: &TrainingPlan, json: bool) -> Result<(), Failure> {
    if json { Ok(output::json_indented(plan)?) } else { report::plan(plan) }
}

/// Plans, or looks at a dataset.
pub(super) fn made(arguments: &PlanArguments) -> Result<Made, Failure> {
    let asked = arguments.method.map(known).transpose()?;
    let sample = arguments.dataset.as_deref().map(rows::sample).transpose()?;
    let looked = sample.as_ref().zip(arguments.dataset.as_deref());
    let looked = looked.map(|(sample, path)| inspect(&path.display().to_string(), sample));
    let Some(name) = &arguments.model else {
        let looked = looked
            .ok_or_else(|| Failure::new("nothing is named to plan", "`--model MODEL` names what to train"))?;
        return Ok(Made::Report(Box::new(looked), asked));
    };
    let method = method(asked, looked.as_ref())?;
    let total = sample.as_ref().and_then(|sample| sample.total_rows);
    let request = Request {
        model: model::facts(name, arguments.params)?,
        method,
        rows: arguments.rows.or(total).unwrap_or(0),
        epochs: arguments.epochs,
        eval_share: arguments.eval_share,
        max_length: arguments.max_length,
        packing: arguments.packing,
        row_tokens: sample.as_ref().map(Sample::row_tokens).unwrap_or_default(),
        wishes: Wishes { flavor: arguments.flavor.as_deref(), adaptation: arguments.adaptation },
        prices: arguments.prices.into(),
        finished: Vec::new(),
    };
    let mut plan = plan(&request)?;
    plan.dataset = looked;
    Ok(Made::Plan(Box::new(plan)))
}

/// Shows what a dataset serves; one that serves nothing, or not what was asked for, is an error all the same.
fn show(report: &DatasetReport, asked: Option<Method>, json: bool) -> Result<(), Failure> {
    if json {
        output::json_indented(report)?;
    } else {
        dataset::report(report, asked)?;
    }
    method(asked, Some(report)).map(drop)
}

/// The method asked for, if the dataset serves it; else the one that it serves best.
fn method(asked: Option<Method>, looked: Option<&DatasetReport>) -> Result<Method, Failure> {
    let Some(report) = looked else {
        return asked.ok_or_else(|| Failure::new("no method is named", "`--method sft` names one"));
    };
    let Some(best) = report.recommended.first() else {
        let columns: Vec<String> = report.columns.iter().map(|column| format!("`{}`", column.name)).collect();
        return Err(PlanError::DatasetFitsNothing { columns: columns.join(", ") }.into());
    };
    let method = asked.unwrap_or(*best);
    let of = report.methods.iter().find(|of| of.method == method && of.verdict == Verdict::Incompatible);
    match of {
        Some(of) => {
            let serves = report.recommended.clone();
            Err(PlanError::DatasetUnfit { method, reason: of.reason.clone(), serves }.into())
        }
        None => Ok(method),
    }
}

/// The method, if there is a trainer for it.
fn known(asked: AskedMethod) -> Result<Method, Failure> {
    match asked {
        AskedMethod::Known(method) => Ok(method),
        AskedMethod::Ppo => Err(Failure::new(
            "TRL has no PPO trainer any more",
            "`--method grpo` or `--method rloo` train on rewards as it did",
        )),
    }
}
