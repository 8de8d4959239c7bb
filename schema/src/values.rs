//! Metric values and their JSON form in the tables and on the peer's wire.
//!
//! JSON has no NaN and no infinities; the peer writes them as the strings `"NaN"`, `"Infinity"` and
//! `"-Infinity"` (its `serialize_values`) and turns such strings back into floats, so both ways are here.

use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};

/// One value of one metric in one row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A float, NaN and the infinities included, bit for bit.
    Float(f64),
    /// An integer that fits 64 bits.
    Integer(i64),
    /// A truth value; never drawn in charts.
    Bool(bool),
    /// `None`.
    Null,
    /// Anything else as its JSON text: strings, lists, nested dicts, the peer's typed objects.
    Json(Box<str>),
}

/// The values of one row in the order they were logged.
pub type Metrics = Vec<(String, Value)>;

impl Value {
    /// The number that charts, status and findings use: floats and integers, not truth values.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            Self::Integer(value) => Some(*value as f64),
            Self::Bool(_) | Self::Null | Self::Json(_) => None,
        }
    }

    /// Bytes of the text it holds, if it holds one.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::Json(text) => text.len(),
            Self::Float(_) | Self::Integer(_) | Self::Bool(_) | Self::Null => 0,
        }
    }

    /// Appends the JSON text of this value.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Float(value) => write_float(*value, out),
            Self::Integer(value) => out.extend_from_slice(itoa::Buffer::new().format(*value).as_bytes()),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Null => out.extend_from_slice(b"null"),
            Self::Json(text) => out.extend_from_slice(text.as_bytes()),
        }
    }

    /// From a parsed JSON value; the peer's strings for NaN and the infinities become floats.
    #[must_use]
    pub fn from_json(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(flag) => Self::Bool(*flag),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => Self::Integer(integer),
                (None, Some(float)) if number.is_f64() => Self::Float(float),
                _ => Self::Json(number.to_string().into()),
            },
            serde_json::Value::String(text) => {
                not_finite(text).map_or_else(|| Self::Json(value.to_string().into()), Self::Float)
            }
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                Self::Json(value.to_string().into())
            }
        }
    }

    /// As a JSON value for answers; NaN and the infinities in the peer's string form.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Float(value) => serde_json::Number::from_f64(*value).map_or_else(
                || serde_json::Value::String(not_finite_text(*value).to_owned()),
                serde_json::Value::Number,
            ),
            Self::Integer(value) => (*value).into(),
            Self::Bool(flag) => (*flag).into(),
            Self::Null => serde_json::Value::Null,
            // Written by us or read from a JSON document, so it parses; a damaged row shows as text.
            Self::Json(text) => serde_json::from_str(text).unwrap_or_else(|_| text.to_string().into()),
        }
    }
}

/// Appends the shortest JSON text that reads back as the same float.
pub fn write_float(value: f64, out: &mut Vec<u8>) {
    if value.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else {
        out.push(b'"');
        out.extend_from_slice(not_finite_text(value).as_bytes());
        out.push(b'"');
    }
}

/// Appends `text` as a JSON string.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    // A `Vec` takes every byte and a `str` is always valid, so this cannot fail.
    let _ = serde_json::to_writer(out, text);
}

fn not_finite_text(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

fn not_finite(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// Appends the JSON object of a row. A key that stands twice keeps its last value, as in Python.
pub fn write_metrics<'a>(metrics: impl IntoIterator<Item = (&'a str, &'a Value)>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (position, (key, value)) in metrics.into_iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write_string(key, out);
        out.push(b':');
        value.write_json(out);
    }
    out.push(b'}');
}

/// Reads the JSON object of a row as it stands in `metrics.metrics` (a BLOB or TEXT column).
///
/// # Errors
/// The parser's words when the text is not one JSON object.
pub fn parse_metrics(json: &[u8]) -> Result<Metrics, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let metrics = reader.deserialize_map(MetricsVisitor)?;
    reader.end()?;
    Ok(metrics)
}

/// Metrics as a field that is one JSON object, in the order of its names. Reading needs the text itself.
pub mod as_object {
    use serde::{Deserializer, Serializer};

    use super::{Metrics, MetricsVisitor};

