//! The script of a plan: under which names it trains, and which rows of the Hub are those that were looked at.

use paceline_planner::{Places, PlanError, Rows, script};
use paceline_schema::plan::TrainingPlan;

/// What a script loads beside its rows.
#[derive(Debug, Clone, Copy)]
pub struct Loaded<'a> {
    /// The model: its name on the Hub, or the path of its folder.
    pub model: &'a str,
    /// The model that is learnt from, for distillation.
    pub teacher: Option<&'a str>,
}

/// The rows of a dataset of the Hub that the plan was made from.
#[must_use]
pub fn hub_rows<'a>(plan: &'a TrainingPlan, name: &'a str) -> Rows<'a> {
    let looked = plan.dataset.as_ref();
    let config = looked.and_then(|report| report.config.as_deref());
    let split = looked.and_then(|report| report.split.as_deref());
    // `datasets` takes the usual configuration by itself.
    Rows::Hub { name, config: config.filter(|config| *config != "default"), split: split.unwrap_or("train") }
}

/// Writes the script of a plan.
///
/// # Errors
/// When its dataset was not looked at, or a teacher is needed and none is named.
pub fn script_of(plan: &TrainingPlan, rows: Rows<'_>, loaded: Loaded<'_>) -> Result<String, PlanError> {
    let Names { project, run, output } = Names::of(plan);
    let Loaded { model, teacher } = loaded;
    script(plan, Places { model, dataset: rows, project: &project, run: &run, output: &output, teacher })
}

/// What the parts of a training are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The project of its run.
    pub project: String,
    /// The run.
    pub run: String,
    /// The folder that the model is saved to.
    pub output: String,
}

impl Names {
    /// Those of a plan.
    #[must_use]
    pub fn of(plan: &TrainingPlan) -> Self {
        let project = plan.model.trim_end_matches('/').rsplit('/').next().unwrap_or(&plan.model);
        let run = format!("{}-{}", plan.method.as_str(), plan.adaptation.as_str());
        Self { project: project.to_owned(), output: format!("{project}-{run}"), run }
    }
}
