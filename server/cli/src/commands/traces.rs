//! Traces: `paceline list traces`, `get trace`, `get trace-summary`.

mod rollup;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use paceline_schema::Operation;
use serde_json::{Value, json};

use self::rollup::{cost, duration, duration_of_span, has_failed, rollup};
use super::{list::of_run, query, text};
use crate::arguments::{MaybeRunArguments, RemoteArguments, TraceArguments, TracesArguments};
use crate::failure::Failure;
use crate::output;
use crate::source::Source;

/// Characters of a request that a list shows.
const SHOWN_REQUEST: usize = 48;
/// Characters of a message that are shown.
const SHOWN_MESSAGE: usize = 160;
/// Spans that lie deeper are not shown.
const DEEPEST_SPAN: usize = 64;

/// Which traces, and in which order.
struct Wanted<'a> {
    search: Option<&'a str>,
    step: Option<i64>,
    sort: &'a str,
    offset: usize,
    limit: Option<usize>,
}

/// Lists them.
pub(super) fn list(arguments: &TracesArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let TracesArguments { of, search, step, sort, limit, offset } = arguments;
    let source = Source::open(remote, &of.read.directory)?;
    let wanted =
        Wanted { search: search.as_deref(), step: *step, sort, offset: *offset, limit: Some(*limit) };
    let traces = find(&source, of, &wanted)?;
    if of.read.json {
        let traces: Vec<Value> = traces.into_iter().map(with_summary).collect();
        return Ok(output::json_indented(
            &json!({ "project": of.project, "run": of.run, "traces": traces }),
        )?);
    }
    if traces.is_empty() {
        return Ok(output::line("No traces found.")?);
    }
    output::line(&format!("Found {} trace(s):\n", traces.len()))?;
    output::line("ID | Run | Step | Status | Latency | Cost | Ops | Request")?;
    output::line(&"-".repeat(100))?;
    for trace in &traces {
        let totals = rollup(trace);
        let request = cut(&first_request(trace).replace('\n', " "), SHOWN_REQUEST);
        output::line(&format!(
            "{} | {} | {} | {} | {} | {} | {} | {}",
            short_id(&trace["id"]),
            text::python(&trace["run"]),
            text::python(&trace["step"]),
            totals["status"].as_str().unwrap_or("-"),
            duration(&totals["duration_ms"]),
            cost(&totals["cost_usd"]),
            text::python(&totals["span_count"]),
            if request.is_empty() { "-" } else { &request },
        ))?;
    }
    Ok(())
}

fn with_summary(mut trace: Value) -> Value {
    trace["summary"] = rollup(&trace);
    trace
}

/// Prints one.
pub(super) fn get(arguments: &TraceArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let TraceArguments { of, trace_id } = arguments;
    let source = Source::open(remote, &of.read.directory)?;
    let is_it = |trace: &Value| trace["id"] == trace_id.as_str() || short_id(&trace["id"]) == *trace_id;
    let trace = find(&source, of, &all())?.into_iter().find(is_it).ok_or_else(|| {
        Failure::new(
            format!("trace `{trace_id}` is not in project `{}`", of.project),
            format!("`list traces --project {}` shows what is there", of.project),
        )
    })?;
    if of.read.json {
        return Ok(output::json_indented(&with_summary(trace))?);
    }
    print(&trace)
}

fn print(trace: &Value) -> Result<(), Failure> {
    let totals = rollup(trace);
    let shown = |value: &Value| if value.is_null() { "-".to_owned() } else { text::python(value) };
    output::line(&format!("Trace {}", short_id(&trace["id"])))?;
    for (name, value) in [
        ("Full id", shown(&trace["id"])),
        ("Run", shown(&trace["run"])),
        ("Step", shown(&trace["step"])),
        ("Logged", format!("{} as {}", shown(&trace["timestamp"]), shown(&trace["key"]))),
        ("Status", shown(&totals["status"])),
        ("Latency", duration(&totals["duration_ms"])),
        ("Cost", cost(&totals["cost_usd"])),
        ("Tokens", format!("{} in, {} out", shown(&totals["input_tokens"]), shown(&totals["output_tokens"]))),
    ] {
        output::line(&format!("  {:<9} {value}", format!("{name}:")))?;
    }
    for (name, value) in trace["metadata"].as_object().into_iter().flatten() {
        output::line(&format!("  {name}: {}", text::python(value)))?;
    }
    output::line("\nSpans:")?;
    for (depth, span) in in_order(spans(trace)) {
        let mark = if has_failed(span) { "ERROR " } else { "" };
        let indent = "  ".repeat(depth);
        output::line(&format!(
            "{indent}{mark}{} [{}]  {}",
            text::python(&span["name"]),
            span["kind"].as_str().unwrap_or("span"),
            duration(&json!(duration_of_span(span))),
        ))?;
    }
    output::line("\nConversation:")?;
    for message in trace["messages"].as_array().into_iter().flatten() {
        let content = &message["content"];
        let content = content.as_str().map_or_else(|| content.to_string(), |text| text.replace('\n', " "));
        output::line(&format!("  {}: {}", text::python(&message["role"]), cut(&content, SHOWN_MESSAGE)))?;
    }
    Ok(())
}

