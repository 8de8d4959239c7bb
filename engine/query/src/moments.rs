//! Values around one step or time.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use paceline_schema::RunChoice;
use paceline_schema::series::{MetricValue, Moment};
use paceline_storage::{Reader, RowsOf, StoredRow};

use crate::engine::Engine;
use crate::error::QueryError;
use crate::thin::evenly;

impl Engine {
    /// What one key held at a moment, by time; at most `most`, then at even distances. None for a run that is
    /// not there.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn values_at(
        &self,
        project: &str,
        run: &RunChoice,
        key: &str,
        moment: Moment,
        most: Option<usize>,
    ) -> Result<Vec<MetricValue>, QueryError> {
        self.read(project, |reader, _| {
            let mut values = Vec::new();
            for_each_at(reader, run, moment, |row| {
                // A key that stands twice keeps its last value, as in Python.
                let found = row.metrics.iter().rev().find(|(name, _)| name == key);
                values.extend(found.map(|(_, value)| MetricValue {
                    timestamp: row.time,
                    step: row.step,
                    value: value.to_json(),
                }));
            })?;
            Ok(match most {
                Some(most) => {
                    evenly(values.len(), most).into_iter().map(|place| values[place].clone()).collect()
                }
                None => values,
            })
        })
    }

    /// What every key held at a moment, by name and time. Nothing for a run that is not there.
    ///
    /// # Errors
    /// When there is no such project, or its file cannot be read.
    pub fn snapshot(
        &self,
        project: &str,
        run: &RunChoice,
        moment: Moment,
    ) -> Result<BTreeMap<String, Vec<MetricValue>>, QueryError> {
        self.read(project, |reader, _| {
            let mut all: BTreeMap<String, Vec<MetricValue>> = BTreeMap::new();
            for_each_at(reader, run, moment, |row| {
                for (key, value) in row.metrics {
                    let value = MetricValue { timestamp: row.time, step: row.step, value: value.to_json() };
                    all.entry(key).or_default().push(value);
                }
            })?;
            Ok(all)
        })
    }
}

fn for_each_at(
    reader: &Reader<'_>,
    run: &RunChoice,
    moment: Moment,
    mut take: impl FnMut(StoredRow),
) -> Result<(), QueryError> {
    let Some(run_id) = reader.chosen_run(run)? else { return Ok(()) };
    Ok(reader.rows_by_time(RowsOf::Metrics, &run_id, |row| {
        if moment.holds(row.step, row.time) {
            take(row);
        }
        ControlFlow::Continue(())
    })?)
}
