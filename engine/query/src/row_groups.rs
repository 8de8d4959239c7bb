//! The rows of a run by the keys they hold, of which those are kept that an answer may show.
//!
//! Rows are taken in by time. A group keeps its rows at a stride that is a power of two and doubles as it grows, so
//! however long the run is, little is held, and rows that come later are added without a look at those before.

use std::collections::HashMap;

use paceline_schema::{Timestamp, Value, ValueKind};
use paceline_storage::StoredRow;

use crate::thin::{shares, stride};

/// Most rows of a run that are ever asked for.
pub(crate) const MOST_ROWS: usize = 10_000;
/// A group that keeps more drops every second one; what is left is more than can be asked for.
const MOST_KEPT: usize = 2 * MOST_ROWS;
/// The newest rows stay apart, since others may still come before them: clocks and processes differ. When there are
/// twice as many, the older half takes its place for good.
const UNSETTLED_ROWS: usize = 4_096;

/// The rows of a run, in groups of those that hold the same keys.
#[derive(Debug, Default)]
pub(crate) struct RowGroups {
    scalar_only: bool,
    numbers: HashMap<String, usize>,
    groups: Vec<Group>,
    /// Groups in the order of their first settled rows.
    order: Vec<usize>,
    /// Settled rows, those of no group included.
    settled: usize,
    /// The last of them by time.
    settled_to: Option<(Timestamp, i64)>,
    newest_settled_id: i64,
    /// The other rows, by time and id.
    unsettled: Vec<Unsettled>,
    /// The keys of the row taken in before, as they stood, and its group: most rows are like the one before.
    before: (Vec<String>, Option<usize>),
}

/// The settled rows of one group.
#[derive(Debug, Default)]
struct Group {
    count: usize,
    stride: usize,
    /// Every `stride`-th row, from the first on.
    kept: Vec<Kept>,
    last: Kept,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    /// Its place among all rows by time.
    place: u32,
    id: i64,
}

#[derive(Debug, Clone, Copy)]
struct Unsettled {
    time: Timestamp,
    id: i64,
    /// None for a row without any scalar where only these are wanted.
    group: Option<usize>,
}

impl RowGroups {
    /// Without rows. With `scalar_only` only numbers and histograms count as keys.
    pub(crate) fn new(scalar_only: bool) -> Self {
        Self { scalar_only, ..Self::default() }
    }

    /// Takes in a row that follows all others.
    pub(crate) fn push(&mut self, row: &StoredRow) {
        let group = self.group_of(row);
        self.unsettled.push(Unsettled { time: row.time, id: row.id, group });
        self.settle();
    }

    /// Takes in a row at its place by time and id; false when its place is among the settled ones.
    #[must_use]
    pub(crate) fn insert(&mut self, row: &StoredRow) -> bool {
        let at = (row.time, row.id);
        if self.settled_to.is_some_and(|settled_to| at < settled_to) {
            return false;
        }
        let group = self.group_of(row);
        let place = self.unsettled.partition_point(|other| (other.time, other.id) < at);
        self.unsettled.insert(place, Unsettled { time: row.time, id: row.id, group });
        self.settle();
        true
    }

    /// How many of its rows have an id beyond `last_id`; `None` when these are not told apart any more.
    pub(crate) fn rows_beyond(&self, last_id: i64) -> Option<u64> {
        let beyond = self.unsettled.iter().filter(|row| row.id > last_id).count() as u64;
        (self.newest_settled_id <= last_id).then_some(beyond)
    }

    /// The ids of the rows with an id up to `last_id` that stand for all of them, at most `most`, by time; `None` when
    /// these are not told apart any more.
    pub(crate) fn select(&self, most: usize, last_id: i64) -> Option<Vec<i64>> {
        if self.newest_settled_id > last_id {
            return None;
        }
        let mut order = self.order.clone();
        let mut is_ordered: Vec<bool> = self.groups.iter().map(|group| group.count > 0).collect();
        let mut later: Vec<Vec<Kept>> = vec![Vec::new(); self.groups.len()];
        let seen = self.unsettled.iter().filter(|row| row.id <= last_id);
        for (place, row) in seen.enumerate() {
            let Some(group) = row.group else { continue };
            later[group].push(Kept { place: place_of(self.settled + place), id: row.id });
            if !std::mem::replace(&mut is_ordered[group], true) {
                order.push(group);
            }
        }
        let sizes: Vec<usize> =
            order.iter().map(|group| self.groups[*group].count + later[*group].len()).collect();
        let mut kept = Vec::with_capacity(most);
        for ((group, size), share) in order.into_iter().zip(&sizes).zip(shares(&sizes, most.min(MOST_ROWS))) {
            for place in stride(*size, share) {
                let settled = &self.groups[group];
                kept.push(match place.checked_sub(settled.count) {
                    Some(place) => *later[group].get(place)?,
                    None => settled.at(place)?,
                });
            }
        }
        kept.sort_unstable();
        Some(kept.into_iter().map(|row| row.id).collect())
    }

