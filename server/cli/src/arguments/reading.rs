//! Options of the commands that read what was logged: the peer's `list`, `get` and `query`.

use clap::{Args, Subcommand};
use paceline_schema::env;

use super::{DirectoryArgument, WhatHappenedArguments};

/// Where to ask, when it is not the data directory.
#[derive(Args, Debug)]
pub(crate) struct RemoteArguments {
    /// Ask the server at this address, as http://127.0.0.1:7860, in place of a data directory.
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub(crate) server: Option<String>,
    /// Ask a Space of Hugging Face, as owner/name, or a server by its address.
    #[arg(long, global = true, value_name = "SPACE", hide_short_help = true)]
    pub(crate) space: Option<String>,
    /// Token for a Space that is private.
    #[arg(long, global = true, value_name = "TOKEN", env = env::HF_TOKEN, hide_env_values = true, hide_short_help = true)]
    pub(crate) hf_token: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum ListCommand {
    /// List the projects of the data directory.
    #[command(after_help = "Example:\n  paceline list projects --json")]
    Projects(ReadArguments),
    /// List the runs of a project, oldest first.
    #[command(after_help = "Example:\n  paceline list runs --project digits --json")]
    Runs(ProjectArguments),
    /// List the Spaces of your account and organisations on the Hugging Face Hub that show a tracker, the one that was changed last
    /// first.
    #[command(
        after_help = "Examples:\n  paceline list spaces\n  paceline list spaces --author ada --limit 5 --json\n\n\
        The token is `--hf-token`, HF_TOKEN, or the one that `hf auth login` keeps; with `--author` none is needed for \
        Spaces that everybody sees."
    )]
    Spaces(SpacesArguments),
    /// List the metrics of a run.
    #[command(after_help = "Example:\n  paceline list metrics --project digits --run lr-3e-4 --json")]
    Metrics(RunArguments),
    /// List what was measured of the machine during a run.
    #[command(after_help = "Example:\n  paceline list system-metrics --project digits --run lr-3e-4 --json")]
    SystemMetrics(RunArguments),
    /// List alerts of a project or a run, newest first.
    #[command(after_help = "Examples:\n  paceline list alerts --project digits --json\n  \
        paceline list alerts --project digits --run lr-3e-4 --level error --since 2026-11-23T00:00:00Z")]
    Alerts(AlertsArguments),
    /// List traces of a project or a run.
    #[command(after_help = "Examples:\n  paceline list traces --project digits --limit 5\n  \
        paceline list traces --project digits --search refund --sort step_asc --json")]
    Traces(TracesArguments),
    /// List reports in Markdown of a project or a run.
    #[command(after_help = "Example:\n  paceline list reports --project digits --json")]
    Reports(MaybeRunArguments),
    /// List the artifacts of a project.
    #[command(after_help = "Example:\n  paceline list artifacts --project digits --json")]
    Artifacts(ProjectArguments),
}

#[derive(Subcommand)]
pub(crate) enum GetCommand {
    /// Tell what a project holds.
    #[command(after_help = "Example:\n  paceline get project --project digits --json")]
    Project(ProjectArguments),
    /// Tell what a run holds: how many rows, which metrics, its config.
    #[command(after_help = "Example:\n  paceline get run --project digits --run lr-3e-4 --json\n\n\
        How it goes is told by `paceline status --project digits --run lr-3e-4`.")]
    Run(RunArguments),
    /// Tell what a version of an artifact holds.
    #[command(
        after_help = "Example:\n  paceline get artifact --project digits --name weights --version v0 --json"
    )]
    Artifact(ArtifactOfProjectArguments),
    /// Tell the values of a metric: all of them, of one step, or around a step or a time.
    #[command(
        after_help = "Examples:\n  paceline get metric --project digits --run lr-3e-4 --metric train/loss --json\n  \
        paceline get metric --project digits --run lr-3e-4 --metric train/loss --around 100 --window 5\n  \
        paceline get metric --project digits --run lr-3e-4 --metric train/loss --at-time 2026-11-23T02:17:52Z --window 60"
    )]
    Metric(MetricArguments),
    /// Tell the values of every metric at a step, or around a step or a time.
    #[command(
        after_help = "Examples:\n  paceline get snapshot --project digits --run lr-3e-4 --step 100 --json\n  \
        paceline get snapshot --project digits --run lr-3e-4 --around 100 --window 5"
    )]
    Snapshot(SnapshotArguments),
    /// Tell what stands out around a step or an alert: each metric before, at and after it, the most unusual first.
    #[command(after_help = "Examples:\n  paceline get moment --project digits --run lr-3e-4 --step 100\n  \
        paceline get moment --project digits --run lr-3e-4 --alert newest --json\n\n\
        All values as they are: `paceline get snapshot --project digits --run lr-3e-4 --around 100`.")]
    Moment(WhatHappenedArguments),
    /// Tell what was measured of the machine during a run.
    #[command(
        after_help = "Example:\n  paceline get system-metric --project digits --run lr-3e-4 --metric gpu/0/utilization --json"
    )]
    SystemMetric(SystemMetricArguments),
    /// Tell one trace, with its spans and its conversation.
    #[command(after_help = "Example:\n  paceline get trace --project digits --trace-id ID --json\n\n\
        The ids are those of `paceline list traces --project digits`.")]
    Trace(TraceArguments),
    /// Tell of each operation in the traces how often it ran, how long it took, and what it cost.
    #[command(after_help = "Example:\n  paceline get trace-summary --project digits --json")]
    TraceSummary(MaybeRunArguments),
    /// List alerts of a project or a run, newest first.
    #[command(after_help = "Example:\n  paceline get alerts --project digits --level error --json")]
    Alerts(AlertsArguments),
    /// Tell what a report said, each time it was logged.
    #[command(after_help = "Example:\n  paceline get report --project digits --run lr-3e-4 --report notes")]
    Report(ReportArguments),
}

