//! How a column of the mapped dataset is made: as a value and as Python, which do the same.

use paceline_schema::dataset_report::ColumnMapping;
use serde_json::{Map, Value, json};

/// How a column is made of others.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Rule {
    /// As it is.
    Copy(String),
    /// A conversation of the older form as messages.
    Messages(String),
    /// A text as one message of somebody.
    Said { inner: Box<Self>, role: &'static str },
    /// An instruction, and its input where there is one.
    Joined { instruction: String, input: String },
    /// All messages but the last.
    BeforeLast(Box<Self>),
    /// Whether it is true, or above zero.
    Truth(String),
    /// One of two, by a third.
    Picked { first: String, second: String, by: String, first_if: Value },
}

/// The name of the helper in Python, and the helper.
const AS_MESSAGES: &str = "as_messages";
const HELPER: &str = r#"def as_messages(conversation):
    roles = {"human": "user", "gpt": "assistant", "chatgpt": "assistant", "bot": "assistant"}
    return [{"role": roles.get(turn["from"], turn["from"]), "content": turn["value"]} for turn in conversation]


"#;

impl Rule {
    /// The column that a row gets.
    pub(super) fn apply(&self, row: &Map<String, Value>) -> Value {
        let of = |name: &String| row.get(name).cloned().unwrap_or(Value::Null);
        match self {
            Self::Copy(name) => of(name),
            Self::Messages(name) => as_messages(&of(name)),
            Self::Said { inner, role } => json!([{"role": role, "content": inner.apply(row)}]),
            Self::Joined { instruction, input } => {
                let (instruction, input) = (of(instruction), of(input));
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let rest =
                    if text(&input).is_empty() { String::new() } else { format!("\n\n{}", text(&input)) };
                Value::String(text(&instruction) + &rest)
            }
            Self::BeforeLast(inner) => {
                let Value::Array(mut messages) = inner.apply(row) else { return Value::Null };
                messages.pop();
                Value::Array(messages)
            }
            Self::Truth(name) => match of(name) {
                Value::Bool(is_true) => Value::Bool(is_true),
                Value::Number(number) => Value::Bool(number.as_f64().is_some_and(|number| number > 0.0)),
                Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => Value::Null,
            },
            Self::Picked { first, second, by, first_if } => {
                of(if of(by) == *first_if { first } else { second })
            }
        }
    }

    /// The same in Python.
    pub(super) fn python(&self) -> String {
        let of = |name: &String| format!("example[{}]", literal(name));
        match self {
            Self::Copy(name) => of(name),
            Self::Messages(name) => format!("{AS_MESSAGES}({})", of(name)),
            Self::Said { inner, role } => {
                format!("[{{\"role\": {}, \"content\": {}}}]", literal(role), inner.python())
            }
            Self::Joined { instruction, input } => {
                let (instruction, input) = (of(instruction), of(input));
                format!("{instruction} + (\"\\n\\n\" + {input} if {input} else \"\")")
            }
            Self::BeforeLast(inner) => format!("{}[:-1]", inner.python()),
            Self::Truth(name) => format!("{} > 0", of(name)),
            Self::Picked { first, second, by, first_if } => {
                format!("{} if {} == {first_if} else {}", of(first), of(by), of(second))
            }
        }
    }

    /// Columns it reads.
    pub(super) fn columns(&self) -> Vec<String> {
        match self {
            Self::Copy(name) | Self::Messages(name) | Self::Truth(name) => vec![name.clone()],
            Self::Joined { instruction, input } => vec![instruction.clone(), input.clone()],
            Self::BeforeLast(inner) | Self::Said { inner, .. } => inner.columns(),
            Self::Picked { first, second, by, .. } => vec![first.clone(), second.clone(), by.clone()],
        }
    }

    /// As it is reported.
    pub(super) fn reported(&self, target: &str) -> ColumnMapping {
        ColumnMapping { target: target.to_owned(), from: self.columns(), expression: self.python() }
    }
}

/// A text as Python writes it; JSON's escapes are its own too.
fn literal(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

fn as_messages(conversation: &Value) -> Value {
    let Value::Array(turns) = conversation else { return Value::Null };
    let role = |from: &str| match from {
        "human" => "user".to_owned(),
        "gpt" | "chatgpt" | "bot" => "assistant".to_owned(),
        other => other.to_owned(),
    };
    let message = |turn: &Value| {
        let from = turn.get("from").and_then(Value::as_str).unwrap_or_default();
        json!({"role": role(from), "content": turn.get("value")})
    };
    turns.iter().map(message).collect()
}

/// The mapping as Python. `keeps` leaves the other columns, which reward functions may read.
pub(super) fn code(mapping: &[(&'static str, Rule)], keeps: bool) -> String {
    let needs_helper = mapping.iter().any(|(_, rule)| rule.python().contains(AS_MESSAGES));
    let mut code = if needs_helper { HELPER.to_owned() } else { String::new() };
    code.push_str("def as_trained(example):\n    return {\n");
    for (target, rule) in mapping {
        code.push_str(&format!("        {}: {},\n", literal(target), rule.python()));
    }
    code.push_str("    }\n\n\n");
    code.push_str(if keeps {
        "dataset = dataset.map(as_trained)\n"
    } else {
        "dataset = dataset.map(as_trained, remove_columns=dataset.column_names)\n"
    });
    code
}
