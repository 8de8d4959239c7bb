//! Heads of all runs of a project: kept up to a mark in memory, stored beside the rows, rebuilt when in doubt.
//!
//! SQLite has one writer at a time and ids only grow, so rows become visible in id order: whoever has taken
//! in all rows up to one id, the mark, goes on from there. Other programs delete and re-insert rows, which
//! moves no mark; probes of a few rows notice that, and what they disprove is read from the rows again.

mod draft;

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use paceline_schema::ddl;
use paceline_schema::{Timestamp, Value};
use paceline_series::RunHeads;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

pub(crate) use self::draft::Draft;
use crate::compat::{RunTable, Shape};
use crate::connection::FileIdentity;
use crate::rows::{NamedRow, for_each_named_row, named_columns, optional_text, text};
use crate::turns::offer_turn;

/// One run as its rows tell it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RowsOfRun {
    /// Name in the newest row; another program may rename a run.
    pub(crate) name: Arc<str>,
    pub(crate) heads: Arc<RunHeads>,
}

/// Every run that has rows, by id.
pub(crate) type Runs = HashMap<Arc<str>, RowsOfRun>;

/// The newest row taken in, with what must still stand there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    id: i64,
    run_id: String,
    log_id: Option<String>,
}

/// Heads of all runs of one file up to a mark.
#[derive(Debug, Default, Clone)]
pub(crate) struct Heads {
    /// The file they were read from; `None` before the first read.
    file: Option<FileIdentity>,
    mark: Option<Mark>,
    runs: Arc<Runs>,
    /// Mark of what is stored.
    stored_id: i64,
    /// Runs whose stored heads are wrong, whatever their last row.
    repaired: HashSet<Arc<str>>,
    /// Something did not fit: look at every run again.
    in_doubt: bool,
    rows_not_stored: u64,
    /// What a transaction makes of them that is committed, or about to be.
    offered: Option<Box<Draft>>,
}

impl Heads {
    /// Brings the heads to the state of the connection's snapshot. The snapshot must be no older than any
    /// used before, which holds when it is taken while the lock on `self` is held.
    pub(crate) fn sync(
        &mut self,
        connection: &Connection,
        shape: &Shape,
        file: FileIdentity,
    ) -> rusqlite::Result<Arc<Runs>> {
        if self.file != Some(file) {
            *self = Self::load(connection, shape)?;
            self.file = Some(file);
        }
        let Some(table) = shape.metrics else {
            *self = Self { file: self.file, ..Self::default() };
            return Ok(Arc::clone(&self.runs));
        };
        let newest = newest_row(connection, table, i64::MAX)?;
        self.adopt_offered(connection, table, newest.as_ref())?;
        if self.in_doubt || !self.mark_stands(connection, table, newest.as_ref())? {
            self.reconcile(connection, shape, table, newest.as_ref())?;
        }
        if newest.is_some_and(|newest| newest.id > self.mark_id()) {
            self.catch_up(connection, shape, table, i64::MAX)?;
        }
        Ok(Arc::clone(&self.runs))
    }

    /// What is stored, to be looked at before it is believed.
    fn load(connection: &Connection, shape: &Shape) -> rusqlite::Result<Self> {
        let mut heads = Self::default();
        if !shape.has_heads {
            return Ok(heads);
        }
        let Some(mark) = stored_mark(connection)? else { return Ok(heads) };
        let mut statement = connection.prepare_cached("SELECT run_id, heads FROM paceline_heads")?;
        let mut rows = statement.query([])?;
        let mut runs = Runs::new();
        while let Some(row) = rows.next()? {
            let decoded = row.get_ref(1)?.as_blob_or_null().ok().flatten().and_then(RunHeads::decode);
            if let Some(decoded) = decoded {
                runs.insert(text(row, 0)?.into(), RowsOfRun { name: "".into(), heads: Arc::new(decoded) });
            }
        }
        if runs.is_empty() {
            // Of another format: one walk over all rows is quicker than one for each run.
            return Ok(heads);
        }
        heads.stored_id = mark.id;
        heads.mark = Some(mark);
        heads.runs = Arc::new(runs);
        heads.in_doubt = true;
        Ok(heads)
    }

    fn mark_id(&self) -> i64 {
        self.mark.as_ref().map_or(0, |mark| mark.id)
    }

    fn mark_stands(
        &self,
        connection: &Connection,
        table: RunTable,
        newest: Option<&Mark>,
    ) -> rusqlite::Result<bool> {
        let Some(mark) = &self.mark else { return Ok(true) };
        match newest {
            Some(newest) if newest.id == mark.id => Ok(newest == mark),
            Some(newest) if newest.id > mark.id => {
                Ok(newest_row(connection, table, mark.id)?.as_ref() == Some(mark))
            }
            Some(_) | None => Ok(false),
        }
    }

