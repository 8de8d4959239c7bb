//! Questions to one consistent snapshot of a project.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use paceline_journal::process::Liveness;
use paceline_schema::similar::similar;
use paceline_series::RunHeads;
use rusqlite::{Connection, OptionalExtension, params};

use crate::compat::{RunTable, Shape};
use crate::connection::{FileIdentity, open_reader};
use crate::error::{Location, StorageError};
use crate::heads::{self, RowsOfRun, Runs};
use crate::project::ProjectFile;
use crate::rows::{self, StoredRow, bytes, text};
use crate::runs::{self, Recorded, RunRecord};

mod alerts;
mod choice;
mod linked;
mod one_row;
mod ordered;
mod pages;
mod series;
mod traces;

pub use alerts::AlertFilter;
pub use linked::LinkedRun;
pub use one_row::RowContent;
pub(crate) use ordered::whole_second;
pub use ordered::{Extent, RowsOf};
pub use pages::BesideRows;
pub use traces::{StoredTrace, TraceOrder, TraceSearch};

/// One consistent snapshot of a project, inside [`Project::read`](crate::Project::read).
///
/// Every method fails with [`StorageError::Damaged`], `Busy` or `Sqlite` when the file cannot be read.
pub struct Reader<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) location: &'a Location,
    pub(crate) project: &'a ProjectFile,
    pub(crate) file: FileIdentity,
    pub(crate) shape: &'a Shape,
    /// Heads of all runs, complete up to this snapshot unless a probe of a run fails.
    pub(crate) runs: Arc<Runs>,
    /// Runs whose probe need not be repeated.
    pub(crate) checked: &'a Checked,
    /// A probe failed.
    pub(crate) in_doubt: Cell<bool>,
}

/// Ids of runs whose heads fit the rows, as long as nobody commits anything.
pub(crate) type Checked = RefCell<HashSet<Arc<str>>>;

/// Tells a config from another one of the same run: every program that writes one puts a new row in the place of the
/// one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigVersion {
    id: i64,
    bytes: Option<i64>,
}

/// A JSON object as it is stored.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;

