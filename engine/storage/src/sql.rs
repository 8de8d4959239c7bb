//! SQL of strangers: one statement that reads, on a handle of its own, within limits of time and size.
//!
//! Nothing is believed of the statement: the handle cannot write, an authorizer lets through what is listed
//! in `permit`, what SQLite would compute for hours without looking up is replaced in `functions`, and
//! everything else ends when its `budget` is spent.

use std::sync::Arc;
use std::time::Duration;

use paceline_schema::Value;
use paceline_schema::sql::SqlAnswer;
use rusqlite::config::DbConfig;
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection, Row};

use crate::connection::open_sandbox;
use crate::error::{Location, StorageError};
use budget::Budget;
use permit::Permit;

mod budget;
mod functions;
mod permit;

/// Rows of one answer.
const MAX_ROWS: usize = 10_000;
/// Bytes of the values of one answer.
const MAX_BYTES: usize = 16 << 20;
/// Bytes of one value, stored or computed.
const MAX_VALUE_BYTES: i32 = 4 << 20;
/// Bytes of a statement.
const MAX_STATEMENT_BYTES: usize = 64 << 10;
/// Characters of a pattern of LIKE and GLOB.
const MAX_PATTERN_CHARACTERS: usize = 1_000;
/// How long the statement may take: with what is under way when it is over, it ends within 2 seconds.
const TIME_LIMIT: Duration = Duration::from_millis(1_500);
/// How long it may wait for a file that another program keeps locked.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);
/// Steps of SQLite between two looks at the budget.
const STEPS_BETWEEN_LOOKS: i32 = 10;
/// Characters of SQLite's words that are passed on.
const MAX_REASON_CHARACTERS: usize = 300;

/// Sizes that a statement and what it computes may have. SQLite looks at its budget where its program jumps
/// back, so the length of the program times that of a value bounds what is done between two looks.
const LIMITS: [(Limit, i32); 9] = [
    (Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, MAX_STATEMENT_BYTES as i32),
    (Limit::SQLITE_LIMIT_COLUMN, 100),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 20),
    (Limit::SQLITE_LIMIT_VDBE_OP, 3_000),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 32),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
];

/// Answers one statement.
///
/// # Errors
/// `SqlRefused` when it is none that only reads, or SQLite does not understand it; `SqlTooExpensive` when it
/// takes too long or too much memory; otherwise what keeps the file from being read.
pub(crate) fn answer(location: &Location, statement: &str) -> Result<SqlAnswer, StorageError> {
    if statement.len() > MAX_STATEMENT_BYTES {
        return Err(refused(format!("the statement is longer than {MAX_STATEMENT_BYTES} bytes")));
    }
    if statement.contains('\0') {
        return Err(refused("the statement holds a NUL character"));
    }
    let unreadable = |error| location.explain("open it for a statement", error).while_reading();
    let connection = open_sandbox(location).map_err(unreadable)?;
    let permit = Permit::for_file(&connection).map_err(unreadable)?;
    let budget = Arc::new(Budget::new(TIME_LIMIT));
    confine(&connection, &permit, &budget).map_err(unreadable)?;
    run(&connection, statement).map_err(|error| {
        let why = permit.refusal().map(refused).or_else(|| budget.spent_on().map(too_expensive));
        why.unwrap_or_else(|| location.explain_statement(error))
    })?
}

fn confine(connection: &Connection, permit: &Permit, budget: &Arc<Budget>) -> rusqlite::Result<()> {
    connection.busy_timeout(LOCK_PATIENCE)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    functions::replace(connection, budget)?;
    for (limit, value) in LIMITS {
        connection.set_limit(limit, value)?;
    }
    let watched = Arc::clone(budget);
    connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || watched.is_spent()))?;
    connection.authorizer(Some(permit.authorizer()))
}

/// The rows, or why this is no statement to answer.
fn run(connection: &Connection, statement: &str) -> rusqlite::Result<Result<SqlAnswer, StorageError>> {
    let mut statements = Batch::new(connection, statement);
    let Some(mut first) = statements.next()? else {
        return Ok(Err(refused("the statement is empty")));
    };
    if !first.readonly() || first.column_count() == 0 {
        return Ok(Err(refused("the statement does not only read")));
    }
    if statements.next()?.is_some() {
        return Ok(Err(refused("there is more than one statement")));
    }
    let columns: Vec<String> = first.column_names().into_iter().map(str::to_owned).collect();
    let (mut rows, mut bytes, mut truncated) = (Vec::new(), 0, false);
    let mut found = first.query([])?;
    while let Some(row) = found.next()? {
        let size = size_of(row, columns.len())?;
        if rows.len() == MAX_ROWS || bytes + size > MAX_BYTES {
            truncated = true;
            break;
        }
        bytes += size;
        rows.push(
            (0..columns.len())
                .map(|column| Ok(json(row.get_ref(column)?)))
                .collect::<rusqlite::Result<_>>()?,
        );
    }
    if truncated && rows.is_empty() {
        return Ok(Err(too_expensive(format!("the first row is larger than {MAX_BYTES} bytes"))));
    }
    Ok(Ok(SqlAnswer { columns, row_count: rows.len(), rows, truncated }))
}

fn size_of(row: &Row<'_>, columns: usize) -> rusqlite::Result<usize> {
    (0..columns).try_fold(0, |size, column| {
        Ok(size
            + match row.get_ref(column)? {
                ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => 8,
                ValueRef::Text(bytes) => bytes.len() + 8,
                ValueRef::Blob(bytes) => 2 * bytes.len() + 8,
            })
    })
}

/// As the peer gives them, but for infinities, which JSON has not.
fn json(value: ValueRef<'_>) -> serde_json::Value {
    match value {
        ValueRef::Null => serde_json::Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => Value::Float(number).to_json(),
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into(),
        ValueRef::Blob(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
        },
    }
}

fn refused(reason: impl Into<String>) -> StorageError {
    StorageError::SqlRefused { reason: reason.into() }
}

fn too_expensive(reason: impl Into<String>) -> StorageError {
    StorageError::SqlTooExpensive { reason: reason.into() }
}

impl Location {
    /// What SQLite refused a statement for: its fault, unless the file is damaged or locked.
    fn explain_statement(&self, error: rusqlite::Error) -> StorageError {
        let words = if let rusqlite::Error::SqlInputError { msg, .. } = &error {
            msg.clone()
        } else {
            error.to_string()
        };
        let explained = self.explain("answer a statement", error);
        if matches!(explained, StorageError::Damaged { .. } | StorageError::Busy { .. }) {
            return explained;
        }
        let shown = words.chars().map(|c| if c.is_control() { ' ' } else { c });
        refused(format!("SQLite says: {}", shown.take(MAX_REASON_CHARACTERS).collect::<String>()))
    }
}
