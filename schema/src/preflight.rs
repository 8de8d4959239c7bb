//! What has to hold before a training starts, looked at one by one.

use serde::{Deserialize, Serialize};

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It holds.
    Good,
    /// It may do harm, or nobody could look.
    Doubtful,
    /// The training would fail, or lose its model.
    Bad,
}

/// One thing that has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Check {
    /// What it is about: `model`, `dataset`, `token`, `output`, `disk`, `evaluation` or `tracking`.
    pub name: String,
    /// How it stands.
    pub standing: Standing,
    /// What was found, in a sentence.
    pub found: String,
    /// What to do about it; nothing where it holds.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preflight {
    /// Whether the training may start: none of them is bad.
    pub ready: bool,
    /// Those that are bad first.
    pub checks: Vec<Check>,
}
