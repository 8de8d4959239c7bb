//! The values of one column on their way into a file.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float64Builder, StringBuilder};
use arrow_array::{ArrayRef, ListArray, StructArray};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{FieldRef, Fields};

use super::super::json::{self, Kind};
use super::super::shape::{Member, Shape, item_field, member_fields};

/// Whole numbers up to here are exact as doubles, and no two of them are one.
const GREATEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// The values of one column, or of one field of a column, on their way into a file.
pub(crate) enum Column {
    Bool(BooleanBuilder),
    Number { whole: bool, values: Float64Builder },
    Text(StringBuilder),
    Json(StringBuilder),
    List { item: FieldRef, offsets: Vec<i32>, valid: NullBufferBuilder, items: Box<Self> },
    Object { fields: Fields, members: Vec<(Member, Self)>, valid: NullBufferBuilder },
}

impl Column {
    pub(crate) fn new(shape: &Shape) -> Self {
        match shape {
            Shape::Bool => Self::Bool(BooleanBuilder::new()),
            Shape::Number { whole } => Self::Number { whole: *whole, values: Float64Builder::new() },
            Shape::Text => Self::Text(StringBuilder::new()),
            Shape::Json => Self::Json(StringBuilder::new()),
            Shape::List(item) => Self::List {
                item: Arc::new(item_field(item)),
                offsets: vec![0],
                valid: NullBufferBuilder::new(0),
                items: Box::new(Self::new(item)),
            },
            Shape::Object(members) => Self::Object {
                fields: member_fields(members),
                members: members.iter().map(|member| (member.clone(), Self::new(&member.shape))).collect(),
                valid: NullBufferBuilder::new(0),
            },
        }
    }

    /// Appends nothing.
    pub(crate) fn append_null(&mut self) {
        match self {
            Self::Bool(values) => values.append_null(),
            Self::Number { values, .. } => values.append_null(),
            Self::Text(values) | Self::Json(values) => values.append_null(),
            Self::List { offsets, valid, .. } => {
                offsets.push(offsets.last().copied().unwrap_or_default());
                valid.append_null();
            }
            Self::Object { members, valid, .. } => {
                members.iter_mut().for_each(|(_, column)| column.append_null());
                valid.append_null();
            }
        }
    }

    /// Appends a value, as near as the column comes to it. False where it would not be read back as it is.
    pub(crate) fn append(&mut self, value: &str) -> bool {
        match self {
            Self::Bool(values) if json::kind(value) == Kind::Bool => {
                values.append_value(value == "true");
                true
            }
            Self::Number { whole, values } => match number(value, *whole) {
                Some((number, is_exact)) => {
                    values.append_value(number);
                    is_exact
                }
                None => {
                    values.append_null();
                    false
                }
            },
            Self::Text(values) => match json::text(value) {
                Some(text) => {
                    values.append_value(text);
                    true
                }
                None => {
                    values.append_null();
                    false
                }
            },
            Self::Json(values) if value != "null" => {
                values.append_value(value);
                true
            }
            Self::List { offsets, valid, items, .. } if json::kind(value) == Kind::List => {
                let Some(list) = json::items(value) else {
                    self.append_null();
                    return false;
                };
                let mut is_exact = true;
                for item in &list {
                    if json::kind(item) == Kind::Null {
                        items.append_null();
                    } else {
                        is_exact &= items.append(item);
                    }
                }
                let end =
                    offsets.last().copied().unwrap_or_default() + i32::try_from(list.len()).unwrap_or(0);
                offsets.push(end);
                valid.append_non_null();
                is_exact
            }
            Self::Object { members, valid, .. } if json::kind(value) == Kind::Object => {
                let Some(entries) = json::entries(value) else {
                    self.append_null();
                    return false;
                };
                valid.append_non_null();
                append_members(members, &entries)
            }
            Self::Bool(_) | Self::Json(_) | Self::List { .. } | Self::Object { .. } => {
                self.append_null();
                false
            }
        }
    }

