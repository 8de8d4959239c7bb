//! The settings of a config by their full names.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Every value of a config that is no object, by its full name, as `model.layers`.
pub(crate) fn settings_of(config: &Map<String, Value>) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    add(config, "", &mut found);
    found
}

fn add(config: &Map<String, Value>, prefix: &str, found: &mut BTreeMap<String, Value>) {
    for (key, value) in config {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Object(below) if !below.is_empty() => add(below, &name, found),
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                found.insert(name, value.clone());
            }
        }
    }
}

/// A setting in a sentence.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.chars().take(40).collect(),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => crate::sentence::figure(float),
            None => number.to_string(),
        },
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string().chars().take(40).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_have_full_names() {
        let config = json!({"lr": 1e-3, "model": {"layers": 2, "norm": null}, "sizes": [1, 2]});
        let found = settings_of(config.as_object().expect("an object"));
        assert_eq!(found.keys().collect::<Vec<_>>(), ["lr", "model.layers", "sizes"]);
        assert_eq!((shown(&found["lr"]), shown(&found["sizes"])), ("0.001".into(), "[1,2]".into()));
    }
}
