//! `paceline companion`: what a trainer starts beside itself.

use std::io::Read;

use paceline_schema::companion::OpenRequest;

use crate::arguments::CompanionArguments;
use crate::failure::Failure;

/// Goes on in a process of its own, which this one does not wait for.
pub(crate) fn run(arguments: &CompanionArguments) -> Result<(), Failure> {
    let request = arguments.open.then(read_question).transpose()?;
    // Relative paths end with the working directory, which the new process leaves.
    let directory = std::path::absolute(arguments.directory.directory()).map_err(|error| {
        Failure::new(format!("the data directory has no absolute path: {error}"), "name it with `--dir`")
    })?;
    match paceline_companion::run_standalone(&directory, request.as_ref()) {
        Ok(()) => Ok(()),
        Err(error) => {
            Err(Failure::new(format!("the companion ended: {error}"), "the rows are safe in the journals"))
        }
    }
}

fn read_question() -> Result<OpenRequest, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text).map_err(|error| error.to_string());
    read.and_then(|_| serde_json::from_str(&text).map_err(|error| error.to_string())).map_err(|error| {
        Failure::new(
            format!("standard input holds no question of a trainer: {error}"),
            "leave `--open` out to drain the journals only",
        )
    })
}
