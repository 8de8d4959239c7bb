//! The tables of a project file: the peer's, exactly, and ours beside them.
//!
//! The peer's tables are those its version 0.43 makes (`SQLiteStorage.init_db`), column for column and index
//! for index, so that either program opens what the other wrote. Ours begin with `paceline_`; the peer does
//! not look at them, and a file without them is complete.

/// `PRAGMA user_version` of a file whose peer tables are as below.
pub const SCHEMA_VERSION: i64 = 2;

/// A table of the peer with what older versions of it lack.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Name.
    pub name: &'static str,
    /// The statement that makes it.
    pub create: &'static str,
    /// Definitions of the columns that files of older versions may lack, in the order they are added.
    pub later_columns: &'static [&'static str],
}

/// An index of the peer.
#[derive(Debug, Clone, Copy)]
pub struct Index {
    /// Name.
    pub name: &'static str,
    /// The statement that makes it.
    pub create: &'static str,
}

macro_rules! tables {
    ($($name:literal $columns:literal later $later:expr;)+) => {
        &[$(Table { name: $name, create: concat!("CREATE TABLE ", $name, $columns), later_columns: &$later },)+]
    };
}

macro_rules! indexes {
    ($($kind:literal $name:literal on $target:literal;)+) => {
        &[$(Index { name: $name, create: concat!("CREATE ", $kind, " ", $name, " ON ", $target) },)+]
    };
}

/// The peer's tables.
pub const PEER_TABLES: &[Table] = tables! {
    "metrics" "(id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, timestamp TEXT NOT NULL, \
        run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL, log_id TEXT, space_id TEXT)"
        later ["log_id TEXT", "space_id TEXT"];
    "configs" "(id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, run_name TEXT NOT NULL, \
        config TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE(run_id))"
        later [];
    "system_metrics" "(id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, timestamp TEXT NOT NULL, \
        run_name TEXT NOT NULL, metrics TEXT NOT NULL, log_id TEXT, space_id TEXT)"
        later ["log_id TEXT", "space_id TEXT"];
    "traces" "(id TEXT PRIMARY KEY, run_id TEXT NOT NULL, timestamp TEXT NOT NULL, run_name TEXT NOT NULL, \
        step INTEGER NOT NULL, key TEXT NOT NULL, trace_index INTEGER, messages TEXT NOT NULL, \
        metadata TEXT NOT NULL, search_text TEXT NOT NULL, log_id TEXT, space_id TEXT, \
        spans TEXT NOT NULL DEFAULT '[]')"
        later ["spans TEXT NOT NULL DEFAULT '[]'"];
    "project_metadata" "(key TEXT PRIMARY KEY, value TEXT NOT NULL)" later [];
    "pending_uploads" "(id INTEGER PRIMARY KEY AUTOINCREMENT, space_id TEXT NOT NULL, run_id TEXT, \
        run_name TEXT, step INTEGER, file_path TEXT NOT NULL, relative_path TEXT, created_at TEXT NOT NULL, \
        kind TEXT NOT NULL DEFAULT 'media', digest TEXT)"
        later ["kind TEXT NOT NULL DEFAULT 'media'", "digest TEXT"];
    "alerts" "(id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, timestamp TEXT NOT NULL, \
        run_name TEXT NOT NULL, title TEXT NOT NULL, text TEXT, level TEXT NOT NULL DEFAULT 'warn', \
        step INTEGER, alert_id TEXT)"
        later [];
    "artifacts" "(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, type TEXT NOT NULL, \
        description TEXT, created_at TEXT NOT NULL)"
        later [];
    "artifact_versions" "(id INTEGER PRIMARY KEY AUTOINCREMENT, \
        artifact_id INTEGER NOT NULL REFERENCES artifacts(id), version INTEGER NOT NULL, \
        manifest_digest TEXT NOT NULL, manifest TEXT NOT NULL, metadata TEXT, size_bytes INTEGER NOT NULL, \
        producer_run_id TEXT, producer_run_name TEXT, created_at TEXT NOT NULL, \
        UNIQUE(artifact_id, version), UNIQUE(artifact_id, manifest_digest))"
        later [];
    "artifact_aliases" "(artifact_id INTEGER NOT NULL REFERENCES artifacts(id), alias TEXT NOT NULL, \
        artifact_version_id INTEGER NOT NULL REFERENCES artifact_versions(id), \
        PRIMARY KEY (artifact_id, alias))"
        later [];
    "run_artifact_links" "(id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, run_name TEXT, \
        run_project TEXT, artifact_version_id INTEGER NOT NULL REFERENCES artifact_versions(id), \
        direction TEXT NOT NULL CHECK(direction IN ('input', 'output')), created_at TEXT NOT NULL)"
        later ["run_project TEXT"];
    "external_run_artifact_links" "(id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, run_name TEXT, \
        source_project TEXT NOT NULL, source_version_id INTEGER NOT NULL, source_artifact TEXT NOT NULL, \
        source_type TEXT NOT NULL, source_version INTEGER NOT NULL, source_size_bytes INTEGER NOT NULL, \
        direction TEXT NOT NULL CHECK(direction IN ('input', 'output')), created_at TEXT NOT NULL)"
        later [];
};

