//! Sessions of Claude Code.

use super::event::{Events, Place, blocks, first, outcome, text};
use super::records::{Meta, timestamp};
use crate::json::Json;

/// Reads the records of a session.
pub(crate) fn read(records: &[Json]) -> (Meta, Events) {
    let mut meta = Meta { provider: "Claude Code".to_owned(), ..Meta::default() };
    let mut events = Events::default();
    for record in records {
        let message = record.get("message");
        if !matches!(message, Json::Object(_)) {
            continue;
        }
        let role = text(message.get("role").truthy().unwrap_or(record.get("type")));
        meta.learn_model(message.get("model"));
        let said = blocks(message.get("content"));
        let is_text = |block: &Json| block.get("type").as_text() == Some("text");
        if role == "user" && said.iter().any(is_text) {
            events.turn += 1;
        }
        let depth = i64::from(record.get("isSidechain").is_truthy());
        let place = Place { time: timestamp(record), depth: Some(depth.into()) };
        for block in &said {
            match block.get("type").as_text().unwrap_or_default() {
                "text" if matches!(role.as_str(), "user" | "assistant") => {
                    events.say(&role, &place, &text(block.get("text")));
                }
                "thinking" | "reasoning" => events.think(&place, &text(first(block, &["thinking", "text"]))),
                "tool_use" => {
                    events.call(&place, block.get("name"), block.get("id"), block.get("input"), &[]);
                }
                "tool_result" => {
                    let status = outcome(block.get("is_error"));
                    events.answer(&place, block.get("tool_use_id"), text(block.get("content")), Some(status));
                }
                _ => {}
            }
        }
    }
    (meta, events)
}
