//! The newest value of each metric, for `run.summary`.

use std::collections::HashMap;

use paceline_schema::{Metrics, Value};

/// Newest values in the order the metrics first came.
///
/// Rows of a training mostly have the same keys in the same order, so the next key is looked for behind the
/// previous one first; only a miss costs a look-up.
#[derive(Debug, Default)]
pub struct LastValues {
    values: Metrics,
    positions: HashMap<String, usize>,
}

impl LastValues {
    /// Takes in a value under a key in UTF-8; gives the position to pass with the next one of the row.
    #[inline]
    pub fn set(&mut self, expected: usize, key: &[u8], value: Value) -> usize {
        match self.values.get_mut(expected) {
            Some((known, slot)) if known.as_bytes() == key => {
                *slot = value;
                expected + 1
            }
            _ => self.set_elsewhere(key, value),
        }
    }

    #[cold]
    fn set_elsewhere(&mut self, key: &[u8], value: Value) -> usize {
        let key = String::from_utf8_lossy(key);
        let position = match self.positions.get(key.as_ref()) {
            Some(position) => *position,
            None => {
                self.positions.insert(key.to_string(), self.values.len());
                self.values.push((key.into_owned(), Value::Null));
                self.values.len() - 1
            }
        };
        self.values[position].1 = value;
        position + 1
    }

    /// All of them.
    #[must_use]
    pub fn values(&self) -> &Metrics {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_value_of_each_key_is_kept() {
        let mut last = LastValues::default();
        for row in [&["a", "b"][..], &["b"], &["c", "a"]] {
            let mut expected = 0;
            for key in row {
                expected =
                    last.set(expected, key.as_bytes(), Value::Json(format!("{key}{}", row.len()).into()));
            }
        }
        let text: Vec<String> = last.values().iter().map(|(key, value)| format!("{key}={value:?}")).collect();
        assert_eq!(text, ["a=Json(\"a2\")", "b=Json(\"b1\")", "c=Json(\"c2\")"]);
    }
}
