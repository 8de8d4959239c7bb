//! The command line: commands, options and what `--help` teaches.

mod alerts;
mod comparing;
mod datasets;
mod files;
mod following;
mod jobs;
mod logbook;
mod mcp;
mod plan;
mod publish;
mod reading;
mod registry;
mod show;
mod skills;
mod token;
mod tools;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use paceline_schema::env::{self, PACELINE_AS};

pub(crate) use alerts::AlertArguments;
pub(crate) use comparing::{CompareArguments, ExplainArguments, FormArguments, WhatHappenedArguments};
pub(crate) use datasets::{PullArguments, SpaceKind, SyncArguments};
pub(crate) use files::{
    ExportArguments, ExportFormat, FreezeArguments, ImportArguments, ImportSource, PartOfSnapshot,
};
pub(crate) use following::{FindingsArguments, FollowedRun, StatusArguments, WaitArguments, WatchArguments};
pub(crate) use jobs::{
    JobNamed, JobOptions, JobRunnerArguments, JobsCommand, JobsHardwareArguments, JobsLogsArguments,
    JobsPsArguments, JobsRunArguments, JobsUvArguments, On, PlaceOfJobs, ScheduledCommand, TrainArguments,
    When,
};
pub(crate) use logbook::{
    AttachCommand, CellCommand, FigureCellArguments, LogbookCommand, LogbookOpenArguments,
    LogbookPublishArguments, LogbookReadArguments, LogbookRunArguments, LogbookServeArguments, PinArguments,
    ReadCellArguments, ReadTarget, RemoveCommand,
};
pub(crate) use mcp::McpArguments;
pub(crate) use plan::{AskedMethod, PlanArguments};
pub(crate) use publish::PublishArguments;
pub(crate) use reading::{
    AlertsArguments, ArtifactOfProjectArguments, GetCommand, ListCommand, MaybeRunArguments, MetricArguments,
    MomentArguments, ProjectArguments, QueryArguments, QueryCommand, ReadArguments, RemoteArguments,
    ReportArguments, RunArguments, SnapshotArguments, SpacesArguments, SystemMetricArguments, TraceArguments,
    TracesArguments,
};
pub(crate) use registry::{
    CollectionNamed, ConfigCommand, CreateCollectionArguments, LinkArguments, PromoteArguments,
    RegistryCommand, RegistryCreateArguments, RegistryNamed, Target, UnlinkArguments,
};
pub(crate) use show::ShowArguments;
pub(crate) use skills::{
    SkillsAddArguments, SkillsCommand, SkillsFoldersArguments, SkillsManifestsArguments, SkillsPackArguments,
};
pub(crate) use token::{TokenCommand, TokenCreateArguments, TokenListArguments, TokenRevokeArguments};
pub(crate) use tools::{CompletionsArguments, DoctorArguments};

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
    #[command(flatten)]
    pub(crate) remote: RemoteArguments,
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
        after_help = "Examples:\n  paceline show\n  paceline show --project digits\n  paceline show registry\n  paceline show --no-browser"
    )]
    Show(ShowArguments),
    /// Tell where runs stand: all of them, or one with its loss, step and time left.
    #[command(after_help = "Examples:\n  paceline status\n  paceline status --project digits\n  \
        paceline status --project digits --run lr-3e-4 --json")]
    Status(StatusArguments),
    /// Wait until something holds of a run, or it ends, and tell where it stands.
    #[command(after_help = "Examples:\n  paceline wait --project digits\n  \
        paceline wait --project digits --until 'step>=1000' --timeout 600 --json\n  \
        paceline wait --project digits --run lr-3e-4 --until 'loss<0.5,finding:any'\n\n\
        Conditions compare `step`, `progress`, `loss`, any metric, `epoch` or `state`; `finding:any` is anything odd, \
        `finding:loss_nan` one thing. The status is 0 when one holds (without any: when the run has finished), 1 when the \
        time is over or the run ended before.")]
    Wait(WaitArguments),
    /// Watch a run in the terminal until it ends: how far it is, its loss, the time left.
    #[command(after_help = "Examples:\n  paceline watch --project digits\n  \
        paceline watch --project digits --run lr-3e-4 --metric val/accuracy\n\n\
        Where the output is no terminal, a line is written whenever there is something new to say.")]
    Watch(WatchArguments),
    /// Tell what is wrong with a run, since when, and what to do about it.
    #[command(after_help = "Examples:\n  paceline findings --project digits\n  \
        paceline findings --project digits --run lr-3e-4 --json\n  \
        paceline findings --project digits --check || echo something is wrong")]
    Findings(FindingsArguments),
    /// Rank the runs of a project, and tell which settings go with the better ones.
    #[command(after_help = "Examples:\n  paceline compare --project digits\n  \
        paceline compare --project digits --metric eval/accuracy --goal maximize --json\n  \
        paceline compare --project digits --run lr-3e-4 --run lr-1e-3 --by best --detail full --json\n\n\
        The first sentence is the answer. A setting goes with the metric when its rank correlation is far from 0 and both \
        ends of its 90 % interval have the same sign; fewer than 5 runs tell nothing about settings.")]
    Compare(CompareArguments),
    /// Tell what changed from one run to another: settings, code, environment, and what came of it.
    #[command(after_help = "Examples:\n  paceline explain --project digits\n  \
        paceline explain --project digits --from lr-1e-3 --to lr-3e-4 --json\n\n\
        Without `--from` and `--to` the newest run is held against the one before it. `--detail full` tells every package \
        and metric that differs.")]
    Explain(ExplainArguments),
    /// List projects, runs, metrics, alerts, traces, reports or artifacts.
    #[command(
        subcommand,
        after_help = "Examples:\n  paceline list projects\n  paceline list runs --project digits --json\n  \
        paceline list metrics --project digits --run lr-3e-4"
    )]
    List(ListCommand),
    /// Tell what a project, a run, a metric, a trace or an artifact holds.
    #[command(
        subcommand,
        after_help = "Examples:\n  paceline get run --project digits --run lr-3e-4 --json\n  \
        paceline get metric --project digits --run lr-3e-4 --metric train/loss --around 100 --window 5"
    )]
    Get(GetCommand),
    /// Ask a project in SQL.
    #[command(
        subcommand,
        after_help = "Example:\n  paceline query project --project digits --sql \"SELECT count(*) AS rows FROM metrics\""
    )]
    Query(QueryCommand),
    /// Make, list or revoke tokens: who may ask the servers of a data directory, and for what.
    #[command(
        subcommand,
        after_help = "Examples:\n  paceline token create --scope write --name ci\n  paceline token list\n  \
        paceline token revoke 3f9c01ab\n\nA token of the scope read permits every question, one of write also to log, \
        one of admin also to delete, rename and replace. A running server takes a new token, and forgets a revoked \
        one, within a second."
    )]
    Token(TokenCommand),
    /// Give `trackio` the name of another tracker, for libraries that import it by that name.
    #[command(subcommand, after_help = "Examples:\n  paceline shim wandb\n  paceline shim wandb --remove")]
    Shim(ShimCommand),
    /// Write every table of a project as files, and its media: Parquet, which comes back whole, CSV or JSON lines.
    #[command(after_help = "Examples:\n  paceline export --project digits --out ./digits\n  \
        paceline export --project digits --format csv --out ./tables\n  \
        paceline export --project digits --parts --out ./dataset\n\nParquet files have the names and columns that \
        Trackio gives them; what it leaves out stands in a folder beside them, media in `media`. `paceline import DIR` makes a project \
        of them again. The files take the place of those of an earlier export all together.")]
    Export(ExportArguments),
    /// Write a project as a folder that any web server shows: the web page with everything in it, and no way to change it.
    #[command(after_help = "Examples:\n  paceline freeze --project digits --out ./site\n  \
        python -m http.server --directory ./site\n  \
        paceline freeze --project digits --new-space-id me/digits\n\nThe folder is a \
        static Space of Hugging Face as it stands. Again into the same folder brings it up to date. Whoever sees it sees \
        all of the project; `--without` leaves parts of it out.")]
    Freeze(FreezeArguments),
    /// Bring in what an export or another tracker recorded: Parquet files, wandb's offline runs, TensorBoard's event
    /// files, CSV files.
    #[command(after_help = "Examples:\n  paceline import ./digits --project digits-again\n  \
        paceline import wandb ./wandb\n  \
        paceline import wandb ./wandb/offline-run-20260131_120000-4x8k2m1p --project digits\n  \
        paceline import tensorboard ./runs --project digits\n  paceline import csv loss.csv --project digits\n\n\
        What wandb recorded may be imported again: nothing is stored twice. Parquet files, of `paceline export`, `paceline freeze` or of \
        Trackio, become a new project with equal rows.")]
    Import(ImportArguments),
    /// Bring a project to a Dataset of the Hugging Face Hub: what is new of it, as Parquet, in one commit. Or a snapshot of it
    /// to a static Space.
    #[command(after_help = "Examples:\n  paceline sync --project digits --dataset alice/runs\n  \
        paceline sync --project digits --dataset alice/runs --every 5\n  paceline sync --project digits --status --json\n  \
        paceline sync\n  paceline sync --project digits --sdk static --space-id alice/digits\n\nThe token is HF_TOKEN, or the one that `hf auth login` keeps. A Dataset or Space that is not there is made, \
        private. A sync that breaks off leaves the Dataset as it was; the next one sends what is missing.")]
    Sync(SyncArguments),
    /// Bring the projects of a Dataset of the Hugging Face Hub to this machine.
    #[command(
        after_help = "Examples:\n  paceline pull alice/runs\n  paceline pull alice/runs --project digits --as digits-2"
    )]
    Pull(PullArguments),
    /// Bring a trained model to the Hugging Face Hub: the files of its folder in one commit, with a card that tells of its run.
    #[command(after_help = publish::AFTER_HELP)]
    Publish(PublishArguments),
    /// Make and change registries of artifacts: collections of versions, with aliases.
    #[command(
        subcommand,
        after_help = "Examples:\n  paceline registry create models\n  \
        paceline registry link models/churn digits/weights:v3 --alias production\n  paceline registry show models/churn"
    )]
    Registry(RegistryCommand),
    /// Tell or change what is set for good: the page that is shown.
    #[command(
        subcommand,
        after_help = "Examples:\n  paceline config get\n  paceline config set frontend ./my-page"
    )]
    Config(ConfigCommand),
    /// Teach agents to use this program, and check, pack and list skills of your own.
    #[command(
        subcommand,
        after_help = "Examples:\n  paceline skills add --claude\n  paceline skills validate ./skills"
    )]
    Skills(SkillsCommand),
    /// Keep a logbook of experiments: pages of text, code, commands with what they printed, figures, sessions of agents.
    #[command(
        subcommand,
        after_help = "Examples:\n  paceline logbook open --title \"Warm-up study\" --no-serve\n  \
        paceline logbook page Baseline\n  paceline logbook run -- python train.py\n  \
        paceline logbook cell markdown \"The baseline holds.\"\n  paceline logbook read"
    )]
    Logbook(LogbookCommand),
    /// Plan a training before it costs anything: method, weights, machine, memory, steps, time and price, each with its
    /// reason. With a dataset alone: what it serves.
    #[command(
        after_help = "Examples:\n  paceline plan --model Qwen/Qwen3-0.6B --method sft --rows 2800 --epochs 1\n  \
        paceline plan --model my-model --params 7B --method dpo --rows 10000 --epochs 1 --flavor a10g-large --json\n  \
        paceline plan --model ./model --dataset preferences.parquet\n  \
        paceline plan --dataset preferences.parquet\n  \
        paceline plan --model ./model --dataset chats.jsonl --script train.py\n\nPrices are those of the training guide unless `--prices official` \
        asks for the ones of Hugging Face Jobs; the answer names both."
    )]
    Plan(PlanArguments),
    /// Plan a training, write its script, and run it as a job: on this machine, with this Paceline to watch it.
    #[command(
        after_help = "Examples:\n  paceline train --model Qwen/Qwen3-0.6B --dataset chats.jsonl --epochs 1\n  \
        paceline train --model ./model --dataset pairs.parquet --method dpo --detach --secret HF_TOKEN\n  \
        paceline train --model ./model --dataset chats.jsonl --python .venv/bin/python\n\nIt is planned as `paceline plan` does. Packages come \
        by `uv` unless a Python is named that has them."
    )]
    Train(TrainArguments),
    /// Run commands and scripts as jobs of this machine: with a time, a log and an end that outlive the terminal.
    #[command(
        subcommand,
        after_help = "Examples:\n  paceline jobs run -- python train.py\n  paceline jobs ps\n  \
        paceline jobs inspect 692aef3ce80b42e4d05c0ee3\n\nHugging Face's own client does the same with a server that was started by \
        `paceline serve --jobs`."
    )]
    Jobs(JobsCommand),
    /// Look for what stands in the way of a training that logs, and tell the cure.
    #[command(
        after_help = "Examples:\n  paceline doctor\n  paceline doctor --python .venv/bin/python --json\n\n\
        It looks at the commands and the Python that are found, the data directory, whoever drains it, and the \
        projects. The status is 1 where something needs a cure."
    )]
    Doctor(DoctorArguments),
    /// Print the script by which a shell completes the commands.
    #[command(
        after_help = "Examples:\n  paceline completions bash > ~/.local/share/bash-completion/completions/paceline\n  \
        paceline completions zsh > ~/.zfunc/_paceline\n  paceline completions fish > ~/.config/fish/completions/paceline.fish"
    )]
    Completions(CompletionsArguments),
    /// Answer agents on standard input and output: the tools of MCP, over a data directory or a server.
    #[command(after_help = "Examples:\n  paceline mcp\n  paceline mcp --dir ./runs --bouquet tracker\n  \
        TRACKIO_WRITE_TOKEN=… paceline mcp --server https://pace.example.org\n  \
        claude mcp add trackio -- paceline mcp\n\nA server has the same tools at its address /mcp.")]
    Mcp(McpArguments),
    /// Print the OpenAPI document of the server.
    #[command(after_help = "Example:\n  paceline openapi > openapi.json")]
    Openapi,
    /// Answer a question of a trainer about artifacts: JSON from standard input to standard output.
    #[command(hide = true)]
    Artifact(ArtifactArguments),
    /// Answer a question of a Python program about the data directory: JSON from standard input to standard output.
    #[command(hide = true)]
    Ask(AskArguments),
    /// Take care of one job: its log, its time, its end. Whoever submits one starts this.
    #[command(hide = true)]
    JobRunner(JobRunnerArguments),
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
pub(crate) enum ShimCommand {
    /// Make `import wandb` give Paceline, for Lightning's WandbLogger, ultralytics and others.
    #[command(
        after_help = "Examples:\n  paceline shim wandb\n  paceline shim wandb --python .venv/bin/python\n  \
        paceline shim wandb --into ./shims && PYTHONPATH=./shims python train.py\n  \
        paceline shim wandb --remove\n\nScripts of your own need no such module: they say `import trackio as wandb`. \
        A real wandb is never overwritten. Where the module is, transformers finds two trackers, and with \
        `report_to=\"all\"` each row is there twice: name one of the two."
    )]
    Wandb(ShimWandbArguments),
}

