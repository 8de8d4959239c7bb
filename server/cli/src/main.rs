//! The program `paceline`, which is also the command `trackio`.

mod arguments;
mod commands;
mod failure;
mod output;
mod parent;

use std::process::ExitCode;

use arguments::{Command, ListCommand, LogFormat, TokenCommand};
use failure::Failure;

fn main() -> ExitCode {
    let arguments = arguments::parse();
    start_log(arguments.log_format());
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(arguments) => commands::serve::run(&arguments),
        Command::Show(arguments) => commands::show::run(&arguments),
        Command::Status(arguments) => commands::status::run(&arguments),
        Command::List(ListCommand::Projects(arguments)) => commands::list::projects(&arguments),
        Command::List(ListCommand::Runs(arguments)) => commands::list::runs(&arguments),
        Command::List(ListCommand::Metrics(arguments)) => commands::list::metrics(&arguments),
        Command::Token(TokenCommand::Create(arguments)) => commands::token::create(&arguments),
        Command::Token(TokenCommand::List(arguments)) => commands::token::list(&arguments),
        Command::Token(TokenCommand::Revoke(arguments)) => commands::token::revoke(&arguments),
        Command::Openapi => commands::openapi::run(),
        Command::Artifact(arguments) => commands::artifact::run(&arguments),
        Command::Ask(arguments) => commands::ask::run(&arguments),
        Command::Companion(arguments) => commands::companion::run(&arguments),
    }
}

/// Messages of the libraries go to standard error, as many as `PACELINE_LOG` asks for. Who chose a format wants
/// to read the requests too.
fn start_log(format: Option<LogFormat>) {
    let filter = std::env::var(paceline_schema::env::PACELINE_LOG).unwrap_or_default();
    let usual = if format.is_some() { "info" } else { "warn" };
    let filter = if filter.is_empty() { usual.to_owned() } else { filter };
    let log = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    match format {
        Some(LogFormat::Json) => log.json().flatten_event(true).with_ansi(false).init(),
        Some(LogFormat::Text) | None => log.init(),
    }
}
