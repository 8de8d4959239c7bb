//! Pictures, tables, histograms and other typed objects as they were logged, of all runs together, newest first.

use std::cmp::Reverse;
use std::sync::Arc;

use paceline_schema::logged_value::{
    LONGEST_INLINE_BYTES, LoggedValue, ValueCursor, ValuesPage, ValuesRequest,
};
use paceline_schema::{Metrics, Value, ValueKind, ValueKinds};
use paceline_series::RunHeads;
use paceline_storage::{Reader, StorageError};
use serde_json::value::RawValue;

use crate::engine::Engine;
use crate::error::QueryError;
use crate::run_source::Way;
use crate::typed_rows::{TypedRow, Wanted, keys_of, typed_rows, value_of};

/// A longer row is not read for its values.
const LONGEST_ROW_BYTES: u64 = 4 << 20;
/// Rows that are read for one answer, and values that come with it.
const MOST_ROW_BYTES: u64 = 64 << 20;
const MOST_VALUE_BYTES: usize = 8 << 20;

/// A value that was found, and its run.
struct Found {
    run_id: Arc<str>,
    typed: TypedRow,
}

impl Engine {
    /// The typed objects that were logged, the newest row first, those of one row by key.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn logged_values(&self, project: &str, request: &ValuesRequest) -> Result<ValuesPage, QueryError> {
        self.logged_values_by(project, request, Way::Index)
    }

    /// The same answer from the rows alone, in time that grows with them: what the index is held against.
    ///
    /// # Errors
    /// As [`Self::logged_values`].
    pub fn logged_values_of_rows(
        &self,
        project: &str,
        request: &ValuesRequest,
    ) -> Result<ValuesPage, QueryError> {
        self.logged_values_by(project, request, Way::Rows)
    }

    fn logged_values_by(
        &self,
        project: &str,
        request: &ValuesRequest,
        way: Way,
    ) -> Result<ValuesPage, QueryError> {
        self.read(project, |reader, _| {
            let any = request.kinds.is_empty();
            let kinds = if any { ValueKind::ALL.into_iter().collect() } else { request.kinds };
            let (before, skipped) = start_of(request.after);
            let most = request.limit.saturating_add(skipped).saturating_add(1);
            let wanted = Wanted {
                kinds,
                key: request.key.as_deref(),
                before,
                most: if request.spread { usize::MAX } else { most },
            };
            let mut found = find(reader, request.run.as_deref(), wanted, way)?;
            let last_row = request.after.map(|cursor| cursor.row_id);
            let of_last_row = found.iter().take_while(|each| Some(each.typed.row.id) == last_row).count();
            let skipped = skipped.min(of_last_row);
            found.drain(..skipped);
            let next = if request.spread {
                found = spread(found, request.limit);
                None
            } else {
                let next = end_of(&found, request.limit, last_row.map(|row_id| (row_id, skipped)));
                found.truncate(request.limit);
                next
            };
            let items = values_of(reader, found, kinds, if request.brief { 0 } else { MOST_VALUE_BYTES })?;
            Ok(ValuesPage { items, next: next.map(|cursor| cursor.to_string()) })
        })
    }
}

/// Rows before this one, and how many of the first values of those are left out.
fn start_of(after: Option<ValueCursor>) -> (i64, usize) {
    match after {
        None => (i64::MAX, 0),
        Some(ValueCursor { row_id, values: None }) => (row_id, 0),
        Some(ValueCursor { row_id, values: Some(values) }) => (row_id.saturating_add(1), values as usize),
    }
}

/// Where the next page begins, when `found` holds more than `limit`; `before` are values of a row that came earlier.
fn end_of(found: &[Found], limit: usize, before: Option<(i64, usize)>) -> Option<ValueCursor> {
    let next = found.get(limit)?;
    let row_id = found.get(limit.checked_sub(1)?)?.typed.row.id;
    if next.typed.row.id != row_id {
        return Some(ValueCursor { row_id, values: None });
    }
    let here = found[..limit].iter().filter(|each| each.typed.row.id == row_id).count();
    let earlier = before.filter(|(earlier, _)| *earlier == row_id).map_or(0, |(_, values)| values);
    Some(ValueCursor { row_id, values: u32::try_from(here + earlier).ok() })
}

/// The wanted values of a run or of all, the newest row first, those of one row by key.
fn find(
    reader: &Reader<'_>,
    run: Option<&str>,
    wanted: Wanted<'_>,
    way: Way,
) -> Result<Vec<Found>, StorageError> {
    let mut runs: Vec<(String, Arc<RunHeads>)> = match run {
        Some(run) => {
            let run_id = reader.find_run(run)?.run_id;
            let heads = reader.heads(&run_id)?;
            vec![(run_id, heads)]
        }
        None => reader.all_heads()?.into_iter().collect(),
    };
    runs.retain(|(_, heads)| keys_of(heads, wanted).next().is_some());
    runs.sort_by_key(|(_, heads)| Reverse(heads.last_id()));
    let mut found: Vec<Found> = Vec::new();
    for (run_id, heads) in runs {
        // A run whose newest row is older than all that was found has nothing newer.
        let is_enough = found.len() >= wanted.most;
        if is_enough && found.last().map(|last| last.typed.row.id) > heads.last_id() {
            break;
        }
        let of_run = typed_rows(reader, &run_id, &heads, wanted, way)?;
        let run_id: Arc<str> = run_id.into();
        found.extend(of_run.into_iter().map(|typed| Found { run_id: Arc::clone(&run_id), typed }));
        found.sort_by(|a, b| b.typed.row.id.cmp(&a.typed.row.id).then_with(|| a.typed.key.cmp(&b.typed.key)));
        found.truncate(wanted.most);
    }
    Ok(found)
}