    /// Looks at every run there is and rebuilds those that do not fit, up to the mark.
    fn reconcile(
        &mut self,
        connection: &Connection,
        shape: &Shape,
        table: RunTable,
        newest: Option<&Mark>,
    ) -> rusqlite::Result<()> {
        let end = newest.map_or(0, |newest| newest.id.min(self.mark_id()));
        let mut runs = Runs::new();
        if end > 0 {
            for run_id in run_ids(connection, table)? {
                let run_id: Arc<str> = run_id.into();
                // Two processes store heads into one file: those of a run may be newer than the mark beside them.
                let known = self.runs.get(&run_id);
                if let Some(known) = known.filter(|known| known.heads.last_id() <= Some(end))
                    && let Some(name) = probe(connection, table, &run_id, known)?
                {
                    runs.insert(run_id, RowsOfRun { name: name.into(), heads: Arc::clone(&known.heads) });
                } else if let Some(rebuilt) = rebuild(connection, shape, table, &run_id, end)? {
                    self.repaired.insert(Arc::clone(&run_id));
                    self.rows_not_stored += rebuilt.heads.rows();
                    runs.insert(run_id, rebuilt);
                }
            }
        }
        self.repaired.extend(self.runs.keys().filter(|run_id| !runs.contains_key(*run_id)).cloned());
        self.runs = Arc::new(runs);
        self.mark = newest_row(connection, table, end)?;
        self.in_doubt = false;
        Ok(())
    }

    /// Takes in the rows between the mark and `before`, both left out.
    fn catch_up(
        &mut self,
        connection: &Connection,
        shape: &Shape,
        table: RunTable,
        before: i64,
    ) -> rusqlite::Result<()> {
        let mut starts = Starts::new(connection, shape);
        let sql =
            format!("SELECT {} FROM metrics WHERE id > ?1 AND id < ?2 ORDER BY id", named_columns(table));
        for_each_named_row(
            connection,
            &sql,
            params![self.mark_id(), before],
            |NamedRow { row, has_time, run_name, log_id }| {
                let run = self.run_mut(&row.run_id, &run_name);
                let time = if has_time { row.time } else { run.last_time().unwrap_or_default() };
                starts.announce(run, &row.run_id, time);
                run.absorb(row.id, time, row.step, &row.metrics);
                self.rows_not_stored += 1;
                self.mark = Some(Mark { id: row.id, run_id: row.run_id, log_id });
                ControlFlow::Continue(())
            },
        )
    }

    fn run_mut(&mut self, run_id: &str, run_name: &str) -> &mut RunHeads {
        let runs = Arc::make_mut(&mut self.runs);
        if !runs.contains_key(run_id) {
            runs.insert(run_id.into(), RowsOfRun { name: run_name.into(), heads: Arc::default() });
        }
        let run = runs.get_mut(run_id).expect("it was inserted where it was missing");
        if *run.name != *run_name {
            run.name = run_name.into();
        }
        Arc::make_mut(&mut run.heads)
    }

