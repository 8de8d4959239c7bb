//! The program `paceline`, which is also the command `trackio`.

mod arguments;
mod commands;
mod failure;
mod memory;
mod output;
mod parent;
mod source;

use std::process::ExitCode;

use arguments::{Arguments, Command, LogFormat, ShimCommand, TokenCommand};
use failure::Failure;

fn main() -> ExitCode {
    let arguments = arguments::parse();
    start_log(arguments.log_format());
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { command, remote } = arguments;
    match command {
        Command::Serve(arguments) => commands::serve::run(arguments),
        Command::Show(arguments) => commands::show::run(arguments),
        Command::Status(arguments) => commands::status::run(arguments, remote),
        Command::Wait(arguments) => commands::wait::run(arguments, remote),
        Command::Watch(arguments) => commands::watch::run(arguments, remote),
        Command::Findings(arguments) => commands::findings::run(arguments, remote),
        Command::Compare(arguments) => commands::compare::run(arguments, remote),
        Command::Explain(arguments) => commands::explain::run(arguments, remote),
        Command::List(command) => commands::list::run(command, remote),
        Command::Get(command) => commands::get::run(command, remote),
        Command::Query(command) => commands::query::run(command, remote),
        Command::Token(TokenCommand::Create(arguments)) => commands::token::create(arguments),
        Command::Token(TokenCommand::List(arguments)) => commands::token::list(arguments),
        Command::Token(TokenCommand::Revoke(arguments)) => commands::token::revoke(arguments),
        Command::Shim(ShimCommand::Wandb(arguments)) => commands::shim::wandb(arguments),
        Command::Export(arguments) => commands::export::run(arguments),
        Command::Freeze(arguments) => commands::freeze::run(arguments),
        Command::Import(arguments) => commands::import::run(arguments),
        Command::Sync(arguments) => commands::sync::run(arguments),
        Command::Pull(arguments) => commands::sync::pull(arguments),
        Command::Publish(arguments) => commands::publish::run(arguments),
        Command::Skills(command) => commands::skills::run(command),
        Command::Logbook(command) => commands::logbook::run(command),
        Command::Plan(arguments) => commands::plan::run(arguments),
        Command::Train(arguments) => commands::train::run(arguments),
        Command::Jobs(command) => commands::jobs::run(command),
        Command::Registry(command) => commands::registry::run(command),
        Command::Config(command) => commands::config::run(command),
        Command::Doctor(arguments) => commands::doctor::run(arguments),
        Command::Completions(arguments) => commands::completions::run(arguments),
        Command::Mcp(arguments) => commands::mcp::run(arguments, remote),
        Command::Openapi => commands::openapi::run(),
        Command::Artifact(arguments) => commands::artifact::run(arguments),
        Command::Ask(arguments) => commands::ask::run(arguments),
        Command::Companion(arguments) => commands::companion::run(arguments),
        Command::JobRunner(arguments) => commands::jobs::run_supervisor(arguments),
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
        .with_ansi(false);
    match format {
        Some(LogFormat::Json) => log.json().flatten_event(true).init(),
        Some(LogFormat::Text) | None => log.init(),
    }
}
