//! What trainings printed, the newest lines of each run.

use paceline_schema::console::{ConsoleLine, MOST_LINES, StoredLine, Stream};
use paceline_schema::event::RunKey;
use rusqlite::{Connection, Row, params};

use crate::error::StorageError;
use crate::reader::Reader;
use crate::rows::{text, time};

/// Lines between two looks for ones that are too many.
const LINES_BETWEEN_LOOKS: i64 = 1_000;

/// Stores a line, once.
pub(crate) fn insert(connection: &Connection, run: &RunKey, line: &ConsoleLine) -> rusqlite::Result<()> {
    let stored = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO paceline_console (run_id, timestamp, stream, rank, line, log_id) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            run.id,
            line.time.to_string(),
            line.stream.as_str(),
            line.rank,
            line.text,
            line.log_id
        ])?;
    if stored > 0 && connection.last_insert_rowid() % LINES_BETWEEN_LOOKS == 0 {
        connection
            .prepare_cached(
                "DELETE FROM paceline_console WHERE run_id = ?1 AND id <= (SELECT id FROM paceline_console \
                 WHERE run_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            )?
            .execute(params![run.id, MOST_LINES])?;
    }
    Ok(())
}

impl Reader<'_> {
    /// What a run printed, lines with an id after `after_id` in the order printed, at most `limit`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn console(
        &self,
        run_id: &str,
        after_id: Option<i64>,
        limit: usize,
    ) -> Result<Vec<StoredLine>, StorageError> {
        if !self.shape.has_console {
            return Ok(Vec::new());
        }
        let read = || -> rusqlite::Result<Vec<StoredLine>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT id, timestamp, stream, rank, line FROM paceline_console WHERE run_id = ?1 AND id > ?2 \
                 ORDER BY id LIMIT ?3",
            )?;
            let after_id = after_id.unwrap_or(i64::MIN);
            statement.query_map(params![run_id, after_id, whole(limit)], stored_line)?.collect()
        };
        read().map_err(self.explain("read what a run printed"))
    }

    /// The newest lines that a run printed, in the order printed, at most `limit`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn console_tail(&self, run_id: &str, limit: usize) -> Result<Vec<StoredLine>, StorageError> {
        if !self.shape.has_console {
            return Ok(Vec::new());
        }
        let read = || -> rusqlite::Result<Vec<StoredLine>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT id, timestamp, stream, rank, line FROM paceline_console WHERE run_id = ?1 \
                 ORDER BY id DESC LIMIT ?2",
            )?;
            statement.query_map(params![run_id, whole(limit)], stored_line)?.collect()
        };
        let mut lines = read().map_err(self.explain("read what a run printed"))?;
        lines.reverse();
        Ok(lines)
    }

    /// How many lines of a run are kept.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn console_count(&self, run_id: &str) -> Result<u64, StorageError> {
        if !self.shape.has_console {
            return Ok(0);
        }
        let count: rusqlite::Result<i64> = self
            .connection
            .prepare_cached("SELECT count(*) FROM paceline_console WHERE run_id = ?1")
            .and_then(|mut statement| statement.query_row([run_id], |row| row.get(0)));
        count.map(i64::unsigned_abs).map_err(self.explain("count what a run printed"))
    }
}

fn whole(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn stored_line(row: &Row<'_>) -> rusqlite::Result<StoredLine> {
    Ok(StoredLine {
        id: row.get(0)?,
        timestamp: time(row.get_ref(1)?).unwrap_or_default(),
        stream: Stream::parse(&text(row, 2)?).unwrap_or(Stream::Stdout),
        rank: row.get(3)?,
        text: text(row, 4)?,
    })
}
