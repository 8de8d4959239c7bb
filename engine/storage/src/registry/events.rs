//! What was done to a registry, as the peer's log holds it: each change is written down beside what it changes,
//! so that a registry can be built again from its events alone.
//!
//! Source: the peer's `registry_storage.new_event` and the payloads it gives to it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use paceline_schema::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

/// One change.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Event<'a> {
    /// The registry was made.
    CreateRegistry { registry: &'a str },
    /// A collection was made.
    CreateCollection {
        registry: &'a str,
        collection: &'a str,
        #[serde(rename = "type")]
        collection_type: &'a str,
        description: Option<&'a str>,
    },
    /// A collection was described anew.
    Update { registry: &'a str, collection: &'a str, description: &'a str },
    /// A version came into a collection.
    Link {
        registry: &'a str,
        collection: &'a str,
        #[serde(flatten)]
        source: Source<'a>,
        source_space_id: Option<&'a str>,
        source_bucket_id: Option<&'a str>,
        source_server_base_url: Option<&'a str>,
        #[serde(flatten)]
        by: Linker<'a>,
        collection_version: i64,
    },
    /// An alias came to a version.
    Promote {
        registry: &'a str,
        collection: &'a str,
        alias: &'a str,
        #[serde(flatten)]
        source: Source<'a>,
        #[serde(flatten)]
        by: Linker<'a>,
        collection_version: i64,
        previous_version: Option<i64>,
    },
    /// A version left a collection.
    Unlink {
        registry: &'a str,
        collection: &'a str,
        collection_version: i64,
        #[serde(flatten)]
        source: Source<'a>,
        removed_aliases: &'a [String],
        latest_version: Option<i64>,
    },
}

/// The version of an artifact behind a link.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Source<'a> {
    pub(super) source_project: &'a str,
    pub(super) source_artifact: &'a str,
    pub(super) source_version: i64,
}

/// The run that links a version.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Linker<'a> {
    pub(super) run_name: Option<&'a str>,
    pub(super) run_id: Option<&'a str>,
}

impl Event<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::CreateRegistry { .. } | Self::CreateCollection { .. } => "create",
            Self::Update { .. } => "update",
            Self::Link { .. } => "link",
            Self::Promote { .. } => "promote",
            Self::Unlink { .. } => "unlink",
        }
    }

    /// Writes it to the log.
    pub(super) fn store(&self, connection: &Connection, time: Timestamp) -> rusqlite::Result<()> {
        let payload = serde_json::to_string(self).expect("texts and integers have a JSON form");
        connection
            .prepare_cached(
                "INSERT INTO registry_events (event_uid, ts, kind, payload) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![next_uid(time), time.to_string(), self.kind(), payload])?;
        Ok(())
    }
}

/// An id that no other event has: `<time>-<writer>-<number>`, all of fixed width, so that ids sort as the events of
/// all writers happened.
fn next_uid(time: Timestamp) -> String {
    static WRITER: OnceLock<u32> = OnceLock::new();
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let writer = WRITER.get_or_init(|| getrandom::u32().unwrap_or_else(|_| fastrand::u32(..)));
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let seconds: String = time.to_string().chars().take("2026-11-23T02:17:52".len()).collect();
    let seconds = seconds.replace(['-', ':'], "");
    let micros = time.0.rem_euclid(1_000_000);
    format!("{seconds}{micros:06}-{writer:08x}-{number:06}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_peers_form_and_sort_by_time() {
        let ids: Vec<String> =
            [1_795_400_272_000_000, 1_795_400_272_070_297, 1_795_400_272_070_297, 1_795_400_273_000_000]
                .into_iter()
                .map(|micros| next_uid(Timestamp(micros)))
                .collect();
        assert!(ids[0].starts_with("20261123T021752000000-"), "{}", ids[0]);
        assert!(ids[1].starts_with("20261123T021752070297-"), "{}", ids[1]);
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        assert!(ids.iter().all(|id| id.len() == "20260730T152423770500-a1b2c3d4-000000".len()), "{ids:?}");
    }
}
