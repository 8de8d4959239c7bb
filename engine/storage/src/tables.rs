//! Tables of a project cell by cell, for whoever copies them whole: nothing is interpreted, nothing left out.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use crate::error::{Location, StorageError};
use crate::migrate::columns_of_tables;
use crate::project::Project;

/// What stands in one place of a table, as SQLite keeps it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// A float.
    Real(f64),
    /// Text; other programs may have put anything there, so it need not be UTF-8.
    Text(&'a [u8]),
    /// Bytes.
    Blob(&'a [u8]),
}

impl<'a> From<ValueRef<'a>> for Cell<'a> {
    fn from(value: ValueRef<'a>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(text) => Self::Text(text),
            ValueRef::Blob(bytes) => Self::Blob(bytes),
        }
    }
}

/// One row of a table, with the columns that were asked for.
pub struct TableRow<'a> {
    row: &'a Row<'a>,
    location: &'a Location,
}

impl TableRow<'_> {
    /// Its number in the table, ascending; the column `id` where the table has one that counts.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn number(&self) -> Result<i64, StorageError> {
        self.row.get(0).map_err(|error| self.location.explain(READ, error))
    }

    /// What stands in the column at `index` of those asked for.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn cell(&self, index: usize) -> Result<Cell<'_>, StorageError> {
        let value = self.row.get_ref(index + 1);
        value.map(Cell::from).map_err(|error| self.location.explain(READ, error))
    }
}

/// All tables of a project at one moment, inside [`Project::tables`].
pub struct Tables<'a> {
    connection: &'a Connection,
    location: &'a Location,
    columns: HashMap<String, HashSet<String>>,
}

const READ: &str = "read a table";

impl Project {
    /// Lets `f` read the tables as they stand at one moment.
    ///
    /// # Errors
    /// What `f` returns, or what keeps the file from being read.
    pub fn tables<T, E: From<StorageError>>(
        &self,
        f: impl FnOnce(&Tables<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let location = self.location();
        let sql = |error| location.explain("begin to read", error);
        self.with_connection(|connection| {
            let transaction = connection.unchecked_transaction().map_err(sql)?;
            let columns = columns_of_tables(connection).map_err(sql)?;
            let result = f(&Tables { connection, location, columns });
            transaction.finish().map_err(sql)?;
            result
        })
    }
}

impl Tables<'_> {
    /// Whether the project has the table.
    #[must_use]
    pub fn has(&self, table: &str) -> bool {
        self.columns.contains_key(table)
    }

    /// The least and the greatest number of a row; `None` for a table without rows.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn numbers(&self, table: &'static str) -> Result<Option<RangeInclusive<i64>>, StorageError> {
        if !self.has(table) {
            return Ok(None);
        }
        // Each is one step along the table; both in one would be a walk.
        let sql = format!("SELECT (SELECT min(rowid) FROM {table}), (SELECT max(rowid) FROM {table})");
        let read = self.connection.prepare_cached(&sql).and_then(|mut select| {
            select.query_row([], |row| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?)))
        });
        let (first, last) = read.map_err(|error| self.location.explain(READ, error))?;
        Ok(first.zip(last).map(|(first, last)| first..=last))
    }

    /// Hands the rows with these numbers to `take`, in their order. A table that is not there has none; of a column
    /// that a table of an older version lacks comes what stands there once the table is brought to the present form.
    ///
    /// # Errors
    /// What `take` returns, or what keeps the file from being read.
    pub fn for_each<E: From<StorageError>>(
        &self,
        table: &'static str,
        columns: &[&'static str],
        numbers: RangeInclusive<i64>,
        mut take: impl FnMut(TableRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(present) = self.columns.get(table) else { return Ok(()) };
        let explain = |error| self.location.explain(READ, error);
        let named = columns.iter().map(|column| {
            let column = *column;
            if present.contains(column) { column } else { substitute(column) }
        });
        let sql = format!(
            "SELECT rowid, {} FROM {table} NOT INDEXED WHERE rowid BETWEEN ?1 AND ?2 ORDER BY rowid",
            named.collect::<Vec<_>>().join(", ")
        );
        let mut select = self.connection.prepare_cached(&sql).map_err(explain)?;
        let mut rows = select.query([numbers.start(), numbers.end()]).map_err(explain)?;
        while let Some(row) = rows.next().map_err(explain)? {
            take(TableRow { row, location: self.location })?;
        }
        Ok(())
    }
}

/// What stands for a column in tables made before there was one.
fn substitute(column: &str) -> &'static str {
    match column {
        "run_id" => "run_name",
        "spans" => "'[]'",
        "kind" => "'media'",
        _ => "NULL",
    }
}
