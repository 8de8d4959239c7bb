//! The three forms in which the peer's wire carries the arguments of a call.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The arguments of a call as JSON texts, by position and by name.
#[derive(Debug, Default)]
pub(crate) struct Arguments<'a> {
    positional: Vec<&'a RawValue>,
    named: HashMap<String, &'a RawValue>,
}

/// The form in which the peer's client writes. Its bodies are large, so this one is read in a single pass.
#[derive(Deserialize)]
struct OfTheClient<'a> {
    #[serde(borrow, default)]
    args: Vec<&'a RawValue>,
    #[serde(borrow)]
    kwargs: Option<HashMap<String, &'a RawValue>>,
}

impl<'a> Arguments<'a> {
    /// Reads `{"args": […], "kwargs": {…}}`, `{"data": […]}`, a flat object of names or a list of positions;
    /// a single value is the first position. As with the peer, a body that is no JSON carries no arguments.
    pub(crate) fn parse(body: &'a [u8]) -> Self {
        if let Ok(OfTheClient { args: positional, kwargs: Some(named) }) = serde_json::from_slice(body) {
            return Self { positional, named };
        }
        let Ok(whole) = serde_json::from_slice::<&RawValue>(body) else { return Self::default() };
        let Ok(named) = serde_json::from_str::<HashMap<String, &RawValue>>(whole.get()) else {
            return Self { positional: positions(whole), ..Self::default() };
        };
        if named.contains_key("args") || named.contains_key("kwargs") {
            let positional = named.get("args").copied().map(positions).unwrap_or_default();
            return Self { positional, named: parsed(&named, "kwargs") };
        }
        match named.get("data").and_then(|data| serde_json::from_str(data.get()).ok()) {
            Some(positional) => Self { positional, ..Self::default() },
            None => Self { named, ..Self::default() },
        }
    }

    /// How many arguments came by position.
    pub(crate) fn positions(&self) -> usize {
        self.positional.len()
    }

    /// Puts a null before the argument at `position`.
    pub(crate) fn insert_null(&mut self, position: usize) {
        self.positional.insert(position.min(self.positional.len()), RawValue::NULL);
    }

    /// The JSON text of one argument, by name or by position.
    pub(crate) fn get(&self, position: usize, name: &str) -> Option<&'a str> {
        let found = self.named.get(name).or_else(|| self.positional.get(position));
        found.map(|value| value.get())
    }
}

/// A list, or one value in its place; null, 0, false and what is empty stand for none.
fn positions(value: &RawValue) -> Vec<&RawValue> {
    match value.get() {
        "null" | "false" | "0" | "0.0" | "\"\"" | "{}" => Vec::new(),
        text => serde_json::from_str(text).unwrap_or_else(|_| vec![value]),
    }
}

fn parsed<'a, T: Deserialize<'a> + Default>(named: &HashMap<String, &'a RawValue>, name: &str) -> T {
    named.get(name).and_then(|value| serde_json::from_str(value.get()).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_carries_the_same_arguments() {
        for body in [
            r#"{"args": [], "kwargs": {"logs": [1], "hf_token": null}}"#,
            r#"{"kwargs": {"hf_token": null, "logs": [1]}}"#,
            r#"{"args": [[1], null]}"#,
            r#"{"args": [[1]], "kwargs": {"hf_token": null}}"#,
            r#"{"data": [[1], null]}"#,
            r#"{"logs": [1], "hf_token": null}"#,
            "[[1], null]",
            r#"{"args": {"logs": 0}, "kwargs": {"logs": [1], "hf_token": null}}"#,
        ] {
            let arguments = Arguments::parse(body.as_bytes());
            assert_eq!(arguments.get(0, "logs"), Some("[1]"), "{body}");
            assert_eq!(arguments.get(1, "hf_token"), Some("null"), "{body}");
        }
    }

    #[test]
    fn other_bodies_carry_no_arguments() {
        for body in
            ["", "nonsense", "3", "null", "{}", r#"{"args": "x"}"#, r#"{"kwargs": 3}"#, r#"{"data": [[1]]}"#]
        {
            assert_eq!(Arguments::parse(body.as_bytes()).get(1, "hf_token"), None, "{body}");
        }
        for body in [r#""digits""#, r#"{"args": "digits"}"#] {
            assert_eq!(Arguments::parse(body.as_bytes()).get(0, "project"), Some("\"digits\""), "{body}");
        }
    }
}
