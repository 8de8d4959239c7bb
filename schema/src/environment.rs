//! What a run was made with: who, where, which Python and packages, which state of the code.

use std::collections::BTreeMap;

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

/// Longest text of uncommitted changes that is kept, bytes.
pub const LONGEST_DIFF_BYTES: usize = 512 * 1024;

/// Packages whose versions are recorded, as pip writes their names.
pub const RECORDED_PACKAGES: [&str; 42] = [
    "accelerate",
    "bitsandbytes",
    "datasets",
    "deepspeed",
    "diffusers",
    "flash-attn",
    "flax",
    "gymnasium",
    "huggingface-hub",
    "jax",
    "jaxlib",
    "keras",
    "lightgbm",
    "lightning",
    "numpy",
    "optax",
    "paceline",
    "pandas",
    "peft",
    "pytorch-lightning",
    "ray",
    "safetensors",
    "scikit-learn",
    "scipy",
    "sentence-transformers",
    "stable-baselines3",
    "tensorflow",
    "timm",
    "tokenizers",
    "torch",
    "torchaudio",
    "torchvision",
    "trackio",
    "transformers",
    "triton",
    "trl",
    "ultralytics",
    "unsloth",
    "vllm",
    "xformers",
    "xgboost",
    "nvidia-nccl-cu12",
];

/// What a run was made with. What is not known is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct RunEnvironment {
    /// Who started it.
    pub user: Option<String>,
    /// Working directory.
    pub directory: Option<String>,
    /// Version of Python.
    pub python: Option<String>,
    /// The interpreter.
    pub executable: Option<String>,
    /// Kernel and its version.
    pub system: Option<String>,
    /// Processors of the machine.
    #[cfg_attr(feature = "openapi", schema(format = Int64, maximum = 4294967295u32))]
    #[serde(deserialize_with = "crate::whole::optional")]
    pub processors: Option<u32>,
    /// Versions of the packages that matter to a training, by name.
    pub packages: BTreeMap<String, String>,
    /// Where the code comes from: the address of the repository's `origin`, without credentials.
    pub git_remote: Option<String>,
    /// Branch of the code.
    pub git_branch: Option<String>,
    /// Files of the repository had changes that were not committed.
    pub git_dirty: Option<bool>,
    /// Bytes of these changes as they are kept; absent when they are not.
    #[cfg_attr(feature = "openapi", schema(format = Int64, maximum = 4294967295u32))]
    #[serde(deserialize_with = "crate::whole::optional")]
    pub diff_bytes: Option<u32>,
    /// The end of the changes is missing, since they are longer than 512 KiB.
    pub diff_is_cut: bool,
    /// The job it is part of, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
}

/// What is still to be found out about the environment of a process, outside of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Survey {
    /// Folders that Python imports from.
    pub search_path: Vec<String>,
    /// Keep the changes that are not committed.
    pub keeps_diff: bool,
}

/// What a process says at its start: its environment, and what is to be found out beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ProcessEnvironment {
    /// What it knows itself.
    #[serde(flatten)]
    pub environment: RunEnvironment,
    /// What it leaves to whoever drains its journal.
    pub survey: Option<Survey>,
}

/// The environment of a run with the changes that were not committed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnvironmentReport {
    /// The environment.
    #[serde(deserialize_with = "object")]
    pub environment: RunEnvironment,
    /// The changes against the commit, as git writes them; absent when they are not kept.
    #[serde(default)]
    pub diff: Option<String>,
}

/// Reads an environment by the names of its fields: in JSON, a list of values is none.
fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RunEnvironment, D::Error> {
    let environment = optional_object(deserializer)?.ok_or_else(|| D::Error::custom("no environment"))?;
    Ok(*environment)
}

/// The same where there may be none.
///
/// # Errors
/// When it is no object, or a field is of another type.
pub(crate) fn optional_object<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<RunEnvironment>>, D::Error> {
    let fields = Option::<serde_json::Map<String, serde_json::Value>>::deserialize(deserializer)?;
    fields.map(|fields| serde_json::from_value(fields.into()).map_err(D::Error::custom)).transpose()
}

/// Changes of the code of a run that were not committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunDiff {
    /// Commit they are against.
    pub git_commit: Option<String>,
    /// The changes as git writes them, secrets replaced; null when none are kept.
    pub diff: Option<String>,
    /// Their end is missing.
    pub is_cut: bool,
}

impl EnvironmentReport {
    /// The changes with secrets replaced and no longer than is kept, and what the environment says of them.
    #[must_use]
    pub fn trimmed(mut self) -> Self {
        let Some(diff) = self.diff.take() else { return self };
        let mut diff = crate::redact::redact_source(&diff);
        if diff.len() > LONGEST_DIFF_BYTES {
            let end =
                diff[..diff.floor_char_boundary(LONGEST_DIFF_BYTES)].rfind('\n').map_or(0, |end| end + 1);
            diff.truncate(end);
            self.environment.diff_is_cut = true;
        }
        self.environment.diff_bytes = u32::try_from(diff.len()).ok();
        self.diff = Some(diff);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_diff_ends_with_a_whole_line() {
        let line = format!("+{}ü\n", "x".repeat(100));
        let report =
            EnvironmentReport { diff: Some(line.repeat(6_000)), ..EnvironmentReport::default() }.trimmed();
        let diff = report.diff.expect("it is kept");
        assert!(diff.len() <= LONGEST_DIFF_BYTES && diff.len() + line.len() > LONGEST_DIFF_BYTES);
        assert!(diff.ends_with("ü\n"));
        assert_eq!(
            (report.environment.diff_bytes, report.environment.diff_is_cut),
            (Some(diff.len() as u32), true)
        );
    }
}
