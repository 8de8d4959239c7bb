//! Values of typed objects as they were logged: pictures, tables, histograms and the like, across runs and rows.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::Timestamp;
use crate::value_kind::{ValueKind, ValueKinds};

/// A longer value does not come with a list.
pub const LONGEST_INLINE_BYTES: usize = 16_000;

/// Which values are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ValuesRequest {
    /// Kinds of which a value must hold one; none: any.
    pub kinds: ValueKinds,
    /// Id or name of a run; all runs when absent.
    pub run: Option<String>,
    /// The key they were logged under; any when absent.
    pub key: Option<String>,
    /// Values after this place, from new to old.
    pub after: Option<ValueCursor>,
    /// Values at most; at least one.
    pub limit: usize,
    /// Those that lie evenly among all of them, the oldest and the newest included, in the place of the newest.
    pub spread: bool,
    /// Without the values themselves.
    pub brief: bool,
}

/// Where a page of values ended: in which row, and after how many of its values.
///
/// As text `row` or `row.count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValueCursor {
    /// Position of the row in the project.
    pub row_id: i64,
    /// Its values that came before; all of them when absent.
    pub values: Option<u32>,
}

impl ValueCursor {
    /// Reads the text; `None` where it is no such place: at most 18 digits, and 9 after the dot.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_number = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let (row, values) = text.split_once('.').map_or((text, None), |(row, values)| (row, Some(values)));
        let fits = is_number(row, 18) && values.is_none_or(|values| is_number(values, 9));
        let values = values.and_then(|values| values.parse().ok());
        fits.then(|| row.parse().ok().map(|row_id| Self { row_id, values })).flatten()
    }
}

impl fmt::Display for ValueCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.values {
            Some(values) => write!(f, "{}.{values}", self.row_id),
            None => write!(f, "{}", self.row_id),
        }
    }
}

/// One value, logged under one key in one row.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoggedValue {
    /// Position of its row in the project, ascending.
    pub row_id: i64,
    /// Id of the run.
    pub run_id: String,
    /// The training step.
    pub step: i64,
    /// When it was logged.
    pub timestamp: Timestamp,
    /// The key it was logged under.
    pub key: String,
    /// What it holds, however deep: several where it is a list or an object of different ones.
    pub kinds: Vec<ValueKind>,
    /// The value as it was logged. Null where it is longer than 16,000 bytes, and where the answer is long without it, or
    /// without values as was asked.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub value: Option<Box<RawValue>>,
}

/// One page of values.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ValuesPage {
    /// The values of this page, the newest row first, those of one row by key.
    pub items: Vec<LoggedValue>,
    /// Give it back as `after` for the next page; null on the last one.
    pub next: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        for (text, row_id, values) in [("85", 85, None), ("85.2", 85, Some(2)), ("0.0", 0, Some(0))] {
            let cursor = ValueCursor { row_id, values };
            assert_eq!((ValueCursor::parse(text), cursor.to_string()), (Some(cursor), text.to_owned()));
        }
        for text in ["", "x", "-1", "+1", "1.", ".1", "1.2.3", "1.-2", "1000000000000000000", "1.1000000000"]
        {
            assert_eq!(ValueCursor::parse(text), None, "{text}");
        }
    }
}
