//! Traces as the peer's page asks for them.

use paceline_query::Engine;
use paceline_schema::Timestamp;
use paceline_storage::{StoredTrace, TraceOrder, TraceSearch};
use serde::Serialize;
use serde_json::{Value, json};

use super::call::{Call, Reply, or_default};
use super::values::finite_object;
use crate::error::ApiError;

/// A trace in the peer's form.
#[derive(Serialize)]
struct PeerTrace {
    id: String,
    key: String,
    index: Option<i64>,
    run: String,
    run_id: String,
    step: i64,
    timestamp: Timestamp,
    messages: Value,
    metadata: Value,
    spans: Value,
}

/// How many traces a run has, and at which steps.
#[derive(Serialize, Default)]
struct PeerTraceSteps {
    total: u64,
    steps: Vec<PeerTraceStep>,
}

#[derive(Serialize)]
struct PeerTraceStep {
    step: i64,
    count: u64,
}

/// `get_traces`: newest first unless `sort` says otherwise.
pub(super) fn list(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let project: String = call.get("project")?;
    let count = |name| -> Result<Option<u64>, ApiError> {
        Ok(call.whole(name)?.map(|count| count.max(0).unsigned_abs()))
    };
    let search = TraceSearch {
        text: call.get_or("search", String::new())?.trim().to_lowercase(),
        step: call.whole("step")?,
        order: order(&call.get_or("sort", String::new())?),
        offset: count("offset")?.unwrap_or_default(),
        limit: count("limit")?,
    };
    let traces = match call.run_choice()? {
        Some(run) => or_default(engine.traces(&project, &run, &search))?,
        None => Vec::new(),
    };
    Reply::of(&traces.into_iter().map(PeerTrace::from).collect::<Vec<_>>())
}

/// `get_trace_steps`.
pub(super) fn steps(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let project: String = call.get("project")?;
    let steps = match call.run_choice()? {
        Some(run) => or_default(engine.trace_steps(&project, &run))?,
        None => Vec::new(),
    };
    Reply::of(&PeerTraceSteps {
        total: steps.iter().map(|(_, count)| count).sum(),
        steps: steps.into_iter().map(|(step, count)| PeerTraceStep { step, count }).collect(),
    })
}

/// As with the peer, a word that is none of these sorts by time.
fn order(word: &str) -> TraceOrder {
    match word {
        "step_asc" => TraceOrder::StepAscending,
        "step_desc" => TraceOrder::StepDescending,
        "request_time_asc" => TraceOrder::OldestFirst,
        _ => TraceOrder::NewestFirst,
    }
}

impl From<StoredTrace> for PeerTrace {
    fn from(trace: StoredTrace) -> Self {
        let metadata = match trace.metadata {
            Value::Object(object) => Value::Object(finite_object(object)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => json!({}),
        };
        Self {
            id: trace.id,
            key: trace.key,
            index: trace.index,
            run: trace.run_name,
            run_id: trace.run_id,
            step: trace.step,
            timestamp: trace.time,
            messages: trace.messages,
            metadata,
            spans: trace.spans,
        }
    }
}
