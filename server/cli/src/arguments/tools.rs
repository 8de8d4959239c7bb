//! Options of the commands about the program itself.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::DirectoryArgument;

#[derive(Args)]
pub(crate) struct DoctorArguments {
    /// Path or command of the Python to look at; the one that has Paceline, else `python3`.
    #[arg(long, value_name = "PYTHON")]
    pub(crate) python: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

#[derive(Args)]
pub(crate) struct CompletionsArguments {
    /// The shell.
    pub(crate) shell: Shell,
}
