//! What a dataset is and which ways to train it serves.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plan::Method;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Text.
    Text,
    /// Conversations: lists of `{role, content}`.
    Messages,
    /// Conversations in the older form: lists of `{from, value}`.
    Sharegpt,
    /// True or false.
    Boolean,
    /// Numbers.
    Number,
    /// Other lists.
    List,
    /// Objects.
    Object,
    /// Nothing in any row that was looked at.
    Empty,
    /// Some of these, some of those.
    Mixed,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColumnReport {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: ColumnKind,
    /// Rows that were looked at and have a value.
    pub filled_rows: usize,
}

/// The form of a dataset, in TRL's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DatasetFormat {
    /// `text` or `messages`.
    LanguageModeling,
    /// `prompt`.
    PromptOnly,
    /// `prompt` and `completion`.
    PromptCompletion,
    /// `prompt`, `chosen` and `rejected`.
    Preference,
    /// `chosen` and `rejected`, which begin alike.
    ImplicitPreference,
    /// `prompt`, `completion` and `label`.
    UnpairedPreference,
    /// `prompt`, `completions` and `labels`.
    Stepwise,
    /// `conversations` of `{from, value}`.
    Sharegpt,
    /// None of these; columns may be mapped to one.
    Other,
}

/// Whether a dataset serves a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it is.
    Ready,
    /// After its columns are mapped.
    Mapping,
    /// Not at all.
    Incompatible,
}

/// Where a column of the mapped dataset comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColumnMapping {
    /// Its name there.
    pub target: String,
    /// Columns it is made of.
    pub from: Vec<String>,
    /// How, in Python.
    pub expression: String,
}

/// Whether and how a dataset serves a method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MethodReport {
    /// The method.
    pub method: Method,
    /// Whether it does.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// How its columns are mapped; empty unless they have to be.
    pub mapping: Vec<ColumnMapping>,
    /// The same as Python, for `dataset`.
    pub code: Option<String>,
    /// The first row as the trainer sees it, long texts shortened.
    pub preview: Option<Value>,
}

/// What a dataset is and which ways to train it serves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DatasetReport {
    /// Where it is.
    pub dataset: String,
    /// The configuration that was looked at, of a dataset of the Hub.
    pub config: Option<String>,
    /// The split that was looked at, of a dataset of the Hub.
    pub split: Option<String>,
    /// Its rows, where they were counted.
    pub rows: Option<u64>,
    /// Rows that were looked at.
    pub sampled_rows: usize,
    /// Its columns.
    pub columns: Vec<ColumnReport>,
    /// Its form.
    pub format: DatasetFormat,
    /// Every method.
    pub methods: Vec<MethodReport>,
    /// Those it serves, as it is or mapped; the one that uses most of it first.
    pub recommended: Vec<Method>,
    /// Tokens of a row, about: a quarter of its letters.
    pub mean_tokens: f64,
    /// What to know before it is trained on.
    pub warnings: Vec<String>,
}
