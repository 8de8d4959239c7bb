//! Session files: the records in them, whose they are, and what a session is told as.

use std::path::Path;

use super::event::{Events, text};
use super::{claude, codex, generic};
use crate::fault::LogbookFault;
use crate::json::Json;
use crate::moment::{Moment, random_hexadecimal};

/// How many records are looked at to tell whose a session is.
const LOOKED_AT: usize = 100;
/// The longest id.
const LONGEST_ID: usize = 100;

/// What the records say of the session as a whole.
#[derive(Debug, Default)]
pub(crate) struct Meta {
    pub(crate) provider: String,
    pub(crate) model: Json,
    pub(crate) started_at: Json,
}

impl Meta {
    /// Takes the name of a model, where it is one.
    pub(crate) fn learn_model(&mut self, model: &Json) {
        if model.is_truthy() {
            self.model = model.clone();
        }
    }
}

/// Whose session a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agent {
    Codex,
    Claude,
    Pi,
    Unknown,
}

/// A session that was read.
#[derive(Debug)]
pub(crate) struct Session {
    id: String,
    meta: Meta,
    events: Vec<Json>,
    turns: usize,
}

impl Session {
    /// Reads the text of a session file.
    pub(crate) fn read(text: &str, source: &Path) -> Result<Self, LogbookFault> {
        let records =
            records(text).map_err(|reason| LogbookFault::Session { path: source.to_owned(), reason })?;
        let agent = agent(&records);
        let (meta, events) = match agent {
            Agent::Codex => codex::read(&records),
            Agent::Claude => claude::read(&records),
            Agent::Pi => {
                let (meta, events) = generic::read(&records);
                (Meta { provider: "Pi".to_owned(), ..meta }, events)
            }
            Agent::Unknown => generic::read(&records),
        };
        let Events { all, turn } = events;
        Ok(Self { id: id(&records, agent, source), meta, events: all, turns: turn })
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn provider(&self) -> &str {
        &self.meta.provider
    }

    /// What the session is told as, and its events with their numbers and how long after the beginning each was.
    pub(crate) fn told(self) -> (Json, Vec<Json>) {
        let times = || self.events.iter().filter_map(|event| Moment::of(event.get("timestamp")));
        let started = Moment::of(&self.meta.started_at).or_else(|| times().next());
        let ended = times().next_back().or(started);
        let after = |moment: Moment| {
            started.map(|started| (moment.microseconds() - started.microseconds()).max(0) / 1000)
        };
        // Turns count even where nothing came of them.
        let turns = self.events.iter().filter_map(|event| event.get("turn").as_whole()).max().unwrap_or(0);
        debug_assert!(
            usize::try_from(turns).is_ok_and(|turns| turns <= self.turns),
            "no event is ahead of its turn"
        );
        let index = Json::object([
            ("schema_version", 1_i64.into()),
            ("id", self.id.as_str().into()),
            ("provider", self.meta.provider.as_str().into()),
            ("model", self.meta.model.clone()),
            ("started_at", started.map(Moment::written).into()),
            ("ended_at", ended.map(Moment::written).into()),
            ("duration_ms", ended.and_then(after).into()),
            ("event_count", self.events.len().into()),
            ("turn_count", turns.into()),
        ]);
        let numbered = |(number, event): (usize, &Json)| {
            let mut event = event.clone();
            event.set("id", format!("event-{}", number + 1));
            event.set("sequence", number + 1);
            if let Some(elapsed) = Moment::of(event.get("timestamp")).and_then(after) {
                event.set("elapsed_ms", elapsed);
            }
            event
        };
        let events = self.events.iter().enumerate().map(numbered).collect();
        (index, events)
    }
}

/// The records of a JSON document or of JSON lines. The last line may be half written.
fn records(text: &str) -> Result<Vec<Json>, String> {
    let is_record = |record: &Json| matches!(record, Json::Object(_));
    let kept = |items: &[Json]| items.iter().filter(|item| is_record(item)).cloned().collect();
    let whole = text.trim();
    if whole.is_empty() {
        return Ok(Vec::new());
    }
    match Json::parse(whole) {
        Ok(Json::List(items)) => return Ok(kept(&items)),
        Ok(document @ Json::Object(_)) => {
            let nested = ["events", "messages", "items", "records"].iter().map(|name| document.get(name));
            let nested = nested.filter(|value| matches!(value, Json::List(_))).map(Json::items).next();
            return Ok(nested.map_or_else(|| vec![document.clone()], kept));
        }
        Ok(_) => {}
        Err(error) if whole.starts_with('[') => return Err(format!("it is no JSON: {error}")),
        Err(_) => {}
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        match Json::parse(line) {
            Ok(record) if is_record(&record) => found.push(record),
            Err(_) if !line.trim().is_empty() && number + 1 < lines.len() => found.push(Json::object([
                ("type", "trackio_parse_error".into()),
                ("line", (number + 1).into()),
                ("message", "Malformed JSONL record".into()),
            ])),
            _ => {}
        }
    }
    Ok(found)
}

/// When a record says it was; `Null` where it does not.
pub(crate) fn timestamp(record: &Json) -> Json {
    let inside = ["payload", "message"].iter().map(|name| record.get(name).get("timestamp"));
    let mut places = std::iter::once(record.get("timestamp")).chain(inside);
    let known = places.find(|time| **time != Json::Null).filter(|time| time.is_truthy());
    known.map(text).into()
}

fn agent(records: &[Json]) -> Agent {
    let of = |record: &Json| {
        let kind = record.get("type").as_text().unwrap_or_default();
        let is_object = |name: &str| matches!(record.get(name), Json::Object(_));
        if kind == "session_meta" && is_object("payload") {
            return Some(Agent::Codex);
        }
        if kind == "session" && record.get("id").is_truthy() && *record.get("version") != Json::Null {
            return Some(Agent::Pi);
        }
        let says_role = matches!(kind, "assistant" | "user") && is_object("message");
        (record.find("sessionId").is_some() || says_role).then_some(Agent::Claude)
    };
    records.iter().take(LOOKED_AT).find_map(of).unwrap_or(Agent::Unknown)
}

/// The id that the records say, else the name of the file.
fn id(records: &[Json], agent: Agent, source: &Path) -> String {
    let said = |record: &Json| {
        let kind = record.get("type").as_text().unwrap_or_default();
        let own = match agent {
            Agent::Codex if kind == "session_meta" => {
                let payload = record.get("payload");
                payload.get("id").truthy().or_else(|| payload.get("session_id").truthy())
            }
            Agent::Pi if kind == "session" => record.get("id").truthy(),
            Agent::Codex | Agent::Claude | Agent::Pi | Agent::Unknown => None,
        };
        let any = || record.get("session_id").truthy().or_else(|| record.get("sessionId").truthy());
        let claude = || record.get("sessionId").truthy().filter(|_| agent == Agent::Claude);
        own.or_else(claude).or_else(any).map(text)
    };
    let stem = || source.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    safe_id(&records.iter().find_map(said).unwrap_or_else(stem))
}

/// An id as a name of a folder: nothing in it leads anywhere else.
pub(crate) fn safe_id(id: &str) -> String {
    let mut safe = String::new();
    for c in id.chars() {
        let c = if c.is_ascii_alphanumeric() || "._-".contains(c) { Some(c) } else { None };
        match c {
            Some(c) => safe.push(c),
            None if !safe.ends_with('\0') => safe.push('\0'),
            None => {}
        }
    }
    let safe = safe.replace('\0', "-");
    let safe: String = safe.trim_matches(['-', '.']).chars().take(LONGEST_ID).collect();
    if safe.is_empty() { format!("session-{}", random_hexadecimal(12)) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> (Json, Vec<Json>) {
        Session::read(text, Path::new("/tmp/the file.jsonl")).expect("a session").told()
    }

    #[test]
    fn ids_are_names_of_folders() {
        for (id, expected) in [
            ("../../etc/passwd", "etc-passwd"),
            ("a b", "a-b"),
            ("x--y", "x--y"),
            ("é..", ""),
            ("a/../b", "a-..-b"),
        ] {
            let safe = safe_id(id);
            assert!(
                safe == expected || (expected.is_empty() && safe.starts_with("session-")),
                "{id}: {safe}"
            );
        }
    }

    #[test]
    fn a_session_of_claude_code() {
        let text = r#"{"sessionId": "s 1", "cwd": "/w", "type": "user", "timestamp": "2026-01-01T00:00:00Z", "message": {"role": "user", "content": "hi"}}
{"type": "assistant", "timestamp": "2026-01-01T00:00:02.5Z", "message": {"role": "assistant", "model": "m", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "tool_use", "id": "c1", "name": "Bash", "input": {"command": "ls"}}]}}
{"type": "user", "timestamp": "2026-01-01T00:00:03Z", "message": {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "a.py"}]}]}}
{"half": "#;
        let (index, events) = told(text);
        assert_eq!(index.get("id").as_text(), Some("s-1"));
        assert_eq!(index.get("duration_ms").as_whole(), Some(3000));
        assert_eq!(index.get("turn_count").as_whole(), Some(1));
        let kinds: Vec<_> =
            events.iter().map(|event| event.get("kind").as_text().unwrap_or_default()).collect();
        assert_eq!(kinds, ["user", "reasoning", "tool_call", "tool_result"]);
        assert_eq!(events[1].get("elapsed_ms").as_whole(), Some(2500));
        assert_eq!(events[3].get("output").as_text(), Some("a.py"));
    }

    #[test]
    fn documents_and_lines_are_records() {
        assert_eq!(records("[{\"a\": 1}, 2]").expect("records").len(), 1);
        assert_eq!(records("{\"messages\": [{\"role\": \"user\"}]}").expect("records").len(), 1);
        assert_eq!(records("").expect("records"), []);
        assert!(records("[{").is_err());
        let (index, events) = told("not json\n{\"role\": \"user\", \"content\": \"x\"}\n");
        assert_eq!((index.get("id").as_text(), events.len()), (Some("the-file"), 2));
    }
}
