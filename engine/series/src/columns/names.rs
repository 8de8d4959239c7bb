//! Names of the columns of a key: one for its numbers, one for the kinds of typed objects that it held.
//!
//! A key may be any text, so the names keep apart what begins as no key should: a zero and `k` stand before a key for
//! its kinds, and one more zero before a key that begins with a zero itself, for its numbers.

use std::borrow::Cow;

/// Name of the column with the numbers of a key; nearly always the key.
#[must_use]
pub fn number_column(key: &str) -> Cow<'_, str> {
    if key.starts_with('\0') { Cow::Owned(format!("\0{key}")) } else { Cow::Borrowed(key) }
}

/// Name of the column that says of which kinds the typed objects of a key are, as numbers of
/// [`paceline_schema::ValueKinds`].
#[must_use]
pub fn kinds_column(key: &str) -> String {
    format!("\0k{key}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_two_columns_share_a_name(one in "[\\x00ka]{0,4}", other in "[\\x00ka]{0,4}") {
            prop_assert_ne!(&*number_column(&one), kinds_column(&other));
            prop_assert_eq!(number_column(&one) == number_column(&other), one == other);
            prop_assert_eq!(kinds_column(&one) == kinds_column(&other), one == other);
        }
    }
}
