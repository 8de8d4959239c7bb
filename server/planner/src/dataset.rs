//! What a dataset serves, from rows of it: its columns, its form, and for each method whether it is ready, can be mapped
//! or neither.

mod columns;
mod names;
mod rules;
mod serves;

use std::collections::BTreeSet;

use paceline_schema::dataset_report::{DatasetFormat, DatasetReport, MethodReport, Verdict};
use paceline_schema::plan::Method;
use serde_json::{Map, Value};

use columns::Columns;
use paceline_schema::dataset_report::ColumnKind;

use crate::error::PlanError;

/// More columns than any trainer is given; a file with more holds something else in its first line.
pub const MOST_COLUMNS: usize = 1_000;
/// Letters of a column's name.
pub const LONGEST_NAME: usize = 200;

/// Rows of a dataset that are looked at.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// Names of the columns, in their order.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Map<String, Value>>,
    /// Rows of the whole dataset, where they were counted.
    pub total_rows: Option<u64>,
}

impl Sample {
    /// Whether it can be looked at: it has rows, and columns of a number and with names that a dataset has.
    ///
    /// # Errors
    /// When it has not.
    pub fn check(&self) -> Result<(), PlanError> {
        let odd = |what: String| Err(PlanError::OddDataset { what });
        if self.rows.is_empty() || self.columns.is_empty() {
            return odd("it has no rows".to_owned());
        }
        if self.columns.len() > MOST_COLUMNS {
            return odd(format!("{} columns are more than {MOST_COLUMNS}", self.columns.len()));
        }
        let mut seen = BTreeSet::new();
        for name in &self.columns {
            let short: String = name.chars().take(LONGEST_NAME).collect();
            if short.len() < name.len() {
                return odd(format!(
                    "a column is named by a text of more than {LONGEST_NAME} letters, `{short}…`"
                ));
            }
            if !seen.insert(name) {
                return odd(format!("two columns are named `{name}`"));
            }
        }
        Ok(())
    }

    /// Tokens of each row in all its text, about: a quarter of its letters.
    #[must_use]
    pub fn row_tokens(&self) -> Vec<u32> {
        let tokens = |row: &Map<String, Value>| row.values().map(letters).sum::<usize>().div_ceil(4);
        self.rows.iter().map(|row| u32::try_from(tokens(row)).unwrap_or(u32::MAX)).collect()
    }
}

/// Letters of all texts in a value.
fn letters(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.iter().map(letters).sum(),
        Value::Object(members) => members.values().map(letters).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// Looks at a dataset.
#[must_use]
pub fn inspect(dataset: &str, sample: &Sample) -> DatasetReport {
    let columns = Columns::of(sample);
    let methods: Vec<MethodReport> =
        Method::ALL.into_iter().map(|method| serves::report(method, &columns, sample)).collect();
    let format = format(&columns);
    let recommended = recommended(format, &methods);
    let tokens = sample.row_tokens();
    let mean = tokens.iter().map(|tokens| f64::from(*tokens)).sum::<f64>() / tokens.len().max(1) as f64;
    DatasetReport {
        dataset: dataset.to_owned(),
        config: None,
        split: None,
        rows: sample.total_rows,
        sampled_rows: sample.rows.len(),
        warnings: warnings(&columns, sample, mapped(&methods, &recommended)),
        recommended,
        columns: columns.reports(sample),
        format,
        methods,
        mean_tokens: (mean * 10.0).round() / 10.0,
    }
}

/// The form by the names that TRL knows.
fn format(columns: &Columns) -> DatasetFormat {
    let has = |name: &str| columns.kind(name).is_some();
    if has("chosen") && has("rejected") {
        let whole = columns.kind("chosen") == Some(ColumnKind::Messages)
            && columns.kind("prompt") == Some(ColumnKind::Text);
        return if has("prompt") && !whole {
            DatasetFormat::Preference
        } else {
            DatasetFormat::ImplicitPreference
        };
    }
    if has("prompt") && has("completions") && has("labels") {
        return DatasetFormat::Stepwise;
    }
    if has("prompt") && has("completion") {
        return if has("label") {
            DatasetFormat::UnpairedPreference
        } else {
            DatasetFormat::PromptCompletion
        };
    }
    if columns.first_of(ColumnKind::Sharegpt).is_some() {
        return DatasetFormat::Sharegpt;
    }
    if columns.kind("messages") == Some(ColumnKind::Messages)
        || columns.kind("text") == Some(ColumnKind::Text)
    {
        return DatasetFormat::LanguageModeling;
    }
    if has("prompt") { DatasetFormat::PromptOnly } else { DatasetFormat::Other }
}

/// Methods that are served: first the one that the form is made for, then those that need no mapping.
fn recommended(format: DatasetFormat, methods: &[MethodReport]) -> Vec<Method> {
    // Pairs are rarer than prompts and answers: who has them means them.
    let has_pairs =
        methods.iter().any(|report| report.method == Method::Dpo && report.verdict != Verdict::Incompatible);
    let natural = match format {
        DatasetFormat::Preference | DatasetFormat::ImplicitPreference => Some(Method::Dpo),
        DatasetFormat::UnpairedPreference => Some(Method::Kto),
        DatasetFormat::LanguageModeling | DatasetFormat::PromptCompletion | DatasetFormat::Sharegpt => {
            Some(Method::Sft)
        }
        DatasetFormat::PromptOnly | DatasetFormat::Other if has_pairs => Some(Method::Dpo),
        DatasetFormat::PromptOnly => Some(Method::Grpo),
        DatasetFormat::Stepwise | DatasetFormat::Other => None,
    };
    let mut served: Vec<&MethodReport> =
        methods.iter().filter(|report| report.verdict != Verdict::Incompatible).collect();
    served.sort_by_key(|report| (Some(report.method) != natural, report.verdict == Verdict::Mapping));
    served.into_iter().map(|report| report.method).collect()
}

/// Columns that the mapping of the best method reads; a missing input leaves its instruction as it is.
fn mapped(methods: &[MethodReport], recommended: &[Method]) -> Vec<String> {
    let best = methods.iter().filter(|of| recommended.first() == Some(&of.method));
    let read = best.flat_map(|of| &of.mapping).flat_map(|mapping| &mapping.from);
    let mut names: Vec<String> =
        read.filter(|name| !["input", "context"].contains(&name.as_str())).cloned().collect();
    names.extend(["prompt", "completion", "chosen", "rejected", "messages", "text"].map(str::to_owned));
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

fn warnings(columns: &Columns, sample: &Sample, needed: Vec<String>) -> Vec<String> {
    let mut warnings = Vec::new();
    let filled = |name: &str| {
        sample.rows.iter().filter(|row| row.get(name).is_some_and(|value| !value.is_null())).count()
    };
    for name in needed {
        let missing = sample.rows.len() - filled(&name);
        if columns.kind(&name).is_some() && missing > 0 {
            warnings.push(format!(
                "`{name}` is missing in {missing} of {} rows that were looked at",
                sample.rows.len()
            ));
        }
    }
    let same = sample
        .rows
        .iter()
        .filter(|row| row.get("chosen").is_some() && row.get("chosen") == row.get("rejected"));
    let same = same.count();
    if same > 0 {
        warnings.push(format!("`chosen` and `rejected` are the same in {same} rows: they teach nothing"));
    }
    if sample.rows.is_empty() {
        warnings.push("the dataset has no rows".to_owned());
    }
    warnings
}

#[cfg(test)]
mod tests;
