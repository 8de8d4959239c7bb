//! Options of the commands that run jobs.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use paceline_schema::jobs::JobStage;

use super::{DirectoryArgument, PlanArguments};

#[derive(Subcommand)]
pub(crate) enum JobsCommand {
    /// Run a command as a job, in the current folder, and follow what it prints.
    #[command(after_help = "Examples:\n  paceline jobs run -- python train.py --epochs 3\n  \
        paceline jobs run --detach --timeout 2h --secret HF_TOKEN -- ./train.sh\n  \
        paceline jobs run --on hf --flavor t4-small -- python -c 'print(1)'")]
    Run(JobsRunArguments),
    /// Run a Python script by `uv`, with the packages that it names, as a job.
    #[command(after_help = "Examples:\n  paceline jobs uv train.py --epochs 3\n  \
        paceline jobs uv --with trl --timeout 2h --detach https://example.org/sft.py --model Qwen/Qwen3-0.6B\n\nOptions of the job stand \
        before the script, those of the script after it.")]
    Uv(JobsUvArguments),
    /// List jobs with where their runs stand.
    #[command(after_help = "Examples:\n  paceline jobs ps\n  paceline jobs ps --all --json")]
    Ps(JobsPsArguments),
    /// Tell where a job and its run stand, in one sentence, or all of it.
    #[command(after_help = "Examples:\n  paceline jobs inspect 692aef3ce80b42e4d05c0ee3\n  \
        paceline jobs inspect 692aef3ce80b42e4d05c0ee3 --json")]
    Inspect(JobNamed),
    /// Print what a job printed.
    #[command(after_help = "Examples:\n  paceline jobs logs 692aef3ce80b42e4d05c0ee3 --tail 20\n  \
        paceline jobs logs 692aef3ce80b42e4d05c0ee3 --follow")]
    Logs(JobsLogsArguments),
    /// End a job and all its processes.
    #[command(after_help = "Example:\n  paceline jobs cancel 692aef3ce80b42e4d05c0ee3")]
    Cancel(JobNamed),
    /// Run commands and scripts by the clock, by Hugging Face Jobs.
    #[command(subcommand)]
    #[command(after_help = "Examples:\n  paceline jobs scheduled ps --on hf\n  \
        paceline jobs scheduled run --on hf --schedule '0 3 * * *' -- python nightly.py")]
    Scheduled(ScheduledCommand),
    /// Tell which machines there are and what they cost.
    #[command(after_help = "Examples:\n  paceline jobs hardware\n  paceline jobs hardware --on hf --json")]
    Hardware(JobsHardwareArguments),
}

/// What every job may be given.
#[derive(Args)]
pub(crate) struct JobOptions {
    /// Machine by its name at Hugging Face Jobs; on this machine it is only noted.
    #[arg(long)]
    pub(crate) flavor: Option<String>,
    /// Image of the container; on this machine it is only noted.
    #[arg(long)]
    pub(crate) image: Option<String>,
    /// Time after which the job is ended: 90m, 1.5h, 30s, 1d or seconds; 30 minutes when absent.
    #[arg(long, value_name = "TIME", value_parser = paceline_jobs::timeout)]
    pub(crate) timeout: Option<u64>,
    /// Variable of its environment; without a value the one of this command. Can be given more than once.
    #[arg(long = "env", short = 'e', value_name = "NAME[=VALUE]")]
    pub(crate) environment: Vec<String>,
    /// The same for what nobody else is to see: it is not written down, and left out of the log.
    #[arg(long = "secret", short = 's', value_name = "NAME[=VALUE]")]
    pub(crate) secrets: Vec<String>,
    /// Word to find it by. Can be given more than once.
    #[arg(long = "label", short = 'l', value_name = "NAME=VALUE")]
    pub(crate) labels: Vec<String>,
    /// Memory it may use, as 2G or 500M; nine tenths of the machine's when absent.
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub(crate) memory: Option<u64>,
    /// How often it is tried at most.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10))]
    pub(crate) attempts: Option<u32>,
    /// Leave as soon as the job has begun; `paceline jobs inspect` tells of it.
    #[arg(long, short = 'd')]
    pub(crate) detach: bool,
    /// Answer in JSON, once: the job as it began with `--detach`, else as it ended.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: PlaceOfJobs,
}

