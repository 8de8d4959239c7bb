//! A plan as a script in a file that was not there before.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use paceline_planner::{Places, script};
use paceline_schema::plan::TrainingPlan;

use super::rows::form;
use crate::failure::Failure;
use crate::output;

/// Its text.
pub(in crate::commands) fn text(plan: &TrainingPlan, dataset: &Path) -> Result<String, Failure> {
    let model = plan.model.trim_end_matches('/').rsplit('/').next().unwrap_or(&plan.model);
    let run = format!("{}-{}", plan.method.as_str(), plan.adaptation.as_str());
    // The script may be run from another folder.
    let dataset = std::path::absolute(dataset)?.display().to_string();
    let output = format!("{model}-{run}");
    let places = Places {
        dataset: &dataset,
        form: form(Path::new(&dataset)),
        project: model,
        run: &run,
        output: &output,
    };
    Ok(script(plan, places)?)
}

/// Writes it.
pub(in crate::commands) fn write(plan: &TrainingPlan, dataset: &Path, file: &Path) -> Result<(), Failure> {
    let text = text(plan, dataset)?;
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
