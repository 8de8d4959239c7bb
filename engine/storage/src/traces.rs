//! Traces: conversations that were logged as values of a row and are kept in the peer's table `traces`.
//!
//! What becomes a trace, its id and its search text are those of the peer (`SQLiteStorage._split_trace_metrics`),
//! so that either program finds what the other stored.

use std::fmt;

use paceline_schema::{Metrics, Value};
use rusqlite::{Connection, params};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// `_type` of a trace.
const TRACE_TYPE: &str = "trackio.trace";
/// The same as it stands in JSON: a value without it holds no trace.
const TRACE_TYPE_JSON: &str = "\"trackio.trace\"";
/// The fields of a span that are searched. Inputs and outputs repeat the conversation and are left out.
const SEARCHED_SPAN_FIELDS: [&str; 7] = ["id", "name", "kind", "model", "status", "error", "metadata"];

/// A row of `traces`, but for what the row it was logged in knows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trace {
    id: String,
    key: String,
    /// Place in the list it was logged in; `None` for a single value.
    index: Option<usize>,
    messages: Box<str>,
    metadata: Box<str>,
    spans: Box<str>,
    search_text: String,
}

/// Takes the traces out of a row, in their order. What else is in a list stays there.
pub(crate) fn take(metrics: &mut Metrics, run_id: &str, log_id: Option<&str>) -> Vec<Trace> {
    if !metrics.iter().any(|(_, value)| may_hold_trace(value)) {
        return Vec::new();
    }
    // Without an id of its row, a trace gets one that nobody else has.
    let row_id = log_id.map_or_else(|| format!("{:032x}", fastrand::u128(..)), str::to_owned);
    let mut traces = Vec::new();
    metrics.retain_mut(|(key, value)| {
        let Value::Json(text) = value else { return true };
        let id = format!("{run_id}:{row_id}:{key}");
        if !text.contains(TRACE_TYPE_JSON) {
            return true;
        }
        if let Some(payload) = Payload::of(text) {
            traces.push(payload.into_trace(id, key, None));
            return false;
        }
        let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text) else { return true };
        let mut others = Vec::new();
        let known = traces.len();
        for (index, item) in items.into_iter().enumerate() {
            match Payload::of(item.get()) {
                Some(payload) => traces.push(payload.into_trace(format!("{id}:{index}"), key, Some(index))),
                None => others.push(item.get()),
            }
        }
        if traces.len() == known {
            return true;
        }
        let keeps_others = !others.is_empty();
        let rest = format!("[{}]", others.join(","));
        *text = rest.into();
        keeps_others
    });
    traces
}

#[inline]
fn may_hold_trace(value: &Value) -> bool {
    matches!(value, Value::Json(text) if text.starts_with(['{', '[']) && text.contains(TRACE_TYPE_JSON))
}

/// A trace as it is logged.
#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(rename = "_type")]
    kind: String,
    #[serde(borrow)]
    messages: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    spans: Option<&'a RawValue>,
}

impl<'a> Payload<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let payload = serde_json::from_str::<Self>(text).ok();
        payload.filter(|payload| payload.kind == TRACE_TYPE)
    }

    fn into_trace(self, id: String, key: &str, index: Option<usize>) -> Trace {
        let text = |part: Option<&'a RawValue>, empty| part.map_or(empty, RawValue::get);
        let (messages, metadata) = (text(self.messages, "[]"), text(self.metadata, "{}"));
        let spans = text(self.spans, "[]");
        let mut words = Words(format!("{id} {key} "));
        let start = words.0.len();
        words.add(messages);
        words.add(metadata);
        words.add_spans(spans);
        if words.0.len() > start {
            // Each word came with a space behind it; they stand between words only.
            words.0.pop();
        }
        Trace {
            id,
            key: key.to_owned(),
            index,
            messages: messages.into(),
            metadata: metadata.into(),
            spans: spans.into(),
            search_text: words.0.to_lowercase(),
        }
    }
}

/// The texts of JSON values in their order, each with a space behind it.
struct Words(String);

impl Words {
    fn add(&mut self, json: &str) {
        // What was found in a parsed document parses.
        let _ = self.deserialize(&mut serde_json::Deserializer::from_str(json));
    }

    fn add_spans(&mut self, json: &str) {
        let Ok(spans) = serde_json::from_str::<Vec<&RawValue>>(json) else { return self.add(json) };
        for span in spans {
            let Ok(fields) = serde_json::from_str::<std::collections::HashMap<String, &RawValue>>(span.get())
            else {
                self.add(span.get());
                continue;
            };
            for field in SEARCHED_SPAN_FIELDS {
                if let Some(value) = fields.get(field) {
                    self.add(value.get());
                }
            }
        }
    }

