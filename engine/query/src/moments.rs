//! Values around one step or time.

use std::collections::BTreeMap;

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
            if let (Moment::All, Some(most)) = (moment, most)
                && let Some(values) = chosen_values(reader, run, key, most)?
            {
                return Ok(values);
            }
            let mut values = Vec::new();
            for_each_at(reader, run, moment, |row| values.extend(value_of(&row, key)))?;
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

/// The values at even distances of a key that every row of a run holds, of which only the chosen rows are read;
/// `None` where the heads do not tell that every row does.
fn chosen_values(
    reader: &Reader<'_>,
    run: &RunChoice,
    key: &str,
    most: usize,
) -> Result<Option<Vec<MetricValue>>, QueryError> {
    let Some(run_id) = reader.chosen_run(run)? else { return Ok(None) };
    let heads = reader.heads(&run_id)?;
    let rows = heads.rows();
    if rows <= most as u64 || heads.metric(key).is_none_or(|head| head.points != rows) {
        return Ok(None);
    }
    let ids = reader.ids_by_time(&run_id)?;
    let chosen: Vec<i64> = evenly(ids.len(), most).into_iter().map(|place| ids[place]).collect();
    let rows = reader.rows_with_ids(RowsOf::Metrics, &chosen)?;
    let values: Vec<MetricValue> = rows.iter().filter_map(|row| value_of(row, key)).collect();
    Ok(Some(values).filter(|values| values.len() == chosen.len()))
}

fn value_of(row: &StoredRow, key: &str) -> Option<MetricValue> {
    // A key that stands twice keeps its last value, as in Python.
    let (_, value) = row.metrics.iter().rev().find(|(name, _)| name == key)?;
    Some(MetricValue { timestamp: row.time, step: row.step, value: value.to_json() })
}

fn for_each_at(
    reader: &Reader<'_>,
    run: &RunChoice,
    moment: Moment,
    take: impl FnMut(StoredRow),
) -> Result<(), QueryError> {
    let Some(run_id) = reader.chosen_run(run)? else { return Ok(()) };
    Ok(reader.rows_at(&run_id, moment, take)?)
}