    /// Bytes of the text it holds.
    pub(crate) fn text_bytes(&self) -> usize {
        match self {
            Self::Bool(_) | Self::Number { .. } => 0,
            Self::Text(values) | Self::Json(values) => values.values_slice().len(),
            Self::List { items, .. } => items.text_bytes(),
            Self::Object { members, .. } => members.iter().map(|(_, column)| column.text_bytes()).sum(),
        }
    }

    /// What was appended since the last call.
    pub(crate) fn take(&mut self) -> ArrayRef {
        match self {
            Self::Bool(values) => Arc::new(values.finish()),
            Self::Number { values, .. } => Arc::new(values.finish()),
            Self::Text(values) | Self::Json(values) => Arc::new(values.finish()),
            Self::List { item, offsets, valid, items } => {
                let offsets = OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(offsets, vec![0])));
                Arc::new(ListArray::new(Arc::clone(item), offsets, items.take(), valid.finish()))
            }
            Self::Object { fields, members, valid } => {
                let arrays = members.iter_mut().map(|(_, column)| column.take()).collect();
                Arc::new(StructArray::new(fields.clone(), arrays, valid.finish()))
            }
        }
    }
}

/// Appends one object's members, each to its column.
fn append_members(members: &mut [(Member, Column)], entries: &[(std::borrow::Cow<'_, str>, &str)]) -> bool {
    let mut is_exact = true;
    let mut next = 0;
    for (member, column) in members {
        // Members in another order, twice, or unknown ones, stay behind and make it inexact.
        let found = entries.get(next).filter(|(name, _)| *name == member.name).map(|entry| (next, entry));
        let found = found.or_else(|| entries.iter().enumerate().rfind(|(_, (name, _))| *name == member.name));
        match found {
            Some((at, (_, value))) => {
                is_exact &= at == next;
                next = at + 1;
                if json::kind(value) == Kind::Null {
                    column.append_null();
                    is_exact &= member.has_nulls;
                } else {
                    is_exact &= column.append(value);
                }
            }
            None => {
                column.append_null();
                is_exact &= !member.has_nulls;
            }
        }
    }
    is_exact && next == entries.len()
}

/// The double of a number and whether the number is read back from it.
fn number(value: &str, whole: bool) -> Option<(f64, bool)> {
    match json::kind(value) {
        Kind::Number => {
            let number: f64 = value.parse().ok()?;
            let is_exact = if json::is_whole(value) {
                whole && is_read_as_whole(number) && value.parse() == Ok(number as i64)
            } else {
                number.is_finite() && !(whole && is_read_as_whole(number))
            };
            // What is beyond all doubles is no infinity.
            number.is_finite().then_some((number, is_exact))
        }
        Kind::Text => json::not_finite(value).map(|number| (number, true)),
        Kind::Null | Kind::Bool | Kind::List | Kind::Object => None,
    }
}

/// Whether a double of a column of whole numbers is read as one.
pub(crate) fn is_read_as_whole(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() <= GREATEST_EXACT && !(number == 0.0 && number.is_sign_negative())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_know_whether_they_come_back() {
        for (value, whole, expected) in [
            ("1", true, Some((1.0, true))),
            ("1", false, Some((1.0, false))),
            ("1.0", true, Some((1.0, false))),
            ("-0", true, Some((-0.0, false))),
            ("1.5", true, Some((1.5, true))),
            ("-0.0", true, Some((-0.0, true))),
            ("9007199254740992", true, Some((9_007_199_254_740_992.0, true))),
            ("9007199254740993", true, Some((9_007_199_254_740_992.0, false))),
            ("123456789012345678901234567890", true, Some((1.2345678901234568e29, false))),
            ("1e300", true, Some((1e300, true))),
            ("1e400", false, None),
            ("\"Infinity\"", true, Some((f64::INFINITY, true))),
            ("\"infinity\"", false, None),
            ("true", true, None),
        ] {
            assert_eq!(number(value, whole), expected, "{value}");
        }
    }
}
