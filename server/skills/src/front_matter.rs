//! The YAML header that a `SKILL.md` begins with.

use serde_json::{Map, Value};

/// Every field of the header, as JSON.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(contents: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(contents).map_err(|_| "it is no UTF-8".to_owned())?;
    let header = split(text).ok_or("it does not stand between two lines `---`")?.0;
    match yaml_serde::from_str::<Value>(header) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err("it is no list of `field: value`".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// What stands under the header; all of the text where there is none.
pub(crate) fn body(text: &str) -> &str {
    split(text).map_or(text, |(_, body)| body)
}

/// The header without its fences, and what follows it.
fn split(text: &str) -> Option<(&str, &str)> {
    let (first, rest) = text.split_once('\n')?;
    if first.trim_end() != "---" {
        return None;
    }
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Some((&rest[..at], &rest[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read() {
        let text =
            "---\nname: a-b\ndescription: >\n  Two\n  lines\nmetadata:\n  version: \"1\"\n---\n# A\n---\n";
        let fields = parse(text.as_bytes()).expect("reads");
        assert_eq!(fields["name"], "a-b");
        assert_eq!(fields["description"], "Two lines\n");
        assert_eq!(fields["metadata"]["version"], "1");
        assert_eq!(body(text), "# A\n---\n");
        assert!(parse("---\r\nname: x\r\n---\r\n".as_bytes()).is_ok());
    }

    #[test]
    fn what_is_no_header_is_told() {
        for (text, why) in [
            ("# A\n", "between two lines"),
            ("---\nname: a\n", "between two lines"),
            ("---\n- a\n---\n", "no list of"),
            ("---\nname: a: b\n---\n", "mapping values"),
        ] {
            let error = parse(text.as_bytes()).expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!(parse(b"---\nname: \xff\n---\n").expect_err("no text").contains("UTF-8"));
    }
}
