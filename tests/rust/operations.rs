//! The calls of the peer's wire as the conformance suite reads them.

use std::collections::BTreeMap;
use std::fs;

use paceline_schema::Operation;

use crate::root;

#[test]
fn the_conformance_suite_has_the_calls_of_the_table() {
    let calls: BTreeMap<&str, Vec<(&str, bool)>> = Operation::ALL
        .iter()
        .map(|operation| {
            let parameters = operation.parameters().iter();
            (operation.name(), parameters.map(|parameter| (parameter.name, parameter.required)).collect())
        })
        .collect();
    let fresh = serde_json::to_value(&calls).expect("names and truth values");
    let path = root().join("tests/python/conformance/calls.json");
    let committed: serde_json::Value =
        fs::read_to_string(path).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let lines: Vec<String> = calls
        .iter()
        .map(|(name, parameters)| format!("  \"{name}\": {}", serde_json::json!(parameters)))
        .collect();
    assert_eq!(committed, fresh, "calls.json is stale; it is to be:\n{{\n{}\n}}", lines.join(",\n"));
}
