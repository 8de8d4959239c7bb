//! Rows in the order of their times, which is the order of charts and not always that of arrival.

use std::ops::ControlFlow;

use paceline_schema::Timestamp;
use paceline_schema::series::Moment;
use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};

use super::Reader;
use crate::compat::RunTable;
use crate::error::StorageError;
use crate::rows::{self, StoredRow, optional_text};

/// Near the end of the year 9999, beyond which times have no text; microseconds since 1970.
const LAST_MICROS: i64 = 253_402_000_000_000_000;

/// As far as clocks of the earth may differ from UTC, and a little more; microseconds.
const WIDEST_OFFSET_MICROS: i64 = 26 * 3_600 * 1_000_000;

/// What a run logs row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowsOf {
    /// What its script logged.
    Metrics,
    /// Samples of the machine; their steps are 0.
    System,
}

/// Which rows of a kind a run has; all 0 where it has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// Id of the row that came first.
    pub first_id: i64,
    /// Id of the newest one.
    pub last_id: i64,
    /// How many there are.
    pub rows: u64,
}

impl RowsOf {
    fn table(self, reader: &Reader<'_>) -> Option<(&'static str, &'static str, RunTable)> {
        match self {
            Self::Metrics => reader.shape.metrics.map(|table| ("metrics", "step", table)),
            Self::System => reader.shape.system_metrics.map(|table| ("system_metrics", "0", table)),
        }
    }
}

