//! The command line: commands, options and what `--help` teaches.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use paceline_schema::Scope;
use paceline_schema::env::{self, PACELINE_AS};

/// Experiment tracking that answers at a glance.
#[derive(Parser)]
#[command(
    name = "paceline",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  paceline show                                  open the web page\n  \
        paceline status                                every run and where it stands\n  \
        paceline status --project digits --json        the newest run of a project as data\n\n\
        Exit status: 0 done, 1 the answer is no or an error, 2 wrong usage."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve the web page and the API, until Ctrl-C.
    #[command(after_help = "Examples:\n  paceline serve\n  paceline serve --port 8000 --dir ./runs\n  \
        TRACKIO_WRITE_TOKEN=… paceline serve --host 0.0.0.0 --allowed-host pace.example.org \\\n    \
        --tls-cert cert.pem --tls-key key.pem --log-format json")]
    Serve(ServeArguments),
    /// Open the web page in the browser.
    #[command(
        after_help = "Examples:\n  paceline show\n  paceline show --project digits\n  paceline show --no-browser"
    )]
    Show(ShowArguments),
    /// Tell where runs stand: all of them, or one with its loss, step and time left.
    #[command(after_help = "Examples:\n  paceline status\n  paceline status --project digits\n  \
        paceline status --project digits --run lr-3e-4 --json")]
    Status(StatusArguments),
    /// List projects, runs or metrics.
    #[command(
        subcommand,
        after_help = "Examples:\n  paceline list projects\n  paceline list runs --project digits --json\n  \
        paceline list metrics --project digits --run lr-3e-4"
    )]
    List(ListCommand),
    /// Make, list or revoke tokens: who may ask the servers of a data directory, and for what.
    #[command(
        subcommand,
        after_help = "Examples:\n  paceline token create --scope write --name ci\n  paceline token list\n  \
        paceline token revoke 3f9c01ab\n\nA token of the scope read permits every question, one of write also to log, \
        one of admin also to delete, rename and replace. A running server takes a new token, and forgets a revoked \
        one, within a second."
    )]
    Token(TokenCommand),
    /// Print the OpenAPI document of the server.
    #[command(after_help = "Example:\n  paceline openapi > openapi.json")]
    Openapi,
    /// Answer a question of a trainer about artifacts: JSON from standard input to standard output.
    #[command(hide = true)]
    Artifact(ArtifactArguments),
    /// Answer a question of a Python program about the data directory: JSON from standard input to standard output.
    #[command(hide = true)]
    Ask(AskArguments),
    /// Bring journals to the tables, as long as there are any. Trainers start this by themselves.
    #[command(hide = true)]
    Companion(CompanionArguments),
}

