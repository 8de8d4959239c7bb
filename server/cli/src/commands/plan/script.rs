//! A plan as a script in a file that was not there before.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use paceline_planner::{Places, Rows, script};
use paceline_schema::plan::TrainingPlan;

use super::is_file;
use super::rows::form;
use crate::arguments::PlanArguments;
use crate::failure::Failure;
use crate::output;

/// Its text.
pub(in crate::commands) fn text(
    plan: &TrainingPlan,
    dataset: &str,
    arguments: &PlanArguments,
) -> Result<String, Failure> {
    let model = plan.model.trim_end_matches('/').rsplit('/').next().unwrap_or(&plan.model);
    let run = format!("{}-{}", plan.method.as_str(), plan.adaptation.as_str());
    // The script may be run from another folder.
    let path = std::path::absolute(dataset)?.display().to_string();
    let rows = if is_file(dataset) {
        Rows::File { path: &path, form: form(Path::new(&path)) }
    } else {
        let split = arguments.split.as_deref().unwrap_or("train");
        Rows::Hub { name: dataset, config: arguments.config.as_deref(), split }
    };
    let output = format!("{model}-{run}");
    let teacher = arguments.teacher.as_deref();
    let places = Places { dataset: rows, project: model, run: &run, output: &output, teacher };
    Ok(script(plan, places)?)
}

/// Writes it.
pub(in crate::commands) fn write(
    plan: &TrainingPlan,
    dataset: &str,
    arguments: &PlanArguments,
    file: &Path,
) -> Result<(), Failure> {
    let text = text(plan, dataset, arguments)?;
    let made = OpenOptions::new().write(true).create_new(true).open(file);
    let written = made.and_then(|mut made| made.write_all(text.as_bytes()));
    written.map_err(|error| {
        if error.kind() == ErrorKind::AlreadyExists {
            let hint = "`--script` names a new file, so that nothing you changed is lost";
            return Failure::new(format!("'{}' is there already", file.display()), hint);
        }
        Failure::new(format!("'{}' cannot be written: {error}", file.display()), "name another file")
    })?;
    output::note(&format!("the script is '{}'; `uv run {}` trains", file.display(), file.display()));
    Ok(())
}
