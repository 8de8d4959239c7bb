//! Sessions of Codex.

use super::event::{Events, Place, blocks, first, json_text, present, text, title_case};
use super::records::{Meta, timestamp};
use crate::json::Json;

/// Reads the records of a session.
pub(crate) fn read(records: &[Json]) -> (Meta, Events) {
    let mut meta = Meta { provider: "Codex".to_owned(), ..Meta::default() };
    let mut events = Events::default();
    for record in records {
        let payload = record.get("payload");
        let kind = payload.get("type").as_text().unwrap_or_default();
        let time = timestamp(record);
        let place = Place { time: time.clone(), depth: None };
        match record.get("type").as_text().unwrap_or_default() {
            "session_meta" => {
                meta.started_at = time.truthy().unwrap_or(payload.get("timestamp")).clone();
            }
            "turn_context" => meta.learn_model(payload.get("model")),
            "event_msg" if kind == "task_started" => events.turn += 1,
            "event_msg" if matches!(kind, "turn_aborted" | "task_complete") => {
                events.add("status", &place, "", &title_case(kind), &[("status", kind.into())]);
            }
            "response_item" => item(payload, kind, &place, &mut events),
            _ => {}
        }
    }
    (meta, events)
}

fn item(payload: &Json, kind: &str, place: &Place, events: &mut Events) {
    match kind {
        "message" => {
            let role = payload.get("role").as_text().unwrap_or_default();
            let said = blocks(payload.get("content"));
            let said = said
                .iter()
                .filter(|block| !matches!(block.get("type").as_text(), Some("input_image" | "image")));
            let said = said.map(|block| text(first(block, &["text", "content"])));
            let said = said.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
            if matches!(role, "user" | "assistant") && !said.is_empty() {
                events.add(role, place, &said, &title_case(role), &[("phase", payload.get("phase").clone())]);
            }
        }
        "reasoning" => events.think(place, &text(payload.get("summary"))),
        "custom_tool_call" | "function_call" => {
            let name = payload.get("name").truthy().cloned().unwrap_or_else(|| "Tool".into());
            let input = present(payload, &["input", "arguments"]);
            let status = [("status", payload.get("status").clone())];
            events.call(place, &name, first(payload, &["call_id", "id"]), input, &status);
        }
        "custom_tool_call_output" | "function_call_output" => {
            events.answer(place, payload.get("call_id"), json_text(payload.get("output")), None);
        }
        _ => {}
    }
}