    /// Writes the object.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(metrics: &Metrics, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(metrics.iter().map(|(key, value)| (key, value.to_json())))
    }

    /// Reads the object.
    ///
    /// # Errors
    /// The parser's words when it is none.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Metrics, D::Error> {
        deserializer.deserialize_map(MetricsVisitor)
    }
}

struct MetricsVisitor;

impl<'de> Visitor<'de> for MetricsVisitor {
    type Value = Metrics;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of metric names and values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metrics, A::Error> {
        let mut metrics = Metrics::with_capacity(map.size_hint().unwrap_or(12));
        while let Some(key) = map.next_key::<String>()? {
            let raw: &'de serde_json::value::RawValue = map.next_value()?;
            metrics.push((key, parse_value(raw.get()).map_err(de::Error::custom)?));
        }
        Ok(metrics)
    }
}

/// The value of a JSON number. The standard library reads floats exactly, and faster than the JSON parser does
/// where it must be exact; what is unusual is left to that one.
fn parse_number(text: &str) -> Result<Value, serde_json::Error> {
    let is_whole = !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    if is_whole && text != "-0" {
        if let Ok(integer) = text.parse() {
            return Ok(Value::Integer(integer));
        }
    } else if let Some(float) = text.parse::<f64>().ok().filter(|float| float.is_finite()) {
        return Ok(Value::Float(float));
    }
    let number: serde_json::Number = serde_json::from_str(text)?;
    Ok(number.as_f64().filter(|_| number.is_f64()).map_or_else(|| Value::Json(text.into()), Value::Float))
}

fn parse_value(text: &str) -> Result<Value, serde_json::Error> {
    Ok(match text.as_bytes().first() {
        Some(b'-' | b'0'..=b'9') => parse_number(text)?,
        Some(b't') => Value::Bool(true),
        Some(b'f') => Value::Bool(false),
        Some(b'n') => Value::Null,
        Some(b'"') => {
            not_finite(text.trim_matches('"')).map_or_else(|| Value::Json(text.into()), Value::Float)
        }
        _ => Value::Json(text.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(metrics: &Metrics) -> Metrics {
        let mut json = Vec::new();
        write_metrics(metrics.iter().map(|(key, value)| (key.as_str(), value)), &mut json);
        parse_metrics(&json).expect("what is written is read")
    }

    #[test]
    fn values_that_json_lacks_survive() {
        let metrics: Metrics = vec![
            ("nan".into(), Value::Float(f64::NAN)),
            ("inf".into(), Value::Float(f64::INFINITY)),
            ("zero".into(), Value::Float(-0.0)),
            ("tiny".into(), Value::Float(5e-324)),
            ("whole".into(), Value::Float(3.0)),
            ("int".into(), Value::Integer(i64::MIN)),
            ("text".into(), Value::Json("\"a\\\"b\"".into())),
            ("nested".into(), Value::Json("{\"a\":[1,2.5]}".into())),
            ("none".into(), Value::Null),
            ("yes".into(), Value::Bool(true)),
        ];
        let back = round_trip(&metrics);
        for ((key, before), (_, after)) in metrics.iter().zip(&back) {
            match (before, after) {
                (Value::Float(a), Value::Float(b)) if a.is_nan() => assert!(b.is_nan()),
                (Value::Float(a), Value::Float(b)) => assert_eq!(a.to_bits(), b.to_bits(), "{key}"),
                _ => assert_eq!(before, after, "{key}"),
            }
        }
    }

    #[test]
    fn a_damaged_row_is_an_error_not_a_panic() {
        for json in ["", "[]", "{\"a\":", "{\"a\":1}x", "nonsense", "\"a\""] {
            assert!(parse_metrics(json.as_bytes()).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn floats_keep_their_bits(bits in any::<u64>(), key in "\\PC{0,12}") {
            let value = f64::from_bits(bits);
            let back = round_trip(&vec![(key.clone(), Value::Float(value))]);
            prop_assert_eq!(&back[0].0, &key);
            match &back[0].1 {
                Value::Float(read) if value.is_nan() => prop_assert!(read.is_nan()),
                Value::Float(read) => prop_assert_eq!(read.to_bits(), value.to_bits()),
                Value::Integer(_) | Value::Bool(_) | Value::Null | Value::Json(_) => prop_assert!(false, "a float"),
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,40}") {
            let _ = parse_metrics(text.as_bytes());
        }
    }
}