    /// Memory it holds, about.
    pub(crate) fn bytes(&self) -> usize {
        let kept: usize = self.groups.iter().map(|group| group.kept.capacity() * size_of::<Kept>()).sum();
        let names: usize = self.numbers.keys().map(|name| name.len() + 64).sum();
        let groups = self.groups.len() * size_of::<Group>();
        size_of::<Self>() + kept + names + groups + self.unsettled.capacity() * size_of::<Unsettled>()
    }

    /// The group of rows with the same keys; none for a row without any scalar where only these are wanted.
    fn group_of(&mut self, row: &StoredRow) -> Option<usize> {
        let scalar_only = self.scalar_only;
        let counted = row.metrics.iter().filter(|(_, value)| !scalar_only || is_scalar(value));
        let keys = counted.map(|(key, _)| key.as_str());
        let (before, group) = &self.before;
        if (group.is_some() || scalar_only) && keys.clone().eq(before.iter().map(String::as_str)) {
            return *group;
        }
        let before: Vec<String> = keys.map(str::to_owned).collect();
        let group = if scalar_only && before.is_empty() { None } else { Some(self.number(&before)) };
        self.before = (before, group);
        group
    }

    fn number(&mut self, keys: &[String]) -> usize {
        let mut keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        keys.sort_unstable();
        keys.dedup();
        // No key holds a control character that JSON must escape unescaped.
        let name = keys.join("\u{0}");
        let next = self.groups.len();
        let number = *self.numbers.entry(name).or_insert(next);
        if number == next {
            self.groups.push(Group { stride: 1, ..Group::default() });
        }
        number
    }

    fn settle(&mut self) {
        if self.unsettled.len() < 2 * UNSETTLED_ROWS {
            return;
        }
        for Unsettled { time, id, group } in self.unsettled.drain(..UNSETTLED_ROWS) {
            if let Some(number) = group {
                let group = &mut self.groups[number];
                if group.count == 0 {
                    self.order.push(number);
                }
                group.push(Kept { place: place_of(self.settled), id });
            }
            self.settled += 1;
            self.settled_to = Some((time, id));
            self.newest_settled_id = self.newest_settled_id.max(id);
        }
    }
}

impl Group {
    fn push(&mut self, row: Kept) {
        if self.count.is_multiple_of(self.stride) {
            self.kept.push(row);
        }
        self.last = row;
        self.count += 1;
        if self.kept.len() > MOST_KEPT {
            let mut is_odd = true;
            self.kept.retain(|_| {
                is_odd = !is_odd;
                !is_odd
            });
            self.stride *= 2;
        }
    }

    /// The row at a place of the group; `None` for one that is not kept.
    fn at(&self, place: usize) -> Option<Kept> {
        if place.is_multiple_of(self.stride) {
            return self.kept.get(place / self.stride).copied();
        }
        Some(self.last).filter(|_| place + 1 == self.count)
    }
}

/// Places beyond 32 bits are of runs whose rows no file holds.
fn place_of(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}

