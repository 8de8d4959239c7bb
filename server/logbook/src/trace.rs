//! Sessions of agents that are attached to a logbook: where they come from, what is kept of them.
//!
//! A session file is read again whenever it has changed; what is kept is a copy without secrets, and its events in
//! parts.

mod claude;
mod codex;
mod event;
mod generic;
mod records;
mod view;

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::fault::LogbookFault;
use crate::folder::{Logbook, failed, in_logbook};
use crate::json::Json;
use crate::moment;
use crate::scrub::scrub;
use records::Session;
pub(crate) use records::safe_id;

const REGISTRY_FILE: &str = "trace_sources.json";
const COPIES_FOLDER: &str = "traces/raw";
const SCHEMA_VERSION: i64 = 1;
/// Events of a part.
const PART_EVENTS: usize = 200;
/// The largest session file that is taken.
const LARGEST_SESSION: u64 = 256 << 20;
/// What of a session the list of all tells.
const TOLD: [&str; 11] = [
    "id",
    "title",
    "provider",
    "model",
    "started_at",
    "ended_at",
    "duration_ms",
    "event_count",
    "turn_count",
    "source_available",
    "attached_at",
];

/// A session that was attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Its id in the logbook.
    pub id: String,
    /// Whose session it is.
    pub provider: String,
    /// How many events it has.
    pub events: usize,
    /// How many secrets were replaced.
    pub redactions: usize,
}

impl Logbook {
    /// Attaches a session file, or brings one that is attached already up to date. Secrets in it are replaced before
    /// anything of it is kept, unless `scrubs` is false.
    ///
    /// # Errors
    /// When the file is no session, or nothing can be written.
    pub fn attach_session(
        &self,
        file: &Path,
        title: Option<&str>,
        scrubs: bool,
    ) -> Result<Attached, LogbookFault> {
        if !file.is_file() {
            return Err(LogbookFault::NoFile { path: file.to_owned() });
        }
        let source = file.canonicalize().map_err(failed(file))?;
        let session = Session::read(&text_of(&source)?, &source)?;
        let stem = source.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let _lock = self.lock()?;
        let mut sessions = self.sessions();
        let path = source.display().to_string();
        let known = sessions.iter().position(|entry| entry.get("source_path").as_text() == Some(&path));
        let id = if let Some(known) = known {
            let entry = &mut sessions[known];
            let title = title.or(entry.get("title").as_filled()).unwrap_or(&stem).to_owned();
            entry.set("title", title);
            entry.set("provider", session.provider());
            entry.set("scrub", scrubs);
            let id = entry.get("id").as_text().unwrap_or_default().to_owned();
            self.forget_stamp(&id)?;
            id
        } else {
            let taken = |id: &str| sessions.iter().any(|entry| entry.get("id").as_text() == Some(id));
            let base = session.id().to_owned();
            let first: String = base.chars().take(90).collect();
            let mut names =
                std::iter::once(base).chain((2..).map(|number: u32| safe_id(&format!("{first}-{number}"))));
            let id = names.find(|id| !taken(id)).unwrap_or_default();
            sessions.push(Json::object([
                ("id", id.as_str().into()),
                ("title", title.unwrap_or(&stem).into()),
                ("source_path", path.into()),
                ("provider", session.provider().into()),
                ("attached_at", moment::now().into()),
                ("scrub", scrubs.into()),
            ]));
            self.write_baseline(&id)?;
            id
        };
        self.write_sessions(&sessions)?;
        let index = self.refresh_session(&sessions, &id)?;
        self.refresh()?;
        let count = |name: &str| index.get(name).as_whole().and_then(|count| usize::try_from(count).ok());
        Ok(Attached {
            id,
            provider: index.get("provider").as_text().unwrap_or("agent").to_owned(),
            events: count("event_count").unwrap_or(0),
            redactions: count("scrub_redactions").unwrap_or(0),
        })
    }