impl Reader<'_> {
    pub(crate) fn explain(&self, context: &'static str) -> impl Fn(rusqlite::Error) -> StorageError {
        move |error| self.location.explain(context, error)
    }

    /// Every run, those that only rows tell of included, oldest first. A run whose rows another program
    /// deleted is not there.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn runs(&self) -> Result<Vec<RunRecord>, StorageError> {
        self.runs_selected(None).map_err(self.explain("list its runs"))
    }

    /// The run with this id, else the most recently created one of this name.
    ///
    /// # Errors
    /// `RunNotFound` with names that look alike, or when the file cannot be read.
    pub fn find_run(&self, selector: &str) -> Result<RunRecord, StorageError> {
        let explain = self.explain("find a run");
        let mut found = self.runs_selected(Some(selector)).map_err(&explain)?;
        let place = found.iter().position(|run| run.run_id == selector);
        if let Some(run) = place.map(|place| found.swap_remove(place)).or_else(|| found.pop()) {
            return Ok(run);
        }
        let names: Vec<String> =
            self.runs_selected(None).map_err(&explain)?.into_iter().map(|run| run.run_name).collect();
        Err(StorageError::RunNotFound {
            project: self.location.project.clone(),
            run: selector.to_owned(),
            similar: similar(selector, names.iter().map(String::as_str)),
        })
    }

    /// All runs, or those with this id or name.
    fn runs_selected(&self, selector: Option<&str>) -> rusqlite::Result<Vec<RunRecord>> {
        let mut recorded = runs::recorded(self.connection, self.shape, selector)?;
        let fits =
            |run_id: &str, name: &str| selector.is_none_or(|wanted| run_id == wanted || name == wanted);
        let mut ids: BTreeSet<&str> = recorded.keys().map(String::as_str).collect();
        let with_rows = self.runs.iter().filter(|(run_id, run)| fits(run_id, &run.name));
        ids.extend(with_rows.map(|(run_id, _)| run_id.as_ref()));
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();

        let mut colours = None;
        let mut found = Vec::with_capacity(ids.len());
        for run_id in ids {
            let rows = self.rows_of(&run_id)?;
            if !recorded.contains_key(&run_id) && selector.is_some_and(|wanted| wanted != run_id) {
                // Found by the name of its rows; its record may have an earlier one.
                recorded.extend(runs::recorded(self.connection, self.shape, Some(&run_id))?);
            }
            let record = match (recorded.remove(&run_id), &rows) {
                (Some(recorded), rows) => Recorded::join(recorded, rows.as_ref()),
                (None, Some(rows)) => {
                    if colours.is_none() {
                        colours = Some(runs::colours_of_unrecorded(self.connection, self.shape, &self.runs)?);
                    }
                    let slot = colours.as_ref().and_then(|slots| slots.get(run_id.as_str()).copied());
                    Some(RunRecord::of_rows(&run_id, rows, slot.unwrap_or_default()))
                }
                (None, None) => None,
            };
            found.extend(record.filter(|record| fits(&record.run_id, &record.run_name)));
        }
        self.correct_liveness(&mut found);
        found.sort_by_key(RunRecord::age_order);
        Ok(found)
    }

    /// Processes are looked for after the snapshot was taken: one that ended in between, or that another one
    /// followed, lived at its time. The snapshot cannot tell, the file as it is now can.
    fn correct_liveness(&self, found: &mut [RunRecord]) {
        let gone = found.iter_mut().flat_map(RunRecord::processes_that_are_gone);
        let mut now = None;
        for (run_id, process) in gone {
            // What cannot be asked stays as it was seen.
            let Ok(now) = now.get_or_insert_with(|| open_reader(self.location)) else { return };
            if process.has_changed_since(run_id, now).unwrap_or(false) {
                process.liveness = Some(Liveness::Alive);
            }
        }
    }

    /// What the rows of a run tell, checked against the file; read anew where they do not fit.
    pub(crate) fn rows_of(&self, run_id: &str) -> rusqlite::Result<Option<RowsOfRun>> {
        let (Some(table), Some((run_id, known))) = (self.shape.metrics, self.runs.get_key_value(run_id))
        else {
            return Ok(None);
        };
        if self.checked.borrow().contains(run_id) {
            return Ok(Some(known.clone()));
        }
        if let Some(name) = heads::probe(self.connection, table, run_id, known)? {
            if *known.name != *name {
                return Ok(Some(RowsOfRun { name: name.into(), heads: Arc::clone(&known.heads) }));
            }
            self.checked.borrow_mut().insert(Arc::clone(run_id));
            return Ok(Some(known.clone()));
        }
        self.in_doubt.set(true);
        heads::rebuild(self.connection, self.shape, table, run_id, i64::MAX)
    }

    /// What all rows of a run say at a glance, complete up to this snapshot; empty for a run without rows.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn heads(&self, run_id: &str) -> Result<Arc<RunHeads>, StorageError> {
        let rows = self.rows_of(run_id).map_err(self.explain("read the heads of a run"))?;
        Ok(rows.map(|rows| rows.heads).unwrap_or_default())
    }

    /// The same for every run that has rows.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn all_heads(&self) -> Result<HashMap<String, Arc<RunHeads>>, StorageError> {
        let explain = self.explain("read the heads of its runs");
        let mut all = HashMap::with_capacity(self.runs.len());
        for run_id in self.runs.keys() {
            if let Some(rows) = self.rows_of(run_id).map_err(&explain)? {
                all.insert(run_id.to_string(), rows.heads);
            }
        }
        Ok(all)
    }

    /// The config of a run.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn config(&self, run_id: &str) -> Result<Option<JsonObject>, StorageError> {
        let Some(RunTable { run, .. }) = self.shape.configs else { return Ok(None) };
        let sql = format!("SELECT config FROM configs WHERE {run} = ?1 ORDER BY id DESC LIMIT 1");
        self.connection
            .prepare_cached(&sql)
            .and_then(|mut statement| {
                statement.query_row([run_id], |row| Ok(json_object(row.get_ref(0)?))).optional()
            })
            .map(Option::flatten)
            .map_err(self.explain("read a config"))
    }

    /// The configs of all runs that have one, by run id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn configs(&self) -> Result<HashMap<String, JsonObject>, StorageError> {
        let Some(RunTable { run, .. }) = self.shape.configs else { return Ok(HashMap::new()) };
        let sql = format!("SELECT {run}, config FROM configs ORDER BY id");
        let read = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let rows = statement.query_map([], |row| Ok((text(row, 0)?, json_object(row.get_ref(1)?))))?;
            rows.filter_map(|row| row.map(|(run_id, config)| Some((run_id, config?))).transpose()).collect()
        };
        read().map_err(self.explain("read the configs"))
    }

    /// Which version of its config each run has that has one, by run id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn config_versions(&self) -> Result<HashMap<String, ConfigVersion>, StorageError> {
        let Some(RunTable { run, .. }) = self.shape.configs else { return Ok(HashMap::new()) };
        let sql = format!("SELECT {run}, id, octet_length(config) FROM configs ORDER BY id");
        let read = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let versions = statement.query_map([], |row| {
                Ok((text(row, 0)?, ConfigVersion { id: row.get(1)?, bytes: row.get(2)? }))
            })?;
            versions.collect()
        };
        read().map_err(self.explain("read the configs"))
    }

    /// Rows of a run with an id after `after_id`, in id order, at most `limit`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rows(
        &self,
        run_id: &str,
        after_id: Option<i64>,
        limit: usize,
    ) -> Result<Vec<StoredRow>, StorageError> {
        let mut page = Vec::new();
        if limit > 0 {
            self.walk_rows(run_id, after_id, |row| {
                page.push(row);
                if page.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
        }
        Ok(page)
    }

    /// Hands every row of a run to `take`, in id order, until it breaks.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn for_each_row(
        &self,
        run_id: &str,
        take: impl FnMut(StoredRow) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        self.walk_rows(run_id, None, take)
    }

    fn walk_rows(
        &self,
        run_id: &str,
        after_id: Option<i64>,
        take: impl FnMut(StoredRow) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        let explain = self.explain("read the rows of a run");
        let Some(table) = self.shape.metrics else { return Ok(()) };
        let Some(known) = self.rows_of(run_id).map_err(&explain)? else { return Ok(()) };
        let first = known.heads.first_id().max(after_id.map(|id| id.saturating_add(1)));
        // The rows of a run lie close together: a walk along the table between its first and last one needs
        // no sorting, whichever page is asked for.
        let sql = format!(
            "SELECT id, {run}, timestamp, step, metrics FROM metrics NOT INDEXED \
             WHERE id BETWEEN ?1 AND ?2 AND {run} = ?3 ORDER BY id",
            run = table.run
        );
        rows::for_each_row(self.connection, &sql, params![first, known.heads.last_id(), run_id], take)
            .map_err(explain)
    }

    /// Samples of the machine for a run with an id after `after_id`, in id order, at most `limit`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn system_rows(
        &self,
        run_id: &str,
        after_id: Option<i64>,
        limit: usize,
    ) -> Result<Vec<StoredRow>, StorageError> {
        let Some(RunTable { run, .. }) = self.shape.system_metrics else { return Ok(Vec::new()) };
        let sql = format!(
            "SELECT id, {run}, timestamp, 0, metrics FROM system_metrics WHERE {run} = ?1 AND id > ?2 \
             ORDER BY id LIMIT ?3"
        );
        let mut page = Vec::new();
        let params = params![run_id, after_id.unwrap_or(i64::MIN), i64::try_from(limit).unwrap_or(i64::MAX)];
        rows::for_each_row(self.connection, &sql, params, |row| {
            page.push(row);
            ControlFlow::Continue(())
        })
        .map_err(self.explain("read the samples of a run"))?;
        Ok(page)
    }
}

fn json_object(value: rusqlite::types::ValueRef<'_>) -> Option<JsonObject> {
    bytes(value).and_then(|json| serde_json::from_slice(json).ok())
}
