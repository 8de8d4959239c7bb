//! `paceline shim`: the module `trackio` under another name, for libraries that insist on it.

mod module;
pub(super) mod python;

use std::io;
use std::path::Path;

use module::{Module, is_our_file};
use python::Python;

use crate::arguments::ShimWandbArguments;
use crate::failure::Failure;
use crate::output;

/// Makes the module `wandb`, or takes it away.
pub(crate) fn wandb(arguments: &ShimWandbArguments) -> Result<(), Failure> {
    if let Some(folder) = &arguments.into {
        return if arguments.remove { remove(folder) } else { make_in(folder) };
    }
    let python = Python::asked(arguments.python.as_deref())?;
    if arguments.remove { remove(&python.site_packages) } else { make_for(&python) }
}

fn make_for(python: &Python) -> Result<(), Failure> {
    python.expect_paceline()?;
    let folder = &python.site_packages;
    let uninstall = format!(
        "`{} -m pip uninstall wandb` removes it; `--into DIR`, with DIR on PYTHONPATH, puts ours before it",
        python.program.display()
    );
    refuse_other(folder, &uninstall)?;
    if let Some(other) = python.wandb.as_deref().filter(|file| !is_our_file(file)) {
        return Err(not_ours(other, &uninstall));
    }
    make(folder)?;
    Ok(output::line(&format!("`import wandb` is Paceline's `trackio` now, in {}.", folder.display()))?)
}

fn make_in(folder: &Path) -> Result<(), Failure> {
    refuse_other(folder, "`--into DIR` names a folder without it")?;
    make(folder)?;
    let shown = folder.display();
    Ok(output::line(&format!("`import wandb` is Paceline's `trackio` where PYTHONPATH has {shown}."))?)
}

fn make(folder: &Path) -> Result<(), Failure> {
    Module::in_folder(folder).write().map_err(|error| in_folder(folder, "write", &error))
}

fn remove(folder: &Path) -> Result<(), Failure> {
    let removed = Module::in_folder(folder).remove().map_err(|error| in_folder(folder, "remove", &error))?;
    let shown = folder.display();
    Ok(output::line(&if removed {
        format!("Paceline's module `wandb` is gone from {shown}.")
    } else {
        format!("Paceline has made no module `wandb` in {shown}.")
    })?)
}

fn refuse_other(folder: &Path, way_out: &str) -> Result<(), Failure> {
    match Module::in_folder(folder).other() {
        Ok(None) => Ok(()),
        Ok(Some(other)) => Err(not_ours(&other, way_out)),
        Err(error) => Err(in_folder(folder, "read", &error)),
    }
}

fn not_ours(other: &Path, way_out: &str) -> Failure {
    Failure::new(format!("there is a `wandb` that Paceline did not make: {}", other.display()), way_out)
}

fn in_folder(folder: &Path, what: &str, error: &io::Error) -> Failure {
    Failure::new(
        format!("the module `wandb` of {}: cannot {what}: {error}", folder.display()),
        "`--into DIR` uses a folder of yours; give it to programs by PYTHONPATH=DIR",
    )
}