    /// Takes in rows that this process has just committed in one transaction, or is about to, without reading them
    /// again; rows that others committed before them are read.
    pub(crate) fn absorb_committed<'a>(
        &mut self,
        connection: &Connection,
        shape: &Shape,
        file: FileIdentity,
        first_id: i64,
        runs: impl Iterator<Item = CommittedRows<'a>>,
    ) -> rusqlite::Result<()> {
        let Some(table) = shape.metrics.filter(|_| self.file == Some(file)) else {
            return self.sync(connection, shape, file).map(drop);
        };
        if let Some(mark) = &self.mark
            && newest_row(connection, table, mark.id)?.as_ref() != Some(mark)
        {
            // Once the mark moves on, nobody could see this any more.
            self.in_doubt = true;
        }
        if self.mark_id() + 1 < first_id {
            self.catch_up(connection, shape, table, first_id)?;
        }
        // A reader may have been faster and taken in some of them.
        let mark_id = self.mark_id();
        let mut starts = Starts::new(connection, shape);
        for CommittedRows { run_id, run_name, rows } in runs {
            let mut rows = rows.filter(|row| row.id > mark_id).peekable();
            if rows.peek().is_none() {
                continue;
            }
            let heads = self.run_mut(run_id, run_name);
            let (mut count, mut newest) = (0, None);
            for row in rows {
                starts.announce(heads, run_id, row.time);
                heads.absorb(row.id, row.time, row.step, row.metrics);
                count += 1;
                offer_turn();
                newest = Some(row);
            }
            self.rows_not_stored += count;
            if let Some(row) = newest.filter(|row| row.id > self.mark_id()) {
                self.mark = Some(Mark {
                    id: row.id,
                    run_id: run_id.to_owned(),
                    log_id: row.log_id.map(str::to_owned),
                });
            }
        }
        Ok(())
    }

    /// The runs as they were last seen.
    pub(crate) fn runs(&self) -> &Runs {
        &self.runs
    }

    /// A run with rows up to `last_id` is not there any more, as far as the heads have looked.
    pub(crate) fn is_gone(&self, run_id: &str, last_id: i64) -> bool {
        !self.in_doubt && last_id <= self.mark_id() && !self.runs.contains_key(run_id)
    }

    /// A probe failed: the next [`Self::sync`] looks at every run.
    pub(crate) fn doubt(&mut self) {
        self.in_doubt = true;
    }

    /// Rows taken in since the heads were last stored.
    pub(crate) fn rows_not_stored(&self) -> u64 {
        self.rows_not_stored
    }

    /// What has to be stored to bring the stored heads to this mark; nothing before the first row.
    pub(crate) fn to_store(&self) -> Option<ToStore> {
        let mark = self.mark.clone()?;
        if mark.id == self.stored_id && self.repaired.is_empty() {
            return None;
        }
        let changed = |(run_id, run): &(&Arc<str>, &RowsOfRun)| {
            run.heads.last_id() > Some(self.stored_id) || self.repaired.contains(*run_id)
        };
        Some(ToStore {
            file: self.file?,
            changed: self
                .runs
                .iter()
                .filter(changed)
                .map(|(run_id, run)| (Arc::clone(run_id), Arc::clone(&run.heads)))
                .collect(),
            gone: self.repaired.iter().filter(|run_id| !self.runs.contains_key(*run_id)).cloned().collect(),
            mark,
        })
    }

    /// `stored` is committed.
    pub(crate) fn stored(&mut self, stored: &ToStore) {
        if self.file != Some(stored.file) {
            return;
        }
        self.stored_id = stored.mark.id;
        self.rows_not_stored = 0;
        for run_id in stored.changed.iter().map(|(run_id, _)| run_id).chain(&stored.gone) {
            self.repaired.remove(run_id);
        }
    }
}

/// When the newest process of each run began, read once for each run.
struct Starts<'a> {
    connection: Option<&'a Connection>,
    known: HashMap<String, Option<Timestamp>>,
}

impl<'a> Starts<'a> {
    fn new(connection: &'a Connection, shape: &Shape) -> Self {
        Self { connection: shape.has_runs.then_some(connection), known: HashMap::new() }
    }

    /// Tells the heads of a run, before a row of `time`, when its process began.
    fn announce(&mut self, heads: &mut RunHeads, run_id: &str, time: Timestamp) {
        let Some(connection) = self.connection else { return };
        if !self.known.contains_key(run_id) {
            // Unreadable is as good as unknown: only the estimate of the remaining time suffers.
            self.known.insert(run_id.to_owned(), started_at(connection, run_id).unwrap_or_default());
        }
        if let Some(started_at) = self.known[run_id] {
            heads.expect_session(started_at, time);
        }
    }
}

fn started_at(connection: &Connection, run_id: &str) -> rusqlite::Result<Option<Timestamp>> {
    let text: Option<Option<String>> = connection
        .prepare_cached("SELECT started_at FROM paceline_runs WHERE run_id = ?1")?
        .query_row([run_id], |row| optional_text(row, 0))
        .optional()?;
    Ok(text.flatten().and_then(|text| Timestamp::parse(&text)))
}

/// Rows of one run that were committed just now, in id order.
pub(crate) struct CommittedRows<'a> {
    pub(crate) run_id: &'a str,
    pub(crate) run_name: &'a str,
    pub(crate) rows: Box<dyn Iterator<Item = CommittedRow<'a>> + 'a>,
}

/// One row that was committed just now.
#[derive(Clone, Copy)]
pub(crate) struct CommittedRow<'a> {
    pub(crate) id: i64,
    pub(crate) time: Timestamp,
    pub(crate) step: i64,
    pub(crate) metrics: &'a [(String, Value)],
    /// The same as it stands in the table.
    pub(crate) json: &'a [u8],
    pub(crate) log_id: Option<&'a str>,
}

/// Heads to be stored in one transaction with their mark.
#[derive(Debug)]
pub(crate) struct ToStore {
    file: FileIdentity,
    mark: Mark,
    changed: Vec<(Arc<str>, Arc<RunHeads>)>,
    gone: Vec<Arc<str>>,
}

impl ToStore {
    /// The file they belong to.
    pub(crate) fn file(&self) -> FileIdentity {
        self.file
    }

