//! The newest few of a stream of values.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// The last `N` values pushed, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recent<T, const N: usize> {
    values: VecDeque<T>,
}

impl<T, const N: usize> Default for Recent<T, N> {
    fn default() -> Self {
        Self { values: VecDeque::new() }
    }
}

impl<T: Copy, const N: usize> Recent<T, N> {
    /// Adds `value`; the oldest goes when there are more than `N`.
    pub(crate) fn push(&mut self, value: T) {
        if self.values.len() >= N {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    /// The value pushed last.
    pub(crate) fn newest_mut(&mut self) -> Option<&mut T> {
        self.values.back_mut()
    }

    /// How many there are, at most `N`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Nothing was pushed yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The values, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = T> + ExactSizeIterator + '_ {
        self.values.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first() {
        let mut recent = Recent::<i32, 3>::default();
        for value in 0..5 {
            recent.push(value);
        }
        assert_eq!(recent.iter().collect::<Vec<_>>(), [2, 3, 4]);
    }
}
