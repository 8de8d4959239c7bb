//! The shapes that older versions of the peer left their tables in, for reading them as they are.
//!
//! Before its version 0.24 the peer told runs apart by name alone, and `log_id` came later still. Such a
//! file is read with the run's name in place of its id; the first write brings it to the present form.

use std::collections::HashSet;

use rusqlite::Connection;

use crate::migrate::{columns_of_tables, user_version};

/// How to read the tables of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    /// `PRAGMA user_version`.
    pub(crate) version: i64,
    /// The peer's tables; `None` for one that is not there.
    pub(crate) metrics: Option<RunTable>,
    pub(crate) system_metrics: Option<RunTable>,
    pub(crate) alerts: Option<RunTable>,
    pub(crate) configs: Option<RunTable>,
    pub(crate) traces: Option<TraceTable>,
    pub(crate) has_artifacts: bool,
    pub(crate) links: Option<LinkTable>,
    pub(crate) has_external_links: bool,
    /// Ours.
    pub(crate) has_runs: bool,
    pub(crate) has_ranks: bool,
    pub(crate) has_environments: bool,
    pub(crate) has_console: bool,
    pub(crate) has_heads: bool,
}

/// The expressions that stand for columns an old table may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunTable {
    /// `run_id`, or `run_name` in its place.
    pub(crate) run: &'static str,
    /// `log_id` (`alert_id` in the table of alerts), or `NULL`.
    pub(crate) log_id: &'static str,
}

/// The same for the table of traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceTable {
    pub(crate) columns: RunTable,
    /// `spans`, or the empty list where the table is older than they are.
    pub(crate) spans: &'static str,
}

impl TraceTable {
    fn of(columns: &HashSet<String>) -> Self {
        let spans = if columns.contains("spans") { "spans" } else { "'[]'" };
        Self { columns: RunTable::of(columns), spans }
    }
}

/// The same for the links between runs and artifacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LinkTable {
    /// Whether a link belongs to a run of the project named `:project`; links of old tables always do.
    pub(crate) scope: &'static str,
    /// `run_project`, or `NULL`.
    pub(crate) run_project: &'static str,
}

impl LinkTable {
    fn of(columns: &HashSet<String>) -> Self {
        let knows_projects = columns.contains("run_project");
        Self {
            scope: if knows_projects { "(run_project IS NULL OR run_project = :project)" } else { "TRUE" },
            run_project: if knows_projects { "run_project" } else { "NULL" },
        }
    }
}

impl Shape {
    /// Reads the catalogue.
    pub(crate) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let columns = columns_of_tables(connection)?;
        let has = |table: &str| columns.contains_key(table);
        let run_table = |table: &str| columns.get(table).map(RunTable::of);
        Ok(Self {
            version: user_version(connection)?,
            metrics: run_table("metrics"),
            system_metrics: run_table("system_metrics"),
            alerts: run_table("alerts"),
            configs: run_table("configs"),
            traces: columns.get("traces").map(TraceTable::of),
            has_artifacts: ["artifacts", "artifact_versions", "artifact_aliases"].into_iter().all(has),
            links: columns.get("run_artifact_links").map(LinkTable::of),
            has_external_links: has("external_run_artifact_links"),
            has_runs: has("paceline_runs"),
            has_ranks: has("paceline_ranks"),
            has_environments: has("paceline_environments"),
            has_console: has("paceline_console"),
            has_heads: has("paceline_heads") && has("paceline_meta"),
        })
    }
}

impl RunTable {
    fn of(columns: &HashSet<String>) -> Self {
        let or = |column: &'static str, otherwise| if columns.contains(column) { column } else { otherwise };
        Self { run: or("run_id", "run_name"), log_id: or("log_id", or("alert_id", "NULL")) }
    }
}