/// Spans with their depth: each is followed by those below it. A span whose parent is not there stands at the top.
fn in_order(spans: &[Value]) -> Vec<(usize, &Value)> {
    let known: HashSet<String> = spans.iter().map(|span| span["id"].to_string()).collect();
    let mut below: HashMap<Option<String>, Vec<&Value>> = HashMap::new();
    for span in spans {
        let parent = &span["parent_id"];
        let above = (!parent.is_null()).then(|| parent.to_string()).filter(|id| known.contains(id));
        below.entry(above).or_default().push(span);
    }
    let mut found = Vec::with_capacity(spans.len());
    add_below(None, 1, &mut below, &mut found);
    found
}

fn add_below<'a>(
    parent: Option<String>,
    depth: usize,
    below: &mut HashMap<Option<String>, Vec<&'a Value>>,
    found: &mut Vec<(usize, &'a Value)>,
) {
    if depth > DEEPEST_SPAN {
        return;
    }
    // They are taken out, so that each comes once: spans may share an id, and name each other in a circle.
    for span in below.remove(&parent).unwrap_or_default() {
        found.push((depth, span));
        if !span["id"].is_null() {
            add_below(Some(span["id"].to_string()), depth + 1, below, found);
        }
    }
}

/// Tells of each operation how it went.
pub(super) fn summary(arguments: &MaybeRunArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let source = Source::open(remote, &arguments.read.directory)?;
    let traces = find(&source, arguments, &all())?;
    let mut operations: BTreeMap<(String, String), Sums> = BTreeMap::new();
    for span in traces.iter().flat_map(spans) {
        let named = |field: &str| span[field].as_str().unwrap_or_default().to_owned();
        operations.entry((named("name"), named("kind"))).or_default().add(span);
    }
    let mut rows: Vec<Value> = operations.iter().map(|((name, kind), sums)| sums.row(name, kind)).collect();
    let rank = |row: &Value| (row["cost_usd"].as_f64().unwrap_or(0.0), row["calls"].as_f64().unwrap_or(0.0));
    rows.sort_by(|a, b| rank(b).partial_cmp(&rank(a)).unwrap_or(Ordering::Equal));
    let columns = [
        "operation",
        "kind",
        "calls",
        "errors",
        "avg_ms",
        "max_ms",
        "input_tokens",
        "output_tokens",
        "cost_usd",
    ];
    let answer = json!({
        "project": arguments.project, "run": arguments.run, "columns": columns, "row_count": rows.len(),
        "rows": rows,
    });
    if arguments.read.json {
        return Ok(output::json_indented(&answer)?);
    }
    if answer["row_count"] == 0 {
        return Ok(output::line("No trace spans found.")?);
    }
    query::print(&answer)
}

/// What the calls of one operation come to.
#[derive(Default)]
struct Sums {
    calls: u64,
    errors: u64,
    timed: u64,
    milliseconds: f64,
    longest: Option<f64>,
    input_tokens: i64,
    output_tokens: i64,
    cost: f64,
}

impl Sums {
    fn add(&mut self, span: &Value) {
        self.calls += 1;
        self.errors += u64::from(has_failed(span));
        if let Some(milliseconds) = duration_of_span(span) {
            self.timed += 1;
            self.milliseconds += milliseconds;
            self.longest = Some(self.longest.map_or(milliseconds, |longest| longest.max(milliseconds)));
        }
        self.input_tokens += span["usage"]["input_tokens"].as_i64().unwrap_or(0);
        self.output_tokens += span["usage"]["output_tokens"].as_i64().unwrap_or(0);
        self.cost += span["cost_usd"].as_f64().unwrap_or(0.0);
    }

    fn row(&self, name: &str, kind: &str) -> Value {
        let rounded = |value: f64, digits: i32| (value * 10_f64.powi(digits)).round() / 10_f64.powi(digits);
        let mean = (self.timed > 0).then(|| rounded(self.milliseconds / self.timed as f64, 1));
        let named = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
        json!({
            "operation": named(name), "kind": named(kind), "calls": self.calls, "errors": self.errors,
            "avg_ms": mean, "max_ms": self.longest.map(|longest| rounded(longest, 1)),
            "input_tokens": self.input_tokens, "output_tokens": self.output_tokens,
            "cost_usd": rounded(self.cost, 4),
        })
    }
}

