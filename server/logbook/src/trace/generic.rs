//! Sessions of Pi and of agents that are not known: records with roles, types and messages in many spellings.

use super::event::{Events, Place, blocks, first, json_text, outcome, present, text, title_case};
use super::records::{Meta, timestamp};
use crate::json::Json;

/// Reads the records of a session.
pub(crate) fn read(records: &[Json]) -> (Meta, Events) {
    let mut meta = Meta { provider: "Agent".to_owned(), ..Meta::default() };
    let mut events = Events::default();
    for record in records {
        let depth = present(record, &["depth", "subagent_depth"]);
        let depth = if *depth == Json::Null { 0_i64.into() } else { depth.clone() };
        let place = Place { time: timestamp(record), depth: Some(depth) };
        let kind = first(record, &["type", "event"]).truthy().map_or_else(|| "event".to_owned(), text);
        match kind.as_str() {
            "session" => {
                meta.started_at = place.time.truthy().unwrap_or(record.get("started_at")).clone();
                if record.get("version") != &Json::Null {
                    "Pi".clone_into(&mut meta.provider);
                } else if let Some(harness) = record.get("harness").truthy() {
                    meta.provider = text(harness);
                }
            }
            "model_change" | "model" => meta.learn_model(first(record, &["model", "modelId", "model_id"])),
            _ if matches!(record.get("message"), Json::Object(_)) => {
                meta.learn_model(record.get("message").get("model"));
                message(record, &place, &mut events);
            }
            _ => flat(record, &kind, &place, &mut events),
        }
    }
    (meta, events)
}

/// A record that holds a message with a role and blocks.
fn message(record: &Json, place: &Place, events: &mut Events) {
    let message = record.get("message");
    let role = text(message.get("role").truthy().unwrap_or(record.get("role"))).to_lowercase();
    let said = blocks(message.get("content"));
    let kind_of = |block: &Json| block.get("type").truthy().map_or_else(|| "text".to_owned(), text);
    if role == "user"
        && said.iter().any(|block| block.find("type").is_none_or(|kind| kind.as_text() == Some("text")))
    {
        events.turn += 1;
    }
    events.think(place, &text(first(message, &["reasoningContent", "reasoning_content"])));
    for block in &said {
        match kind_of(block).as_str() {
            "text" if matches!(role.as_str(), "user" | "assistant" | "system" | "developer") => {
                events.say(&role, place, &text(first(block, &["text", "content"])));
            }
            "thinking" | "reasoning" => events.think(place, &text(first(block, &["thinking", "text"]))),
            "toolCall" | "tool_call" | "tool_use" => {
                let input = present(block, &["arguments", "input"]);
                events.call(place, block.get("name"), first(block, &["id", "toolCallId"]), input, &[]);
            }
            "toolResult" | "tool_result" => {
                let output = text(first(block, &["content", "output"]));
                let id = first(block, &["toolCallId", "tool_use_id"]);
                events.answer(place, id, output, Some(outcome(block.get("isError"))));
            }
            _ => {}
        }
    }
    for call in message.get("toolCalls").items() {
        if matches!(call, Json::Object(_)) {
            let function = call.get("function");
            let name = function.get("name").truthy().unwrap_or(call.get("name"));
            let input = function.find("arguments").unwrap_or(call.get("arguments"));
            events.call(place, name, call.get("id"), input, &[]);
        }
    }
    if matches!(role.as_str(), "tool" | "toolresult" | "tool_result") {
        let id = first(message, &["toolCallId", "tool_call_id"]);
        events.answer(place, id, text(message.get("content")), Some(outcome(message.get("isError"))));
    }
}

/// A record that is itself what happened.
fn flat(record: &Json, kind: &str, place: &Place, events: &mut Events) {
    let role = text(record.get("role")).to_lowercase();
    let said = || text(present(record, &["content", "message"]));
    if role == "user" || matches!(kind, "user" | "user_message") {
        events.turn += 1;
        return events.say("user", place, &said());
    }
    if role == "assistant" || matches!(kind, "assistant" | "assistant_message") {
        return events.say("assistant", place, &said());
    }
    if matches!(kind, "thought" | "thinking" | "reasoning") {
        return events.think(place, &said());
    }
    let has = |names: &[&str]| names.iter().any(|name| record.find(name).is_some());
    let tool = first(record, &["tool_name", "name"]);
    if tool.is_truthy() && has(&["input", "arguments"]) {
        let input = present(record, &["input", "arguments"]);
        return events.call(place, tool, first(record, &["call_id", "id"]), input, &[]);
    }
    if has(&["output", "result", "error"]) {
        let id = record.get("call_id");
        let output = json_text(present(record, &["output", "result", "error"]));
        let status = if has(&["error"]) { "error".into() } else { record.get("status").clone() };
        let (name, title) = if id.is_truthy() { ("tool_result", "Output") } else { ("status", kind) };
        let members = [("call_id", id.clone()), ("output", output.into()), ("status", status)];
        return events.add(name, place, "", title, &members);
    }
    events.add("status", place, "", &title_case(kind), &[]);
}
