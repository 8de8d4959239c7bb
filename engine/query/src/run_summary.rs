//! The summary of a run: from the heads of its metrics, as its definitions say, and what its script said itself.

use std::collections::BTreeMap;

use paceline_schema::Value;
use paceline_schema::metric_definition::{Goal, MetricDefinition, MetricDefinitions, SummaryKind};
use paceline_series::{Extremum, MetricHead, RunHeads};
use serde_json::{Map, Value as Json};

/// The best value of a metric, of which lower ones are better unless a definition says otherwise.
pub(crate) fn best(head: &MetricHead, definition: Option<&MetricDefinition>) -> Option<Extremum> {
    match definition.and_then(MetricDefinition::direction) {
        Some(Goal::Maximize) => head.highest,
        Some(Goal::Minimize) | None => head.lowest,
    }
}

/// What the summary holds, by name: the newest value of each key, or an object of what a definition keeps;
/// then `said`, a JSON object of what the script set by hand.
pub(crate) fn summary_values(
    heads: &RunHeads,
    definitions: &MetricDefinitions,
    said: Option<&str>,
) -> BTreeMap<String, Json> {
    let numbers =
        heads.metrics().filter_map(|(key, head)| Some((key.to_owned(), number(head, definitions.of(key))?)));
    let others = heads.newest_others().filter_map(|(key, text)| {
        let left_out = definitions.of(key).is_some_and(|found| found.summary.contains(&SummaryKind::None));
        (!left_out).then(|| (key.to_owned(), Value::Json(text.into()).to_json()))
    });
    let said: Map<String, Json> = said.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    numbers.chain(others).chain(said).collect()
}

/// What the summary holds of a metric; nothing where none of it is there.
fn number(head: &MetricHead, definition: Option<&MetricDefinition>) -> Option<Json> {
    let kinds = definition.map_or(&[][..], |found| &found.summary);
    if kinds.contains(&SummaryKind::None) {
        return None;
    }
    let kept: Map<String, Json> =
        kinds.iter().filter_map(|kind| kept(head, definition, *kind)).map(named).collect();
    if kept.is_empty() {
        // Without kinds, or with `copy` alone, the newest value stands by itself.
        return kinds
            .iter()
            .all(|kind| *kind == SummaryKind::Copy)
            .then(|| Value::Float(head.last.value).to_json());
    }
    Some(Json::Object(kept))
}

fn named((name, value): (&str, f64)) -> (String, Json) {
    (name.to_owned(), Value::Float(value).to_json())
}

fn kept(
    head: &MetricHead,
    definition: Option<&MetricDefinition>,
    kind: SummaryKind,
) -> Option<(&'static str, f64)> {
    let value = |extremum: Option<Extremum>| extremum.map(|found| found.value);
    match kind {
        SummaryKind::Min => Some(("min", value(head.lowest)?)),
        SummaryKind::Max => Some(("max", value(head.highest)?)),
        SummaryKind::Mean => Some(("mean", head.mean()?)),
        SummaryKind::Best => Some(("best", value(best(head, definition))?)),
        SummaryKind::First => Some(("first", head.first?.value)),
        SummaryKind::Last => Some(("last", head.last.value)),
        SummaryKind::Copy | SummaryKind::None => None,
    }
}
