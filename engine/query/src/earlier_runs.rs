//! How long finished runs of the same config were.

use std::collections::HashMap;
use std::sync::Arc;

use paceline_schema::RunState;
use paceline_series::RunHeads;
use paceline_storage::{Reader, RunRecord, StorageError};

use crate::known::configs::{FactsOfRuns, KnownConfigs};

/// The last steps of the finished runs of a project, by config.
#[derive(Debug, Default)]
pub(crate) struct EarlierRuns {
    last_steps: HashMap<u64, Vec<i64>>,
}

impl EarlierRuns {
    /// Of the project that `reader` reads.
    pub(crate) fn read(reader: &Reader<'_>, known: &KnownConfigs) -> Result<Self, StorageError> {
        Ok(Self::of(&reader.runs()?, &known.of_all(reader)?, &reader.all_heads()?))
    }

    /// Of a project whose runs, configs and heads by run id were read before.
    pub(crate) fn of(
        records: &[RunRecord],
        configs: &FactsOfRuns,
        heads: &HashMap<String, Arc<RunHeads>>,
    ) -> Self {
        let finished = records.iter().filter(|record| record.process.state == Some(RunState::Finished));
        Self::new(finished.filter_map(|record| {
            let step = heads.get(&record.run_id)?.step()?;
            Some((configs.get(&record.run_id)?.digest, step))
        }))
    }

    /// From the digest of the config and the last step of each finished run.
    fn new(finished: impl Iterator<Item = (u64, i64)>) -> Self {
        let mut last_steps: HashMap<u64, Vec<i64>> = HashMap::new();
        for (digest, step) in finished {
            last_steps.entry(digest).or_default().push(step);
        }
        Self { last_steps }
    }

    /// The middle last step of the runs whose config has this digest.
    pub(crate) fn median_last_step(&self, digest: u64) -> Option<i64> {
        let mut steps = self.last_steps.get(&digest)?.clone();
        steps.sort_unstable();
        steps.get(steps.len() / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    use crate::known::configs::digest;

    #[test]
    fn the_middle_of_the_runs_with_the_same_settings() {
        let config = |lr: f64, seed: i64| {
            let settings = [("lr", json!(lr)), ("seed", json!(seed)), ("_Created", json!(seed))];
            digest(&settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
        };
        let configs = [config(0.1, 1), config(0.1, 2), config(0.1, 3), config(0.2, 1)];
        let runs = EarlierRuns::new(configs.into_iter().zip([100, 300, 200, 900]));
        assert_eq!(runs.median_last_step(config(0.1, 7)), Some(200));
        assert_eq!(runs.median_last_step(config(0.3, 1)), None);
    }
}
