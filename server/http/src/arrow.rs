//! Rows and lines as Arrow IPC streams: columns in, columns out.
//!
//! In: `step`, `timestamp`, `log_id` and one column a metric; a null is a value that was not logged. Out: the same
//! columns behind those that place a row. A column whose values are of several kinds is one of JSON texts, and
//! its field says so.

mod lines;

use std::collections::{BTreeMap, HashMap};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use paceline_schema::series::{LogRow, MetricValue, Page};
use paceline_schema::{Event, Metrics, Row, Timestamp, Value};
use serde_json::json;

use crate::error::ApiError;
use crate::ingest::{MAX_ROWS, at_row, check_metric_name};

/// The type of an Arrow IPC stream.
pub(crate) const ARROW: &str = "application/vnd.apache.arrow.stream";
/// Key in the metadata of a field whose texts are JSON.
const FORM: &str = "paceline.form";

/// Whether a request asks for Arrow.
pub(crate) fn is_wanted(request: &HttpRequest) -> bool {
    let accepted = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|line| line.split(','))
        .any(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(ARROW))
}

/// The rows of a stream as events.
///
/// # Errors
/// `InvalidRequest` that names the column, or the row.
pub(crate) fn parse_rows(body: &[u8], arrived: Timestamp) -> Result<Vec<Event>, ApiError> {
    // Bytes that only pretend to be Arrow can make the reader panic.
    catch_unwind(AssertUnwindSafe(|| read_stream(body, arrived)))
        .unwrap_or_else(|_| Err(ApiError::invalid("the body is not an Arrow IPC stream")))
}

fn read_stream(body: &[u8], arrived: Timestamp) -> Result<Vec<Event>, ApiError> {
    let unreadable =
        |error: ArrowError| ApiError::invalid(format!("the body is not an Arrow IPC stream: {error}"));
    let reader = StreamReader::try_new(Cursor::new(body), None).map_err(unreadable)?;
    let mut events = Vec::new();
    for batch in reader {
        let batch = batch.map_err(unreadable)?;
        if events.len() + batch.num_rows() > MAX_ROWS {
            return Err(ApiError::invalid(format!(
                "the body holds more rows than the {MAX_ROWS} of one request"
            ))
            .with_hint("send fewer rows in each request"));
        }
        read_batch(&batch, arrived, &mut events)?;
    }
    Ok(events)
}

fn read_batch(batch: &RecordBatch, arrived: Timestamp, events: &mut Vec<Event>) -> Result<(), ApiError> {
    let base = events.len();
    let mut rows: Vec<Row> = (0..batch.num_rows())
        .map(|_| Row { log_id: None, time: arrived, step: None, metrics: Metrics::new() })
        .collect();
    let schema = batch.schema();
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        let name = field.name().as_str();
        let refused = |why: &str| {
            let why = format!("column `{name}` is of type {}, {why}", column.data_type());
            ApiError::invalid(why).with_details(json!({ "column": name }))
        };
        match name {
            "step" => {
                let steps = whole_numbers(column).ok_or_else(|| refused("not whole numbers"))?;
                rows.iter_mut().zip(steps).for_each(|(row, step)| row.step = step);
            }
            "timestamp" => {
                let times = times(column).ok_or_else(|| refused("neither timestamps nor texts"))?;
                for (position, (row, time)) in rows.iter_mut().zip(times).enumerate() {
                    match time {
                        Some(Ok(time)) => row.time = time,
                        Some(Err(text)) => {
                            let fault = format!("has the timestamp `{text}`, which is no time");
                            return Err(at_row(base + position, &fault));
                        }
                        None => {}
                    }
                }
            }
            "log_id" => {
                let ids = texts(column).ok_or_else(|| refused("not texts"))?;
                rows.iter_mut().zip(ids).for_each(|(row, id)| row.log_id = id);
            }
            _ => {
                check_metric_name(base, name)?;
                let values = values(column)
                    .ok_or_else(|| refused("not numbers, truth values or texts; send it as JSON"))?;
                for (row, value) in rows.iter_mut().zip(values) {
                    row.metrics.extend(value.map(|value| (name.to_owned(), value)));
                }
            }
        }
    }
    events.extend(rows.into_iter().map(Event::Row));
    Ok(())
}

