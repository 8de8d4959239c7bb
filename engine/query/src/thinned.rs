//! The rows of many runs in one answer of bounded size.

use std::collections::HashMap;
use std::ops::ControlFlow;

use paceline_schema::series::LogRow;
use paceline_schema::{RunChoice, Value};
use paceline_series::Contents;
use paceline_storage::{Reader, RowsOf, StorageError, StoredRow};

use crate::engine::Engine;
use crate::error::QueryError;
use crate::rows::log_row;
use crate::thin::thin;

/// Which rows of a run an answer has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThinRequest {
    /// What the script logged, or samples of the machine.
    pub kind: RowsOf,
    /// Rows at most.
    pub most: usize,
    /// Only numbers and histograms; what else a row holds is left out.
    pub scalar_only: bool,
}

impl Engine {
    /// The rows of each run by time, thinned where they are more than there is room for; none for a run that
    /// is not there.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn thinned_rows(
        &self,
        project: &str,
        runs: &[Option<RunChoice>],
        request: ThinRequest,
    ) -> Result<Vec<Vec<LogRow>>, QueryError> {
        self.read(project, |reader, _| {
            let rows_of = |run: &Option<RunChoice>| -> Result<Vec<LogRow>, QueryError> {
                let Some(run) = run else { return Ok(Vec::new()) };
                let Some(run_id) = reader.chosen_run(run)? else { return Ok(Vec::new()) };
                Ok(thinned_rows_of_run(reader, &run_id, request)?)
            };
            runs.iter().map(rows_of).collect()
        })
    }
}

fn thinned_rows_of_run(
    reader: &Reader<'_>,
    run_id: &str,
    request: ThinRequest,
) -> Result<Vec<LogRow>, StorageError> {
    let ThinRequest { kind, most, scalar_only } = request;
    let mut kept = Vec::new();
    if reader.count_rows(kind, run_id)? <= most {
        reader.rows_by_time(kind, run_id, |row| {
            kept.push(row);
            ControlFlow::Continue(())
        })?;
    } else {
        // However long the run is, of each row only its id and its group are held.
        let (mut ids, mut groups, mut numbers) = (Vec::new(), Vec::new(), HashMap::new());
        reader.rows_by_time(kind, run_id, |row| {
            ids.push(row.id);
            groups.push(group_of(&row, scalar_only, &mut numbers));
            ControlFlow::Continue(())
        })?;
        let ids: Vec<i64> = thin(&groups, most).into_iter().map(|row| ids[row]).collect();
        kept = reader.rows_with_ids(kind, &ids)?;
    }
    if scalar_only {
        for row in &mut kept {
            row.metrics.retain(|(_, value)| is_scalar(value));
        }
    }
    Ok(kept.into_iter().map(log_row).collect())
}

/// The number of the group of rows with the same keys; none for a row without any scalar where only these
/// are wanted.
fn group_of(row: &StoredRow, scalar_only: bool, numbers: &mut HashMap<String, usize>) -> Option<usize> {
    let mut keys: Vec<&str> = row
        .metrics
        .iter()
        .filter(|(_, value)| !scalar_only || is_scalar(value))
        .map(|(key, _)| key.as_str())
        .collect();
    if scalar_only && keys.is_empty() {
        return None;
    }
    keys.sort_unstable();
    keys.dedup();
    // The first row of a group numbers it; no key holds a control character that JSON must escape unescaped.
    let next = numbers.len();
    Some(*numbers.entry(keys.join("\u{0}")).or_insert(next))
}

/// A finite number, or a histogram.
fn is_scalar(value: &Value) -> bool {
    match value {
        Value::Integer(_) => true,
        Value::Float(number) => number.is_finite(),
        // An integer beyond 64 bits stands as its text.
        Value::Json(text) => {
            text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
                || Contents::of(value).has(Contents::HISTOGRAM)
        }
        Value::Bool(_) | Value::Null => false,
    }
}