    /// Writes them, inside the caller's transaction, unless somebody else has stored newer ones.
    pub(crate) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection.execute_batch(ddl::HEADS)?;
        connection.execute_batch(ddl::META)?;
        let table = RunTable { run: "run_id", log_id: "log_id" };
        if let Some(stored) = stored_mark(connection)?.filter(|stored| stored.id > self.mark.id)
            && newest_row(connection, table, stored.id)?.as_ref() == Some(&stored)
        {
            return Ok(());
        }
        let mut insert = connection
            .prepare_cached("INSERT OR REPLACE INTO paceline_heads (run_id, heads) VALUES (?1, ?2)")?;
        for (run_id, heads) in &self.changed {
            insert.execute(params![run_id, heads.encode()])?;
        }
        for run_id in &self.gone {
            connection.execute("DELETE FROM paceline_heads WHERE run_id = ?1", [run_id])?;
        }
        let mark = serde_json::to_string(&self.mark)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        connection
            .execute("INSERT OR REPLACE INTO paceline_meta (key, value) VALUES ('mark', ?1)", [mark])?;
        Ok(())
    }
}

/// The name in the last row of the run, if its first and last rows are where its heads say they are.
pub(crate) fn probe(
    connection: &Connection,
    table: RunTable,
    run_id: &str,
    known: &RowsOfRun,
) -> rusqlite::Result<Option<String>> {
    let (Some(first), Some(last)) = (known.heads.first_id(), known.heads.last_id()) else { return Ok(None) };
    let sql = format!("SELECT {}, run_name FROM metrics WHERE id = ?1", table.run);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut name_at = |id: i64| -> rusqlite::Result<Option<String>> {
        let found = statement.query_row([id], |row| Ok((text(row, 0)?, text(row, 1)?))).optional()?;
        Ok(found.and_then(|(found, name)| (found == run_id).then_some(name)))
    };
    match name_at(last)? {
        Some(name) if first == last => Ok(Some(name)),
        Some(name) => Ok(name_at(first)?.map(|_| name)),
        None => Ok(None),
    }
}

/// Reads a run from its rows up to `end`; `None` when it has none.
pub(crate) fn rebuild(
    connection: &Connection,
    shape: &Shape,
    table: RunTable,
    run_id: &str,
    end: i64,
) -> rusqlite::Result<Option<RowsOfRun>> {
    let bounds = format!("SELECT min(id), max(id) FROM metrics WHERE {} = ?1 AND id <= ?2", table.run);
    let (first, last): (Option<i64>, Option<i64>) = connection
        .prepare_cached(&bounds)?
        .query_row(params![run_id, end], |row| Ok((row.get(0)?, row.get(1)?)))?;
    // The rows of a run lie close together, so a walk along the table is quicker than one along an index.
    let sql = format!(
        "SELECT {} FROM metrics NOT INDEXED WHERE id BETWEEN ?1 AND ?2 AND {} = ?3 ORDER BY id",
        named_columns(table),
        table.run
    );
    let (mut heads, mut last_name) = (RunHeads::default(), None);
    let mut starts = Starts::new(connection, shape);
    for_each_named_row(
        connection,
        &sql,
        params![first, last, run_id],
        |NamedRow { row, has_time, run_name, .. }| {
            let time = if has_time { row.time } else { heads.last_time().unwrap_or_default() };
            starts.announce(&mut heads, run_id, time);
            heads.absorb(row.id, time, row.step, &row.metrics);
            last_name = Some(run_name);
            ControlFlow::Continue(())
        },
    )?;
    Ok(last_name.map(|name| RowsOfRun { name: name.into(), heads: Arc::new(heads) }))
}

fn stored_mark(connection: &Connection) -> rusqlite::Result<Option<Mark>> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM paceline_meta WHERE key = 'mark'")?
        .query_row([], |row| text(row, 0))
        .optional()?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// The newest row with an id up to `end`.
fn newest_row(connection: &Connection, table: RunTable, end: i64) -> rusqlite::Result<Option<Mark>> {
    let sql = format!(
        "SELECT id, {}, {} FROM metrics WHERE id <= ?1 ORDER BY id DESC LIMIT 1",
        table.run, table.log_id
    );
    connection
        .prepare_cached(&sql)?
        .query_row([end], |row| {
            Ok(Mark { id: row.get(0)?, run_id: text(row, 1)?, log_id: optional_text(row, 2)? })
        })
        .optional()
}

/// The id of every run that has rows, by one step along the index for each.
fn run_ids(connection: &Connection, table: RunTable) -> rusqlite::Result<Vec<String>> {
    let run = table.run;
    let sql = format!(
        "WITH RECURSIVE runs(id) AS (SELECT min({run}) FROM metrics UNION ALL \
         SELECT (SELECT min({run}) FROM metrics WHERE {run} > runs.id) FROM runs WHERE runs.id IS NOT NULL) \
         SELECT id FROM runs WHERE id IS NOT NULL"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map([], |row| text(row, 0))?.collect()
}