fn whole_numbers(column: &ArrayRef) -> Option<Vec<Option<i64>>> {
    let values = values(column)?;
    let whole = |value| match value {
        None => Some(None),
        Some(Value::Integer(integer)) => Some(Some(integer)),
        Some(Value::Float(_) | Value::Bool(_) | Value::Null | Value::Json(_)) => None,
    };
    values.into_iter().map(whole).collect()
}

fn texts(column: &ArrayRef) -> Option<Vec<Option<String>>> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    if let Some(texts) = column.as_string_opt::<i32>() {
        return Some(texts.iter().map(owned).collect());
    }
    if let Some(texts) = column.as_string_opt::<i64>() {
        return Some(texts.iter().map(owned).collect());
    }
    if let Some(texts) = column.as_string_view_opt() {
        return Some(texts.iter().map(owned).collect());
    }
    (*column.data_type() == DataType::Null).then(|| vec![None; column.len()])
}

/// Times, and texts that are none.
type MaybeTime = Option<Result<Timestamp, String>>;

fn times(column: &ArrayRef) -> Option<Vec<MaybeTime>> {
    let of = |values: Vec<Option<i64>>, scale: fn(i64) -> i64| {
        Some(values.into_iter().map(|value| value.map(|value| Ok(Timestamp(scale(value))))).collect())
    };
    if let Some(times) = column.as_primitive_opt::<TimestampSecondType>() {
        return of(times.iter().collect(), |seconds| seconds.saturating_mul(1_000_000));
    }
    if let Some(times) = column.as_primitive_opt::<TimestampMillisecondType>() {
        return of(times.iter().collect(), |millis| millis.saturating_mul(1_000));
    }
    if let Some(times) = column.as_primitive_opt::<TimestampMicrosecondType>() {
        return of(times.iter().collect(), |micros| micros);
    }
    if let Some(times) = column.as_primitive_opt::<TimestampNanosecondType>() {
        return of(times.iter().collect(), |nanos| nanos.div_euclid(1_000));
    }
    let parse = |text: String| Timestamp::parse(&text).ok_or(text);
    Some(texts(column)?.into_iter().map(|text| text.map(parse)).collect())
}

/// The values of a column; `None` where its type holds something else than values of metrics.
fn values(column: &ArrayRef) -> Option<Vec<Option<Value>>> {
    macro_rules! of {
        ($kind:ty, $value:expr) => {
            if let Some(column) = column.as_primitive_opt::<$kind>() {
                return Some(column.iter().map(|value| value.map($value)).collect());
            }
        };
    }
    of!(Float64Type, Value::Float);
    of!(Float32Type, |value| Value::Float(f64::from(value)));
    of!(Float16Type, |value| Value::Float(value.to_f64()));
    of!(Int64Type, Value::Integer);
    of!(Int32Type, |value| Value::Integer(value.into()));
    of!(Int16Type, |value| Value::Integer(value.into()));
    of!(Int8Type, |value| Value::Integer(value.into()));
    of!(UInt64Type, |value| i64::try_from(value)
        .map_or_else(|_| Value::Json(value.to_string().into()), Value::Integer));
    of!(UInt32Type, |value| Value::Integer(value.into()));
    of!(UInt16Type, |value| Value::Integer(value.into()));
    of!(UInt8Type, |value| Value::Integer(value.into()));
    if let Some(flags) = column.as_boolean_opt() {
        return Some(flags.iter().map(|flag| flag.map(Value::Bool)).collect());
    }
    let text = |text| Value::from_json(&serde_json::Value::String(text));
    Some(texts(column)?.into_iter().map(|value| value.map(text)).collect())
}

/// What can be answered as a stream.
pub(crate) trait ToArrow {
    /// The bytes of the stream.
    ///
    /// # Errors
    /// `Internal` when it cannot be written.
    fn to_arrow(&self) -> Result<Vec<u8>, ApiError>;
}

impl ToArrow for Page<LogRow> {
    fn to_arrow(&self) -> Result<Vec<u8>, ApiError> {
        let mut columns = vec![
            column("id", Int64Array::from_iter_values(self.items.iter().map(|row| row.id))),
            time_column(self.items.iter().map(|row| row.timestamp)),
            column("step", Int64Array::from_iter_values(self.items.iter().map(|row| row.step))),
        ];
        let mut by_name: BTreeMap<&str, Vec<Option<Value>>> = BTreeMap::new();
        for (position, row) in self.items.iter().enumerate() {
            for (name, value) in &row.metrics {
                let values = by_name.entry(name).or_insert_with(|| vec![None; self.items.len()]);
                values[position] = Some(Value::from_json(value));
            }
        }
        columns.extend(by_name.into_iter().map(|(name, values)| value_column(name, values)));
        write(columns, page_metadata(self))
    }
}

