//! What the spans of a trace come to: time, cost, tokens, status. Forms and rules are the peer's.

use paceline_schema::Timestamp;
use serde_json::{Value, json};

/// The totals of a trace.
pub(super) fn rollup(trace: &Value) -> Value {
    let spans = trace["spans"].as_array().map_or(&[][..], Vec::as_slice);
    let metadata = &trace["metadata"];
    let times = |field: &str| spans.iter().filter_map(|span| time(&span[field])).collect::<Vec<_>>();
    let first = times("start_time").into_iter().min();
    let last = times("end_time").into_iter().max();
    let longest = spans.iter().filter_map(duration_of_span).reduce(f64::max);
    let told = [&metadata["duration_ms"], &metadata["latency_ms"]].into_iter().find(|value| !value.is_null());
    let milliseconds = match (first.zip(last), longest) {
        (Some((first, last)), _) => json!(milliseconds(first, last)),
        (None, Some(longest)) => json!(longest),
        (None, None) => told.cloned().unwrap_or_default(),
    };
    let costs: Vec<f64> = spans.iter().filter_map(|span| number(&span["cost_usd"])).collect();
    let cost = if costs.is_empty() { metadata["cost_usd"].clone() } else { json!(costs.iter().sum::<f64>()) };
    let tokens =
        |field: &str| spans.iter().filter_map(|span| number(&span["usage"][field])).collect::<Vec<_>>();
    let (input, output) = (tokens("input_tokens"), tokens("output_tokens"));
    let has_usage = !input.is_empty() || !output.is_empty();
    let sum = |tokens: &[f64]| has_usage.then(|| tokens.iter().sum::<f64>() as i64);
    let is_success = |span: &Value| word(&span["status"]) == "success";
    let told = metadata["status"].as_str().filter(|status| !status.is_empty());
    let status = if spans.iter().any(has_failed) {
        Some("error")
    } else {
        told.or((!spans.is_empty() && spans.iter().all(is_success)).then_some("success"))
    };
    json!({
        "duration_ms": milliseconds,
        "cost_usd": cost,
        "input_tokens": sum(&input),
        "output_tokens": sum(&output),
        "status": status,
        "span_count": spans.len(),
    })
}

/// How long a span took, in milliseconds.
pub(super) fn duration_of_span(span: &Value) -> Option<f64> {
    if let Some(told) = number(&span["duration_ms"]) {
        return Some(told.max(0.0));
    }
    Some(milliseconds(time(&span["start_time"])?, time(&span["end_time"])?))
}

/// A span says so itself.
pub(super) fn has_failed(span: &Value) -> bool {
    let error = &span["error"];
    let says_error =
        !(error.is_null() || *error == false || *error == "" || *error == json!({}) || *error == json!([]));
    matches!(word(&span["status"]).as_str(), "error" | "failed") || says_error
}

/// A number of milliseconds in words.
pub(super) fn duration(value: &Value) -> String {
    match number(value) {
        None => "-".to_owned(),
        Some(ms) if ms < 1_000.0 => format!("{}ms", ms.round()),
        Some(ms) if ms < 10_000.0 => format!("{:.2}s", ms / 1_000.0),
        Some(ms) if ms < 60_000.0 => format!("{:.1}s", ms / 1_000.0),
        Some(ms) => format!("{}m {}s", (ms / 60_000.0).floor(), (ms % 60_000.0 / 1_000.0).round()),
    }
}

/// A number of dollars in words.
pub(super) fn cost(value: &Value) -> String {
    match number(value) {
        None => "-".to_owned(),
        Some(0.0) => "$0".to_owned(),
        Some(cost) if cost < 0.0001 => "<$0.0001".to_owned(),
        Some(cost) if cost < 0.01 => format!("${cost:.4}"),
        Some(cost) => format!("${cost:.2}"),
    }
}

fn milliseconds(first: Timestamp, last: Timestamp) -> f64 {
    ((last.0 - first.0) as f64 / 1_000.0).max(0.0)
}

fn time(value: &Value) -> Option<Timestamp> {
    Timestamp::parse(value.as_str()?.trim())
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_summed() {
        let span = |start: &str, end: &str, status: &str| {
            json!({
                "start_time": format!("2026-01-01T00:00:0{start}Z"), "end_time": format!("2026-01-01T00:00:0{end}Z"),
                "status": status, "cost_usd": 0.01, "usage": { "input_tokens": 3 },
            })
        };
        let trace = |spans: Value| json!({ "spans": spans, "metadata": { "latency_ms": 7 } });
        let both = rollup(&trace(json!([span("0", "2", "success"), span("1", "5", "success")])));
        assert_eq!(both["duration_ms"], 5_000.0);
        assert_eq!(
            (&both["status"], &both["input_tokens"], &both["output_tokens"]),
            (&json!("success"), &json!(6), &json!(0))
        );
        assert_eq!(rollup(&trace(json!([span("0", "2", "failed")])))["status"], "error");
        assert_eq!(rollup(&trace(json!([])))["duration_ms"], 7);
    }

    #[test]
    fn figures_are_told_in_words() {
        let told = [0.4, 999.0, 1_234.0, 12_340.0, 61_000.0].map(|ms| duration(&json!(ms)));
        assert_eq!(told, ["0ms", "999ms", "1.23s", "12.3s", "1m 1s"]);
        let told = [0.0, 0.00001, 0.005, 1.5].map(|dollars| cost(&json!(dollars)));
        assert_eq!(told, ["$0", "<$0.0001", "$0.0050", "$1.50"]);
        assert_eq!(duration(&Value::Null), "-");
    }
}
