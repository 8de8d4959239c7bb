//! Every tool as it is listed and called, ours before the peer's.

use std::sync::{Arc, LazyLock};

use paceline_query::Engine;
use rmcp::model::{CallToolResult, ContentBlock, Tool, ToolAnnotations};
use serde_json::{Value, json};

use crate::bouquet::Bouquet;
use crate::fault::Fault;
use crate::jobs;
use crate::peer::{Answers, PEER, PeerTool};
use crate::schemas::Object;
use crate::tool::{Here, OwnTool};
use crate::tools::OWN;
use crate::world::{Pending, Threads};

/// Tools of ours whose answer may come from elsewhere.
const ASK_THE_HUB: [&str; 2] = ["inspect_dataset", "plan_training"];
/// Tools of ours that start something each time.
const STARTS: [&str; 1] = ["submit_training"];

/// Who answers a tool.
#[derive(Clone, Copy)]
enum Answerer {
    Own(OwnTool),
    Peer(PeerTool),
    Jobs,
}

/// A tool with what is said of it.
pub(crate) struct Entry {
    pub(crate) listed: Tool,
    answerer: Answerer,
}

/// Made once: the schemas are the same for everybody.
static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let own = OWN.iter().map(|tool| Entry {
        listed: described(tool.name, tool.description, (tool.input)(), (tool.output)())
            .with_title(tool.title)
            .with_annotations(match tool.writes {
                true => changing_elsewhere(tool.title).idempotent(!STARTS.contains(&tool.name)),
                false => reading(tool.title).open_world(ASK_THE_HUB.contains(&tool.name)),
            }),
        answerer: Answerer::Own(*tool),
    });
    let peer = PEER.iter().map(|tool| {
        let annotations = if tool.writes() { changing(tool) } else { reading(tool.name) };
        Entry {
            listed: described(tool.name, tool.description, tool.input(), tool.output())
                .with_annotations(annotations),
            answerer: Answerer::Peer(*tool),
        }
    });
    let annotations = ToolAnnotations::with_title(jobs::TITLE)
        .read_only(false)
        .destructive(true)
        .idempotent(false)
        .open_world(true);
    let jobs = Entry {
        listed: described(jobs::NAME, jobs::DESCRIPTION, jobs::input(), jobs::output())
            .with_title(jobs::TITLE)
            .with_annotations(annotations),
        answerer: Answerer::Jobs,
    };
    own.chain([jobs]).chain(peer).collect()
});

fn described(name: &'static str, description: &'static str, input: Object, output: Object) -> Tool {
    Tool::new(name, description, Arc::new(input)).with_raw_output_schema(Arc::new(output))
}

fn reading(title: &str) -> ToolAnnotations {
    ToolAnnotations::with_title(title).read_only(true).destructive(false).idempotent(true).open_world(false)
}

/// A tool of ours that changes something outside of this machine; done twice it changes no more than done once.
fn changing_elsewhere(title: &str) -> ToolAnnotations {
    ToolAnnotations::with_title(title).read_only(false).destructive(false).idempotent(true).open_world(true)
}

fn changing(tool: &PeerTool) -> ToolAnnotations {
    let deletes = tool.name == "delete_run";
    let leaves_the_machine = tool.name == "trigger_sync";
    ToolAnnotations::with_title(tool.name)
        .read_only(false)
        .destructive(deletes)
        .idempotent(leaves_the_machine)
        .open_world(leaves_the_machine)
}

/// The tools of a bouquet; those that change something only for who may.
pub(crate) fn offered(bouquet: Bouquet, may_write: bool) -> impl Iterator<Item = &'static Entry> {
    ENTRIES.iter().filter(move |entry| entry.is_in(bouquet) && (may_write || !entry.writes()))
}

/// The tool of that name, whoever is offered it.
pub(crate) fn find(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.listed.name == name)
}

impl Entry {
    pub(crate) fn is_in(&self, bouquet: Bouquet) -> bool {
        match self.answerer {
            Answerer::Own(tool) => bouquet.has_own(tool.name),
            Answerer::Jobs => bouquet.has_own(jobs::NAME),
            Answerer::Peer(_) => bouquet.has_peers(),
        }
    }