/// Where jobs run.
#[derive(Args)]
pub(crate) struct PlaceOfJobs {
    /// Run on this machine, or by Hugging Face Jobs with the token of HF_TOKEN or of `hf auth login`.
    #[arg(long, value_enum, default_value = "local")]
    pub(crate) on: On,
    /// Whose jobs they are at Hugging Face; the owner of the token when absent.
    #[arg(long, value_name = "OWNER")]
    pub(crate) namespace: Option<String>,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

/// Where jobs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum On {
    /// On this machine.
    Local,
    /// By Hugging Face Jobs.
    Hf,
}

#[derive(Args)]
pub(crate) struct JobsRunArguments {
    #[command(flatten)]
    pub(crate) options: JobOptions,
    /// The program and what it is given.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

#[derive(Args)]
pub(crate) struct JobsUvArguments {
    #[command(flatten)]
    pub(crate) options: JobOptions,
    /// Package beside those that the script names itself. Can be given more than once.
    #[arg(long = "with", value_name = "PACKAGE")]
    pub(crate) packages: Vec<String>,
    /// Version of Python.
    #[arg(long, short = 'p', value_name = "VERSION")]
    pub(crate) python: Option<String>,
    /// File or address of the script, or a command of one of the packages.
    pub(crate) script: String,
    /// What the script is given.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    pub(crate) arguments: Vec<String>,
}

/// What is done with jobs by the clock.
#[derive(Subcommand)]
pub(crate) enum ScheduledCommand {
    /// Run a command each time.
    #[command(
        after_help = "Example:\n  paceline jobs scheduled run --on hf --schedule '0 3 * * *' --flavor t4-small -- python nightly.py"
    )]
    Run(ScheduledRunArguments),
    /// Run a Python script by `uv` each time.
    #[command(
        after_help = "Example:\n  paceline jobs scheduled uv --on hf --schedule @daily --with trl evaluate.py"
    )]
    Uv(ScheduledUvArguments),
    /// List them.
    #[command(after_help = "Example:\n  paceline jobs scheduled ps --on hf")]
    Ps(ScheduledPsArguments),
    /// Tell all of one.
    #[command(after_help = "Example:\n  paceline jobs scheduled inspect --on hf 692aef3ce80b42e4d05c0ee3")]
    Inspect(ScheduledNamed),
    /// Remove one; jobs that it has begun go on.
    #[command(after_help = "Example:\n  paceline jobs scheduled delete --on hf 692aef3ce80b42e4d05c0ee3")]
    Delete(ScheduledNamed),
    /// Let one wait until it is resumed.
    #[command(after_help = "Example:\n  paceline jobs scheduled suspend --on hf 692aef3ce80b42e4d05c0ee3")]
    Suspend(ScheduledNamed),
    /// Let one go on.
    #[command(after_help = "Example:\n  paceline jobs scheduled resume --on hf 692aef3ce80b42e4d05c0ee3")]
    Resume(ScheduledNamed),
}

/// When it runs.
#[derive(Args)]
pub(crate) struct When {
    /// Times as cron has them, as '0 3 * * *', or @hourly, @daily, @weekly, @monthly, @yearly.
    #[arg(long, value_name = "TIMES")]
    pub(crate) schedule: String,
    /// Let it wait until it is resumed.
    #[arg(long)]
    pub(crate) suspended: bool,
    /// Let one begin while the one before runs.
    #[arg(long)]
    pub(crate) concurrent: bool,
}

#[derive(Args)]
pub(crate) struct ScheduledRunArguments {
    #[command(flatten)]
    pub(crate) when: When,
    #[command(flatten)]
    pub(crate) job: JobsRunArguments,
}

#[derive(Args)]
pub(crate) struct ScheduledUvArguments {
    #[command(flatten)]
    pub(crate) when: When,
    #[command(flatten)]
    pub(crate) job: JobsUvArguments,
}

#[derive(Args)]
pub(crate) struct ScheduledPsArguments {
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: PlaceOfJobs,
}

