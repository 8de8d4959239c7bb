//! `paceline import`: Parquet files become projects again; what other trackers recorded is brought into projects by the
//! package's readers in Python.

use std::env;
use std::path::Path;
use std::process::Command;

use paceline_hub::parquet::{import, project_of};
use paceline_schema::ProjectName;
use paceline_schema::env::{PACELINE_BINARY, TRACKIO_DIR};
use paceline_storage::Durability;

use super::open_store;
use super::shim::python::Python;
use crate::arguments::{ImportArguments, ImportSource};
use crate::failure::Failure;
use crate::output;

/// Calls a function of `trackio` with the arguments it is given; what it refuses is said in one line.
const CALL: &str = "
import sys
import trackio
function, path, project, name = sys.argv[1:]
try:
    getattr(trackio, function)(path, project or None, name=name or None)
except (ValueError, OSError, RuntimeError) as error:
    sys.exit(f'error: {error}')
";

/// Imports.
pub(crate) fn run(arguments: &ImportArguments) -> Result<(), Failure> {
    let (source, path) = arguments.source();
    match source {
        ImportSource::Parquet => import_files(arguments, &path),
        ImportSource::Wandb => import_by_python(arguments, &path, "import_wandb"),
        ImportSource::Tensorboard => import_by_python(arguments, &path, "import_tf_events"),
        ImportSource::Csv => import_by_python(arguments, &path, "import_csv"),
    }
}

fn import_files(arguments: &ImportArguments, path: &Path) -> Result<(), Failure> {
    let store = open_store(&arguments.directory, Durability::Process, false)?;
    let source = project_of(path, arguments.from.as_deref())?;
    let name = arguments.project.as_deref().unwrap_or(&source);
    let name = ProjectName::new(name)
        .map_err(|error| Failure::new(error.to_string(), "`--project PROJECT` names another one"))?;
    let imported = import(path, Some(&source), &store, &name)?;
    if arguments.json {
        return Ok(output::json_indented(&imported)?);
    }
    let rows = imported.rows.values().sum::<u64>();
    output::line(&format!("Imported {rows} rows of '{}' as '{}':", imported.source, imported.project))?;
    let lines: Vec<Vec<String>> = imported
        .rows
        .iter()
        .map(|(table, rows)| vec![table.clone(), output::faint(&format!("{rows} rows"))])
        .collect();
    output::table(&lines)?;
    if imported.media > 0 {
        output::line(&format!("and {} media files.", imported.media))?;
    }
    if imported.blobs > 0 {
        output::line(&format!("and {} files of artifacts.", imported.blobs))?;
    }
    Ok(())
}

/// Calls one of the package's readers, with the Python this program belongs to.
fn import_by_python(arguments: &ImportArguments, path: &Path, function: &str) -> Result<(), Failure> {
    let python = Python::asked(None)?;
    python.expect_paceline()?;
    let status = Command::new(&python.program)
        .args(["-c", CALL, function])
        .arg(path)
        .args([arguments.project.as_deref().unwrap_or(""), arguments.name.as_deref().unwrap_or("")])
        .env(TRACKIO_DIR, arguments.directory.directory())
        .env(PACELINE_BINARY, env::current_exe()?)
        .status()?;
    // It has said itself why not.
    if status.success() { Ok(()) } else { Err(Failure::AnsweredNo) }
}
