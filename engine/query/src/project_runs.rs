//! The runs of a project in one snapshot, with what is read once for all of them.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::Arc;

use paceline_schema::status::Finding;
use paceline_schema::{RunSummary, Timestamp};
use paceline_series::RunHeads;
use paceline_storage::{Reader, RunRecord, StorageError};

use crate::earlier_runs::EarlierRuns;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::known::Known;
use crate::known::configs::FactsOfRuns;
use crate::state::Condition;
use crate::status::RunView;

/// All runs of a project at one moment.
pub(crate) struct ProjectRuns<'a> {
    reader: &'a Reader<'a>,
    project: &'a str,
    now: Timestamp,
    known: &'a Known,
    /// Oldest first.
    pub(crate) records: Vec<RunRecord>,
    heads: HashMap<String, Arc<RunHeads>>,
    configs: FactsOfRuns,
    no_heads: Arc<RunHeads>,
    earlier: OnceCell<EarlierRuns>,
}

impl<'a> ProjectRuns<'a> {
    /// Of the project that `reader` reads.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn read(
        reader: &'a Reader<'a>,
        project: &'a str,
        now: Timestamp,
        known: &'a Known,
    ) -> Result<Self, StorageError> {
        Ok(Self {
            reader,
            project,
            now,
            known,
            records: reader.runs()?,
            heads: reader.all_heads()?,
            configs: known.configs.of_all(reader)?,
            no_heads: Arc::default(),
            earlier: OnceCell::new(),
        })
    }

    /// A run of a list.
    pub(crate) fn item(&self, record: &RunRecord) -> RunSummary {
        self.view(record).list_item(|_| self.usual_length(record))
    }

    /// Where a run stands, as its status tells it.
    pub(crate) fn condition(&self, record: &RunRecord) -> Condition {
        self.view(record).condition_now()
    }

    /// What deserves attention about a run, as [`Engine::findings`] has it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn findings(&self, record: &RunRecord) -> Result<Vec<Finding>, StorageError> {
        // Rules ask for settings that lists do not need.
        let config = self.reader.config(&record.run_id)?;
        let view = RunView { config: config.as_ref(), ..self.view(record) };
        view.all_findings(self.reader, |_| self.usual_length(record))
    }

    fn view<'b>(&'b self, record: &'b RunRecord) -> RunView<'b> {
        let heads = self.heads.get(&record.run_id).unwrap_or(&self.no_heads);
        let config = self.configs.get(&record.run_id).map(|facts| &facts.settings);
        RunView { project: self.project, record, heads, config, now: self.now, known: self.known }
    }

    /// The usual last step of runs with the config of this one.
    fn usual_length(&self, record: &RunRecord) -> Option<i64> {
        let earlier = self.earlier.get_or_init(|| EarlierRuns::of(&self.records, &self.configs, &self.heads));
        earlier.median_last_step(self.configs.get(&record.run_id)?.digest)
    }
}

impl Engine {
    /// The runs of a project that go on or ended no more than so many seconds ago, each with what deserves attention
    /// about it.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn findings_of_current_runs(
        &self,
        project: &str,
        seconds_after_the_end: f64,
    ) -> Result<Vec<(RunSummary, Vec<Finding>)>, QueryError> {
        let now = self.now();
        self.read(project, |reader, project| {
            let runs = ProjectRuns::read(reader, project, now, &self.known)?;
            let is_current = |record: &&RunRecord| {
                let condition = runs.condition(record);
                let ended = condition.ended_at.or_else(|| runs.view(record).heads.last_time());
                condition.goes_on()
                    || ended.is_some_and(|ended| now.seconds_since(ended) <= seconds_after_the_end)
            };
            let current = runs.records.iter().filter(is_current);
            Ok(current
                .map(|record| Ok((runs.item(record), runs.findings(record)?)))
                .collect::<Result<_, StorageError>>()?)
        })
    }
}
