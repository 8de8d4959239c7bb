//! Generated documents are fresh and the others name what exists.

use std::fs;

use crate::root;

#[test]
fn the_environment_document_lists_every_variable() {
    let document = fs::read_to_string(root().join("docs/ENVIRONMENT.md")).expect("it is there");
    let table: String = paceline_schema::env::ALL
        .iter()
        .map(|(name, meaning)| format!("| `{name}` | {} |\n", meaning.trim()))
        .collect();
    assert!(document.contains(&table), "docs/ENVIRONMENT.md is stale; its table is to be:\n{table}");
}

#[test]
fn every_decision_is_named_in_the_architecture() {
    let architecture = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("it is there");
    for entry in fs::read_dir(root().join("docs/adr")).expect("it is there") {
        let name = entry.expect("listed").file_name();
        let name = name.to_string_lossy();
        assert!(architecture.contains(name.as_ref()), "docs/ARCHITECTURE.md does not link docs/adr/{name}");
    }
}

#[test]
fn the_readme_names_the_two_commands() {
    let readme = fs::read_to_string(root().join("README.md")).expect("it is there");
    assert!(readme.contains("make run") && readme.contains("make test"));
}