#[derive(Args)]
pub(crate) struct ShimWandbArguments {
    /// Path or command of the Python to make it for; the one that has Paceline, else `python3`.
    #[arg(long, value_name = "PYTHON")]
    pub(crate) python: Option<PathBuf>,
    /// Folder to make it in, for programs that have it on PYTHONPATH, and for no others.
    #[arg(long, value_name = "DIR", conflicts_with = "python")]
    pub(crate) into: Option<PathBuf>,
    /// Take it away again.
    #[arg(long)]
    pub(crate) remove: bool,
}

impl Command {
    /// It only asks, so a server can answer in the place of a data directory.
    fn asks(&self) -> bool {
        match self {
            Self::List(_) | Self::Get(_) | Self::Query(_) | Self::Status(_) => true,
            Self::Wait(_) | Self::Watch(_) | Self::Findings(_) | Self::Mcp(_) => true,
            Self::Compare(_) | Self::Explain(_) => true,
            Self::Serve(_)
            | Self::Show(_)
            | Self::Token(_)
            | Self::Shim(_)
            | Self::Export(_)
            | Self::Freeze(_) => false,
            Self::Import(_)
            | Self::Sync(_)
            | Self::Pull(_)
            | Self::Publish(_)
            | Self::Skills(_)
            | Self::Doctor(_)
            | Self::Plan(_)
            | Self::Train(_)
            | Self::Jobs(_) => false,
            Self::Registry(_) | Self::Config(_) | Self::Logbook(_) => false,
            Self::Completions(_) | Self::Openapi | Self::Artifact(_) | Self::Ask(_) => false,
            Self::Companion(_) | Self::JobRunner(_) => false,
        }
    }
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
    /// The folder of another page, given or set for good; a variable that is set to nothing names none.
    pub(crate) fn frontend(&self) -> Option<PathBuf> {
        let given = self.frontend.as_ref().filter(|path| !path.is_empty()).map(PathBuf::from);
        given.or_else(crate::commands::config::frontend)
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
    /// Let tools of MCP delete and rename, for who shows a token that permits it.
    #[arg(long)]
    pub(crate) mcp_allow_write: bool,
    /// Start jobs as Hugging Face Jobs does, on this machine, for who shows a token of the scope admin: they may do
    /// whatever the user of this server may.
    #[arg(long)]
    pub(crate) jobs: bool,
    /// Memory that each job may use, as 2G or 500M; nine tenths of the machine's when absent.
    #[arg(long, value_name = "SIZE", requires = "jobs", value_parser = jobs::memory)]
    pub(crate) job_memory: Option<u64>,
    /// Write a line for each request to standard error, in this form; PACELINE_LOG says how much more or less.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
    #[command(flatten)]
    pub(crate) alerts: AlertArguments,
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
    /// What the definition alone cannot tell.
    fn check(&self) -> Result<(), clap::Error> {
        let is_remote = self.remote.server.is_some() || self.remote.space.is_some();
        if is_remote && !self.command.asks() {
            let message = "`--server` and `--space` are for commands that ask, as `list`, `get` and `status`";
            return Err(Self::command().error(ErrorKind::ArgumentConflict, message));
        }
        if let Command::Export(arguments) = &self.command
            && arguments.parts
            && arguments.format != ExportFormat::Parquet
        {
            let message = "`--parts` is for Parquet files; leave out `--format`";
            return Err(Self::command().error(ErrorKind::ArgumentConflict, message));
        }
        if let Command::Status(StatusArguments { project: None, .. }) = &self.command
            && is_remote
        {
            let message =
                "of a server one project is told: `--project PROJECT`; `list projects` shows what is there";
            return Err(Self::command().error(ErrorKind::MissingRequiredArgument, message));
        }
        if let Command::Plan(arguments) = &self.command {
            return arguments.check();
        }
        if let Command::Train(arguments) = &self.command {
            return arguments.plan.check();
        }
        if let Command::Import(arguments) = &self.command { arguments.check() } else { Ok(()) }
    }

    /// How the log is to be written, where the command line says it.
    pub(crate) fn log_format(&self) -> Option<LogFormat> {
        if let Command::Serve(arguments) = &self.command { arguments.log_format } else { None }
    }
}

/// Reads the command line; ends the process with status 2 when it is wrong, with 0 after `--help`.
pub(crate) fn parse() -> Arguments {
    let as_trackio = std::env::var_os(PACELINE_AS).is_some_and(|name| name == "trackio");
    let matches = command(as_trackio).get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    arguments.check().unwrap_or_else(|error| error.exit());
    arguments
}

/// The whole definition, for those who make something of it.
pub(crate) fn definition() -> clap::Command {
    command(false)
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
    fn a_path_alone_is_one_of_parquet_files() {
        let parsed = |words: &[&str]| {
            let all = ["paceline", "import"].iter().chain(words);
            let arguments = Arguments::try_parse_from(all).ok()?;
            arguments.check().ok()?;
            let Command::Import(import) = arguments.command else { return None };
            Some(import.source())
        };
        assert_eq!(parsed(&["./digits"]), Some((ImportSource::Parquet, "./digits".into())));
        assert_eq!(parsed(&["parquet", "csv"]), Some((ImportSource::Parquet, "csv".into())));
        assert_eq!(
            parsed(&["csv", "loss.csv", "--project", "p"]),
            Some((ImportSource::Csv, "loss.csv".into()))
        );
        assert_eq!(parsed(&["csv"]), None);
        assert_eq!(parsed(&["cvs", "loss.csv"]), None);
        assert_eq!(parsed(&["csv", "loss.csv"]), None);
        assert_eq!(parsed(&["csv", "loss.csv", "--project", "p", "--json"]), None);
        assert_eq!(parsed(&["./digits", "--name", "r"]), None);
        assert_eq!(parsed(&[]), None);
    }

    #[test]
    fn a_run_needs_its_project() {
        assert!(Arguments::try_parse_from(["paceline", "status", "--run", "r"]).is_err());
        assert!(Arguments::try_parse_from(["paceline", "status", "--project", "p", "--run", "r"]).is_ok());
    }

    #[test]
    fn a_server_tells_of_one_project() {
        let status = |words: &[&str]| {
            let all = ["paceline", "status"].iter().chain(words);
            Arguments::try_parse_from(all).and_then(|arguments| arguments.check())
        };
        status(&[]).expect("a data directory tells of all");
        status(&["--server", "http://h:1", "--project", "p"]).expect("of this one");
        let refused = status(&["--server", "http://h:1"]).expect_err("of which one?");
        assert_eq!(refused.exit_code(), 2);
    }
}
