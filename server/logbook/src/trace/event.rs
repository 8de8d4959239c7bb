//! What happened in a session, in one form for every agent.

use crate::json::Json;

/// Events as they come, and the turn they belong to.
#[derive(Debug, Default)]
pub(crate) struct Events {
    pub(crate) all: Vec<Json>,
    /// Turns so far; a question of the user begins one.
    pub(crate) turn: usize,
}

/// Where an event stands: when it was, and how deep among agents of agents.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) time: Json,
    /// Left out where the agent has none.
    pub(crate) depth: Option<Json>,
}

impl Events {
    /// Adds an event; what says nothing is left out of it.
    pub(crate) fn add(&mut self, kind: &str, place: &Place, text: &str, title: &str, more: &[(&str, Json)]) {
        let turn = if self.turn == 0 { Json::Null } else { self.turn.into() };
        let mut event = Json::object([
            ("kind", kind.into()),
            ("timestamp", place.time.clone()),
            ("turn", turn),
            ("text", text.into()),
            ("title", title.into()),
        ]);
        let depth = place.depth.iter().map(|depth| ("depth", depth.clone()));
        for (name, value) in more.iter().cloned().chain(depth) {
            if value != Json::Null && value.as_text() != Some("") {
                event.set(name, value);
            }
        }
        self.all.push(event);
    }

    /// Adds what somebody said, unless it is nothing.
    pub(crate) fn say(&mut self, role: &str, place: &Place, text: &str) {
        if !text.is_empty() {
            let kind = if matches!(role, "user" | "assistant") { role } else { "status" };
            self.add(kind, place, text, &title_case(role), &[]);
        }
    }

    /// Adds what a model thought, unless it is nothing.
    pub(crate) fn think(&mut self, place: &Place, text: &str) {
        if !text.is_empty() {
            self.add("reasoning", place, text, "Thought", &[]);
        }
    }

    /// Adds the call of a tool.
    pub(crate) fn call(
        &mut self,
        place: &Place,
        name: &Json,
        id: &Json,
        input: &Json,
        more: &[(&str, Json)],
    ) {
        let title = name.truthy().map_or_else(|| "Tool".to_owned(), text);
        let mut members =
            vec![("tool_name", name.clone()), ("call_id", id.clone()), ("input", json_text(input).into())];
        members.extend_from_slice(more);
        self.add("tool_call", place, "", &title, &members);
    }

    /// Adds what a tool answered.
    pub(crate) fn answer(&mut self, place: &Place, id: &Json, output: String, status: Option<&str>) {
        let members = [("call_id", id.clone()), ("output", output.into()), ("status", status.into())];
        self.add("tool_result", place, "", "Output", &members);
    }
}

/// How a tool's answer is told.
pub(crate) fn outcome(is_error: &Json) -> &'static str {
    if is_error.is_truthy() { "error" } else { "success" }
}

/// The first of these that is there and says something.
pub(crate) fn first<'a>(record: &'a Json, names: &[&str]) -> &'a Json {
    static NOTHING: Json = Json::Null;
    names.iter().find_map(|name| record.get(name).truthy()).unwrap_or(&NOTHING)
}

/// The member of the first name that is there at all.
pub(crate) fn present<'a>(record: &'a Json, names: &[&str]) -> &'a Json {
    static NOTHING: Json = Json::Null;
    names.iter().find_map(|name| record.find(name)).unwrap_or(&NOTHING)
}

/// The text of a value, whatever form it has.
pub(crate) fn text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::Text(text) => text.clone(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Number(number) => number.to_string(),
        Json::List(items) => {
            items.iter().map(text).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
        }
        Json::Object(_) => {
            let parts = ["text", "message", "content", "output"];
            let mut said = parts.iter().map(|name| text(value.get(name))).filter(|text| !text.is_empty());
            said.next().unwrap_or_else(|| value.pretty())
        }
    }
}

/// A text as it is, anything else as JSON.
pub(crate) fn json_text(value: &Json) -> String {
    value.as_text().map_or_else(|| value.pretty(), str::to_owned)
}

/// The blocks of a message, which may be a text alone.
pub(crate) fn blocks(content: &Json) -> Vec<Json> {
    match content {
        Json::Text(text) => {
            vec![Json::object([("type", "text".into()), ("text", text.as_str().into())])]
        }
        Json::Object(_) => vec![content.clone()],
        Json::List(items) => items.iter().filter(|item| matches!(item, Json::Object(_))).cloned().collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) => Vec::new(),
    }
}

/// Each word with a capital; words of names may be joined by `_`.
pub(crate) fn title_case(name: &str) -> String {
    let mut after_letter = false;
    let letter = |c: char| {
        let cased: String =
            if after_letter { c.to_lowercase().collect() } else { c.to_uppercase().collect() };
        after_letter = c.is_alphabetic();
        cased
    };
    name.replace('_', " ").chars().map(letter).collect()
}