/// The tables that a registry has beside those of a project.
pub const REGISTRY_TABLES: &[Table] = tables! {
    "collections" "(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, type TEXT NOT NULL, \
        description TEXT, next_version INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL)"
        later [];
    "collection_links" "(id INTEGER PRIMARY KEY AUTOINCREMENT, \
        collection_id INTEGER NOT NULL REFERENCES collections(id), collection_version INTEGER NOT NULL, \
        source_project TEXT NOT NULL, source_artifact TEXT NOT NULL, source_version INTEGER NOT NULL, \
        source_space_id TEXT, source_bucket_id TEXT, source_server_base_url TEXT, created_at TEXT NOT NULL, \
        UNIQUE(collection_id, source_project, source_artifact, source_version), \
        UNIQUE(collection_id, collection_version))"
        later ["source_space_id TEXT", "source_bucket_id TEXT", "source_server_base_url TEXT"];
    "collection_aliases" "(collection_id INTEGER NOT NULL REFERENCES collections(id), alias TEXT NOT NULL, \
        link_id INTEGER NOT NULL REFERENCES collection_links(id), PRIMARY KEY (collection_id, alias))"
        later [];
    "registry_events" "(id INTEGER PRIMARY KEY AUTOINCREMENT, event_uid TEXT, ts TEXT NOT NULL, \
        kind TEXT NOT NULL, payload TEXT NOT NULL)"
        later ["event_uid TEXT"];
};

/// The indexes of a registry beside those of a project.
pub const REGISTRY_INDEXES: &[Index] = indexes! {
    "UNIQUE INDEX" "idx_registry_events_uid" on "registry_events(event_uid)";
};

/// The peer's tables whose rows belong to one run by `run_id`; before its version 0.24 by `run_name` alone.
pub const PEER_RUN_TABLES: [&str; 4] = ["metrics", "configs", "system_metrics", "alerts"];

/// The peer's indexes.
pub const PEER_INDEXES: &[Index] = indexes! {
    "INDEX" "idx_metrics_run_step" on "metrics(run_id, step)";
    "INDEX" "idx_metrics_run_timestamp" on "metrics(run_id, timestamp)";
    "UNIQUE INDEX" "idx_metrics_log_id" on "metrics(log_id) WHERE log_id IS NOT NULL";
    "INDEX" "idx_metrics_pending" on "metrics(space_id) WHERE space_id IS NOT NULL";
    "INDEX" "idx_metrics_run_record" on "metrics(run_id, run_name, timestamp)";
    "INDEX" "idx_configs_run_name" on "configs(run_name)";
    "INDEX" "idx_system_metrics_run_timestamp" on "system_metrics(run_id, timestamp)";
    "UNIQUE INDEX" "idx_system_metrics_log_id" on "system_metrics(log_id) WHERE log_id IS NOT NULL";
    "INDEX" "idx_system_metrics_pending" on "system_metrics(space_id) WHERE space_id IS NOT NULL";
    "INDEX" "idx_traces_run_step" on "traces(run_id, step)";
    "INDEX" "idx_traces_run_timestamp" on "traces(run_id, timestamp)";
    "INDEX" "idx_traces_search" on "traces(search_text)";
    "INDEX" "idx_alerts_run" on "alerts(run_id)";
    "INDEX" "idx_alerts_timestamp" on "alerts(timestamp)";
    "UNIQUE INDEX" "idx_alerts_alert_id" on "alerts(alert_id) WHERE alert_id IS NOT NULL";
    "INDEX" "idx_pending_uploads_kind" on "pending_uploads(kind)";
    "INDEX" "idx_run_artifact_links_run" on "run_artifact_links(run_id, run_name)";
    "INDEX" "idx_run_artifact_links_name" on "run_artifact_links(run_name, run_id)";
    "INDEX" "idx_run_artifact_links_version" on "run_artifact_links(artifact_version_id)";
    "INDEX" "idx_run_artifact_links_project_run" on "run_artifact_links(run_project, run_id, run_name)";
    "UNIQUE INDEX" "idx_run_artifact_links_unique" on "run_artifact_links(COALESCE(run_project, ''), \
        COALESCE(run_id, ''), COALESCE(run_name, ''), artifact_version_id, direction)";
    "INDEX" "idx_external_artifact_links_run" on "external_run_artifact_links(run_id, run_name)";
    "UNIQUE INDEX" "idx_external_artifact_links_unique" on "external_run_artifact_links(\
        COALESCE(run_id, ''), COALESCE(run_name, ''), source_project, source_version_id, direction)";
};

