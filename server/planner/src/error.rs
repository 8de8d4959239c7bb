//! Why there is no plan, and what to do about it.

use paceline_schema::plan::{Adaptation, Method};

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// Nothing says how large the model is.
    #[error("nothing says how large `{model}` is")]
    UnknownModel {
        /// The model.
        model: String,
    },
    /// A config without what a plan needs.
    #[error("`config.json` of `{model}` has no usable `{key}`")]
    OddConfig {
        /// The model.
        model: String,
        /// What is missing.
        key: &'static str,
    },
    /// Weight files that cannot be read.
    #[error("the weights are not in the form of safetensors")]
    OddWeights,
    /// A machine nobody offers.
    #[error("there is no machine `{flavor}`")]
    UnknownFlavor {
        /// Its name.
        flavor: String,
    },
    /// The model is larger than the machine.
    #[error(
        "`{model}` needs {needed_gb:.0} GB with {adaptation} and one row at a time; {flavor} has {has_gb:.0} GB a device",
        adaptation = adaptation.as_str()
    )]
    DoesNotFit {
        /// The model.
        model: String,
        /// The way that needs least of those possible.
        adaptation: Adaptation,
        /// Memory it needs.
        needed_gb: f64,
        /// The machine.
        flavor: String,
        /// Memory of one of its devices.
        has_gb: f64,
    },
    /// Weights in 4 bits on a machine without a GPU.
    #[error("qlora keeps weights in 4 bits, which takes a GPU; `{flavor}` has none")]
    NeedsGpu {
        /// The machine.
        flavor: String,
    },
    /// A number that no training has.
    #[error("`{name}` is {value}; it is {range}")]
    OutOfRange {
        /// What it is.
        name: &'static str,
        /// As it was given.
        value: String,
        /// What it may be.
        range: &'static str,
    },
    /// There is nothing to train on.
    #[error("{what}")]
    NothingToTrain {
        /// What is missing.
        what: String,
    },
    /// Rows that cannot be a dataset.
    #[error("the dataset cannot be trained on: {what}")]
    OddDataset {
        /// What is odd.
        what: String,
    },
    /// A dataset that does not serve the method.
    #[error("the dataset does not serve {method}: {reason}", method = method.as_str().to_uppercase())]
    DatasetUnfit {
        /// The method.
        method: Method,
        /// Why not.
        reason: String,
        /// Methods it serves.
        serves: Vec<Method>,
    },
    /// A dataset that serves no method.
    #[error("the dataset serves no method of training: its columns are {columns}")]
    DatasetFitsNothing {
        /// Its columns, in backticks.
        columns: String,
    },
    /// Distillation without a model to learn from.
    #[error("distillation learns from another model, and none is named")]
    NoTeacher,
    /// A dataset that was not looked at, or does not serve the method.
    #[error("a script for {method} needs a dataset that serves it", method = method.as_str().to_uppercase())]
    NoScript {
        /// The method.
        method: Method,
    },
}

impl PlanError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownModel { .. } => {
                "`--params 0.6B` says it, or `--model` names a folder with its `config.json`".to_owned()
            }
            Self::OddConfig { .. } | Self::OddWeights => {
                "`--params 0.6B` says the size without reading the files".to_owned()
            }
            Self::UnknownFlavor { .. } => {
                let names: Vec<&str> = crate::hardware::FLAVORS.iter().map(|flavor| flavor.name).collect();
                format!("there are {}", names.join(", "))
            }
            Self::DoesNotFit { .. } => {
                "take a smaller model, a shorter `--max-length`, or a machine with more memory a device, as h200 has"
                    .to_owned()
            }
            Self::NeedsGpu { .. } => {
                "take `lora` there, or a machine with a GPU, the smallest of which is t4-small".to_owned()
            }
            Self::OutOfRange { range, .. } => format!("give one {range}"),
            Self::NothingToTrain { .. } => "`--rows` and `--epochs` are above zero".to_owned(),
            Self::OddDataset { .. } => {
                "a dataset has rows, and columns with short names of their own; of CSV the first line has the names"
                    .to_owned()
            }
            Self::DatasetUnfit { serves, .. } if serves.is_empty() => columns_hint(),
            Self::DatasetUnfit { serves, .. } => {
                let words: Vec<&str> = serves.iter().map(|method| method.as_str()).collect();
                format!("it serves {}; `paceline plan --dataset FILE` tells how", words.join(", "))
            }
            Self::DatasetFitsNothing { .. } => columns_hint(),
            Self::NoTeacher => "`--teacher MODEL` names one with the same vocabulary".to_owned(),
            Self::NoScript { .. } => "`--dataset FILE` names it, and tells which methods it serves".to_owned(),
        }
    }
}

/// What columns a dataset needs.
fn columns_hint() -> String {
    "give it `messages` or `text` for SFT, `prompt`, `chosen` and `rejected` for DPO, or `prompt` for GRPO"
        .to_owned()
}