fn all() -> Wanted<'static> {
    Wanted { search: None, step: None, sort: "request_time_desc", offset: 0, limit: None }
}

/// The traces of a run, or of all runs together.
fn find(source: &Source, of: &MaybeRunArguments, wanted: &Wanted<'_>) -> Result<Vec<Value>, Failure> {
    let runs = source.runs(&of.project)?;
    let runs = match &of.run {
        None => runs,
        // As the peer has it, a run that is not there has no traces.
        Some(run) => source.run(&of.project, run).into_iter().collect(),
    };
    let mut found = Vec::new();
    for run in &runs {
        let mut asked = of_run(&of.project, run);
        asked["search"] = json!(wanted.search.unwrap_or_default());
        asked["step"] = json!(wanted.step);
        asked["sort"] = json!(wanted.sort);
        asked["offset"] = json!(0);
        asked["limit"] = json!(wanted.limit.map(|limit| limit.saturating_add(wanted.offset)));
        let answer = source.call(Operation::GetTraces, asked)?;
        found.extend(answer.as_array().cloned().unwrap_or_default());
    }
    found.sort_by(|a, b| order(wanted.sort, a, b));
    let limit = wanted.limit.unwrap_or(usize::MAX);
    Ok(found.into_iter().skip(wanted.offset).take(limit).collect())
}

fn order(sort: &str, a: &Value, b: &Value) -> Ordering {
    let step = |trace: &Value| trace["step"].as_i64().unwrap_or(0);
    let time = |trace: &Value| text::python(&trace["timestamp"]);
    match sort {
        "step_asc" => step(a).cmp(&step(b)),
        "step_desc" => step(b).cmp(&step(a)),
        "request_time_asc" => time(a).cmp(&time(b)),
        _ => time(b).cmp(&time(a)),
    }
}

fn spans(trace: &Value) -> &[Value] {
    trace["spans"].as_array().map_or(&[], Vec::as_slice)
}

/// The part of an id that tells a trace from the others: what stands between the run and the key, and the place
/// where the key held several.
fn short_id(id: &Value) -> String {
    let id = id.as_str().unwrap_or_default();
    let parts: Vec<&str> = id.split(':').collect();
    match parts.as_slice() {
        [_, short, .., place] if parts.len() > 3 && place.parse::<i64>().is_ok() => {
            format!("{short}:{place}")
        }
        [_, short, _, ..] => (*short).to_owned(),
        _ => id.to_owned(),
    }
}

fn first_request(trace: &Value) -> String {
    let messages = trace["messages"].as_array().into_iter().flatten();
    let of_user = messages.filter(|message| message["role"] == "user");
    let mut texts = of_user.filter_map(|message| match &message["content"] {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => parts.iter().find_map(|part| part["text"].as_str().map(str::to_owned)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    });
    texts.next().unwrap_or_default()
}

fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest - 3).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_span_comes_once_whatever_they_say_of_each_other() {
        let names = |spans: &[Value]| {
            let found = in_order(spans).into_iter();
            found
                .map(|(depth, span)| format!("{depth}{}", span["name"].as_str().unwrap_or("")))
                .collect::<Vec<_>>()
        };
        let span =
            |name: &str, id: Value, parent: Value| json!({"name": name, "id": id, "parent_id": parent});
        let spans = [
            span("c", json!("c"), json!("b")),
            span("a", json!("a"), Value::Null),
            span("lost", Value::Null, json!("nobody")),
            span("b", json!("b"), json!("a")),
        ];
        assert_eq!(names(&spans), ["1a", "2b", "3c", "1lost"]);
        let below_itself = span("below", json!("x"), json!("x"));
        let spans = [span("top", json!("x"), Value::Null), below_itself.clone(), below_itself];
        assert_eq!(names(&spans), ["1top", "2below", "2below"]);
        // Two spans of each id: what is below both comes once.
        let mut spans = vec![span("0", json!(0), Value::Null)];
        for depth in 1..60 {
            spans.extend(vec![span("n", json!(depth), json!(depth - 1)); 2]);
        }
        assert_eq!(in_order(&spans).len(), spans.len());
    }

    #[test]
    fn ids_are_shortened() {
        assert_eq!(short_id(&json!("run:log:key")), "log");
        assert_eq!(short_id(&json!("run:log:key:2")), "log:2");
        assert_eq!(short_id(&json!("run:log:a:b")), "log");
        assert_eq!(short_id(&json!("odd")), "odd");
        assert_eq!(cut(&"x".repeat(49), 48), format!("{}...", "x".repeat(45)));
    }
}
