//! Rows into `metrics`, several with one statement.

use std::sync::LazyLock;

use paceline_schema::Row;
use paceline_schema::event::RunKey;
use rusqlite::Connection;

use crate::apply::{Outcome, record_rows};
use crate::batch::{PreparedRow, Texts};
use crate::traces;
use crate::turns::offer_turn;

/// Rows that one statement inserts. Each statement seeks its place in the table and five indexes and counts
/// in `sqlite_sequence`; with more rows than this in one, nothing further is gained.
const ROWS_PER_STATEMENT: usize = 16;
/// Parameters of a statement that are of the run, and those of each row.
const RUN_PARAMETERS: usize = 2;
const ROW_PARAMETERS: usize = 4;

static INSERT_ONE: LazyLock<String> = LazyLock::new(|| insert_statement(1));
static INSERT_MANY: LazyLock<String> = LazyLock::new(|| insert_statement(ROWS_PER_STATEMENT));

fn insert_statement(rows: usize) -> String {
    let rows: Vec<String> = (0..rows)
        .map(|row| RUN_PARAMETERS + row * ROW_PARAMETERS)
        .map(|before| format!("(?1, ?2, ?{}, ?{}, ?{}, ?{})", before + 1, before + 2, before + 3, before + 4))
        .collect();
    format!(
        "INSERT OR IGNORE INTO metrics (run_id, run_name, timestamp, step, metrics, log_id) VALUES {}",
        rows.join(", ")
    )
}

/// Inserts the rows of one run, in their order, inside the caller's transaction.
pub(crate) struct RowWriter<'a> {
    connection: &'a Connection,
    run: &'a RunKey,
    texts: Texts<'a>,
    /// Taken, not yet inserted.
    waiting: Vec<Waiting<'a>>,
    /// Step of the next row that has none of its own; unknown until there is one.
    next_step: Option<i64>,
    /// The run is known to be recorded as having rows.
    is_running: bool,
    outcome: Outcome,
}

struct Waiting<'a> {
    row: &'a Row,
    step: i64,
    prepared: &'a mut PreparedRow,
}

impl<'a> RowWriter<'a> {
    pub(crate) fn new(connection: &'a Connection, run: &'a RunKey, texts: Texts<'a>) -> Self {
        Self {
            connection,
            run,
            texts,
            waiting: Vec::with_capacity(ROWS_PER_STATEMENT),
            next_step: None,
            is_running: false,
            outcome: Outcome::default(),
        }
    }

    /// Takes a row. Its id and step are in `prepared` once it is stored, which [`Self::flush`] makes sure of.
    pub(crate) fn insert(&mut self, row: &'a Row, prepared: &'a mut PreparedRow) -> rusqlite::Result<()> {
        let step = match row.step {
            Some(step) => step,
            None => self.count_step()?,
        };
        self.waiting.push(Waiting { row, step, prepared });
        if self.waiting.len() == ROWS_PER_STATEMENT { self.flush() } else { Ok(()) }
    }

    /// Inserts what was taken.
    pub(crate) fn flush(&mut self) -> rusqlite::Result<()> {
        offer_turn();
        let mut waiting = std::mem::take(&mut self.waiting);
        if waiting.len() == ROWS_PER_STATEMENT {
            self.insert_together(&mut waiting)?;
        } else {
            for one in &mut waiting {
                self.insert_together(std::slice::from_mut(one))?;
            }
        }
        for Waiting { row, step, prepared } in waiting.drain(..) {
            self.outcome.appended.count(prepared.stored.is_some());
            self.outcome.first_id = self.outcome.first_id.or(prepared.stored.map(|(id, _)| id));
            if prepared.stored.is_some() && !self.is_running {
                record_rows(self.connection, &self.run.id)?;
                self.is_running = true;
            }
            let run = (self.run.id.as_str(), self.run.name.as_str());
            let moment = (self.texts.time(prepared), step);
            traces::insert(self.connection, &prepared.traces, run, moment, row.log_id.as_deref())?;
        }
        self.waiting = waiting;
        Ok(())
    }

