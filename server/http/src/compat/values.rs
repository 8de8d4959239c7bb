//! Values as the peer's server answers them: what JSON has no number for is null.

use paceline_schema::Timestamp;
use paceline_schema::series::{LogRow, MetricValue};
use serde_json::{Map, Value};

/// The peer reads the strings that stand for NaN and the infinities as floats and answers null for them.
pub(super) fn finite(value: Value) -> Value {
    match value.as_str() {
        Some("NaN" | "Infinity" | "-Infinity") => Value::Null,
        Some(_) | None => value,
    }
}

/// The same for each value of an object; what lies deeper stays.
pub(super) fn finite_object(object: Map<String, Value>) -> Map<String, Value> {
    object.into_iter().map(|(key, value)| (key, finite(value))).collect()
}

/// A row as one object, its time and step among its values.
pub(super) fn row(row: LogRow) -> Map<String, Value> {
    let step = row.step;
    let mut values = sample(row);
    values.insert("step".to_owned(), step.into());
    values
}

/// A sample of the machine, which has no step.
pub(super) fn sample(row: LogRow) -> Map<String, Value> {
    let mut values = finite_object(row.metrics);
    values.insert("timestamp".to_owned(), time(row.timestamp));
    values
}

/// One value of a metric.
pub(super) fn metric_value(value: MetricValue) -> MetricValue {
    MetricValue { value: finite(value.value), ..value }
}

fn time(time: Timestamp) -> Value {
    Value::String(time.to_string())
}
