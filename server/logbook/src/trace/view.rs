//! Attached sessions and files of the workspace as text.

use crate::folder::{Logbook, in_logbook};
use crate::json::Json;
use crate::moment::short;
use crate::words::size;

use super::event::{first, text};

/// The most characters of an event.
const LONGEST_LINE: usize = 240;

impl Logbook {
    /// All attached sessions, one line an event.
    pub fn sessions_view(&self) -> String {
        let list = self.object(&in_logbook("traces/index.json"));
        let sessions = list.get("sessions").items();
        if sessions.is_empty() {
            return "No agent session traces attached.\n".to_owned();
        }
        let mut out = vec!["# Agent session traces".to_owned(), String::new()];
        for session in sessions {
            let id = session.get("id").as_text().unwrap_or_default();
            let file = session.get("index_file").as_filled().map(in_logbook);
            let index = file.map(|file| self.object(&file)).unwrap_or_default();
            let title =
                first(&index, &["title"]).as_text().or(session.get("title").as_filled()).unwrap_or(id);
            out.push(format!("## {title} · `{id}`"));
            let mut bits = Vec::new();
            if let Some(model) = index.get("model").truthy() {
                bits.push(format!("model {}", text(model)));
            }
            if let Some(started) = index.get("started_at").as_filled() {
                bits.push(format!("started {}", short(started)));
            }
            bits.push(format!("duration {}", duration(index.get("duration_ms").as_whole().unwrap_or(0))));
            bits.push(format!("{} events", index.get("event_count").as_whole().unwrap_or(0)));
            out.extend([bits.join(" · "), String::new()]);
            for part in index.get("chunks").items() {
                let part = part.get("file").as_filled().map(|file| self.object(&in_logbook(file)));
                out.extend(part.iter().flat_map(|part| part.get("events").items()).map(line));
            }
            out.push(String::new());
        }
        format!("{}\n", out.join("\n").trim())
    }

    /// The files of the workspace that belong to the logbook.
    pub fn workspace_view(&self) -> String {
        let workspace = self.object(&in_logbook("workspace.json"));
        let files = workspace.get("files").items();
        if files.is_empty() {
            return "No workspace files captured.\n".to_owned();
        }
        let path = |file: &Json| file.get("path").as_text().unwrap_or_default().to_owned();
        let mut files: Vec<&Json> = files.iter().collect();
        files.sort_by_key(|file| path(file));
        let mut out = vec![format!("# Workspace files ({})", files.len()), String::new()];
        for file in files {
            let bytes = file.get("size").as_whole().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
            out.push(format!("{}{}", path(file), size(bytes)));
        }
        format!("{}\n", out.join("\n").trim())
    }
}

fn line(event: &Json) -> String {
    let kind = event.get("kind").as_filled().unwrap_or("event");
    let named = |names: &[&str]| first(event, names).truthy().map(text);
    let label = match kind {
        "reasoning" => "thought".to_owned(),
        "tool_call" => {
            format!("tool {}", named(&["tool_name", "title"]).unwrap_or_default()).trim().to_owned()
        }
        "tool_result" => "output".to_owned(),
        "message" => named(&["role"]).unwrap_or_else(|| "message".to_owned()),
        _ => named(&["title"]).unwrap_or_else(|| kind.to_owned()),
    };
    let said = named(&["text", "output", "command", "input"]).unwrap_or_default();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = if said.chars().count() > LONGEST_LINE {
        format!("{}…", said.chars().take(LONGEST_LINE - 1).collect::<String>())
    } else {
        said
    };
    let number =
        event.get("sequence").truthy().map(|number| format!("[{}] ", text(number))).unwrap_or_default();
    if said.is_empty() { format!("- {number}{label}") } else { format!("- {number}{label}: {said}") }
}

fn duration(milliseconds: i64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        3600.. => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
        60.. => format!("{}m {}s", seconds / 60, seconds % 60),
        _ => format!("{seconds}s"),
    }
}