    /// Inserts what was taken, and says what became of all rows.
    pub(crate) fn finish(mut self) -> rusqlite::Result<Outcome> {
        self.flush()?;
        Ok(self.outcome)
    }

    /// What is recorded of the run may have changed.
    pub(crate) fn run_began_anew(&mut self) {
        self.is_running = false;
    }

    /// Inserts one row, or as many as a statement holds.
    fn insert_together(&mut self, rows: &mut [Waiting<'_>]) -> rusqlite::Result<()> {
        let is_one = rows.len() == 1;
        let id_before = if is_one { 0 } else { self.last_id()? };
        let mut statement =
            self.connection.prepare_cached(if is_one { &INSERT_ONE } else { &INSERT_MANY })?;
        statement.raw_bind_parameter(1, &self.run.id)?;
        statement.raw_bind_parameter(2, &self.run.name)?;
        for (number, Waiting { row, step, prepared }) in rows.iter().enumerate() {
            let before = RUN_PARAMETERS + number * ROW_PARAMETERS;
            statement.raw_bind_parameter(before + 1, self.texts.time(prepared))?;
            statement.raw_bind_parameter(before + 2, step)?;
            statement.raw_bind_parameter(before + 3, self.texts.json(prepared))?;
            statement.raw_bind_parameter(before + 4, row.log_id.as_deref())?;
        }
        let inserted = statement.raw_execute()?;
        let last_id = self.connection.last_insert_rowid();
        let id_before = if is_one { last_id - inserted as i64 } else { id_before };
        if inserted == 0 {
            return Ok(());
        }
        // So many rows have so many ids: they stand in a row, in the order of the rows.
        if inserted < rows.len() || last_id - id_before != inserted as i64 {
            return self.find_stored(rows, id_before);
        }
        for (id, Waiting { step, prepared, .. }) in (id_before + 1..).zip(rows) {
            prepared.stored = Some((id, *step));
        }
        Ok(())
    }

    /// The largest id there is.
    fn last_id(&self) -> rusqlite::Result<i64> {
        self.connection
            .prepare_cached("SELECT coalesce(max(id), 0) FROM metrics")?
            .query_row([], |row| row.get(0))
    }

    /// Which of these rows have ids beyond `before`. They have them in their order, and those without one were
    /// there already, so each id is that of the next row with its `log_id`.
    fn find_stored(&self, rows: &mut [Waiting<'_>], before: i64) -> rusqlite::Result<()> {
        let mut statement =
            self.connection.prepare_cached("SELECT id, log_id FROM metrics WHERE id > ?1 ORDER BY id")?;
        let mut stored = statement.query([before])?;
        let mut rows = rows.iter_mut();
        while let Some(found) = stored.next()? {
            let (id, log_id) = (found.get(0)?, found.get_ref(1)?.as_str_or_null()?);
            if let Some(row) = rows.find(|waiting| waiting.row.log_id.as_deref() == log_id) {
                row.prepared.stored = Some((id, row.step));
            }
        }
        Ok(())
    }

    /// The step after the run's largest, then on by one for each such row; steps given in between do not
    /// count. Source: the peer's `SQLiteStorage.bulk_log`.
    fn count_step(&mut self) -> rusqlite::Result<i64> {
        let step = match self.next_step {
            Some(step) => step,
            None => {
                self.flush()?;
                self.connection
                    .prepare_cached("SELECT max(step) FROM metrics WHERE run_id = ?1")?
                    .query_row([&self.run.id], |row| row.get::<_, Option<i64>>(0))?
                    .map_or(0, |largest| largest.saturating_add(1))
            }
        };
        self.next_step = Some(step.saturating_add(1));
        Ok(step)
    }
}