impl Reader<'_> {
    /// Which rows of a kind a run has.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn extent(&self, kind: RowsOf, run_id: &str) -> Result<Extent, StorageError> {
        if kind == RowsOf::Metrics {
            let heads = self.heads(run_id)?;
            let id = |id: Option<i64>| id.unwrap_or_default();
            let (first_id, last_id) = (id(heads.first_id()), id(heads.last_id()));
            return Ok(Extent { first_id, last_id, rows: heads.rows() });
        }
        let Some((table, _, RunTable { run, .. })) = kind.table(self) else { return Ok(Extent::default()) };
        let sql = format!("SELECT min(id), max(id), count(*) FROM {table} WHERE {run} = ?1");
        let id = |id: Option<i64>| id.unwrap_or_default();
        self.connection
            .prepare_cached(&sql)
            .and_then(|mut statement| {
                statement.query_row([run_id], |row| {
                    let rows = row.get::<_, i64>(2)?.unsigned_abs();
                    Ok(Extent { first_id: id(row.get(0)?), last_id: id(row.get(1)?), rows })
                })
            })
            .map_err(self.explain("count the rows of a run"))
    }

    /// Hands every row of a run to `take`, by time and those of one time as they came, until it breaks.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rows_by_time(
        &self,
        kind: RowsOf,
        run_id: &str,
        mut take: impl FnMut(StoredRow) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        self.sortable_rows_by_time(kind, run_id, |row, _| take(row))
    }

    /// The newest rows of a kind that a run has, at most `limit`, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn newest_rows(
        &self,
        kind: RowsOf,
        run_id: &str,
        limit: usize,
    ) -> Result<Vec<StoredRow>, StorageError> {
        let Some((table, step, RunTable { run, .. })) = kind.table(self) else { return Ok(Vec::new()) };
        let sql = format!(
            "SELECT id, {run}, timestamp, {step}, metrics FROM {table} WHERE {run} = ?1 \
             ORDER BY timestamp DESC, id DESC LIMIT ?2"
        );
        let mut newest = Vec::new();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        rows::for_each_row(self.connection, &sql, params![run_id, limit], |row| {
            newest.push(row);
            ControlFlow::Continue(())
        })
        .map_err(self.explain("read the newest rows of a run"))?;
        newest.reverse();
        Ok(newest)
    }

    /// The same; `take` also gets whether the row's time stands in the form of which text sorts as it reads.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sortable_rows_by_time(
        &self,
        kind: RowsOf,
        run_id: &str,
        take: impl FnMut(StoredRow, bool) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        let Some((table, step, RunTable { run, .. })) = kind.table(self) else { return Ok(()) };
        let sql = format!(
            "SELECT id, {run}, timestamp, {step}, metrics FROM {table} WHERE {run} = ?1 ORDER BY timestamp, id"
        );
        rows::for_each_sortable_row(self.connection, &sql, params![run_id], take)
            .map_err(self.explain("read the rows of a run"))
    }

    /// The same for rows with an id after `after_id` and up to `last_id`, in id order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sortable_rows_by_id(
        &self,
        kind: RowsOf,
        run_id: &str,
        after_id: i64,
        last_id: i64,
        take: impl FnMut(StoredRow, bool) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        let Some((table, step, RunTable { run, .. })) = kind.table(self) else { return Ok(()) };
        let sql = format!(
            "SELECT id, {run}, timestamp, {step}, metrics FROM {table} NOT INDEXED \
             WHERE id > ?1 AND id <= ?2 AND {run} = ?3 ORDER BY id"
        );
        rows::for_each_sortable_row(self.connection, &sql, params![after_id, last_id, run_id], take)
            .map_err(self.explain("read the rows of a run"))
    }

    /// The ids of the rows of a run in the order of [`Self::rows_by_time`], from the index alone.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn ids_by_time(&self, run_id: &str) -> Result<Vec<i64>, StorageError> {
        let Some(RunTable { run, .. }) = self.shape.metrics else { return Ok(Vec::new()) };
        let sql = format!("SELECT id FROM metrics WHERE {run} = ?1 ORDER BY timestamp, id");
        let read = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            statement.query_map([run_id], |row| row.get(0))?.collect()
        };
        read().map_err(self.explain("read the ids of the rows of a run"))
    }

    /// Hands the rows of a run that belong to `moment` to `take`, in the order of [`Self::rows_by_time`]. They are
    /// found by the indexes of steps and times: a short moment of a long run costs what it holds.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rows_at(
        &self,
        run_id: &str,
        moment: Moment,
        mut take: impl FnMut(StoredRow),
    ) -> Result<(), StorageError> {
        let Some(RunTable { run, .. }) = self.shape.metrics else { return Ok(()) };
        let spread_micros = match moment {
            Moment::AroundTime { .. } => self.clock_spread(run_id)?,
            Moment::All | Moment::Step(_) | Moment::AroundStep { .. } => 0,
        };
        let (sql, mut bounds) = statement_of(run, moment, spread_micros);
        bounds.insert(0, Value::from(run_id.to_owned()));
        rows::for_each_row(self.connection, &sql, params_from_iter(bounds), |row| {
            if moment.holds(row.step, row.time) {
                take(row);
            }
            ControlFlow::Continue(())
        })
        .map_err(self.explain("read the rows of a moment"))
    }

    /// As far as the times of a run may be from UTC as they read, in microseconds; 0 where all stand in UTC. A program
    /// that writes another offset writes it in all its rows, so the first and the newest one tell.
    pub(crate) fn clock_spread(&self, run_id: &str) -> Result<i64, StorageError> {
        let heads = self.heads(run_id)?;
        let read = || -> rusqlite::Result<bool> {
            let mut statement =
                self.connection.prepare_cached("SELECT timestamp FROM metrics WHERE id IN (?1, ?2)")?;
            let mut found = statement.query(params![heads.first_id(), heads.last_id()])?;
            let mut differs = false;
            while let Some(row) = found.next()? {
                differs |= optional_text(row, 0)?.is_some_and(|time| has_offset(&time));
            }
            Ok(differs)
        };
        let differs = read().map_err(self.explain("read the times of a run"))?;
        Ok(if differs { WIDEST_OFFSET_MICROS } else { 0 })
    }

    /// The rows with these ids, in the order of the ids given; ids that are not there are left out.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rows_with_ids(&self, kind: RowsOf, ids: &[i64]) -> Result<Vec<StoredRow>, StorageError> {
        let Some((table, step, RunTable { run, .. })) = kind.table(self) else { return Ok(Vec::new()) };
        let sql = format!("SELECT id, {run}, timestamp, {step}, metrics FROM {table} WHERE id = ?1");
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            rows::for_each_row(self.connection, &sql, params![id], |row| {
                found.push(row);
                ControlFlow::Continue(())
            })
            .map_err(self.explain("read the rows of a run"))?;
        }
        Ok(found)
    }
}

