//! Options of the command that plans a training.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, ValueEnum};
use paceline_schema::plan::{Adaptation, Method, PriceTable};

use super::{Arguments, DirectoryArgument};

#[derive(Args)]
pub(crate) struct PlanArguments {
    /// Model to train: a name of the Hub, or a folder with its `config.json`.
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// Its size, as 0.6B or 135M; from its files or its name when absent.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) params: Option<String>,
    /// How to train; the first method that the dataset serves when absent.
    #[arg(long, value_parser = method_parser())]
    pub(crate) method: Option<AskedMethod>,
    /// Dataset to train on: a file (Parquet, JSON lines, JSON or CSV), or a name of the Hub as trl-lib/Capybara.
    #[arg(long, value_name = "FILE|NAME")]
    pub(crate) dataset: Option<String>,
    /// Configuration of a dataset of the Hub; `default`, else the first, when absent.
    #[arg(long, requires = "dataset")]
    pub(crate) config: Option<String>,
    /// Split of a dataset of the Hub; `train`, else the first, when absent.
    #[arg(long, requires = "dataset")]
    pub(crate) split: Option<String>,
    /// Rows to train on; those of the dataset when absent.
    #[arg(long, value_name = "N")]
    pub(crate) rows: Option<u64>,
    /// Times each row is seen.
    #[arg(long, value_name = "E", default_value_t = 3.0)]
    pub(crate) epochs: f64,
    /// Machine of Hugging Face Jobs, as t4-small; the guide's choice when absent.
    #[arg(long)]
    pub(crate) flavor: Option<String>,
    /// Which weights to train, when the planner is not to decide.
    #[arg(long, value_parser = adaptation_parser())]
    pub(crate) adaptation: Option<Adaptation>,
    /// Longest row in tokens; the rest of a longer one is cut off.
    #[arg(long, value_name = "TOKENS", default_value_t = paceline_planner::MAX_LENGTH,
        value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    pub(crate) max_length: u32,
    /// Share of the rows to evaluate on, between 0 and 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) eval_share: f64,
    /// Let short rows share a sequence; for sft.
    #[arg(long)]
    pub(crate) packing: bool,
    /// Whose prices to plan with.
    #[arg(long, value_enum, default_value = "guide")]
    pub(crate) prices: Prices,
    /// Project whose finished runs on the same hardware correct the time.
    #[arg(long)]
    pub(crate) project: Option<String>,
    /// Look at what has to hold before it starts: model, dataset, token, output, disk, evaluation, tracking.
    #[arg(long, requires = "model")]
    pub(crate) preflight: bool,
    /// Where the trained model goes on the Hub, as USER/NAME; a job pushes it there while it trains.
    #[arg(long, value_name = "USER/NAME", requires = "model")]
    pub(crate) hub_model_id: Option<String>,
    /// Write the training as a script for `uv run` into this new file.
    #[arg(long, value_name = "FILE", requires_all = ["model", "dataset"])]
    pub(crate) script: Option<PathBuf>,
    /// Model that distillation learns from: a name of the Hub, or a folder.
    #[arg(long, value_name = "MODEL", requires_all = ["model", "dataset"])]
    pub(crate) teacher: Option<String>,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

/// A method as a person names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AskedMethod {
    /// One that TRL trains.
    Known(Method),
    /// `ppo`, which it trained once.
    Ppo,
}

/// Whose prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Prices {
    /// Those of the training guide of December 2025, round figures.
    Guide,
    /// Those of Hugging Face Jobs: today's where there is a token to ask the Hub with, else those of 2026.
    Official,
}

impl From<Prices> for PriceTable {
    fn from(prices: Prices) -> Self {
        match prices {
            Prices::Guide => Self::Guide,
            Prices::Official => Self::Now,
        }
    }
}

impl PlanArguments {
    /// What the definition alone cannot tell.
    pub(crate) fn check(&self) -> Result<(), clap::Error> {
        let message = if self.model.is_none() && self.dataset.is_none() {
            "`--model MODEL` names what to train, or `--dataset FILE` what to look at"
        } else if self.model.is_some() && self.dataset.is_none() && self.method.is_none() {
            "`--method METHOD` says how to train"
        } else if self.model.is_some() && self.dataset.is_none() && self.rows.is_none() {
            "`--rows N` says how much there is to train on, or `--dataset FILE` has it"
        } else {
            return Ok(());
        };
        Err(Arguments::command().error(ErrorKind::MissingRequiredArgument, message))
    }
}

/// The words of the methods, so that help and errors list them.
fn method_parser() -> impl TypedValueParser<Value = AskedMethod> {
    PossibleValuesParser::new(Method::ALL.map(Method::as_str).into_iter().chain(["ppo"])).map(|word| {
        let known = Method::ALL.into_iter().find(|method| method.as_str() == word);
        known.map_or(AskedMethod::Ppo, AskedMethod::Known)
    })
}

fn adaptation_parser() -> impl TypedValueParser<Value = Adaptation> {
    PossibleValuesParser::new(Adaptation::ALL.map(Adaptation::as_str)).map(|word| {
        let known = Adaptation::ALL.into_iter().find(|adaptation| adaptation.as_str() == word);
        known.unwrap_or(Adaptation::Full)
    })
}

fn size(text: &str) -> Result<String, String> {
    let is_size = paceline_planner::parse_size(text).is_some();
    is_size.then(|| text.to_owned()).ok_or_else(|| "a size is a number and B or M, as 0.6B".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|share| (0.0..1.0).contains(share));
    share.ok_or_else(|| "a share is at least 0 and below 1".to_owned())
}