    pub(crate) fn writes(&self) -> bool {
        match self.answerer {
            Answerer::Own(tool) => tool.writes,
            Answerer::Jobs => true,
            Answerer::Peer(tool) => tool.writes(),
        }
    }

    /// Calls it.
    pub(crate) fn call(&self, world: Here, arguments: Object) -> Pending<CallToolResult> {
        match self.answerer {
            Answerer::Own(tool) => {
                let answer = (tool.call)(world, arguments);
                Box::pin(async move { Ok(CallToolResult::structured(answer.await?)) })
            }
            Answerer::Jobs => jobs::call(&world, arguments),
            Answerer::Peer(tool) => {
                let answer = tool.call(&world, arguments);
                Box::pin(async move {
                    let answer = answer.await?;
                    // What is long is written on a thread, for the event loop waits for nobody.
                    let written = move |_: &Engine| Ok(Value::Array(vec![texts_of(&answer), answer]));
                    in_peers_form(tool.answers, world.ask(Threads::Read, Box::new(written)).await?)
                })
            }
        }
    }
}

/// As the peer's server answers: a text for each element of a list, and what is no object under `result`. `written`
/// are the texts and the answer.
fn in_peers_form(kind: Answers, written: Value) -> Result<CallToolResult, Fault> {
    let parts = match written {
        Value::Array(parts) => <[Value; 2]>::try_from(parts).ok(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => None,
    };
    let Some([Value::Array(texts), answer]) = parts else {
        return Err(Fault::new("the answer has no form as text", "ask for less of it"));
    };
    let structured = if kind == Answers::Object { answer } else { json!({ "result": answer }) };
    let mut result = CallToolResult::structured(structured);
    let texts = texts.into_iter().filter_map(|text| match text {
        Value::String(text) => Some(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    });
    result.content = texts.map(ContentBlock::text).collect();
    Ok(result)
}

fn texts_of(answer: &Value) -> Value {
    match answer.as_array() {
        Some(items) => items.iter().map(text_of).collect(),
        None => json!([text_of(answer)]),
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bouquet: Bouquet, may_write: bool) -> Vec<String> {
        offered(bouquet, may_write).map(|entry| entry.listed.name.to_string()).collect()
    }

    #[test]
    fn each_bouquet_has_its_tools_and_nobody_writes_unasked() {
        let all = names(Bouquet::All, true);
        // Jobs are started with one more.
        assert_eq!(all.len(), OWN.len() + 1 + 15);
        assert_eq!(names(Bouquet::All, false).len(), all.len() - 6);
        assert_eq!(names(Bouquet::Tracker, true).len(), OWN.len() + 1);
        assert_eq!(names(Bouquet::Trackio, true).len(), 15);
        assert!(names(Bouquet::Skills, true).contains(&"get_run_status".to_owned()));
        let mut once = all.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), all.len(), "a name stands twice");
    }

    #[test]
    fn every_tool_says_what_it_takes_and_answers_and_whether_it_changes_anything() {
        for entry in ENTRIES.iter() {
            let tool = &entry.listed;
            assert_eq!(tool.input_schema["type"], "object", "{}", tool.name);
            assert_eq!(tool.output_schema.as_ref().expect("it has one")["type"], "object", "{}", tool.name);
            let annotations = tool.annotations.as_ref().expect("it has some");
            assert_eq!(annotations.read_only_hint, Some(!entry.writes()), "{}", tool.name);
            let description = tool.description.as_deref().unwrap_or_default();
            assert!((20..500).contains(&description.len()) && !description.contains("  "), "{}", tool.name);
        }
    }

    #[test]
    fn the_peers_tools_take_what_the_peers_take() {
        let values = find("get_metric_values").expect("there").listed.input_schema.clone();
        assert_eq!(values["required"], json!(["project", "run", "metric_name"]));
        assert_eq!(values["properties"]["run"]["type"], json!(["string", "null"]));
        let rename = find("rename_run").expect("there").listed.input_schema.clone();
        assert_eq!(rename["required"], json!(["project", "old_name", "new_name"]));
        assert!(rename["properties"].get("run_id").is_none());
        let delete = find("delete_run").expect("there").listed.input_schema.clone();
        assert_eq!(delete["required"], json!(["project", "run"]));
        assert!(delete["properties"].get("write_token").is_some());
    }
}