#[derive(Args)]
pub(crate) struct ArtifactArguments {
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

#[derive(Args)]
pub(crate) struct AskArguments {
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

#[derive(Args)]
pub(crate) struct CompanionArguments {
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
    /// Answer the question of a trainer that begins a run first: JSON from standard input to standard output.
    #[arg(long)]
    pub(crate) open: bool,
}

#[derive(Subcommand)]
pub(crate) enum ListCommand {
    /// List the projects of the data directory.
    #[command(after_help = "Example:\n  paceline list projects --json")]
    Projects(ListProjectsArguments),
    /// List the runs of a project, oldest first.
    #[command(after_help = "Example:\n  paceline list runs --project digits --json")]
    Runs(ListRunsArguments),
    /// List the metrics of a run.
    #[command(after_help = "Example:\n  paceline list metrics --project digits --run lr-3e-4 --json")]
    Metrics(ListMetricsArguments),
}

#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print it, this once: only its digest is kept.
    #[command(after_help = "Examples:\n  paceline token create --scope read --name dashboard\n  \
        paceline token create --scope write --expires-days 30 --json\n  \
        TRACKIO_WRITE_TOKEN=$(paceline token create --scope write) python train.py")]
    Create(TokenCreateArguments),
    /// List the tokens, without their secrets.
    #[command(after_help = "Example:\n  paceline token list --json")]
    List(TokenListArguments),
    /// Take a token back.
    #[command(after_help = "Example:\n  paceline token revoke 3f9c01ab")]
    Revoke(TokenRevokeArguments),
}

#[derive(Args)]
pub(crate) struct TokenCreateArguments {
    /// What it permits.
    #[arg(long, value_name = "SCOPE", value_parser = scope_parser())]
    pub(crate) scope: Scope,
    /// What it is for, so that you know it again.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Days until it permits nothing any more; it does not end by itself when absent.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub(crate) expires_days: Option<u32>,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

/// The words of the scopes, so that help and errors list them.
fn scope_parser() -> impl clap::builder::TypedValueParser<Value = Scope> {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    PossibleValuesParser::new(Scope::ALL.map(Scope::as_str))
        .map(|word| Scope::ALL.into_iter().find(|scope| scope.as_str() == word).unwrap_or(Scope::Read))
}

#[derive(Args)]
pub(crate) struct TokenListArguments {
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

#[derive(Args)]
pub(crate) struct TokenRevokeArguments {
    /// Its id, as `paceline token list` shows it.
    pub(crate) id: String,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

/// Where the data lies.
#[derive(Args)]
pub(crate) struct DirectoryArgument {
    /// Data directory; TRACKIO_DIR, else $HF_HOME/trackio, else ~/.cache/huggingface/trackio.
    #[arg(long = "dir", value_name = "DIR")]
    given: Option<PathBuf>,
}

impl DirectoryArgument {
    /// The directory given, or the one the environment says.
    pub(crate) fn directory(&self) -> PathBuf {
        let read = |name: &str| std::env::var(name).ok();
        self.given.clone().unwrap_or_else(|| env::data_directory(read, std::env::home_dir()))
    }
}

/// Where to listen, and who may write.
#[derive(Args)]
pub(crate) struct ListenArguments {
    /// Name or address to listen on; other machines can reach all but the loopback ones.
    #[arg(long, env = env::GRADIO_SERVER_NAME, hide_env_values = true, default_value = "127.0.0.1")]
    pub(crate) host: String,
    /// Port to listen on, 0 for any; without it the first free one from 7860 (or GRADIO_SERVER_PORT) on.
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Token that permits everything over HTTP; made anew at each start unless given. Tokens that permit less
    /// are made by `paceline token create`.
    #[arg(long, env = env::TRACKIO_WRITE_TOKEN, hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// Let nobody read without a token either.
    #[arg(long)]
    pub(crate) require_token: bool,
    /// A further host name under which requests may come; can be given more than once.
    #[arg(long = "allowed-host", value_name = "NAME")]
    pub(crate) allowed_hosts: Vec<String>,
    /// Folder with an `index.html` to serve in the place of our web page.
    #[arg(long, value_name = "DIR", env = env::TRACKIO_FRONTEND_DIR, hide_env_values = true)]
    frontend: Option<OsString>,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

impl ListenArguments {
    /// The folder of another page; a variable that is set to nothing names none.
    pub(crate) fn frontend(&self) -> Option<PathBuf> {
        self.frontend.as_ref().filter(|path| !path.is_empty()).map(PathBuf::from)
    }
}

#[derive(Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(crate) listen: ListenArguments,
    /// Serve HTTPS with this certificate, a PEM file that may hold those that lead to its root.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key of the certificate, a PEM file.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Write a line for each request to standard error, in this form; PACELINE_LOG says how much more or less.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
    /// Write `{"host", "port", "url"}` into this file once requests are answered.
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) port_file: Option<PathBuf>,
    /// End when this process, which started this one, has ended.
    #[arg(long, value_name = "PID", hide = true)]
    pub(crate) parent: Option<u32>,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Arguments {
    /// How the log is to be written, where the command line says it.
    pub(crate) fn log_format(&self) -> Option<LogFormat> {
        if let Command::Serve(arguments) = &self.command { arguments.log_format } else { None }
    }
}

#[derive(Args)]
pub(crate) struct ShowArguments {
    /// Project to open; the overview when absent.
    #[arg(long)]
    pub(crate) project: Option<String>,
    /// Print the address only.
    #[arg(long)]
    pub(crate) no_browser: bool,
    #[command(flatten)]
    pub(crate) listen: ListenArguments,
}

#[derive(Args)]
pub(crate) struct StatusArguments {
    /// Project of the run; every project when absent.
    #[arg(long)]
    pub(crate) project: Option<String>,
    /// Id or name of the run; the newest run of the project when absent.
    #[arg(long, requires = "project")]
    pub(crate) run: Option<String>,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

#[derive(Args)]
pub(crate) struct ListProjectsArguments {
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

#[derive(Args)]
pub(crate) struct ListRunsArguments {
    /// Project of the runs.
    #[arg(long)]
    pub(crate) project: String,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

#[derive(Args)]
pub(crate) struct ListMetricsArguments {
    /// Project of the run.
    #[arg(long)]
    pub(crate) project: String,
    /// Id or name of the run.
    #[arg(long)]
    pub(crate) run: String,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

/// Reads the command line; ends the process with status 2 when it is wrong, with 0 after `--help`.
pub(crate) fn parse() -> Arguments {
    let as_trackio = std::env::var_os(PACELINE_AS).is_some_and(|name| name == "trackio");
    let matches = command(as_trackio).get_matches();
    Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

fn command(as_trackio: bool) -> clap::Command {
    let command = Arguments::command();
    if as_trackio { command.name("trackio").version(paceline_http::PEER_VERSION) } else { command }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        command(false).debug_assert();
        command(true).debug_assert();
    }

    #[test]
    fn the_version_is_that_of_the_name() {
        let version = |as_trackio| command(as_trackio).render_version();
        assert_eq!(version(false), format!("paceline {}\n", env!("CARGO_PKG_VERSION")));
        assert_eq!(version(true), format!("trackio {}\n", paceline_http::PEER_VERSION));
    }

    #[test]
    fn every_command_shows_an_example() {
        fn check(command: &clap::Command) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("paceline "), "{}", command.get_name());
            command.get_subcommands().filter(|command| !command.is_hide_set()).for_each(check);
        }
        check(&Arguments::command());
    }

    #[test]
    fn a_run_needs_its_project() {
        assert!(Arguments::try_parse_from(["paceline", "status", "--run", "r"]).is_err());
        assert!(Arguments::try_parse_from(["paceline", "status", "--project", "p", "--run", "r"]).is_ok());
    }
}
