//! What changed in a project since a place in it: the answer behind streams of events.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use paceline_schema::events::{Delta, EventCursor, RunRows, RunStates};
use paceline_schema::series::LogRow;
use paceline_schema::{RunStatus, Timestamp};
use paceline_series::RunHeads;
use paceline_storage::{AlertRange, JsonObject, Reader, RunRecord};

use crate::earlier_runs::EarlierRuns;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::known::Known;
use crate::known::configs::digest;
use crate::rows::log_row;
use crate::status::{RunView, small};

/// Rows, and alerts, of one delta.
const MOST_ITEMS: usize = 1_000;

/// Where a project stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Up to here all is known.
    pub cursor: EventCursor,
    /// State of each run.
    pub states: RunStates,
}

/// What changed since a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// What changed.
    pub delta: Delta,
    /// Where the project stands with that.
    pub place: Place,
    /// The newest place there is; another one than `place` where that was too much for one delta.
    pub newest: EventCursor,
}

impl Engine {
    /// Where a project stands now.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn place(&self, project: &str) -> Result<Place, QueryError> {
        let now = self.now();
        self.read(project, |reader, project| {
            let heads = reader.all_heads()?;
            let states =
                states(&View { reader, project, now, heads: &heads, known: &self.known }, &reader.runs()?);
            Ok(Place { cursor: newest(reader)?, states })
        })
    }

    /// What changed since `known`, or the first part of it when that is much; `None` when `known` is a place in
    /// another file.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn changes(&self, project: &str, known: &Place) -> Result<Option<Changes>, QueryError> {
        let now = self.now();
        self.read(project, |reader, project| {
            let newest = newest(reader)?;
            if !known.cursor.is_covered_by(&newest) {
                return Ok(None);
            }
            let (mut delta, cursor) = between(reader, None, &known.cursor, &newest)?;
            let records = reader.runs()?;
            let heads = reader.all_heads()?;
            let view = View { reader, project, now, heads: &heads, known: &self.known };
            let states = states(&view, &records);
            let mut touched: BTreeSet<&str> = delta.rows.iter().map(|rows| rows.run_id.as_str()).collect();
            touched.extend(delta.alerts.iter().map(|alert| alert.run_id.as_str()));
            let changed = states.iter().filter(|(run_id, state)| known.states.get(*run_id) != Some(state));
            touched.extend(changed.map(|(run_id, _)| run_id.as_str()));
            let touched: Vec<&RunRecord> =
                records.iter().filter(|record| touched.contains(record.run_id.as_str())).collect();
            delta.statuses = view.statuses(&touched)?;
            delta.deleted =
                known.states.keys().filter(|run_id| !states.contains_key(*run_id)).cloned().collect();
            Ok(Some(Changes { delta, place: Place { cursor, states }, newest }))
        })
    }

    /// Rows and alerts stored between two places, of all runs or of the one with this id, and how far that
    /// leads; `None` when `from` is a place in another file.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn stored_between(
        &self,
        project: &str,
        run_id: Option<&str>,
        from: &EventCursor,
        to: &EventCursor,
    ) -> Result<Option<(Delta, EventCursor)>, QueryError> {
        self.read(project, |reader, _| {
            if !from.is_covered_by(to) || reader.file_identity() != to.file {
                return Ok(None);
            }
            Ok(Some(between(reader, run_id, from, to)?))
        })
    }

    /// The id of a run, asked for by id or name.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn run_id(&self, project: &str, run: &str) -> Result<String, QueryError> {
        self.read(project, |reader, _| Ok(reader.find_run(run)?.run_id))
    }
}

fn newest(reader: &Reader<'_>) -> Result<EventCursor, QueryError> {
    let (rows, alerts) = reader.newest_ids()?;
    Ok(EventCursor { file: reader.file_identity(), rows, alerts })
}

fn between(
    reader: &Reader<'_>,
    run_id: Option<&str>,
    from: &EventCursor,
    to: &EventCursor,
) -> Result<(Delta, EventCursor), QueryError> {
    let (rows, ended_early) = reader.rows_between(run_id, from.rows, to.rows, MOST_ITEMS)?;
    let range = AlertRange { run_id, after_id: from.alerts, since: None };
    let alerts = reader.alerts_between(range, to.alerts, MOST_ITEMS)?;
    let cursor = EventCursor {
        file: to.file.clone(),
        rows: rows.last().filter(|_| ended_early).map_or(to.rows, |row| row.id),
        alerts: alerts.last().filter(|_| alerts.len() == MOST_ITEMS).map_or(to.alerts, |alert| alert.id),
    };
    let mut by_run: BTreeMap<String, Vec<LogRow>> = BTreeMap::new();
    for row in rows {
        by_run.entry(row.run_id.clone()).or_default().push(log_row(row));
    }
    let rows = by_run.into_iter().map(|(run_id, rows)| RunRows { run_id, rows }).collect();
    Ok((Delta { rows, alerts, ..Delta::default() }, cursor))
}

/// Runs of one snapshot at one moment.
struct View<'a> {
    reader: &'a Reader<'a>,
    project: &'a str,
    now: Timestamp,
    heads: &'a HashMap<String, Arc<RunHeads>>,
    known: &'a Known,
}

impl View<'_> {
    fn statuses(&self, records: &[&RunRecord]) -> Result<Vec<RunStatus>, QueryError> {
        let earlier = OnceCell::new();
        let no_heads = Arc::<RunHeads>::default();
        let mut statuses = Vec::with_capacity(records.len());
        for record in records {
            let heads = self.heads.get(&record.run_id).unwrap_or(&no_heads);
            let config = self.reader.config(&record.run_id)?;
            let (project, config, now, known) = (self.project, config.as_ref(), self.now, self.known);
            let view = RunView { project, record, heads, config, now, known };
            let usual_length = |config: &JsonObject| {
                let earlier = earlier.get_or_init(|| EarlierRuns::read(self.reader, &known.configs).ok());
                earlier.as_ref()?.median_last_step(digest(config))
            };
            let alerts = self.reader.alert_counts(&record.run_id)?;
            let machine = view.of_machine(self.reader)?;
            statuses.push(small(RunStatus { alerts, ..view.status(usual_length, machine) }));
        }
        Ok(statuses)
    }
}

fn states(view: &View<'_>, records: &[RunRecord]) -> RunStates {
    let no_heads = Arc::<RunHeads>::default();
    let state_of = |record: &RunRecord| {
        let heads = view.heads.get(&record.run_id).unwrap_or(&no_heads);
        let View { project, now, known, .. } = *view;
        RunView { project, record, heads, config: None, now, known }.condition_now().state
    };
    records.iter().map(|record| (record.run_id.clone(), state_of(record))).collect()
}
