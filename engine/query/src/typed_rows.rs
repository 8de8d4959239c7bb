//! Which rows of a run hold pictures, tables, histograms and other typed objects: by the series index, and by the rows
//! where the index cannot answer.

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;

use paceline_schema::{Metrics, Value, ValueKinds, rank_of};
use paceline_series::columns::RowKinds;
use paceline_series::{RunHeads, StepResolver};
use paceline_storage::{Reader, SeriesUnavailable, StorageError};

use crate::run_source::Way;

/// Which of them are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// Kinds of which a value must hold one.
    pub(crate) kinds: ValueKinds,
    /// The only key that counts, if one does.
    pub(crate) key: Option<&'a str>,
    /// Rows with a lower id.
    pub(crate) before: i64,
    /// So many of the newest.
    pub(crate) most: usize,
}

/// A value of one of the kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TypedRow {
    pub(crate) row: RowKinds,
    pub(crate) key: String,
}

/// The newest values of a run that are wanted, in no order; there may be a few more than were asked for.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn typed_rows(
    reader: &Reader<'_>,
    run_id: &str,
    heads: &RunHeads,
    wanted: Wanted<'_>,
    way: Way,
) -> Result<Vec<TypedRow>, StorageError> {
    let keys: Vec<&str> = keys_of(heads, wanted).collect();
    if keys.is_empty() || heads.first_id().is_none_or(|first| first >= wanted.before) {
        return Ok(Vec::new());
    }
    match way {
        Way::Index => by_index(reader, run_id, &keys, wanted).or_else(|_| by_rows(reader, run_id, wanted)),
        Way::Rows => by_rows(reader, run_id, wanted),
    }
}

/// The keys of a run that have held what is wanted.
pub(crate) fn keys_of<'a>(heads: &'a RunHeads, wanted: Wanted<'a>) -> impl Iterator<Item = &'a str> {
    let fits = move |(key, kinds): &(&str, ValueKinds)| {
        kinds.meets(wanted.kinds) && wanted.key.is_none_or(|wanted| wanted == *key)
    };
    heads.kinds_of_keys().filter(fits).map(|(key, _)| key)
}

fn by_index(
    reader: &Reader<'_>,
    run_id: &str,
    keys: &[&str],
    wanted: Wanted<'_>,
) -> Result<Vec<TypedRow>, SeriesUnavailable> {
    let index = reader.series(&[run_id])?;
    let mut found = Vec::new();
    for rank in index.ranks(run_id) {
        for key in keys {
            let rows = index.typed_rows(run_id, rank, key, wanted.kinds, wanted.before, wanted.most);
            let rows = rows.inspect_err(|unavailable| {
                if unavailable.is_nonsense() {
                    index.distrust(run_id);
                }
            })?;
            found.extend(rows.into_iter().map(|row| TypedRow { row, key: (*key).to_owned() }));
        }
    }
    Ok(found)
}

fn by_rows(reader: &Reader<'_>, run_id: &str, wanted: Wanted<'_>) -> Result<Vec<TypedRow>, StorageError> {
    // Each process counts its own steps.
    let mut resolvers: HashMap<u32, StepResolver> = HashMap::new();
    let mut found = VecDeque::new();
    reader.for_each_row(run_id, |row| {
        if row.id >= wanted.before {
            return ControlFlow::Break(());
        }
        let resolver = resolvers.entry(rank_of(&row.metrics)).or_default();
        let step = resolver.resolve(row.step, &row.metrics).step;
        for (place, (key, value)) in row.metrics.iter().enumerate() {
            let kinds = ValueKinds::of(value);
            let is_wanted = kinds.meets(wanted.kinds) && wanted.key.is_none_or(|wanted| wanted == key);
            if is_wanted && !row.metrics[place + 1..].iter().any(|(later, _)| later == key) {
                found.push_back(TypedRow {
                    row: RowKinds { id: row.id, step, time: row.time, kinds },
                    key: key.clone(),
                });
                if found.len() > wanted.most {
                    found.pop_front();
                }
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(found.into())
}

/// The value of a key: of one that stands twice the last, as in Python.
pub(crate) fn value_of<'a>(metrics: &'a Metrics, key: &str) -> Option<&'a Value> {
    metrics.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
}
