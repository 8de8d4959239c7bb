//! SQL over the wire: a statement that reads, and its rows.

use serde::{Deserialize, Serialize};

/// A statement to answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SqlRequest {
    /// One `SELECT`, `WITH`, `VALUES` or `PRAGMA table_info(…)`.
    pub sql: String,
}

/// What a statement answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SqlAnswer {
    /// Names of the columns, in order; a name can stand twice.
    pub columns: Vec<String>,
    /// One list for each row, a value for each column. A BLOB is its text where it is UTF-8, else hexadecimal.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Vec<serde_json::Value>>))]
    pub rows: Vec<Vec<serde_json::Value>>,
    /// How many rows are here.
    pub row_count: usize,
    /// The statement has more rows than one answer may hold.
    pub truncated: bool,
}