impl ToArrow for Page<MetricValue> {
    fn to_arrow(&self) -> Result<Vec<u8>, ApiError> {
        let values = self.items.iter().map(|item| Some(Value::from_json(&item.value))).collect();
        let columns = vec![
            time_column(self.items.iter().map(|item| item.timestamp)),
            column("step", Int64Array::from_iter_values(self.items.iter().map(|item| item.step))),
            value_column("value", values),
        ];
        write(columns, page_metadata(self))
    }
}

fn page_metadata<T>(page: &Page<T>) -> HashMap<String, String> {
    page.next.map(|next| ("next".to_owned(), next.to_string())).into_iter().collect()
}

type Column = (Field, ArrayRef);

fn column(name: &str, array: impl Array + 'static) -> Column {
    (Field::new(name, array.data_type().clone(), true), Arc::new(array))
}

fn time_column(times: impl Iterator<Item = Timestamp>) -> Column {
    let array = TimestampMicrosecondArray::from_iter_values(times.map(|time| time.0)).with_timezone("UTC");
    debug_assert_eq!(array.data_type(), &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())));
    column("timestamp", array)
}

/// A column of the one kind its values have, or of JSON texts.
fn value_column(name: &str, values: Vec<Option<Value>>) -> Column {
    let is_one_kind = |fits: fn(&Value) -> bool| values.iter().flatten().all(fits);
    if is_one_kind(|value| matches!(value, Value::Integer(_))) {
        let integer = |value: &Value| match value {
            Value::Integer(integer) => Some(*integer),
            Value::Float(_) | Value::Bool(_) | Value::Null | Value::Json(_) => None,
        };
        return column(
            name,
            values.iter().map(|value| value.as_ref().and_then(integer)).collect::<Int64Array>(),
        );
    }
    if is_one_kind(|value| value.number().is_some()) {
        let numbers = values.iter().map(|value| value.as_ref().and_then(Value::number));
        return column(name, numbers.collect::<Float64Array>());
    }
    if is_one_kind(|value| matches!(value, Value::Bool(_))) {
        let flags = values.iter().map(|value| value.as_ref().map(|value| *value == Value::Bool(true)));
        return column(name, flags.collect::<BooleanArray>());
    }
    let text = |value: &Value| value.to_json().as_str().map(str::to_owned);
    if is_one_kind(|value| matches!(value, Value::Json(text) if text.starts_with('"'))) {
        return column(
            name,
            values.iter().map(|value| value.as_ref().and_then(text)).collect::<StringArray>(),
        );
    }
    let json = |value: &Value| value.to_json().to_string();
    let (field, array) =
        column(name, values.iter().map(|value| value.as_ref().map(json)).collect::<StringArray>());
    (field.with_metadata(HashMap::from([(FORM.to_owned(), "json".to_owned())])), array)
}

