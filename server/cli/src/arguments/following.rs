//! Options of the commands that follow a run: tell where it stands, wait for something, watch it, tell what is wrong.

use std::time::Duration;

use clap::Args;
use paceline_query::WaitCondition;

use super::DirectoryArgument;

/// Which run is meant.
#[derive(Args)]
pub(crate) struct FollowedRun {
    /// Project of the run.
    #[arg(long)]
    pub(crate) project: String,
    /// Id or name of the run; the newest run of the project when absent.
    #[arg(long)]
    pub(crate) run: Option<String>,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
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
pub(crate) struct WaitArguments {
    #[command(flatten)]
    pub(crate) of: FollowedRun,
    /// What to wait for; any one of several, separated by commas, ends the wait. The end of the run when absent.
    #[arg(long, value_name = "CONDITION", value_delimiter = ',', value_parser = condition)]
    pub(crate) until: Vec<WaitCondition>,
    /// Seconds until an answer comes in any case; without it there is no limit.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// Answer in JSON: which conditions hold, and where the run stands.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct WatchArguments {
    #[command(flatten)]
    pub(crate) of: FollowedRun,
    /// Metric to draw; the loss when absent.
    #[arg(long)]
    pub(crate) metric: Option<String>,
    /// Seconds between two looks.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub(crate) every: Duration,
}

#[derive(Args)]
pub(crate) struct FindingsArguments {
    #[command(flatten)]
    pub(crate) of: FollowedRun,
    /// End with status 1 where something holds now that is more than a note.
    #[arg(long)]
    pub(crate) check: bool,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

fn condition(text: &str) -> Result<WaitCondition, String> {
    text.parse().map_err(|error: paceline_query::QueryError| error.to_string())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is no number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| "it is no number of seconds that can be waited".to_owned())
}
