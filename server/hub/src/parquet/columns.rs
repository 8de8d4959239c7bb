//! Which columns the keys of rows become: guessed from some of the rows, counted in all of them.

use std::ops::RangeInclusive;

use paceline_storage::{Cell, Tables};

use super::error::ParquetError;
use super::json;
use super::row::choose_columns;
use super::shape::{Member, SeenMembers};
use super::tables::Table;

/// A guess looks into so many places of a table with many rows, at so many rows each.
const PLACES: i64 = 64;
const ROWS_PER_PLACE: i64 = 64;
/// At its beginning and end, where keys come that are logged once, it looks at more.
const ROWS_AT_ENDS: i64 = 256;

/// The columns for rows that were not all looked at yet.
pub(super) struct Guess {
    pub(super) members: Vec<Member>,
    /// For counting: knows the names of the guess.
    pub(super) seen: SeenMembers,
}

/// What the columns will be, if the rows with these numbers go on as those that are known, or else as some of them.
pub(super) fn guess(
    tables: &Tables<'_>,
    table: &'static Table,
    numbers: &RangeInclusive<i64>,
    known: &[Member],
) -> Result<Guess, ParquetError> {
    let mut seen = SeenMembers::default();
    if known.is_empty() {
        for numbers in sample(numbers) {
            look(tables, table, numbers, &mut seen)?;
        }
        return Ok(Guess { members: chosen(table, &seen, known), seen: seen.names() });
    }
    let names = known.iter().map(|member| member.name.as_str());
    Ok(Guess { members: known.to_vec(), seen: SeenMembers::of_names(names) })
}

/// The columns for the rows with these numbers, all of which are looked at.
pub(super) fn columns(
    tables: &Tables<'_>,
    table: &'static Table,
    numbers: RangeInclusive<i64>,
) -> Result<Vec<Member>, ParquetError> {
    let mut seen = SeenMembers::default();
    look(tables, table, numbers, &mut seen)?;
    Ok(chosen(table, &seen, &[]))
}

/// The columns that are `known`, then those of keys that are new in what was seen.
pub(super) fn chosen(table: &Table, seen: &SeenMembers, known: &[Member]) -> Vec<Member> {
    let found: Vec<Member> = seen
        .columns()
        .map(|(name, shape)| Member { name: name.to_owned(), shape, has_nulls: false })
        .collect();
    let of_known = known.iter().map(|known| {
        // How values are read back may change from file to file, what type they have may not.
        let same =
            found.iter().find(|member| member.name == known.name && member.shape.has_type_of(&known.shape));
        same.unwrap_or(known).clone()
    });
    let new = found.iter().filter(|member| known.iter().all(|known| known.name != member.name));
    choose_columns(table, of_known.chain(new.cloned()))
}

/// Whether a file with these columns is as good as one with those that were counted.
pub(super) fn are_alike(guessed: &[Member], counted: &[Member]) -> bool {
    guessed.len() == counted.len()
        && guessed
            .iter()
            .zip(counted)
            .all(|(one, other)| one.name == other.name && one.shape.is_alike(&other.shape))
}

fn look(
    tables: &Tables<'_>,
    table: &'static Table,
    numbers: RangeInclusive<i64>,
    seen: &mut SeenMembers,
) -> Result<(), ParquetError> {
    let Some(object) = table.object else { return Ok(()) };
    tables.for_each(table.name, &[object], numbers, |row| {
        if let Cell::Text(bytes) | Cell::Blob(bytes) = row.cell(0)?
            && let Some(entries) = std::str::from_utf8(bytes).ok().and_then(json::entries)
        {
            seen.add(&entries);
        }
        Ok(())
    })
}

/// Numbers of the rows that a guess looks at: all where they are few.
fn sample(numbers: &RangeInclusive<i64>) -> Vec<RangeInclusive<i64>> {
    let (first, last) = (*numbers.start(), *numbers.end());
    let stride = last.saturating_sub(first) / PLACES;
    if stride < 2 * ROWS_AT_ENDS {
        return vec![numbers.clone()];
    }
    let begin = first..=first + ROWS_AT_ENDS - 1;
    let end = last - ROWS_AT_ENDS + 1..=last;
    let between = (1..PLACES).map(|place| first + place * stride).map(|at| at..=at + ROWS_PER_PLACE - 1);
    std::iter::once(begin).chain(between).chain([end]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_small_and_lies_in_order_within_the_numbers() {
        assert_eq!(sample(&(1..=20_000)), [1..=20_000]);
        for numbers in [-5..=70_000, 1..=1_000_000, i64::MIN..=i64::MAX] {
            let sample = sample(&numbers);
            assert!(sample.is_sorted_by(|one, next| one.end() < next.start()));
            assert_eq!(sample.first().map(RangeInclusive::start), Some(numbers.start()));
            assert_eq!(sample.last().map(RangeInclusive::end), Some(numbers.end()));
            if numbers.end().checked_sub(*numbers.start()).is_some_and(|count| count > 100_000) {
                let rows: i64 = sample.iter().map(|part| part.end() - part.start() + 1).sum();
                assert!(rows < 5_000, "{rows}");
            }
        }
    }
}
