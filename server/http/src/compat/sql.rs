//! Read-only SQL as the peer's command line asks it.

use std::collections::BTreeMap;

use paceline_query::Engine;
use paceline_schema::ErrorCode;
use serde::Serialize;
use serde_json::Value;

use super::call::{Call, Reply};
use crate::error::ApiError;

/// Rows in the peer's form. Of two columns with one name the first one stays, as there.
#[derive(Serialize)]
struct PeerAnswer<'a> {
    project: &'a str,
    query: &'a str,
    columns: &'a [String],
    rows: Vec<BTreeMap<&'a str, Value>>,
    row_count: usize,
}

/// `query_project`. Half an answer is none: with the peer, too many rows are an error.
pub(super) fn query_project(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let (project, query): (String, String) = (call.get("project")?, call.get("query")?);
    let query = query.trim().trim_end_matches(';').trim();
    let answer = engine.sql(&project, query)?;
    if answer.truncated {
        let message = format!("the statement has more than the {} rows of one answer", answer.row_count);
        return Err(ApiError::new(ErrorCode::SqlTooExpensive, message));
    }
    let names = || answer.columns.iter().map(String::as_str);
    // What comes later into a map stays.
    let rows =
        answer.rows.into_iter().map(|row| names().rev().zip(row.into_iter().rev()).collect()).collect();
    let (columns, row_count) = (&answer.columns, answer.row_count);
    Reply::of(&PeerAnswer { project: &project, query, columns, rows, row_count })
}