    /// Takes a session away with all that was kept of it.
    ///
    /// # Errors
    /// When none has this id, or something cannot be removed.
    pub fn remove_session(&self, id: &str) -> Result<(), LogbookFault> {
        let _lock = self.lock()?;
        let sessions = self.sessions();
        let rest: Vec<Json> =
            sessions.iter().filter(|entry| entry.get("id").as_text() != Some(id)).cloned().collect();
        if rest.len() == sessions.len() {
            return Err(LogbookFault::NoSession { id: id.to_owned() });
        }
        self.write_sessions(&rest)?;
        self.remove_baseline(id)?;
        let id = safe_id(id);
        for (copy, is_folder) in self.entries(COPIES_FOLDER) {
            if !is_folder && copy.rsplit_once('.').is_some_and(|(stem, _)| stem == id) {
                self.remove_file(&format!("{COPIES_FOLDER}/{copy}"))?;
            }
        }
        self.remove_folder(&in_logbook(&format!("traces/{id}")))?;
        self.forget_imported(&id)?;
        self.refresh()
    }

    /// Brings all sessions, their list and the workspace up to date.
    pub(crate) fn refresh_sessions(&self, references: &Json) -> Result<(), LogbookFault> {
        let sessions = self.sessions();
        let mut told = Vec::new();
        for entry in &sessions {
            let id = entry.get("id").as_text().unwrap_or_default();
            let index = match self.refresh_session(&sessions, id) {
                Ok(index) => index,
                // What was kept of it is better than nothing.
                Err(_) => {
                    let mut index = self.object(&index_file(id));
                    if !index.is_truthy() {
                        continue;
                    }
                    index.set("source_available", false);
                    index
                }
            };
            let mut summary =
                Json::Object(TOLD.iter().map(|name| ((*name).to_owned(), index.get(name).clone())).collect());
            let id = safe_id(index.get("id").as_text().unwrap_or_default());
            summary.set("index_file", format!("traces/{id}/index.json"));
            told.push(summary);
        }
        let when = |told: &Json| {
            let known = told.get("started_at").as_filled().or_else(|| told.get("attached_at").as_filled());
            known.unwrap_or_default().to_owned()
        };
        told.sort_by_key(|told| std::cmp::Reverse(when(told)));
        let list = Json::object([("schema_version", SCHEMA_VERSION.into()), ("sessions", Json::List(told))]);
        self.write_json(&in_logbook("traces/index.json"), &list)?;
        self.refresh_workspace(&sessions, references)
    }

    /// The sessions that are attached.
    fn sessions(&self) -> Vec<Json> {
        let registry = self.object(REGISTRY_FILE);
        let has_id = |entry: &&Json| entry.get("id").as_filled().is_some();
        registry.get("sessions").items().iter().filter(has_id).cloned().collect()
    }

    fn write_sessions(&self, sessions: &[Json]) -> Result<(), LogbookFault> {
        let registry = Json::object([
            ("schema_version", SCHEMA_VERSION.into()),
            ("sessions", Json::List(sessions.to_vec())),
        ]);
        self.write_json(REGISTRY_FILE, &registry)
    }

