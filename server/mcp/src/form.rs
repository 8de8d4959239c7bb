//! How a caller says which form of an answer it wants: `detail` and `max_tokens`, which every tool of ours takes.

use paceline_query::Form;
use paceline_schema::Detail;
use serde_json::{Map, Value};

use crate::fault::Fault;

/// Takes `detail` and `max_tokens` out of the arguments of a tool.
///
/// # Errors
/// When one of them is not what it has to be.
pub(crate) fn take(arguments: &mut Map<String, Value>) -> Result<Form, Fault> {
    let detail = match arguments.remove("detail") {
        None | Some(Value::Null) => Detail::Brief,
        Some(word) => {
            let named =
                word.as_str().and_then(|word| Detail::ALL.into_iter().find(|one| one.as_str() == word));
            let message = || format!("`detail` is {word}, not `brief`, `normal` or `full`");
            named.ok_or_else(|| Fault::argument(message()))?
        }
    };
    let max_tokens = match arguments.remove("max_tokens") {
        None | Some(Value::Null) => None,
        Some(number) => {
            let message = || format!("`max_tokens` is {number}, no whole number");
            Some(number.as_u64().ok_or_else(|| Fault::argument(message()))?)
        }
    };
    Ok(Form::new(detail, max_tokens)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn forms_are_read() {
        let form = |arguments: Value| take(&mut arguments.as_object().cloned().unwrap_or_default());
        assert_eq!(form(json!({})).expect("usual").characters(), 1_200);
        assert_eq!(form(json!({"detail": "full"})).expect("full").characters(), 40_000);
        assert_eq!(form(json!({"max_tokens": 100})).expect("short").characters(), 400);
        for wrong in [json!({"detail": "all"}), json!({"max_tokens": 3}), json!({"max_tokens": "many"})] {
            assert!(form(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
