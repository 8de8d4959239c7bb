//! The peer's tools, by name and shape: calls of its wire, with what its MCP server says each of them takes.

use paceline_schema::{Operation, Scope};
use serde_json::{Value, json};

use crate::schemas::Object;
use crate::tool::Here;
use crate::world::{PeerCall, Pending};

/// Values of a metric in one answer, where nobody says how many, and at most.
const USUAL_POINTS: i64 = 3_000;
const MOST_POINTS: i64 = 10_000;

/// One of the peer's tools.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PeerTool {
    pub(crate) name: &'static str,
    pub(crate) operation: Operation,
    pub(crate) description: &'static str,
    /// What it answers, before it is put into an object.
    pub(crate) answers: Answers,
    /// Takes a token among its arguments, as the peer's mutations do.
    takes_token: bool,
}

/// The kind of value that a call answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    Texts,
    Objects,
    Object,
    Flag,
}

const fn reads(
    name: &'static str,
    operation: Operation,
    answers: Answers,
    description: &'static str,
) -> PeerTool {
    PeerTool { name, operation, description, answers, takes_token: false }
}

const fn changes(name: &'static str, operation: Operation, description: &'static str) -> PeerTool {
    PeerTool { name, operation, description, answers: Answers::Flag, takes_token: true }
}

/// Every one, in the peer's order.
pub(crate) const PEER: &[PeerTool] = &[
    reads("get_all_projects", Operation::GetAllProjects, Answers::Texts, "Names of all projects."),
    reads(
        "get_runs_for_project",
        Operation::GetRunsForProject,
        Answers::Objects,
        "Id, name and age of the runs of a project, oldest first.",
    ),
    reads(
        "get_metrics_for_run",
        Operation::GetMetricsForRun,
        Answers::Texts,
        "Names of everything a run has logged.",
    ),
    reads(
        "get_project_summary",
        Operation::GetProjectSummary,
        Answers::Object,
        "Runs and largest step of a project.",
    ),
    reads(
        "get_run_summary",
        Operation::GetRunSummary,
        Answers::Object,
        "Rows, metrics, config and last step of a run. Where it stands: `get_run_status`.",
    ),
    reads(
        "get_metric_values",
        Operation::GetMetricValues,
        Answers::Objects,
        "Values of one metric: all (of more than `max_points`, 3000 when absent, at even distances), of one step, or around a \
         step or time. Long; `get_series` is shorter.",
    ),
    reads(
        "get_system_metrics_for_run",
        Operation::GetSystemMetricsForRun,
        Answers::Texts,
        "Names of the samples of the machine of a run.",
    ),
    reads("get_system_logs", Operation::GetSystemLogs, Answers::Objects, "Samples of the machine of a run."),
    reads(
        "get_snapshot",
        Operation::GetSnapshot,
        Answers::Object,
        "Every metric of a run at a step, or around a step or time.",
    ),
    reads(
        "get_logs",
        Operation::GetLogs,
        Answers::Objects,
        "Rows of a run, at most 3000. Long; `get_series` is shorter.",
    ),
    reads(
        "get_alerts",
        Operation::GetAlerts,
        Answers::Objects,
        "Alerts of a project or run, newest first, of a level, since a time.",
    ),
    reads("get_settings", Operation::GetSettings, Answers::Object, "What the web page is shown with."),
    changes("delete_run", Operation::DeleteRun, "Deletes a run for good. Needs a token that permits it."),
    changes("rename_run", Operation::RenameRun, "Gives a run another name. Needs a token that permits it."),
    changes("trigger_sync", Operation::ForceSync, "Syncs to the Hub at once. Needs a token that permits it."),
];

impl PeerTool {
    /// Whether it changes something.
    pub(crate) fn writes(self) -> bool {
        self.operation.scope() > Scope::Read
    }

    /// What it takes: the parameters of the call; a mutation also a token, and no id of a run.
    pub(crate) fn input(self) -> Object {
        let parameters =
            self.operation.parameters().iter().filter(|one| !(self.takes_token && one.name == "run_id"));
        let mut properties = Object::new();
        let mut required = Vec::new();
        for parameter in parameters {
            // In a mutation the run must be named, whatever the wire permits.
            let is_required = parameter.required || self.takes_token;
            let kind = kind_of(parameter.name);
            let is_nullable = !is_required || (parameter.name == "run" && !self.takes_token);
            let kind = if is_nullable { json!([kind, "null"]) } else { json!(kind) };
            let mut property = json!({ "type": kind });
            if !is_required {
                property["default"] =
                    if kind_of(parameter.name) == "boolean" { json!(false) } else { Value::Null };
            }
            properties.insert(parameter.name.to_owned(), property);
            if is_required {
                required.push(parameter.name);
            }
        }
        if self.takes_token {
            for name in ["hf_token", "write_token"] {
                properties.insert(name.to_owned(), json!({ "type": ["string", "null"], "default": null }));
            }
        }
        let mut schema = Object::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), Value::Object(properties));
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        schema
    }

    /// What it answers; what is no object stands in one under `result`.
    pub(crate) fn output(self) -> Object {
        let schema = match self.answers {
            Answers::Object => json!({ "type": "object", "additionalProperties": true }),
            Answers::Texts => wrapped(&json!({ "type": "array", "items": { "type": "string" } })),
            Answers::Objects => wrapped(
                &json!({ "type": "array", "items": { "type": "object", "additionalProperties": true } }),
            ),
            Answers::Flag => wrapped(&json!({ "type": "boolean" })),
        };
        schema.as_object().cloned().unwrap_or_default()
    }

    /// Makes the call.
    pub(crate) fn call(self, world: &Here, mut arguments: Object) -> Pending<Value> {
        let token = match (arguments.remove("write_token"), arguments.remove("hf_token")) {
            (Some(Value::String(token)), _) | (_, Some(Value::String(token))) if self.takes_token => {
                Some(token)
            }
            _ => None,
        };
        if self.takes_token {
            arguments.remove("run_id");
        }
        if self.operation == Operation::GetMetricValues {
            bound_points(&mut arguments);
        }
        world.call(PeerCall { operation: self.operation, arguments, token })
    }
}

/// As many values as an answer may have; what is no number is for the call to refuse.
fn bound_points(arguments: &mut Object) {
    let asked = arguments.entry("max_points").or_insert(Value::Null);
    if asked.is_null() || asked.as_i64().is_some_and(|asked| asked < 1) {
        *asked = json!(USUAL_POINTS);
    } else if let Some(number) = asked.as_i64() {
        *asked = json!(number.min(MOST_POINTS));
    }
}

fn kind_of(parameter: &str) -> &'static str {
    match parameter {
        "step" | "around_step" | "window" | "max_points" => "integer",
        "scalar_only" => "boolean",
        _ => "string",
    }
}

fn wrapped(result: &Value) -> Value {
    json!({ "type": "object", "properties": { "result": result }, "required": ["result"] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_so_many_values_at_most() {
        for (asked, told) in [
            (json!({}), json!(3_000)),
            (json!({"max_points": null}), json!(3_000)),
            (json!({"max_points": 0}), json!(3_000)),
            (json!({"max_points": 40}), json!(40)),
            (json!({"max_points": 1_000_000}), json!(10_000)),
            (json!({"max_points": "many"}), json!("many")),
        ] {
            let mut arguments = asked.as_object().cloned().expect("an object");
            bound_points(&mut arguments);
            assert_eq!(arguments["max_points"], told, "{asked}");
        }
    }
}
