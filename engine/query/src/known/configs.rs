//! What lists of runs need of their configs, read again only for runs whose config is another one.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use paceline_schema::metric_definition;
use paceline_schema::private_config::GROUP_KEY;
use paceline_storage::{ConfigVersion, JsonObject, Reader, StorageError};

use crate::totals::tells_total;

/// Projects whose configs are held.
const MOST_FILES: usize = 64;
/// Configs that are read one by one; of more, all are.
const FEW_CONFIGS: usize = 16;
/// Settings that differ from run to run and say nothing of its length.
const PERSONAL_KEYS: [&str; 5] = ["run_name", "output_dir", "logging_dir", "seed", "data_seed"];

/// What lists need of a config.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConfigFacts {
    /// The settings that tell the length of a run, its group, and how its metrics are defined.
    pub(crate) settings: JsonObject,
    /// As [`digest`] has it.
    pub(crate) digest: u64,
}

/// The facts of all runs that have a config, by run id.
pub(crate) type FactsOfRuns = HashMap<String, Arc<ConfigFacts>>;

/// What lists need of the configs of the projects that were listed, by file.
#[derive(Default)]
pub(crate) struct KnownConfigs(Mutex<BTreeMap<String, Arc<OfFile>>>);

/// A config that is no object has no facts.
type OfFile = HashMap<String, (ConfigVersion, Option<Arc<ConfigFacts>>)>;

impl KnownConfigs {
    /// The facts of all runs that have a config.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn of_all(&self, reader: &Reader<'_>) -> Result<FactsOfRuns, StorageError> {
        let file = reader.file_identity();
        let known = self.files().get(&file).cloned().unwrap_or_default();
        let versions = reader.config_versions()?;
        let is_known = |(run_id, version): &(&String, &ConfigVersion)| {
            known.get(*run_id).is_some_and(|(known, _)| known == *version)
        };
        let others: Vec<&String> =
            versions.iter().filter(|run| !is_known(run)).map(|(run_id, _)| run_id).collect();
        let mut read: HashMap<String, JsonObject> = HashMap::new();
        if others.len() > FEW_CONFIGS {
            read = reader.configs()?;
        } else {
            for run_id in &others {
                read.extend(reader.config(run_id)?.map(|config| ((*run_id).clone(), config)));
            }
        }
        if others.is_empty() && known.len() == versions.len() {
            return Ok(facts_of(&known));
        }
        let mut now = OfFile::with_capacity(versions.len());
        for (run_id, version) in versions {
            let facts = match known.get(&run_id).filter(|(known, _)| *known == version) {
                Some((_, facts)) => facts.clone(),
                None => read.remove(&run_id).map(|config| Arc::new(ConfigFacts::of(config))),
            };
            now.insert(run_id, (version, facts));
        }
        Ok(self.keep(file, now))
    }

    fn keep(&self, file: String, now: OfFile) -> FactsOfRuns {
        let facts = facts_of(&now);
        let mut files = self.files();
        files.insert(file, Arc::new(now));
        if files.len() > MOST_FILES {
            files.pop_first();
        }
        facts
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Arc<OfFile>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn facts_of(known: &OfFile) -> FactsOfRuns {
    let facts = known.iter().filter_map(|(run_id, (_, facts))| Some((run_id.clone(), facts.clone()?)));
    facts.collect()
}

impl ConfigFacts {
    fn of(mut config: JsonObject) -> Self {
        let digest = digest(&config);
        config.retain(|key, _| tells_total(key) || key == GROUP_KEY || key == metric_definition::CONFIG_KEY);
        Self { settings: config, digest }
    }
}

/// The settings that decide what a run does; those that start with `_` belong to the tracker.
pub(crate) fn digest(config: &JsonObject) -> u64 {
    let mut settings: Vec<(&String, &serde_json::Value)> = config
        .iter()
        .filter(|(key, _)| !key.starts_with('_') && !PERSONAL_KEYS.contains(&key.as_str()))
        .collect();
    settings.sort_unstable_by_key(|(key, _)| *key);
    let mut hasher = DefaultHasher::new();
    for (key, value) in settings {
        (key, value.to_string()).hash(&mut hasher);
    }
    hasher.finish()
}
