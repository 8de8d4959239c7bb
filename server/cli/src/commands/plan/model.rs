//! What is known of a model: by its files where they are on this machine, else by its name.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use paceline_planner::{ModelFacts, PlanError, parameters_in_head, parameters_of, parse_size, weight_files};
use serde_json::Value;

use crate::failure::Failure;

/// The head of a file of weights is a list of tensors, a few megabytes for the largest models.
const LARGEST_HEAD_BYTES: u64 = 64 << 20;

/// The facts of a model whose files are on this machine; a size that was given counts for its parameters.
pub(super) fn facts(name: &str, size: Option<&str>) -> Result<Option<ModelFacts>, Failure> {
    let Some(folder) = folder(name) else { return Ok(None) };
    let mut facts = of_folder(name, &folder)?;
    if let Some(billions) = size.and_then(parse_size) {
        facts.parameters = parameters_of(billions);
        "`--params`".clone_into(&mut facts.parameters_source);
    }
    Ok(Some(facts))
}

/// The folder with the config of a model: itself, or the one that the Hub's client keeps.
fn folder(name: &str) -> Option<PathBuf> {
    let itself = PathBuf::from(name);
    if itself.join("config.json").is_file() {
        return Some(itself);
    }
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || Some(std::env::home_dir()?.join(".cache/huggingface"));
    let cache = set("HF_HUB_CACHE").or_else(|| Some(set("HF_HOME").or_else(home)?.join("hub")))?;
    let kept = cache.join(format!("models--{}", name.replace('/', "--")));
    let commit = fs::read_to_string(kept.join("refs/main")).ok()?;
    // A name of a commit and no path.
    let commit = commit.trim();
    if commit.is_empty() || !commit.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    Some(kept.join("snapshots").join(commit)).filter(|folder| folder.join("config.json").is_file())
}

fn of_folder(name: &str, folder: &Path) -> Result<ModelFacts, Failure> {
    let path = folder.join("config.json");
    let unreadable = |reason: String| {
        let hint = "`--params 0.6B` and a name without a folder plan without reading it";
        Failure::new(format!("'{}' cannot be read: {reason}", path.display()), hint)
    };
    let text = fs::read_to_string(&path).map_err(|error| unreadable(error.to_string()))?;
    let config: Value = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    Ok(ModelFacts::of_config(name, &config, parameters_in_files(folder)?)?)
}

/// Parameters of the weight files of a folder; none where it has none.
fn parameters_in_files(folder: &Path) -> Result<Option<u64>, Failure> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names: Vec<String> = names.collect::<std::io::Result<_>>()?;
    let mut total = None;
    for name in weight_files(&names) {
        let parameters = parameters_in_file(&folder.join(name))?;
        total = Some(u64::checked_add(total.unwrap_or(0), parameters).ok_or(PlanError::OddWeights)?);
    }
    Ok(total)
}

fn parameters_in_file(path: &Path) -> Result<u64, Failure> {
    let head = || -> Option<Vec<u8>> {
        let mut file = File::open(path).ok()?;
        let mut length = [0; 8];
        file.read_exact(&mut length).ok()?;
        let length = u64::from_le_bytes(length);
        let mut head = Vec::new();
        file.take(length.min(LARGEST_HEAD_BYTES)).read_to_end(&mut head).ok()?;
        Some(head)
    };
    let head = head().ok_or(PlanError::OddWeights)?;
    Ok(parameters_in_head(&head)?)
}
