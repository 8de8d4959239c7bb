//! A trained model on the Hugging Face Hub: what is asked for, what its card says of the run, and what was published.

use serde::{Deserialize, Serialize};

use crate::run::RunDetail;
use crate::series::{MetricSummary, Series};

/// What is to be published, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ModelPublication {
    /// The folder with the weights, as the trainer saved them, on the machine that publishes.
    #[cfg_attr(feature = "openapi", schema(example = "/srv/training/digits-sft", min_length = 1))]
    pub model_dir: String,
    /// The model on the Hub, as `OWNER/NAME`, or `NAME` of whoever the token belongs to.
    #[cfg_attr(feature = "openapi", schema(example = "alice/digits-sft", max_length = 200))]
    pub repository: String,
    /// Whether nobody else is to see it: true for a model that is made now, unless said otherwise; one that is there stays
    /// as it is, and is not filled where it is seen by more than was asked for.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = true))]
    pub private: Option<bool>,
    /// Weights that are there and did not come from here may be written over.
    #[serde(default)]
    pub replace: bool,
    /// The run may still be going on.
    #[serde(default)]
    pub unfinished: bool,
    /// Where the run can be looked at, for the card; the project's Dataset when absent.
    #[serde(default)]
    #[cfg_attr(
        feature = "openapi",
        schema(example = "https://tracker.example/projects/digits", max_length = 2_000)
    )]
    pub run_url: Option<String>,
    /// The model that the training began with, for the card; what the folder and the config say when absent.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "Qwen/Qwen3-0.6B", max_length = 200))]
    pub base_model: Option<String>,
    /// The dataset that it was trained on, for the card; what the config says when absent.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "trl-lib/Capybara", max_length = 200))]
    pub dataset: Option<String>,
}

/// What the card of a model says of the run that made it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingFacts {
    /// The run.
    pub detail: RunDetail,
    /// Its metrics, those that matter most first.
    pub metrics: Vec<MetricSummary>,
    /// Lines to draw, the loss first: exact in every pixel column.
    pub curves: Vec<Series>,
}

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublishedModel {
    /// Canonical name of the run's project.
    pub project: String,
    /// Display name of the run.
    pub run: String,
    /// The model, with its owner.
    pub repository: String,
    /// Its page.
    pub url: String,
    /// Nobody sees it but who may.
    pub private: bool,
    /// The commit that holds the present state.
    pub commit: String,
    /// Whether it was made now; else there was nothing new.
    pub changed: bool,
    /// Files of the folder that are there.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
    /// Bytes of large files that were sent: what the Hub had was not.
    pub sent_bytes: u64,
    /// What the folder holds beside, as checkpoints and what only serves to go on training.
    pub left_out: Vec<String>,
}
