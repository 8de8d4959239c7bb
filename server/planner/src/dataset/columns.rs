//! The columns of a dataset and what their values are.

use paceline_schema::dataset_report::{ColumnKind, ColumnReport};
use serde_json::Value;

use super::Sample;

/// Columns with their kinds, in their order.
pub(super) struct Columns(Vec<(String, ColumnKind)>);

impl Columns {
    /// Those of a sample.
    pub(super) fn of(sample: &Sample) -> Self {
        let kind = |name: &String| {
            let values = sample.rows.iter().filter_map(|row| row.get(name));
            let mut kinds = values.map(kind_of).filter(|kind| *kind != ColumnKind::Empty);
            let first = kinds.next().unwrap_or(ColumnKind::Empty);
            let same = kinds.all(|kind| kind == first);
            (name.clone(), if same { first } else { ColumnKind::Mixed })
        };
        Self(sample.columns.iter().map(kind).collect())
    }

    /// What the values of a column are.
    pub(super) fn kind(&self, name: &str) -> Option<ColumnKind> {
        self.0.iter().find(|(column, _)| column == name).map(|(_, kind)| *kind)
    }

    /// The first column of a kind.
    pub(super) fn first_of(&self, kind: ColumnKind) -> Option<&str> {
        self.all().find(|(_, of)| *of == kind).map(|(name, _)| name)
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, ColumnKind)> {
        self.0.iter().map(|(name, kind)| (name.as_str(), *kind))
    }

    /// As they are reported.
    pub(super) fn reports(&self, sample: &Sample) -> Vec<ColumnReport> {
        let report = |(name, kind): (&str, ColumnKind)| ColumnReport {
            name: name.to_owned(),
            kind,
            filled_rows: sample
                .rows
                .iter()
                .filter(|row| row.get(name).is_some_and(|value| !value.is_null()))
                .count(),
        };
        self.all().map(report).collect()
    }
}

fn kind_of(value: &Value) -> ColumnKind {
    match value {
        Value::Null => ColumnKind::Empty,
        Value::Bool(_) => ColumnKind::Boolean,
        Value::Number(_) => ColumnKind::Number,
        Value::String(_) => ColumnKind::Text,
        Value::Object(_) => ColumnKind::Object,
        Value::Array(items) => {
            let all = |members: [&str; 2]| {
                items.iter().all(|item| members.iter().all(|member| item.get(*member).is_some()))
            };
            if items.is_empty() {
                ColumnKind::Empty
            } else if all(["role", "content"]) {
                ColumnKind::Messages
            } else if all(["from", "value"]) {
                ColumnKind::Sharegpt
            } else {
                ColumnKind::List
            }
        }
    }
}
