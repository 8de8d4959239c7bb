//! What is asked of the planner: a plan, or a look at a dataset.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::plan::{Adaptation, PriceTable};

/// Times each row is seen unless it is said.
pub const USUAL_EPOCHS: f64 = 3.0;
/// Rows of a dataset at most.
pub const MOST_ROWS: u64 = 1_000_000_000_000;
/// TRL's own longest row, tokens.
pub const USUAL_MAX_LENGTH: u32 = 1_024;

/// Which dataset is looked at: one of the Hub by its name, or rows of one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct InspectRequest {
    /// A dataset of the Hub, as `trl-lib/Capybara`; beside `sample` a name of yours for it.
    pub dataset: Option<String>,
    /// Its configuration; `default`, else the first, when absent.
    pub config: Option<String>,
    /// Its split; `train`, else the first, when absent.
    pub split: Option<String>,
    /// Rows of a dataset that is not on the Hub, at most 1,000, each an object.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<Object>>, max_items = 1000))]
    pub sample: Option<Vec<Map<String, Value>>>,
    /// Rows of the whole dataset, where `sample` is a part of it.
    #[cfg_attr(feature = "openapi", schema(maximum = 1_000_000_000_000u64))]
    pub rows: Option<u64>,
}

/// What is to be trained, on what, and how, as far as that is not left to the planner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanRequest {
    /// The model, by its name on the Hub.
    pub model: String,
    /// Its size, as `0.6B` or `135M`; from the Hub, else from its name, when absent.
    #[serde(default)]
    pub params: Option<String>,
    /// How to train; the method that the dataset serves best when absent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::plan::Method>))]
    #[serde(default)]
    pub method: Option<String>,
    /// A dataset of the Hub; beside `sample` a name of yours for it.
    #[serde(default)]
    pub dataset: Option<String>,
    /// Its configuration; `default`, else the first, when absent.
    #[serde(default)]
    pub config: Option<String>,
    /// Its split; `train`, else the first, when absent.
    #[serde(default)]
    pub split: Option<String>,
    /// Rows of a dataset that is not on the Hub, at most 1,000, each an object.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<Object>>, max_items = 1000))]
    #[serde(default)]
    pub sample: Option<Vec<Map<String, Value>>>,
    /// Rows to train on; those of the dataset when absent.
    #[cfg_attr(feature = "openapi", schema(maximum = 1_000_000_000_000u64))]
    #[serde(default)]
    pub rows: Option<u64>,
    /// Times each row is seen.
    #[cfg_attr(feature = "openapi", schema(exclusive_minimum = 0, maximum = 10_000))]
    #[serde(default = "usual_epochs")]
    pub epochs: f64,
    /// Machine of Hugging Face Jobs, as `t4-small`; the guide's choice when absent.
    #[serde(default)]
    pub flavor: Option<String>,
    /// Which weights to train, when the planner is not to decide.
    #[serde(default)]
    pub adaptation: Option<Adaptation>,
    /// Longest row in tokens.
    #[serde(default = "usual_max_length")]
    #[cfg_attr(feature = "openapi", schema(format = Int64, minimum = 1, maximum = 10_000_000))]
    pub max_length: u32,
    /// Share of the rows to evaluate on.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1))]
    #[serde(default)]
    pub eval_share: f64,
    /// Whether short rows share a sequence; of `sft`.
    #[serde(default)]
    pub packing: bool,
    /// Whose prices to plan with.
    #[serde(default = "usual_prices")]
    pub prices: PriceTable,
    /// A project of this tracker whose finished runs on the same hardware correct the time.
    #[serde(default)]
    pub project: Option<String>,
    /// Whether to look at what has to hold before it starts.
    #[serde(default)]
    pub preflight: bool,
    /// Where the trained model goes, as `user/name`; looked at by `preflight`, and where a job pushes it.
    #[serde(default)]
    pub hub_model_id: Option<String>,
    /// The model that is learnt from, for a script of `distillation`.
    #[serde(default)]
    pub teacher: Option<String>,
    /// Whether to answer the script that trains, too; of a dataset of the Hub.
    #[serde(default)]
    pub script: bool,
}

impl PlanRequest {
    /// Of a model, everything else as it is usual.
    #[must_use]
    pub fn of(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            params: None,
            method: None,
            dataset: None,
            config: None,
            split: None,
            sample: None,
            rows: None,
            epochs: USUAL_EPOCHS,
            flavor: None,
            adaptation: None,
            max_length: USUAL_MAX_LENGTH,
            eval_share: 0.0,
            packing: false,
            prices: PriceTable::Guide,
            project: None,
            preflight: false,
            hub_model_id: None,
            teacher: None,
            script: false,
        }
    }

    /// The dataset of it.
    #[must_use]
    pub fn inspect(&self) -> InspectRequest {
        InspectRequest {
            dataset: self.dataset.clone(),
            config: self.config.clone(),
            split: self.split.clone(),
            sample: self.sample.clone(),
            rows: self.rows,
        }
    }
}

fn usual_epochs() -> f64 {
    USUAL_EPOCHS
}

fn usual_max_length() -> u32 {
    USUAL_MAX_LENGTH
}

fn usual_prices() -> PriceTable {
    PriceTable::Guide
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_as_usual() {
        let asked: PlanRequest = serde_json::from_str(r#"{"model": "m"}"#).expect("a request");
        assert_eq!(asked, PlanRequest::of("m"));
        assert!(
            serde_json::from_str::<PlanRequest>(r#"{"model": "m", "epoch": 1}"#).is_err(),
            "a slip is told"
        );
        let shown = serde_json::to_string(&crate::plan::Method::Sft).expect("a word");
        assert_eq!(shown, "\"sft\"");
    }
}
