//! Which tables a project has for whoever carries it elsewhere, and what their files are called.

use paceline_schema::registry::REGISTRY_PREFIX;

/// The column that holds what the plain ones cannot say of a row, as JSON; nothing for most rows.
///
/// Its object has at most three members: `values`, the exact JSON of metrics that are not what their column says;
/// `order`, the keys of the row in their order where that is not the order of the columns; `columns`, what SQLite
/// keeps in a structural column where that is not of the column's type.
pub const EXTRA: &str = "paceline_extra";

/// What a structural column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Text,
    /// JSON text, which the peer keeps as bytes.
    Json,
}

/// How a table comes to new rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Growth {
    /// New rows get greater numbers, and rows of a run change or go together.
    AtItsEnd,
    /// Anywhere; such tables are small.
    Anywhere,
}

/// A table that is carried.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// What its files and folders are called.
    pub(crate) label: &'static str,
    pub(crate) columns: &'static [(&'static str, Kind)],
    /// The column of JSON objects whose members become columns.
    pub(crate) object: Option<&'static str>,
    pub(crate) growth: Growth,
    /// The peer has such a file too.
    pub(crate) is_of_peer: bool,
}

impl Table {
    /// Everything to select: the structural columns, then the object.
    pub(crate) fn selected(&self) -> Vec<&'static str> {
        self.columns.iter().map(|(name, _)| *name).chain(self.object).collect()
    }

    /// Whether the column at this place of those is JSON.
    pub(crate) fn is_json(&self, place: usize) -> bool {
        self.columns.get(place).is_none_or(|(_, kind)| *kind == Kind::Json)
    }

    /// The place of a structural column.
    pub(crate) fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|(name, _)| *name == column)
    }

    /// The file of an export of whole tables, relative to its folder. The peer's have the peer's names; ours stand in a
    /// folder, where its import does not take them for projects.
    pub(crate) fn file(&self, project: &str, ending: &str) -> String {
        match (self.is_of_peer, self.name) {
            (true, "metrics") => format!("{project}.{ending}"),
            (true, _) => format!("{project}_{}.{ending}", self.label),
            (false, _) => format!("{}/{}.{ending}", folder_of_ours(project), self.label),
        }
    }
}

/// The folder with what only we put into a snapshot for static web servers.
pub(crate) const SNAPSHOT_FOLDER: &str = "paceline";

impl Table {
    /// The file of a snapshot for static web servers: the peer's tables lie where the peer's page looks for them.
    pub(crate) fn file_of_snapshot(&self) -> String {
        match (self.is_of_peer, self.name) {
            (true, "metrics") => "metrics.parquet".to_owned(),
            (true, name) => format!("aux/{name}.parquet"),
            (false, _) => format!("{SNAPSHOT_FOLDER}/{}.parquet", self.label),
        }
    }
}

/// The folder with what only we export, beside the peer's files.
pub(crate) fn folder_of_ours(project: &str) -> String {
    format!("{project}_paceline")
}

/// The table of that name.
pub(crate) fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

/// The project that a file of metrics belongs to, if its name is that of one.
pub(crate) fn project_of_file(name: &str) -> Option<&str> {
    let stem = name.strip_suffix(".parquet")?;
    let sidecar = TABLES.iter().any(|table| {
        table.is_of_peer && table.name != "metrics" && stem.ends_with(&format!("_{}", table.label))
    });
    (!stem.is_empty() && !sidecar && !stem.starts_with(REGISTRY_PREFIX)).then_some(stem)
}

use Growth::{Anywhere, AtItsEnd};
use Kind::{Integer as I, Json as J, Text as T};

macro_rules! tables {
    ($($name:literal $label:literal $growth:ident $peer:literal [$($column:literal $kind:ident),+] $object:expr;)+) => {
        &[$(Table {
            name: $name, label: $label, growth: $growth, is_of_peer: $peer,
            columns: &[$(($column, $kind)),+], object: $object,
        }),+]
    };
}

