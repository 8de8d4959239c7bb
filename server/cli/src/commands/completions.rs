//! `paceline completions`: what a shell needs to complete commands and options.

use std::io;

use clap_complete::generate;

use crate::arguments::{CompletionsArguments, definition};
use crate::failure::Failure;
use crate::output;

/// Prints the script, for both names of the program.
pub(crate) fn run(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let mut script = Vec::new();
    for name in ["paceline", "trackio"] {
        generate(arguments.shell, &mut definition(), name, &mut script);
    }
    let script = String::from_utf8(script).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(output::line(script.trim_end())?)
}