    /// Reads a session again where it has changed. Tells what is kept of it.
    fn refresh_session(&self, sessions: &[Json], id: &str) -> Result<Json, LogbookFault> {
        let entry = sessions.iter().find(|entry| entry.get("id").as_text() == Some(id));
        let entry = entry.ok_or_else(|| LogbookFault::NoSession { id: id.to_owned() })?;
        let source = PathBuf::from(entry.get("source_path").as_text().unwrap_or_default());
        let mut kept = self.object(&index_file(id));
        let Some((length, changed)) = stamp(&source) else {
            if !kept.is_truthy() {
                return Err(LogbookFault::NoFile { path: source });
            }
            kept.set("source_available", false);
            self.write_json(&index_file(id), &kept)?;
            return Ok(kept);
        };
        let ending = source.extension().map(|ending| ending.to_string_lossy().into_owned());
        let ending = ending.filter(|ending| matches!(ending.to_lowercase().as_str(), "json" | "jsonl"));
        let copy = format!("{COPIES_FOLDER}/{}.{}", safe_id(id), ending.as_deref().unwrap_or("jsonl"));
        let is_same = kept.get("source_size").as_whole() == i64::try_from(length).ok()
            && kept.get("source_mtime_ns").as_whole() == Some(changed);
        if is_same && self.exists(&copy) {
            return Ok(kept);
        }
        let scrubs = entry.find("scrub").is_none_or(Json::is_truthy);
        let text = text_of(&source)?;
        let (text, redactions) = if scrubs { scrub(&text) } else { (text, 0) };
        self.write(&copy, text.as_bytes())?;
        let session = Session::read(&text, &source)?;
        let (mut index, events) = session.told();
        index.set("id", id);
        index.set("scrub", scrubs);
        index.set("scrub_redactions", redactions);
        index.set("title", entry.get("title").as_filled().unwrap_or(id));
        index.set("attached_at", entry.get("attached_at").clone());
        index.set("source_size", length);
        index.set("source_mtime_ns", changed);
        index.set("chunks", self.write_parts(id, &events)?);
        index.set("source_available", true);
        self.write_json(&index_file(id), &index)?;
        Ok(index)
    }

    /// Writes the events in parts; parts that are left from before are removed.
    fn write_parts(&self, id: &str, events: &[Json]) -> Result<Json, LogbookFault> {
        let folder = format!("traces/{}", safe_id(id));
        let mut parts = Vec::new();
        let mut names = Vec::new();
        for (number, part) in events.chunks(PART_EVENTS).enumerate() {
            let name = format!("events-{number:04}.json");
            let document = Json::object([("events", Json::List(part.to_vec()))]);
            self.write_json(&in_logbook(&format!("{folder}/{name}")), &document)?;
            let sequence = |event: Option<&Json>| event.map(|event| event.get("sequence").clone());
            parts.push(Json::object([
                ("file", format!("{folder}/{name}").into()),
                ("count", part.len().into()),
                ("first_sequence", sequence(part.first()).into()),
                ("last_sequence", sequence(part.last()).into()),
            ]));
            names.push(name);
        }
        for (name, is_folder) in self.entries(&in_logbook(&folder)) {
            if !is_folder && name.starts_with("events-") && name.ends_with(".json") && !names.contains(&name)
            {
                self.remove_file(&in_logbook(&format!("{folder}/{name}")))?;
            }
        }
        Ok(Json::List(parts))
    }

    /// Makes the next refresh read a session anew.
    fn forget_stamp(&self, id: &str) -> Result<(), LogbookFault> {
        let mut kept = self.object(&index_file(id));
        if kept.find("source_size").is_none() && kept.find("source_mtime_ns").is_none() {
            return Ok(());
        }
        kept.remove("source_size");
        kept.remove("source_mtime_ns");
        self.write_json(&index_file(id), &kept)
    }
}

fn index_file(id: &str) -> String {
    in_logbook(&format!("traces/{}/index.json", safe_id(id)))
}

/// Length and time of change of a session file, in nanoseconds of 1970; nothing where it is gone.
fn stamp(path: &Path) -> Option<(u64, i64)> {
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((metadata.len(), i64::try_from(changed.as_nanos()).ok()?))
}

fn text_of(path: &Path) -> Result<String, LogbookFault> {
    let length = std::fs::metadata(path).map_err(failed(path))?.len();
    if length > LARGEST_SESSION {
        return Err(LogbookFault::TooLarge { path: path.to_owned(), bytes: length, limit: LARGEST_SESSION });
    }
    let text = String::from_utf8(std::fs::read(path).map_err(failed(path))?);
    text.map_err(|_| LogbookFault::Session {
        path: path.to_owned(),
        reason: "it is not text in UTF-8".to_owned(),
    })
}
