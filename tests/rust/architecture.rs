//! The arrows between the crates, and who may name what: the invariants of `docs/ARCHITECTURE.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::root;

/// Crate → crates of ours it may depend on. An arrow that is not here is a test failure, so that a new one
/// is a decision.
const ARROWS: &[(&str, &[&str])] = &[
    ("schema", &[]),
    ("series", &["schema"]),
    ("journal", &["schema"]),
    ("storage", &["schema", "series", "journal"]),
    ("query", &["schema", "series", "storage"]),
    ("hub", &["schema", "journal", "storage"]),
    ("companion", &["schema", "journal", "storage", "hub"]),
    ("skills", &[]),
    ("logbook", &[]),
    ("mcp", &["schema", "query", "advice", "jobs", "skills"]),
    ("http", &["schema", "storage", "query", "hub", "advice", "jobs", "logbook", "mcp"]),
    ("planner", &["schema"]),
    ("advice", &["schema", "query", "hub", "planner"]),
    ("jobs", &["schema", "journal", "query", "hub"]),
    (
        "cli",
        &[
            "schema",
            "storage",
            "query",
            "hub",
            "planner",
            "advice",
            "jobs",
            "companion",
            "skills",
            "logbook",
            "http",
        ],
    ),
    ("recorder", &["schema", "journal"]),
    ("py", &["schema", "recorder"]),
    ("tests", &["schema"]),
];

/// Package → the crates that may depend on it.
const OWNERS: &[(&str, &[&str])] = &[
    ("rusqlite", &["storage"]),
    ("actix-web", &["http"]),
    ("utoipa-actix-web", &["http"]),
    ("parquet", &["hub"]),
    // Two wires carry it: bodies of rows that a server takes, and the files of the Hub.
    ("arrow-array", &["http", "hub"]),
    // Servers of ours and the peer's, and the Hub.
    ("ureq", &["companion", "hub", "mcp"]),
    ("rmcp", &["mcp"]),
    ("pyo3", &["py"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
];

/// Packages no crate inside a training process may bring in, however far down.
const NOT_IN_TRAINERS: &[&str] = &[
    "rusqlite",
    "libsqlite3-sys",
    "tokio",
    "actix-web",
    "rustls",
    "reqwest",
    "ureq",
    "arrow",
    "parquet",
    "utoipa",
];

/// Dependencies by package name: our own crates without the prefix.
fn dependencies(kinds: &[Option<&str>]) -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut all = BTreeMap::new();
    for package in metadata["packages"].as_array().expect("a list") {
        let named = package["dependencies"].as_array().expect("a list").iter();
        let named = named.filter(|dependency| kinds.contains(&dependency["kind"].as_str()));
        all.insert(text(&package["name"]), named.map(|dependency| text(&dependency["name"])).collect());
    }
    all
}

#[test]
fn arrows_point_the_way_the_design_says() {
    let all = dependencies(&[None, Some("build")]);
    assert_eq!(all.len(), ARROWS.len(), "a crate is missing from the list: {:?}", all.keys());
    for (name, allowed) in ARROWS {
        let found = &all[&format!("paceline-{name}")];
        let ours = found.iter().filter_map(|dependency| dependency.strip_prefix("paceline-"));
        for dependency in ours {
            assert!(allowed.contains(&dependency), "`{name}` may not depend on `{dependency}`");
        }
    }
}

#[test]
fn each_outside_world_has_one_door() {
    for (name, dependencies) in dependencies(&[None]) {
        for (package, owners) in OWNERS {
            let is_owner = owners.iter().any(|owner| name == format!("paceline-{owner}"));
            assert!(
                is_owner || !dependencies.contains(*package),
                "only {owners:?} name `{package}`, not `{name}`"
            );
        }
    }
}

#[test]
fn a_training_process_loads_no_database_no_server_and_no_network() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "-p",
            "paceline-py",
            "-e",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8_lossy(&output.stdout);
    let packages: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(packages.contains("paceline-journal"), "{packages:?}");
    for package in NOT_IN_TRAINERS {
        assert!(!packages.contains(package), "`{package}` comes into the extension module");
    }
}
