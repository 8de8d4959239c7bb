//! Options of `paceline publish`.

use std::path::PathBuf;

use clap::Args;

use super::DirectoryArgument;

/// Examples, and what there is to know.
pub(super) const AFTER_HELP: &str = "Examples:
  paceline publish --project digits --run lr-3e-4 --model-dir ./digits-sft --repo alice/digits-sft
  paceline publish --project digits --run lr-3e-4 --model-dir ./digits-sft --repo alice/digits-sft --public --json

The token is HF_TOKEN, or the one that `hf auth login` keeps. A model that is not there is made, private. The card has the \
metrics, a chart, the base model, the dataset, the settings and how to load it; what somebody wrote into it stays. \
Checkpoints and what only serves to go on training stay here. A publication that breaks off leaves the model as it was; the \
next one sends what is missing.";

#[derive(Args)]
pub(crate) struct PublishArguments {
    /// Project of the run that made the model.
    #[arg(long)]
    pub(crate) project: String,
    /// The run, by its name or id.
    #[arg(long)]
    pub(crate) run: String,
    /// Folder with the weights, as the trainer saved them.
    #[arg(long, value_name = "DIR")]
    pub(crate) model_dir: PathBuf,
    /// The model on the Hub, as OWNER/NAME, or NAME of whoever the token belongs to.
    #[arg(long, value_name = "NAME")]
    pub(crate) repo: String,
    /// Make a model that is not there for everybody to see; else it is private. One that is there stays as it is.
    #[arg(long)]
    pub(crate) public: bool,
    /// Make it private, and do nothing where everybody sees it already.
    #[arg(long, conflicts_with = "public")]
    pub(crate) private: bool,
    /// Write over weights that are there and did not come from here.
    #[arg(long)]
    pub(crate) replace: bool,
    /// Publish though the run has not ended.
    #[arg(long)]
    pub(crate) unfinished: bool,
    /// Where the run can be looked at, for the card; the project's Dataset when absent.
    #[arg(long, value_name = "URL")]
    pub(crate) run_url: Option<String>,
    /// The model that the training began with, for the card; what the folder and the config say when absent.
    #[arg(long, value_name = "MODEL")]
    pub(crate) base_model: Option<String>,
    /// The dataset that it was trained on, for the card; what the config says when absent.
    #[arg(long, value_name = "DATASET")]
    pub(crate) dataset: Option<String>,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}
