//! A plan as a script in a file that was not there before.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use paceline_advice::{Loaded, hub_rows, script_of};
use paceline_planner::Rows;
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
    // The script may be run from another folder.
    let path = std::path::absolute(dataset)?.display().to_string();
    let rows = if is_file(dataset) {
        Rows::File { path: &path, form: form(Path::new(&path)) }
    } else {
        hub_rows(plan, dataset)
    };
    let model = loaded(&plan.model)?;
    let teacher = arguments.teacher.as_deref().map(loaded).transpose()?;
    Ok(script_of(plan, rows, Loaded { model: &model, teacher: teacher.as_deref() })?)
}

/// A model as it is loaded from any folder.
fn loaded(model: &str) -> Result<String, Failure> {
    let is_folder = Path::new(model).is_dir();
    Ok(if is_folder { std::path::absolute(model)?.display().to_string() } else { model.to_owned() })
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
