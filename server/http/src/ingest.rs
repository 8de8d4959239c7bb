//! Rows that arrive over HTTP: what is accepted, and what is named when it is not.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use actix_web::HttpRequest;
use actix_web::web::Payload;
use paceline_schema::event::RunKey;
use paceline_schema::series::{AlertEntry, LogEntry, SampleEntry, Stored};
use paceline_schema::{Alert, ErrorCode, Event, Metrics, ProjectName, Row, SystemSample, Timestamp, Value};
use paceline_storage::{Appended, Batch, StorageError, Store, offer_turn};
use serde::de::{DeserializeOwned, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use serde_json::value::RawValue;

use crate::body;
use crate::error::ApiError;
use crate::state::{Answer, State};

/// Rows in one request.
pub(crate) const MAX_ROWS: usize = 10_000;
/// Metrics in one row.
const MAX_METRICS: usize = 10_000;
/// Metrics of which each pair of names is compared.
const FEW_METRICS: usize = 24;
/// Characters in the name of a run.
const MAX_NAME_CHARACTERS: usize = 512;
/// Bytes in the name of a metric.
const MAX_NAME_BYTES: usize = 512;
/// Lists and objects within each other in one value.
const MAX_NESTING: usize = 32;

/// How the rows of a body are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowsForm {
    /// One JSON array.
    Array,
    /// One JSON object a line.
    Lines,
}

/// One element of a body, and the event it is.
pub(crate) trait Entry: DeserializeOwned {
    /// The event; `arrived` stands in for a time it does not say.
    ///
    /// # Errors
    /// `InvalidRequest` that names the row.
    fn into_event(self, row: usize, arrived: Timestamp) -> Result<Event, ApiError>;
}

impl Entry for LogEntry {
    fn into_event(self, row: usize, arrived: Timestamp) -> Result<Event, ApiError> {
        Ok(Event::Row(Row {
            metrics: check_metrics(row, self.metrics)?,
            log_id: self.log_id,
            time: self.timestamp.unwrap_or(arrived),
            step: self.step,
        }))
    }
}

impl Entry for SampleEntry {
    fn into_event(self, row: usize, arrived: Timestamp) -> Result<Event, ApiError> {
        Ok(Event::System(SystemSample {
            metrics: check_metrics(row, self.metrics)?,
            log_id: self.log_id,
            time: self.timestamp.unwrap_or(arrived),
        }))
    }
}

impl Entry for AlertEntry {
    fn into_event(self, _: usize, arrived: Timestamp) -> Result<Event, ApiError> {
        let Self { title, text, level, step, time, alert_id } = self;
        Ok(Event::Alert(Alert { alert_id, time: time.unwrap_or(arrived), title, text, level, step }))
    }
}

/// Reads the body of a request, stores what it holds for one run, and answers when that is committed.
///
/// # Errors
/// Those of the body, `InvalidRequest` that names the row, and what storage says.
pub(crate) async fn receive<E: Entry>(
    state: State,
    project: String,
    run: String,
    request: HttpRequest,
    payload: Payload,
) -> Result<Answer, ApiError> {
    let (form, limit) = form_of(&request)?;
    let body = body::read(&request, payload, limit).await?;
    let arrived = state.now();
    state
        .write(move |store| {
            append_to_run(store, &project, &run, None, || parse_rows::<E>(form, &body, arrived))
        })
        .await
}

fn form_of(request: &HttpRequest) -> Result<(RowsForm, usize), ApiError> {
    match body::declared_type(request).as_str() {
        "application/json" => Ok((RowsForm::Array, body::MAX_JSON_BYTES)),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => {
            Ok((RowsForm::Lines, body::MAX_BULK_BYTES))
        }
        _ => Err(ApiError::new(
            ErrorCode::UnsupportedMediaType,
            "the body is declared neither as JSON nor as JSON lines",
        )
        .with_hint("send `Content-Type: application/json` or `application/x-ndjson`")),
    }
}

