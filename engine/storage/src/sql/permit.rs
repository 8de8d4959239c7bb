//! What a statement of a stranger may touch: tables of the file, listed functions, harmless pragmas.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

/// Tables that are computed, not stored.
const COMPUTED_TABLES: [&str; 9] = [
    "sqlite_schema",
    "sqlite_master",
    "json_each",
    "json_tree",
    "pragma_table_info",
    "pragma_table_xinfo",
    "pragma_index_list",
    "pragma_index_info",
    "pragma_index_xinfo",
];

/// Those of the peer.
const PRAGMAS: [&str; 5] = ["table_info", "table_xinfo", "index_list", "index_info", "index_xinfo"];

/// Functions whose time grows no faster than their arguments, or that `functions` has replaced by such.
#[rustfmt::skip]
const FUNCTIONS: &[&str] = &[
    // Of one row.
    "->", "->>", "abs", "char", "coalesce", "concat", "concat_ws", "format", "glob", "hex", "if", "ifnull",
    "iif", "instr", "json", "json_array", "json_array_length", "json_extract", "json_object", "json_quote",
    "json_type", "json_valid", "length", "like", "likelihood", "likely", "lower", "ltrim", "max", "min",
    "nullif", "octet_length", "printf", "quote", "random", "replace", "round", "rtrim", "sign", "substr",
    "substring", "trim", "typeof", "unicode", "unlikely", "upper", "zeroblob",
    // Times.
    "current_date", "current_time", "current_timestamp", "date", "datetime", "julianday", "strftime", "time",
    "timediff", "unixepoch",
    // Of many rows.
    "avg", "count", "group_concat", "json_group_array", "json_group_object", "median", "string_agg", "sum",
    "total",
    // Of a window.
    "cume_dist", "dense_rank", "first_value", "lag", "last_value", "lead", "nth_value", "ntile",
    "percent_rank", "rank", "row_number",
];

/// Calls of functions in one statement: each can run through a value of the largest size.
const MAX_CALLS: usize = 100;

/// What may be touched, and the first thing that was refused.
pub(super) struct Permit {
    tables: Arc<HashSet<String>>,
    refusal: Arc<Mutex<Option<String>>>,
}

impl Permit {
    /// For the tables and views of a file. Virtual tables run code of their own and are left out.
    pub(super) fn for_file(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare(
            "SELECT lower(name) FROM sqlite_schema WHERE type = 'view' OR (type = 'table' AND rootpage > 0)",
        )?;
        let stored = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
        let tables = stored.into_iter().chain(COMPUTED_TABLES.map(str::to_owned)).collect();
        Ok(Self { tables: Arc::new(tables), refusal: Arc::default() })
    }

    /// What SQLite asks while it prepares a statement.
    pub(super) fn authorizer(&self) -> impl FnMut(AuthContext<'_>) -> Authorization + Send + use<> {
        let (tables, refusal) = (Arc::clone(&self.tables), Arc::clone(&self.refusal));
        let mut calls = 0;
        move |asked| match refuse(&tables, &mut calls, asked.action) {
            None => Authorization::Allow,
            Some(sentence) => {
                refusal.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(sentence);
                Authorization::Deny
            }
        }
    }

    /// The sentence about what was refused first.
    pub(super) fn refusal(&self) -> Option<String> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Why something may not be done; `None` when it may.
#[expect(clippy::wildcard_enum_match_arm, reason = "whatever else there is, now or later, is refused")]
fn refuse(tables: &HashSet<String>, calls: &mut usize, action: AuthAction<'_>) -> Option<String> {
    match action {
        // A recursion ends with the budget.
        AuthAction::Select | AuthAction::Recursive => None,
        // Nothing is read of it but that it has rows; it may be a table of the statement's own.
        AuthAction::Read { column_name: "", .. } => None,
        AuthAction::Read { table_name, .. } => (!tables.contains(&table_name.to_ascii_lowercase()))
            .then(|| format!("the table `{}` may not be read", shown(table_name))),
        AuthAction::Function { function_name } => {
            *calls += 1;
            if *calls > MAX_CALLS {
                return Some(format!("the statement calls more than {MAX_CALLS} functions"));
            }
            let known = FUNCTIONS.contains(&function_name.to_ascii_lowercase().as_str());
            (!known).then(|| format!("the function `{}` may not be used", shown(function_name)))
        }
        AuthAction::Pragma { pragma_name, pragma_value } => {
            let name = pragma_name.to_ascii_lowercase();
            let harmless = PRAGMAS.contains(&name.as_str());
            (!harmless && (name != "user_version" || pragma_value.is_some()))
                .then(|| format!("`PRAGMA {}` may not be used", shown(pragma_name)))
        }
        _ => Some("the statement does not only read".to_owned()),
    }
}

fn shown(name: &str) -> String {
    name.escape_debug().take(60).collect()
}