/// What is known of each run beside its rows. Times are text as in the peer's tables, `tags` is a JSON list,
/// `summary` a JSON object; `state` is empty where no process said anything; `has_rows` tells a run whose rows
/// were deleted from one that never had any.
pub const RUNS: &str = "CREATE TABLE IF NOT EXISTS paceline_runs (run_id TEXT PRIMARY KEY, \
    run_name TEXT NOT NULL, state TEXT, created_at TEXT, started_at TEXT, \
    heartbeat_at TEXT, finished_at TEXT, exit_code INTEGER, exit_signal INTEGER, failure TEXT, host TEXT, \
    boot_id TEXT, pid INTEGER, start_ticks INTEGER, command TEXT, git_commit TEXT, \
    tags TEXT NOT NULL DEFAULT '[]', notes TEXT, colour_slot INTEGER NOT NULL, summary TEXT, \
    has_rows INTEGER NOT NULL DEFAULT 0)";

/// The processes other than rank 0 that log into a run which several share; columns as in [`RUNS`].
pub const RANKS: &str = "CREATE TABLE IF NOT EXISTS paceline_ranks (run_id TEXT NOT NULL, rank INTEGER NOT NULL, \
    state TEXT, started_at TEXT, heartbeat_at TEXT, finished_at TEXT, exit_code INTEGER, exit_signal INTEGER, \
    failure TEXT, host TEXT, boot_id TEXT, pid INTEGER, start_ticks INTEGER, PRIMARY KEY (run_id, rank))";

/// What each run was made with, as JSON of `environment::RunEnvironment`, and the changes that were not committed.
pub const ENVIRONMENTS: &str = "CREATE TABLE IF NOT EXISTS paceline_environments (run_id TEXT PRIMARY KEY, \
    environment TEXT NOT NULL, diff TEXT)";

/// What trainings printed, where they want it kept.
pub const CONSOLE: &str = "CREATE TABLE IF NOT EXISTS paceline_console (id INTEGER PRIMARY KEY AUTOINCREMENT, \
    run_id TEXT NOT NULL, timestamp TEXT NOT NULL, stream TEXT NOT NULL, rank INTEGER NOT NULL DEFAULT 0, \
    line TEXT NOT NULL, log_id TEXT UNIQUE); \
    CREATE INDEX IF NOT EXISTS paceline_console_run ON paceline_console (run_id, id)";

/// What all rows of a run say at a glance, as `paceline_series` encodes it; derived from the rows.
pub const HEADS: &str =
    "CREATE TABLE IF NOT EXISTS paceline_heads (run_id TEXT PRIMARY KEY, heads BLOB NOT NULL)";

/// Single values; `mark` is the newest row that `paceline_heads` has taken in.
pub const META: &str = "CREATE TABLE IF NOT EXISTS paceline_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)";

/// The tables of ours that [`RUNS`] and the others make, with what makes them; those that are derived come last.
pub const OWN_TABLES: [(&str, &str); 6] = [
    ("paceline_runs", RUNS),
    ("paceline_ranks", RANKS),
    ("paceline_environments", ENVIRONMENTS),
    ("paceline_console", CONSOLE),
    ("paceline_heads", HEADS),
    ("paceline_meta", META),
];

/// How many of them are derived from the others.
pub const DERIVED_TABLES: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_columns_stand_in_their_table() {
        for table in PEER_TABLES.iter().chain(REGISTRY_TABLES) {
            for column in table.later_columns {
                assert!(table.create.contains(column), "{}: {column}", table.name);
            }
        }
        for name in PEER_RUN_TABLES {
            let table = PEER_TABLES.iter().find(|table| table.name == name);
            assert!(table.is_some_and(|table| table.create.contains("run_id TEXT NOT NULL")), "{name}");
        }
    }

    #[test]
    fn every_index_is_on_a_table_of_the_list() {
        for index in PEER_INDEXES.iter().chain(REGISTRY_INDEXES) {
            let target = index.create.split(" ON ").nth(1).and_then(|rest| rest.split('(').next());
            let mut tables = PEER_TABLES.iter().chain(REGISTRY_TABLES);
            assert!(tables.any(|table| Some(table.name) == target), "{}", index.name);
        }
    }
}
