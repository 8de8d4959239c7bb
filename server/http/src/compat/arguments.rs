//! The three forms in which the peer's wire carries the arguments of a call.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::ApiError;

/// The arguments of a call as JSON texts, by position and by name.
#[derive(Debug, Default)]
pub(crate) struct Arguments<'a> {
    positional: Vec<&'a RawValue>,
    named: HashMap<String, &'a RawValue>,
}

impl<'a> Arguments<'a> {
    /// Reads `{"args": […], "kwargs": {…}}`, `{"data": […]}`, a flat object of names or a list of positions.
    /// As with the peer, a body that is none of them carries no arguments.
    pub(crate) fn parse(body: &'a [u8]) -> Self {
        if let Ok(positional) = serde_json::from_slice(body) {
            return Self { positional, ..Self::default() };
        }
        let Ok(named) = serde_json::from_slice::<HashMap<String, &RawValue>>(body) else {
            return Self::default();
        };
        if named.contains_key("args") || named.contains_key("kwargs") {
            return Self { positional: parsed(&named, "args"), named: parsed(&named, "kwargs") };
        }
        match named.get("data").and_then(|data| serde_json::from_str(data.get()).ok()) {
            Some(positional) => Self { positional, ..Self::default() },
            None => Self { named, ..Self::default() },
        }
    }

    /// The JSON text of one argument.
    ///
    /// # Errors
    /// `InvalidRequest` when it is there neither by name nor by position.
    pub(crate) fn get(&self, position: usize, name: &str) -> Result<&'a str, ApiError> {
        let found = self.named.get(name).or_else(|| self.positional.get(position));
        found.map(|value| value.get()).ok_or_else(|| {
            ApiError::invalid(format!("Missing required parameter: {name}"))
                .with_hint("send it by name; it may be null where it means nothing")
        })
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
        ] {
            let arguments = Arguments::parse(body.as_bytes());
            assert_eq!(arguments.get(0, "logs").ok(), Some("[1]"), "{body}");
            assert_eq!(arguments.get(1, "hf_token").ok(), Some("null"), "{body}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for body in ["", "nonsense", "3", "{}", r#"{"kwargs": 3}"#, r#"{"data": [[1]]}"#] {
            let error =
                Arguments::parse(body.as_bytes()).get(1, "hf_token").expect_err("missing").to_string();
            assert_eq!(error, "Missing required parameter: hf_token", "{body}");
        }
    }
}