/// The rows of a body as events, each with the time of arrival unless it says its own.
///
/// # Errors
/// `InvalidRequest` that names the row, and the metric where it is one.
fn parse_rows<E: Entry>(form: RowsForm, body: &[u8], arrived: Timestamp) -> Result<Vec<Event>, ApiError> {
    let texts = match form {
        RowsForm::Array => parse_array(body)?,
        RowsForm::Lines => parse_lines(body)?,
    };
    if texts.len() > MAX_ROWS {
        return Err(ApiError::invalid(format!(
            "{} rows are more than the {MAX_ROWS} one request may hold",
            texts.len()
        ))
        .with_hint("send fewer rows in each request"));
    }
    texts
        .into_iter()
        .enumerate()
        .map(|(row, text)| {
            offer_turn();
            parse_row::<E>(row, text)?.into_event(row, arrived)
        })
        .collect()
}

/// The JSON texts of the elements of an array.
///
/// # Errors
/// `InvalidRequest` when it is not one.
pub(crate) fn parse_array(body: &[u8]) -> Result<Vec<&str>, ApiError> {
    let rows: Vec<&RawValue> = serde_json::from_slice(body)
        .map_err(|error| ApiError::invalid(format!("the body is not a JSON array of rows: {error}")))?;
    Ok(rows.into_iter().map(RawValue::get).collect())
}

fn parse_lines(body: &[u8]) -> Result<Vec<&str>, ApiError> {
    let text = std::str::from_utf8(body)
        .map_err(|error| ApiError::invalid(format!("the body is not UTF-8: {error}")))?;
    Ok(text.lines().filter(|line| !line.trim().is_empty()).collect())
}

/// Reads the elements of an array one after the other into `take`, at once; only where one does not parse, all anew
/// to find which is at fault.
///
/// # Errors
/// `InvalidRequest` when it is not one, or that names the row, and those of `take`, which ends it.
pub(crate) fn read_elements<T: DeserializeOwned>(
    text: &str,
    mut take: impl FnMut(usize, T) -> Result<(), ApiError>,
) -> Result<(), ApiError> {
    let mut refused = None;
    let mut reader = serde_json::Deserializer::from_str(text);
    let elements = Elements { take: &mut take, refused: &mut refused, element: PhantomData };
    let read = reader.deserialize_seq(elements).and_then(|()| reader.end());
    match (refused, read) {
        (Some(error), _) => Err(error),
        (None, Ok(())) => Ok(()),
        (None, Err(error)) => {
            for (row, text) in parse_array(text.as_bytes())?.into_iter().enumerate() {
                parse_row::<T>(row, text)?;
            }
            Err(ApiError::invalid(format!("the body is not a JSON array of rows: {error}")))
        }
    }
}

/// The elements of an array, between which others may have a turn.
struct Elements<'a, T, F> {
    take: &'a mut F,
    /// Why `take` ended it.
    refused: &'a mut Option<ApiError>,
    element: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(usize, T) -> Result<(), ApiError>> Visitor<'de>
    for Elements<'_, T, F>
{
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        let mut row = 0;
        while let Some(element) = array.next_element()? {
            if let Err(error) = (self.take)(row, element) {
                *self.refused = Some(error);
                return Err(A::Error::custom("refused"));
            }
            row += 1;
            offer_turn();
        }
        Ok(())
    }
}

/// Parses one row of a body.
///
/// # Errors
/// `InvalidRequest` that names the row.
pub(crate) fn parse_row<'a, T: Deserialize<'a>>(row: usize, text: &'a str) -> Result<T, ApiError> {
    serde_json::from_str(text).map_err(|error| at_row(row, &format!("does not parse: {error}")))
}

/// The metrics of a row, if they keep the limits.
///
/// # Errors
/// `InvalidRequest` that names the row and the metric.
pub(crate) fn check_metrics(row: usize, mut metrics: Metrics) -> Result<Metrics, ApiError> {
    if metrics.len() > MAX_METRICS {
        return Err(at_row(
            row,
            &format!("has {} metrics, more than the {MAX_METRICS} a row may have", metrics.len()),
        ));
    }
    for (key, value) in &metrics {
        check_metric_name(row, key)?;
        // Numbers and truth values are known already; everything else is still the client's text.
        if let Value::Json(text) = value {
            let parsed: serde_json::Value = parse_row(row, text)?;
            if nesting(&parsed) > MAX_NESTING {
                return Err(at_metric(row, key, &format!("is nested deeper than {MAX_NESTING}")));
            }
        }
    }
    keep_last_values(&mut metrics);
    Ok(metrics)
}