    fn word<E>(&mut self, word: &str) -> Result<(), E> {
        self.0.push_str(word);
        self.0.push(' ');
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut Words {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Words {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.word(if value { "True" } else { "False" })
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.word(&value.to_string())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.word(&value.to_string())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.word(&python_float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.word(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(&mut *self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while fields.next_key::<IgnoredAny>()?.is_some() {
            fields.next_value_seed(&mut *self)?;
        }
        Ok(())
    }
}

/// A float as Python's `str` writes it: the shortest digits, with an exponent below 1e-4 and from 1e16 on.
fn python_float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let power: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&power) {
        let fixed = format!("{value}");
        return if fixed.contains('.') { fixed } else { format!("{fixed}.0") };
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", power.abs())
}

/// Stores the traces of one row, those that are not there yet.
pub(crate) fn insert(
    connection: &Connection,
    traces: &[Trace],
    (run_id, run_name): (&str, &str),
    (time, step): (&str, i64),
    log_id: Option<&str>,
) -> rusqlite::Result<()> {
    if traces.is_empty() {
        return Ok(());
    }
    let mut insert = connection.prepare_cached(
        "INSERT OR IGNORE INTO traces (id, run_id, timestamp, run_name, step, key, trace_index, messages, \
         metadata, search_text, log_id, spans) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    for trace in traces {
        insert.execute(params![
            trace.id,
            run_id,
            time,
            run_name,
            step,
            trace.key,
            trace.index.map(|index| index as i64),
            trace.messages.as_bytes(),
            trace.metadata.as_bytes(),
            trace.search_text,
            log_id,
            trace.spans.as_bytes()
        ])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        Value::Json(text.into())
    }

    #[test]
    fn traces_leave_the_row_and_everything_else_stays() {
        let one = r#"{"_type":"trackio.trace","messages":[{"role":"user","content":"Hi"}]}"#;
        let mut metrics: Metrics = vec![
            ("loss".into(), Value::Float(1.5)),
            ("chat".into(), json(one)),
            ("mixed".into(), json(&format!("[1, {one}, \"x\"]"))),
            ("all".into(), json(&format!("[{one},{one}]"))),
            ("text".into(), json(r#""say \"trackio.trace\"""#)),
            ("other".into(), json(r#"{"_type":"trackio.table","_value":["trackio.trace"]}"#)),
            ("empty".into(), json("[]")),
        ];
        let traces = take(&mut metrics, "run", Some("log"));
        let ids: Vec<&str> = traces.iter().map(|trace| trace.id.as_str()).collect();
        assert_eq!(ids, ["run:log:chat", "run:log:mixed:1", "run:log:all:0", "run:log:all:1"]);
        assert_eq!(traces[0].search_text, "run:log:chat chat user hi");
        assert_eq!((&*traces[0].metadata, &*traces[0].spans), ("{}", "[]"));
        let kept: Vec<&str> = metrics.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(kept, ["loss", "mixed", "text", "other", "empty"]);
        assert_eq!(metrics[1].1, json(r#"[1,"x"]"#));
    }

    #[test]
    fn a_row_without_an_id_gives_its_traces_ids_of_their_own() {
        let row = || vec![("chat".to_owned(), json(r#"{"messages":[],"_type":"trackio.trace"}"#))];
        let (first, second) = (take(&mut row(), "run", None), take(&mut row(), "run", None));
        assert_ne!(first[0].id, second[0].id);
        assert!(first[0].id.ends_with(":chat") && first[0].id.len() == "run::chat".len() + 32);
    }

    #[test]
    fn what_is_searched_is_what_python_prints() {
        for (value, text) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-0.0, "-0.0"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (1.5e16, "1.5e+16"),
            (1e15, "1000000000000000.0"),
            (5e-324, "5e-324"),
            (1.25e100, "1.25e+100"),
        ] {
            assert_eq!(python_float(value), text);
        }
        let payload = r#"{"_type":"trackio.trace","messages":[{"a":true,"b":null,"c":[1,{"d":2.0}]}],"metadata":{"e":"Ä"},
            "spans":[{"output":"left out","name":"n","id":"i"},"bare"]}"#;
        let trace = Payload::of(payload).expect("it is one").into_trace("r:l:k".into(), "k", None);
        assert_eq!(trace.search_text, "r:l:k k true 1 2.0 ä i n bare");
    }
}