#[derive(Args)]
pub(crate) struct ScheduledNamed {
    /// Id of the job by the clock, as `paceline jobs scheduled ps` shows it.
    pub(crate) id: String,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: PlaceOfJobs,
}

#[derive(Args)]
pub(crate) struct JobsPsArguments {
    /// Those that have ended, too.
    #[arg(long, short = 'a')]
    pub(crate) all: bool,
    /// Only those in this stage: SCHEDULING, RUNNING, COMPLETED, CANCELED or ERROR.
    #[arg(long, value_name = "STAGE", value_parser = stage)]
    pub(crate) status: Option<JobStage>,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: PlaceOfJobs,
}

#[derive(Args)]
pub(crate) struct JobNamed {
    /// Id of the job, as `paceline jobs ps` shows it.
    pub(crate) id: String,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: PlaceOfJobs,
}

#[derive(Args)]
pub(crate) struct JobsLogsArguments {
    /// Id of the job, as `paceline jobs ps` shows it.
    pub(crate) id: String,
    /// Go on until the job has ended.
    #[arg(long, short = 'f')]
    pub(crate) follow: bool,
    /// Only the last lines of what there is.
    #[arg(long, value_name = "LINES")]
    pub(crate) tail: Option<usize>,
    /// Each line as JSON, with its time.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: PlaceOfJobs,
}

#[derive(Args)]
pub(crate) struct JobsHardwareArguments {
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: PlaceOfJobs,
}

#[derive(Args)]
pub(crate) struct TrainArguments {
    #[command(flatten)]
    pub(crate) plan: PlanArguments,
    /// Python that has what the training needs, in the place of an environment that `uv` makes for it.
    #[arg(long, value_name = "PYTHON")]
    pub(crate) python: Option<PathBuf>,
    /// Time after which the job is ended; the plan's time with a margin when absent.
    #[arg(long, value_name = "TIME", value_parser = paceline_jobs::timeout)]
    pub(crate) timeout: Option<u64>,
    /// Variable of its environment; without a value the one of this command. Can be given more than once.
    #[arg(long = "env", short = 'e', value_name = "NAME[=VALUE]")]
    pub(crate) environment: Vec<String>,
    /// The same for what nobody else is to see, as HF_TOKEN.
    #[arg(long = "secret", short = 's', value_name = "NAME[=VALUE]")]
    pub(crate) secrets: Vec<String>,
    /// Memory it may use, as 2G or 500M; nine tenths of the machine's when absent.
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub(crate) memory: Option<u64>,
    /// Leave as soon as the job has begun; `paceline jobs inspect` tells of it.
    #[arg(long, short = 'd')]
    pub(crate) detach: bool,
    #[command(flatten)]
    pub(crate) place: PlaceOfJobs,
}

#[derive(Args)]
pub(crate) struct JobRunnerArguments {
    /// Folder of the job.
    pub(crate) folder: PathBuf,
}

fn stage(word: &str) -> Result<JobStage, String> {
    let words = JobStage::ALL.map(JobStage::as_str).join(", ");
    JobStage::parse(word).ok_or_else(|| format!("one of {words}"))
}

/// A size of memory in bytes: a number and K, M, G or T, each a thousand times the one before.
pub(super) fn memory(text: &str) -> Result<u64, String> {
    let wrong = || "a size of memory is a number and K, M, G or T, as 500M or 2.5G".to_owned();
    let text = text.trim().trim_end_matches(['b', 'B', 'i']);
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let factor = match unit.to_ascii_uppercase() {
        'K' => 1e3,
        'M' => 1e6,
        'G' => 1e9,
        'T' => 1e12,
        _ => return Err(wrong()),
    };
    let number: f64 = text[..text.len() - unit.len_utf8()].trim().parse().map_err(|_| wrong())?;
    if number.is_finite() && number > 0.0 { Ok((number * factor) as u64) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_memory() {
        assert_eq!(memory("2.5G"), Ok(2_500_000_000));
        assert_eq!(memory("500 MB"), Ok(500_000_000));
        assert_eq!(memory("1GiB"), Ok(1_000_000_000));
        for text in ["", "G", "12", "-1G", "nanG", "1Q"] {
            assert!(memory(text).is_err(), "{text}");
        }
    }
}
