//! How long finished runs of the same config were.

use std::collections::HashMap;
use std::sync::Arc;

use paceline_schema::RunState;
use paceline_series::RunHeads;
use paceline_storage::{Reader, RunRecord, StorageError};
use serde_json::{Map, Value};

/// Settings that differ from run to run and say nothing of its length.
const PERSONAL_KEYS: [&str; 5] = ["run_name", "output_dir", "logging_dir", "seed", "data_seed"];

/// The last steps of the finished runs of a project, by config.
#[derive(Debug, Default)]
pub(crate) struct EarlierRuns {
    last_steps: HashMap<String, Vec<i64>>,
}

impl EarlierRuns {
    /// Of the project that `reader` reads.
    pub(crate) fn read(reader: &Reader<'_>) -> Result<Self, StorageError> {
        Ok(Self::of(&reader.runs()?, &reader.configs()?, &reader.all_heads()?))
    }

    /// Of a project whose runs, configs and heads by run id were read before.
    pub(crate) fn of(
        records: &[RunRecord],
        configs: &HashMap<String, Map<String, Value>>,
        heads: &HashMap<String, Arc<RunHeads>>,
    ) -> Self {
        let finished = records.iter().filter(|record| record.state == Some(RunState::Finished));
        Self::new(finished.filter_map(|record| {
            let step = heads.get(&record.run_id)?.step()?;
            Some((configs.get(&record.run_id)?, step))
        }))
    }

    /// From the config and the last step of each finished run.
    fn new<'a>(finished: impl Iterator<Item = (&'a Map<String, Value>, i64)>) -> Self {
        let mut last_steps: HashMap<String, Vec<i64>> = HashMap::new();
        for (config, step) in finished {
            last_steps.entry(digest(config)).or_default().push(step);
        }
        Self { last_steps }
    }

    /// The middle last step of the runs with this config.
    pub(crate) fn median_last_step(&self, config: &Map<String, Value>) -> Option<i64> {
        let mut steps = self.last_steps.get(&digest(config))?.clone();
        steps.sort_unstable();
        steps.get(steps.len() / 2).copied()
    }
}

/// The settings that decide what a run does, as text; those that start with `_` belong to the tracker.
fn digest(config: &Map<String, Value>) -> String {
    let mut settings: Vec<(&String, &Value)> = config
        .iter()
        .filter(|(key, _)| !key.starts_with('_') && !PERSONAL_KEYS.contains(&key.as_str()))
        .collect();
    settings.sort_unstable_by_key(|(key, _)| *key);
    settings.iter().map(|(key, value)| format!("{key:?}:{value}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_middle_of_the_runs_with_the_same_settings() {
        let config = |lr: f64, seed: i64| {
            let settings = [("lr", json!(lr)), ("seed", json!(seed)), ("_Created", json!(seed))];
            settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>()
        };
        let configs = [config(0.1, 1), config(0.1, 2), config(0.1, 3), config(0.2, 1)];
        let runs = EarlierRuns::new(configs.iter().zip([100, 300, 200, 900]));
        assert_eq!(runs.median_last_step(&config(0.1, 7)), Some(200));
        assert_eq!(runs.median_last_step(&config(0.3, 1)), None);
    }
}