/// A finite number, or a histogram.
pub(crate) fn is_scalar(value: &Value) -> bool {
    match value {
        Value::Integer(_) => true,
        Value::Float(number) => number.is_finite(),
        // An integer beyond 64 bits stands as its text.
        Value::Json(text) => {
            text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
                || ValueKind::of(value) == Some(ValueKind::Histogram)
        }
        Value::Bool(_) | Value::Null => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(id: i64, seconds: i64, keys: &[&str]) -> StoredRow {
        let metrics = keys.iter().map(|key| ((*key).to_owned(), Value::Integer(id))).collect();
        let time = Timestamp(seconds * 1_000_000);
        StoredRow { id, run_id: "r".into(), time, step: id, metrics }
    }

    /// What the answer is when all rows are at hand: the groups of rows by time, each at its stride.
    fn selected_of_all(rows: &[StoredRow], most: usize) -> Vec<i64> {
        let mut rows: Vec<&StoredRow> = rows.iter().collect();
        rows.sort_by_key(|row| (row.time, row.id));
        let mut groups: Vec<(Vec<&str>, Vec<usize>)> = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            let mut keys: Vec<&str> = row.metrics.iter().map(|(key, _)| key.as_str()).collect();
            keys.sort_unstable();
            match groups.iter_mut().find(|(known, _)| *known == keys) {
                Some((_, places)) => places.push(place),
                None => groups.push((keys, vec![place])),
            }
        }
        let sizes: Vec<usize> = groups.iter().map(|(_, places)| places.len()).collect();
        let mut kept: Vec<usize> = groups
            .iter()
            .zip(shares(&sizes, most))
            .flat_map(|((_, places), share)| stride(places.len(), share).map(|place| places[place]))
            .collect();
        kept.sort_unstable();
        kept.into_iter().map(|place| rows[place].id).collect()
    }

    /// Rows of several kinds, some a little late.
    fn rows_of_kinds(count: i64, rare: i64) -> Vec<StoredRow> {
        let keys_of = |id: i64| match id {
            id if id % rare == rare - 1 => &["eval", "step"][..],
            id if id % 3 == 0 => &["step", "loss"],
            _ => &["loss", "step"],
        };
        (1..=count).map(|id| row(id, if id % 7 == 0 { id - 20 } else { id }, keys_of(id))).collect()
    }

    #[test]
    fn long_runs_keep_what_is_asked_for_and_little_more() {
        let rows = rows_of_kinds(200_000, 40_000);
        let mut groups = RowGroups::new(false);
        for (taken, row) in rows.iter().enumerate() {
            assert!(groups.insert(row));
            if [9_000, 20_001, 20_002, 99_999, 199_999].contains(&taken) {
                for most in [1, 2, 300, 3_000, MOST_ROWS] {
                    let expected = selected_of_all(&rows[..=taken], most);
                    assert_eq!(groups.select(most, row.id), Some(expected), "{most} of {taken}");
                }
            }
        }
        assert!(groups.bytes() < 1 << 20, "{}", groups.bytes());
    }

    #[test]
    fn an_older_snapshot_sees_its_rows() {
        let rows = rows_of_kinds(30_000, 1_000);
        let mut groups = RowGroups::new(false);
        assert!(rows.iter().all(|row| groups.insert(row)));
        assert_eq!(groups.select(3_000, 29_000), Some(selected_of_all(&rows[..29_000], 3_000)));
        assert_eq!((groups.rows_beyond(29_000), groups.rows_beyond(29_999)), (Some(1_000), Some(1)));
        assert_eq!((groups.select(3_000, 5_000), groups.rows_beyond(5_000)), (None, None));
    }

    #[test]
    fn a_row_that_comes_much_too_late_is_refused() {
        let mut groups = RowGroups::new(false);
        assert!((1..=20_000).all(|id| groups.insert(&row(id, id, &["a"]))));
        assert!(!groups.insert(&row(20_001, 5, &["a"])));
    }

    #[test]
    fn only_scalars_make_a_group_where_only_these_are_wanted() {
        let mut groups = RowGroups::new(true);
        let mut rows = [row(1, 1, &[]), row(2, 2, &["a"]), row(3, 3, &["a", "b"]), row(4, 4, &["a"])];
        rows[2].metrics[1].1 = Value::Float(f64::NAN);
        rows[3].metrics[0].1 = Value::Null;
        assert!(rows.iter().all(|row| groups.insert(row)));
        assert_eq!(groups.select(1, 4), Some(vec![3]));
        assert_eq!(groups.select(2, 4), Some(vec![2, 3]));
    }

    proptest! {
        #[test]
        fn rows_that_come_a_few_at_a_time_are_chosen_as_all_at_once(
            kinds in proptest::collection::vec(0usize..5, 0..300),
            delays in proptest::collection::vec(0i64..40, 300),
            most in 5usize..200,
        ) {
            let keys = [&["a"][..], &["b"], &["a", "b"], &["b", "c"], &[]];
            let rows: Vec<StoredRow> = kinds.iter().zip(&delays).enumerate()
                .map(|(id, (kind, delay))| row(id as i64 + 1, id as i64 - delay, keys[*kind])).collect();
            let mut groups = RowGroups::new(false);
            for (taken, row) in rows.iter().enumerate() {
                prop_assert!(groups.insert(row));
                prop_assert_eq!(groups.select(most, row.id), Some(selected_of_all(&rows[..=taken], most)));
            }
        }
    }
}