/// A key that stands twice keeps its last value, as in Python.
fn keep_last_values(metrics: &mut Metrics) {
    let mut seen = HashSet::new();
    // Few names are compared faster than they are hashed.
    let is_unique = if metrics.len() <= FEW_METRICS {
        metrics
            .iter()
            .enumerate()
            .all(|(place, (key, _))| metrics[..place].iter().all(|(before, _)| before != key))
    } else {
        metrics.iter().all(|(key, _)| seen.insert(key.as_str()))
    };
    if is_unique {
        return;
    }
    seen.clear();
    let mut is_last: Vec<bool> = metrics.iter().rev().map(|(key, _)| seen.insert(key.as_str())).collect();
    metrics.retain(|_| is_last.pop().unwrap_or(true));
}

/// Checks the name of a metric.
///
/// # Errors
/// `InvalidRequest` that names the row and the metric.
pub(crate) fn check_metric_name(row: usize, name: &str) -> Result<(), ApiError> {
    if name.len() <= MAX_NAME_BYTES {
        return Ok(());
    }
    let start: String = name.chars().take(40).collect();
    let fault = format!("is {} bytes long, more than {MAX_NAME_BYTES}", name.len());
    Err(at_metric(row, &format!("{start}…"), &fault))
}

/// Lists and objects within each other. The parser has bounded them to 128.
fn nesting(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => 1 + items.iter().map(nesting).max().unwrap_or(0),
        serde_json::Value::Object(fields) => 1 + fields.values().map(nesting).max().unwrap_or(0),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => 0,
    }
}

/// Checks the name of a run that rows are sent to.
///
/// # Errors
/// `InvalidRequest` when it is empty, too long or holds control characters.
pub(crate) fn check_run_name(name: &str) -> Result<(), ApiError> {
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARACTERS || name.chars().any(char::is_control) {
        let start: String = name.escape_debug().take(80).collect();
        return Err(ApiError::invalid(format!("`{start}` cannot be the name of a run")).with_hint(format!(
            "choose one of 1 to {MAX_NAME_CHARACTERS} characters without control characters"
        )));
    }
    Ok(())
}

/// An error of one row, counted from 0.
pub(crate) fn at_row(row: usize, fault: &str) -> ApiError {
    ApiError::invalid(format!("row {row} {fault}"))
        .with_hint("rows are counted from 0; nothing of this request was stored")
        .with_details(json!({ "row": row }))
}

fn at_metric(row: usize, key: &str, fault: &str) -> ApiError {
    at_row(row, &format!("is refused: metric `{key}` {fault}"))
        .with_details(json!({ "row": row, "metric": key }))
}

/// Stores events of one run and returns when they are committed. `events` makes them; again where somebody else
/// deletes the run just then.
///
/// `run` is the id of a run, or a name and then its latest run. A name nobody has begins a run whose id is
/// the name, displayed as `new_name` where there is one: a request that is sent again then finds the run it
/// made, also while the first one still runs.
///
/// # Errors
/// Those of `events`, `InvalidName`, `InvalidRequest` for the run's name, and what storage says.
pub(crate) fn append_to_run(
    store: &Store,
    project: &str,
    run: &str,
    new_name: Option<&str>,
    events: impl Fn() -> Result<Vec<Event>, ApiError>,
) -> Result<Stored, ApiError> {
    let mut made = Some(events()?);
    let new_name = new_name.unwrap_or(run);
    check_run_name(run)?;
    check_run_name(new_name)?;
    let name = ProjectName::new(project)?;
    // Most rows come for a run of this id, which its writer finds by itself.
    let known = store.project_for_writing(&name)?;
    let appended = known.append_to_known(run, || made.take().unwrap_or_default())?;
    if let Some(appended) = appended {
        return Ok(stored(appended));
    }
    let key = find_run(store, name.as_str(), run)?
        .unwrap_or_else(|| RunKey { id: run.to_owned(), name: new_name.to_owned() });
    let events = made.map_or_else(events, Ok)?;
    append(store, &name, vec![Batch { run: key, events }])
}