#[derive(Subcommand)]
pub(crate) enum QueryCommand {
    /// Answer one SQL statement that reads the tables of a project.
    #[command(
        after_help = "Examples:\n  paceline query project --project digits --sql \"SELECT count(*) AS rows FROM metrics\"\n  \
        paceline query project --project digits --json --sql \\\n    \
        \"SELECT run_name, max(step) AS last FROM metrics GROUP BY run_name\"\n\n\
        The tables are `metrics`, `system_metrics`, `configs`, `alerts` and more; values lie in JSON columns: \
        json_extract(metrics, '$.\"train/loss\"')."
    )]
    Project(QueryArguments),
}

#[derive(Args)]
pub(crate) struct ReadArguments {
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

#[derive(Args)]
pub(crate) struct SpacesArguments {
    /// Only those of this user or organisation.
    #[arg(long)]
    pub(crate) author: Option<String>,
    /// How many at most.
    #[arg(long)]
    pub(crate) limit: Option<usize>,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct ProjectArguments {
    /// Name of the project.
    #[arg(long)]
    pub(crate) project: String,
    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

#[derive(Args)]
pub(crate) struct RunArguments {
    /// Project of the run.
    #[arg(long)]
    pub(crate) project: String,
    /// Name of the run, of several the newest, or its id.
    #[arg(long)]
    pub(crate) run: String,
    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

#[derive(Args)]
pub(crate) struct MaybeRunArguments {
    /// Name of the project.
    #[arg(long)]
    pub(crate) project: String,
    /// Name or id of a run; all runs when absent.
    #[arg(long)]
    pub(crate) run: Option<String>,
    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

#[derive(Args)]
pub(crate) struct AlertsArguments {
    #[command(flatten)]
    pub(crate) of: MaybeRunArguments,
    /// Only those of this level: info, warn or error.
    #[arg(long)]
    pub(crate) level: Option<String>,
    /// Only those after this time, as 2026-11-23T02:17:52Z.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
}

#[derive(Args)]
pub(crate) struct TracesArguments {
    #[command(flatten)]
    pub(crate) of: MaybeRunArguments,
    /// Only those that hold this text.
    #[arg(long)]
    pub(crate) search: Option<String>,
    /// Only those of this step.
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) step: Option<i64>,
    /// Their order.
    #[arg(long, default_value = "request_time_desc", value_parser = ["request_time_asc", "request_time_desc", "step_asc", "step_desc"])]
    pub(crate) sort: String,
    /// How many at most.
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: usize,
    /// How many of the first to leave out.
    #[arg(long, default_value_t = 0)]
    pub(crate) offset: usize,
}

#[derive(Args)]
pub(crate) struct ArtifactOfProjectArguments {
    /// Name of the project.
    #[arg(long)]
    pub(crate) project: String,
    /// Name of the artifact.
    #[arg(long)]
    pub(crate) name: String,
    /// Version or alias, as v0 or latest; the newest when absent.
    #[arg(long)]
    pub(crate) version: Option<String>,
    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

/// Which rows are meant.
#[derive(Args)]
pub(crate) struct MomentArguments {
    /// The rows of this step.
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) step: Option<i64>,
    /// The rows around this step.
    #[arg(long, value_name = "STEP", allow_negative_numbers = true)]
    pub(crate) around: Option<i64>,
    /// The rows around this time, as 2026-11-23T02:17:52Z.
    #[arg(long, value_name = "TIME")]
    pub(crate) at_time: Option<String>,
    /// How far around it: steps, or seconds.
    #[arg(long, default_value_t = 10)]
    pub(crate) window: i64,
}

#[derive(Args)]
pub(crate) struct MetricArguments {
    #[command(flatten)]
    pub(crate) of: RunArguments,
    /// Name of the metric.
    #[arg(long)]
    pub(crate) metric: String,
    #[command(flatten)]
    pub(crate) moment: MomentArguments,
}

#[derive(Args)]
pub(crate) struct SnapshotArguments {
    #[command(flatten)]
    pub(crate) of: RunArguments,
    #[command(flatten)]
    pub(crate) moment: MomentArguments,
}

#[derive(Args)]
pub(crate) struct SystemMetricArguments {
    #[command(flatten)]
    pub(crate) of: RunArguments,
    /// Name of what was measured; all of it when absent.
    #[arg(long)]
    pub(crate) metric: Option<String>,
}

#[derive(Args)]
pub(crate) struct TraceArguments {
    #[command(flatten)]
    pub(crate) of: MaybeRunArguments,
    /// Id of the trace.
    #[arg(long)]
    pub(crate) trace_id: String,
}

#[derive(Args)]
pub(crate) struct ReportArguments {
    #[command(flatten)]
    pub(crate) of: RunArguments,
    /// Name it was logged under.
    #[arg(long)]
    pub(crate) report: String,
}

#[derive(Args)]
pub(crate) struct QueryArguments {
    #[command(flatten)]
    pub(crate) of: ProjectArguments,
    /// The statement; it may only read.
    #[arg(long)]
    pub(crate) sql: String,
}