/// Whether a time in ISO form stands in another offset than that of UTC.
fn has_offset(time: &str) -> bool {
    let after_date = time.trim_end().get("2026-11-23T".len()..).unwrap_or_default();
    let offset = after_date.find(['+', '-']).map(|sign| &after_date[sign + 1..]);
    offset.is_some_and(|offset| offset.chars().any(|digit| matches!(digit, '1'..='9')))
}

/// The statement that finds the rows of a moment, and some around it, with what it binds after the run. Their times
/// may be `spread_micros` from UTC as they read.
fn statement_of(run: &str, moment: Moment, spread_micros: i64) -> (String, Vec<Value>) {
    let rows = format!("SELECT id, {run}, timestamp, step, metrics FROM metrics WHERE {run} = ?1");
    let steps = |first: i64, last: i64| {
        // The sign keeps SQLite from walking along all times to spare itself the sorting.
        let sql = format!("{rows} AND step BETWEEN ?2 AND ?3 ORDER BY +timestamp, id");
        (sql, vec![first.into(), last.into()])
    };
    match moment {
        Moment::All => (format!("{rows} ORDER BY timestamp, id"), Vec::new()),
        Moment::Step(step) => steps(step, step),
        Moment::AroundStep { step, window } => {
            // As far as steps reach: the conversion saturates.
            let window = window as i64;
            steps(step.saturating_sub(window), step.saturating_add(window))
        }
        Moment::AroundTime { time, window_seconds } => {
            let window_micros = ((window_seconds * 1e6) as i64).saturating_add(spread_micros);
            let second_of = |micros: i64| whole_second(Timestamp(micros.clamp(0, LAST_MICROS)));
            let first = second_of(time.0.saturating_sub(window_micros));
            let last = second_of(time.0.saturating_add(window_micros)) + "~";
            // Text in ISO form sorts by time up to the second, with a `T` and with a space for it; numbers, which
            // importers write, sort before it.
            let with_space = |text: &str| text.replace('T', " ");
            let sql = format!(
                "{rows} AND timestamp BETWEEN ?2 AND ?3 AND substr(timestamp, 11, 1) <> ' ' UNION ALL \
                 {rows} AND timestamp BETWEEN ?4 AND ?5 AND substr(timestamp, 11, 1) = ' ' UNION ALL \
                 {rows} AND timestamp < '2' ORDER BY 3, 1"
            );
            let bounds = [with_space(&first), with_space(&last)];
            (sql, [first, last].into_iter().chain(bounds).map(Value::from).collect())
        }
    }
}

/// The ISO form of a time without what follows its seconds.
pub(crate) fn whole_second(time: Timestamp) -> String {
    time.to_string().chars().take("2026-11-23T02:17:52".len()).collect()
}

#[cfg(test)]
mod tests {
    use paceline_schema::ddl::{PEER_INDEXES, PEER_TABLES};
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn moments_are_found_by_index() {
        let connection = Connection::open_in_memory().expect("it opens");
        let tables = PEER_TABLES.iter().map(|table| table.create);
        for create in tables.chain(PEER_INDEXES.iter().map(|index| index.create)) {
            connection.execute_batch(create).expect("it is made");
        }
        let time = Timestamp(1_795_400_272_000_000);
        for (moment, index) in [
            (Moment::Step(7), "idx_metrics_run_step (run_id=? AND step>? AND step<?)"),
            (
                Moment::AroundStep { step: 7, window: 2.5 },
                "idx_metrics_run_step (run_id=? AND step>? AND step<?)",
            ),
            (
                Moment::AroundTime { time, window_seconds: 5.0 },
                "idx_metrics_run_timestamp (run_id=? AND timestamp>? AND timestamp<?)",
            ),
        ] {
            let (sql, bounds) = statement_of("run_id", moment, 0);
            let bounds = std::iter::once(Value::from("r".to_owned())).chain(bounds);
            let mut statement =
                connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("it is understood");
            let plan = statement.query_map(params_from_iter(bounds), |row| row.get::<_, String>(3));
            let plan: Vec<String> =
                plan.expect("it is explained").map(|line| line.expect("a line")).collect();
            assert!(plan.iter().any(|line| line.ends_with(index)), "{moment:?}: {plan:?}");
            let searches = plan.iter().filter(|line| line.contains("metrics"));
            assert!(searches.clone().all(|line| line.contains("(run_id=? AND ")), "{moment:?}: {plan:?}");
        }
    }
}