/// Stores batches of one project and returns when they are committed.
///
/// # Errors
/// What storage says.
pub(crate) fn append(store: &Store, project: &ProjectName, batches: Vec<Batch>) -> Result<Stored, ApiError> {
    Ok(stored(store.project_for_writing(project)?.append(batches)?))
}

fn stored(Appended { rows_stored, rows_duplicate }: Appended) -> Stored {
    Stored { stored: rows_stored, duplicates: rows_duplicate }
}

fn find_run(store: &Store, project: &str, run: &str) -> Result<Option<RunKey>, ApiError> {
    match store.project(project).and_then(|project| project.read(|reader| reader.run_key(run))) {
        Err(StorageError::ProjectNotFound { .. }) => Ok(None),
        found => Ok(found?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARRIVED: Timestamp = Timestamp(1_795_400_272_000_000);

    fn parse(body: &str) -> Result<Vec<Event>, String> {
        parse_rows::<LogEntry>(RowsForm::Array, body.as_bytes(), ARRIVED).map_err(|error| error.to_string())
    }

    #[test]
    fn rows_keep_their_time_step_and_values() {
        let body = r#"[{"metrics":{"loss":1.5,"bad":"NaN","n":3},"step":7,"timestamp":"2026-11-23T02:17:52Z","log_id":"a"},
                      {"metrics":{}}]"#;
        let events = parse(body).expect("parses");
        let Event::Row(first) = &events[0] else { panic!("not a row") };
        assert_eq!((first.step, first.time, first.log_id.as_deref()), (Some(7), ARRIVED, Some("a")));
        let value = |key| first.metrics.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
        assert_eq!(value("loss"), Some(Value::Float(1.5)));
        assert_eq!(value("n"), Some(Value::Integer(3)));
        assert!(matches!(value("bad"), Some(Value::Float(float)) if float.is_nan()));
        let Event::Row(twice) = &parse(r#"[{"metrics":{"a":1,"b":2,"a":3}}]"#).expect("parses")[0] else {
            panic!("not a row")
        };
        assert_eq!(twice.metrics, [("b".to_owned(), Value::Integer(2)), ("a".to_owned(), Value::Integer(3))]);
        let empty = Row { log_id: None, time: ARRIVED, step: None, metrics: vec![] };
        assert_eq!(events[1], Event::Row(empty));
    }

    #[test]
    fn lines_are_the_same_rows() {
        let lines = "{\"metrics\":{\"a\":1}}\n\n{\"metrics\":{\"a\":2}}\r\n";
        let from_lines = parse_rows::<LogEntry>(RowsForm::Lines, lines.as_bytes(), ARRIVED).expect("parses");
        assert_eq!(Ok(from_lines), parse(r#"[{"metrics":{"a":1}},{"metrics":{"a":2}}]"#));
    }

    #[test]
    fn what_is_refused_is_named() {
        let row = |text: &str| format!(r#"[{{"metrics":{{}}}},{text}]"#);
        for (body, named) in [
            (row(r#"{"metrics":{},"stepp":1}"#), "row 1 does not parse: unknown field `stepp`"),
            (row(r#"{"metrics":{"a":1e400}}"#), "row 1 does not parse: number out of range"),
            (row(r#"{"metrics":3}"#), "row 1 does not parse: invalid type"),
            (row(r#"{"step":3}"#), "row 1 does not parse: missing field `metrics`"),
            (row(r#"{"metrics":{},"timestamp":"soon"}"#), "row 1 does not parse: `soon` is not a time"),
            (row(&format!(r#"{{"metrics":{{"{}":1}}}}"#, "k".repeat(513))), "row 1 is refused: metric `kkkk"),
            (
                row(&format!(r#"{{"metrics":{{"deep":{}{}}}}}"#, "[".repeat(33), "]".repeat(33))),
                "row 1 is refused: metric `deep`",
            ),
            (format!("[{}]", vec!["{}"; MAX_ROWS + 1].join(",")), "10001 rows are more than the 10000"),
            ("{}".to_owned(), "the body is not a JSON array of rows"),
        ] {
            let error = parse(&body).expect_err("refused");
            assert!(error.starts_with(named), "{error}");
        }
        let deep = format!(r#"[{{"metrics":{{"deep":{}{}}}}}]"#, "[".repeat(32), "]".repeat(32));
        assert!(parse(&deep).is_ok());
    }
}
