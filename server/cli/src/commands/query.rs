//! `paceline query`: SQL that reads.

use paceline_schema::Operation;
use serde_json::{Value, json};

use super::text;
use crate::arguments::{QueryArguments, QueryCommand, RemoteArguments};
use crate::failure::Failure;
use crate::output;
use crate::source::{Source, texts};

/// Answers the statement.
pub(crate) fn run(command: &QueryCommand, remote: &RemoteArguments) -> Result<(), Failure> {
    let QueryCommand::Project(QueryArguments { of, sql }) = command;
    let source = Source::open(remote, &of.read.directory)?;
    source.check_project(&of.project)?;
    let answer = source.call(Operation::QueryProject, json!({ "project": of.project, "query": sql }))?;
    if of.read.json {
        return Ok(output::json_indented(&answer)?);
    }
    print(&answer)
}

/// Prints columns and rows of an answer.
pub(super) fn print(answer: &Value) -> Result<(), Failure> {
    output::line(&format!("Query returned {} row(s).", text::python(&answer["row_count"])))?;
    let columns = texts(&answer["columns"]);
    if columns.is_empty() {
        return Ok(());
    }
    let cell = |value: &Value| if value.is_null() { String::new() } else { text::python(value) };
    let rows = answer["rows"].as_array().into_iter().flatten();
    let rows: Vec<Vec<String>> =
        rows.map(|row| columns.iter().map(|column| cell(&row[column])).collect()).collect();
    text::grid(&columns, &rows)
}