/// At most `limit` that lie evenly among all, the first and the last of them included.
fn spread(found: Vec<Found>, limit: usize) -> Vec<Found> {
    if found.len() <= limit {
        return found;
    }
    let last = found.len() - 1;
    let mut kept = (0..limit).map(|place| place * last / limit.saturating_sub(1).max(1));
    let mut next = kept.next();
    let mut place = 0;
    let is_kept = |_: &Found| {
        let is_kept = next == Some(place);
        place += 1;
        if is_kept {
            next = kept.next();
        }
        is_kept
    };
    found.into_iter().filter(is_kept).collect()
}

/// What was found, with the values themselves as far as they are short and no more than `most_bytes` together. What the row of this moment does not hold is
/// left out: the index may be ahead of it.
fn values_of(
    reader: &Reader<'_>,
    found: Vec<Found>,
    wanted: ValueKinds,
    most_bytes: usize,
) -> Result<Vec<LoggedValue>, StorageError> {
    let (mut row_bytes, mut value_bytes) = (0, 0);
    let mut row: Option<(i64, Option<Content>)> = None;
    let mut items = Vec::with_capacity(found.len());
    for Found { run_id, typed: TypedRow { row: at, key } } in found {
        if row.as_ref().is_none_or(|(id, _)| *id != at.id) {
            let most = LONGEST_ROW_BYTES.min(MOST_ROW_BYTES.saturating_sub(row_bytes));
            let content = reader.row_content(at.id, most)?.filter(|content| content.run_id == *run_id);
            let content = content.map(|content| match content.metrics {
                Some(metrics) => {
                    row_bytes += content.bytes;
                    Content::Read(metrics)
                }
                None => Content::TooLong,
            });
            row = Some((at.id, content));
        }
        let (kinds, value) = match row.as_ref().and_then(|(_, content)| content.as_ref()) {
            None => continue,
            Some(Content::TooLong) => (at.kinds, None),
            Some(Content::Read(metrics)) => {
                let Some(value) = value_of(metrics, &key) else { continue };
                (ValueKinds::of(value), short(value, most_bytes - value_bytes))
            }
        };
        if !kinds.meets(wanted) {
            continue;
        }
        value_bytes += value.as_ref().map_or(0, |value| value.get().len());
        items.push(LoggedValue {
            row_id: at.id,
            run_id: run_id.to_string(),
            step: at.step,
            timestamp: at.time,
            key,
            kinds: kinds.iter().collect(),
            value,
        });
    }
    Ok(items)
}

enum Content {
    Read(Metrics),
    TooLong,
}

/// The JSON text of a value that is short enough.
fn short(value: &Value, room: usize) -> Option<Box<RawValue>> {
    let Value::Json(text) = value else { return None };
    let fits = text.len() <= LONGEST_INLINE_BYTES.min(room);
    fits.then(|| RawValue::from_string(text.to_string()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use paceline_schema::Timestamp;
    use paceline_series::columns::RowKinds;

    use super::*;

    fn found(ids: &[i64]) -> Vec<Found> {
        let row = |id| RowKinds { id, step: 0, time: Timestamp(0), kinds: ValueKinds::MEDIA };
        let of = |id: &i64| Found { run_id: "r".into(), typed: TypedRow { row: row(*id), key: "k".into() } };
        ids.iter().map(of).collect()
    }

    #[test]
    fn what_is_spread_keeps_both_ends() {
        let kept = |count: i64, limit| -> Vec<i64> {
            spread(found(&(0..count).collect::<Vec<_>>()), limit)
                .iter()
                .map(|found| found.typed.row.id)
                .collect()
        };
        assert_eq!(kept(9, 5), [0, 2, 4, 6, 8]);
        assert_eq!((kept(3, 5), kept(3, 1), kept(0, 2)), (vec![0, 1, 2], vec![0], vec![]));
        for (count, limit) in [(1_000, 7), (1_000, 999), (501, 500)] {
            let kept = kept(count, limit);
            assert_eq!((kept.len(), kept[0], kept[limit - 1]), (limit, 0, count - 1));
        }
    }

    #[test]
    fn a_page_ends_between_rows_or_within_one() {
        let end = |ids: &[i64], limit, before| end_of(&found(ids), limit, before).map(|end| end.to_string());
        assert_eq!(end(&[9, 8, 7], 3, None), None);
        assert_eq!(end(&[9, 8, 7], 2, None).as_deref(), Some("8"));
        assert_eq!(end(&[9, 8, 8], 2, None).as_deref(), Some("8.1"));
        assert_eq!(end(&[9, 9, 9], 2, Some((9, 3))).as_deref(), Some("9.5"));
        assert_eq!(end(&[9, 9, 9], 2, Some((10, 3))).as_deref(), Some("9.2"));
    }
}