fn write(columns: Vec<Column>, metadata: HashMap<String, String>) -> Result<Vec<u8>, ApiError> {
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let stream = || -> Result<Vec<u8>, ArrowError> {
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
        let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
        writer.write(&batch)?;
        writer.finish()?;
        writer.into_inner()
    };
    stream().map_err(|error| ApiError::internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARRIVED: Timestamp = Timestamp(1_795_400_272_000_000);

    fn parse(columns: Vec<Column>) -> Result<Vec<Row>, String> {
        let body = write(columns, HashMap::new()).expect("it is written");
        let events = parse_rows(&body, ARRIVED).map_err(|error| error.to_string())?;
        let row = |event| {
            let Event::Row(row) = event else { panic!("{event:?}") };
            row
        };
        Ok(events.into_iter().map(row).collect())
    }

    #[test]
    fn rows_are_read_from_columns_of_every_kind() {
        let rows = parse(vec![
            column("step", arrow_array::UInt32Array::from(vec![Some(3), None])),
            column("timestamp", arrow_array::TimestampMillisecondArray::from(vec![Some(1_500), None])),
            column("log_id", StringArray::from(vec![Some("a"), None])),
            column("loss", arrow_array::Float32Array::from(vec![Some(0.5), None])),
            column("n", arrow_array::UInt64Array::from(vec![Some(u64::MAX), Some(7)])),
            column("ok", BooleanArray::from(vec![true, false])),
            column("text", arrow_array::LargeStringArray::from(vec![Some("x\"y"), Some("NaN")])),
            column("nothing", arrow_array::NullArray::new(2)),
        ])
        .expect("it parses");
        let value = |name: &str, value| (name.to_owned(), value);
        assert_eq!(
            (rows[0].step, rows[0].time, rows[0].log_id.as_deref()),
            (Some(3), Timestamp(1_500_000), Some("a"))
        );
        assert_eq!(
            rows[0].metrics,
            [
                value("loss", Value::Float(0.5)),
                value("n", Value::Json("18446744073709551615".into())),
                value("ok", Value::Bool(true)),
                value("text", Value::Json("\"x\\\"y\"".into())),
            ]
        );
        assert_eq!((rows[1].step, rows[1].time, rows[1].log_id.as_deref()), (None, ARRIVED, None));
        assert!(
            matches!(&rows[1].metrics[..], [_, _, (_, Value::Float(nan))] if nan.is_nan()),
            "{:?}",
            rows[1]
        );
    }

    #[test]
    fn what_is_refused_is_named() {
        for (refused, named) in [
            (
                column("step", Float64Array::from(vec![1.0])),
                "column `step` is of type Float64, not whole numbers",
            ),
            (column("log_id", Int64Array::from(vec![1])), "column `log_id` is of type Int64, not texts"),
            (column("timestamp", Int64Array::from(vec![1])), "column `timestamp` is of type Int64, neither"),
            (column("timestamp", StringArray::from(vec!["soon"])), "row 0 has the timestamp `soon`"),
            (
                column("d", arrow_array::Date32Array::from(vec![1])),
                "column `d` is of type Date32, not numbers",
            ),
            (column("x", Int64Array::from(vec![1; MAX_ROWS + 1])), "the body holds more rows"),
        ] {
            let error = parse(vec![refused]).expect_err(named);
            assert!(error.starts_with(named), "{error}");
        }
        for body in [b"".as_slice(), b"nonsense", &[0xff; 64], &[0; 64]] {
            let error = parse_rows(body, ARRIVED).expect_err("refused").to_string();
            assert!(error.starts_with("the body is not an Arrow IPC stream"), "{error}");
        }
    }

    #[test]
    fn a_body_cut_or_changed_anywhere_never_panics_the_caller() {
        let body = write(
            vec![
                column("loss", Float64Array::from(vec![1.0, 2.0])),
                column("t", StringArray::from(vec!["a", "b"])),
            ],
            HashMap::new(),
        )
        .expect("it is written");
        for place in 0..body.len() {
            let _ = parse_rows(&body[..place], ARRIVED);
            let mut changed = body.clone();
            changed[place] ^= 0xff;
            let _ = parse_rows(&changed, ARRIVED);
        }
    }

    #[test]
    fn a_page_of_rows_keeps_kinds_and_says_where_they_are_mixed() {
        let row = |id, metrics: serde_json::Value| LogRow {
            id,
            timestamp: Timestamp(id),
            step: id,
            metrics: metrics.as_object().cloned().expect("an object"),
        };
        let items = vec![
            row(1, json!({ "f": 0.5, "i": 2, "s": "a", "m": [1], "nan": "NaN" })),
            row(2, json!({ "f": 1, "i": 3, "m": true, "b": false })),
        ];
        let bytes = Page { items, next: Some(2) }.to_arrow().expect("it is written");
        let mut reader = StreamReader::try_new(Cursor::new(bytes), None).expect("a stream");
        let schema = reader.schema();
        assert_eq!(schema.metadata()["next"], "2");
        let kind = |name: &str| schema.field_with_name(name).expect(name).data_type().clone();
        assert_eq!(
            ["f", "i", "s", "m", "nan", "b"].map(kind),
            [
                DataType::Float64,
                DataType::Int64,
                DataType::Utf8,
                DataType::Utf8,
                DataType::Float64,
                DataType::Boolean
            ]
        );
        assert_eq!(schema.field_with_name("m").expect("m").metadata()[FORM], "json");
        let batch = reader.next().expect("a batch").expect("it is read");
        assert_eq!(batch.column_by_name("m").expect("m").as_string::<i32>().value(0), "[1]");
        assert!(batch.column_by_name("b").expect("b").is_null(0));
    }
}
