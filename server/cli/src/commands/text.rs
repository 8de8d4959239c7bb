//! How values look in the text that the peer's commands print.

use serde_json::Value;

use crate::failure::Failure;
use crate::output;

/// Prints a title and an item a line, or that there is none.
pub(super) fn list(items: &[impl AsRef<str>], title: &str) -> Result<(), Failure> {
    if items.is_empty() {
        let title = title.trim().trim_end_matches(':').to_lowercase();
        return Ok(output::line(&format!("No {title} found."))?);
    }
    output::line(title)?;
    for item in items {
        output::line(&format!("  - {}", item.as_ref()))?;
    }
    Ok(())
}

/// A value as Python prints it.
pub(super) fn python(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => quoted(value),
    }
}

/// A value as JSON on one line, with a space behind each comma and colon as Python writes it.
pub(super) fn json(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields =
                fields.iter().map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), json(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// A value as Python prints it within another one.
fn quoted(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted_text(text),
        Value::Array(items) => format!("[{}]", items.iter().map(quoted).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields =
                fields.iter().map(|(name, value)| format!("{}: {}", quoted_text(name), quoted(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
    }
}

fn quoted_text(text: &str) -> String {
    let mark = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::from(mark);
    for c in text.chars() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\\' => quoted.push_str("\\\\"),
            c if c == mark => quoted.extend(['\\', c]),
            c => quoted.push(c),
        }
    }
    quoted.push(mark);
    quoted
}

/// Prints columns as wide as their widest cell, with lines between them.
pub(super) fn grid(columns: &[String], rows: &[Vec<String>]) -> Result<(), Failure> {
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        cells.chain([&columns[at]]).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| {
            let missing = width - cell.chars().count();
            format!("{cell}{}", " ".repeat(missing))
        });
        padded.collect::<Vec<_>>().join(" | ")
    };
    output::line(&line(columns))?;
    output::line(&widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("-+-"))?;
    if rows.is_empty() {
        output::line("(no rows)")?;
    }
    for row in rows {
        output::line(&line(row))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_look_as_python_prints_them() {
        assert_eq!(python(&json!("a'b")), "a'b");
        assert_eq!(
            python(&json!({ "a": [1, 2.0, null, true], "b": "x'y\n" })),
            "{'a': [1, 2.0, None, True], 'b': \"x'y\\n\"}"
        );
    }
}