/// Every table that is carried. What is left out: uploads that wait on this machine, and what is derived.
pub(crate) const TABLES: &[Table] = tables! {
    "metrics" "metrics" AtItsEnd true ["id" I, "run_id" T, "timestamp" T, "run_name" T, "step" I, "log_id" T,
        "space_id" T] Some("metrics");
    "system_metrics" "system" AtItsEnd true ["id" I, "run_id" T, "timestamp" T, "run_name" T, "log_id" T,
        "space_id" T] Some("metrics");
    "configs" "configs" Anywhere true ["id" I, "run_id" T, "run_name" T, "created_at" T] Some("config");
    "traces" "traces" AtItsEnd true ["id" T, "run_id" T, "timestamp" T, "run_name" T, "step" I, "key" T,
        "trace_index" I, "messages" J, "metadata" J, "search_text" T, "log_id" T, "space_id" T, "spans" J] None;
    "artifacts" "artifacts" Anywhere true ["id" I, "name" T, "type" T, "description" T, "created_at" T] None;
    "artifact_versions" "artifact_versions" Anywhere true ["id" I, "artifact_id" I, "version" I,
        "manifest_digest" T, "manifest" T, "metadata" T, "size_bytes" I, "producer_run_id" T,
        "producer_run_name" T, "created_at" T] None;
    "artifact_aliases" "artifact_aliases" Anywhere true ["artifact_id" I, "alias" T, "artifact_version_id" I] None;
    "run_artifact_links" "run_artifact_links" Anywhere true ["id" I, "run_id" T, "run_name" T, "run_project" T,
        "artifact_version_id" I, "direction" T, "created_at" T] None;
    "external_run_artifact_links" "external_run_artifact_links" Anywhere true ["id" I, "run_id" T, "run_name" T,
        "source_project" T, "source_version_id" I, "source_artifact" T, "source_type" T, "source_version" I,
        "source_size_bytes" I, "direction" T, "created_at" T] None;
    "alerts" "alerts" AtItsEnd false ["id" I, "run_id" T, "timestamp" T, "run_name" T, "title" T, "text" T,
        "level" T, "step" I, "alert_id" T] None;
    "project_metadata" "project_metadata" Anywhere false ["key" T, "value" T] None;
    "paceline_runs" "runs" Anywhere false ["run_id" T, "run_name" T, "state" T, "created_at" T, "started_at" T,
        "heartbeat_at" T, "finished_at" T, "exit_code" I, "exit_signal" I, "failure" T, "host" T, "boot_id" T,
        "pid" I, "start_ticks" I, "command" T, "git_commit" T, "tags" T, "notes" T, "colour_slot" I, "summary" T,
        "has_rows" I] None;
    "paceline_ranks" "ranks" Anywhere false ["run_id" T, "rank" I, "state" T, "started_at" T, "heartbeat_at" T,
        "finished_at" T, "exit_code" I, "exit_signal" I, "failure" T, "host" T, "boot_id" T, "pid" I,
        "start_ticks" I] None;
    "paceline_environments" "environments" Anywhere false ["run_id" T, "environment" T, "diff" T] None;
    "paceline_console" "console" AtItsEnd false ["id" I, "run_id" T, "timestamp" T, "stream" T, "rank" I,
        "line" T, "log_id" T] None;
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use paceline_schema::ddl::{DERIVED_TABLES, OWN_TABLES, PEER_TABLES};

    use super::*;

    /// The columns that a `CREATE TABLE` names.
    fn columns(create: &str) -> BTreeSet<String> {
        let create = create.split(';').next().unwrap_or_default();
        let inside = create.split_once('(').map(|(_, rest)| rest).unwrap_or_default();
        let mut depth = 0;
        let mut parts = vec![String::new()];
        for c in inside.chars() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                ',' if depth == 0 => parts.push(String::new()),
                _ => {}
            }
            parts.last_mut().expect("one at least").push(c);
        }
        let words = parts.iter().filter_map(|part| part.split([' ', ',', '(']).find(|word| !word.is_empty()));
        words.filter(|word| word.chars().any(char::is_lowercase)).map(str::to_owned).collect()
    }

    #[test]
    fn every_table_and_column_is_carried() {
        let ours =
            OWN_TABLES[..OWN_TABLES.len() - DERIVED_TABLES].iter().map(|(name, create)| (*name, *create));
        let all = PEER_TABLES.iter().map(|table| (table.name, table.create)).chain(ours);
        for (name, create) in all.filter(|(name, _)| *name != "pending_uploads") {
            let table = table(name).unwrap_or_else(|| panic!("`{name}` is not carried"));
            let carried: BTreeSet<String> = table.selected().into_iter().map(str::to_owned).collect();
            assert_eq!(carried, columns(create), "{name}");
        }
    }

    #[test]
    fn a_sidecar_is_no_project() {
        assert_eq!(project_of_file("digits.parquet"), Some("digits"));
        assert_eq!(project_of_file("digits_system.parquet"), None);
        assert_eq!(project_of_file("digits_artifact_aliases.parquet"), None);
        assert_eq!(project_of_file(".parquet"), None);
        assert_eq!(project_of_file("registry-models.parquet"), None);
    }
}
