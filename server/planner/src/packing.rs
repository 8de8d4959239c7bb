//! Packing by best fit, longest first, as TRL's `bfd`: short rows share sequences, none is cut but at the end.

use std::collections::{BTreeMap, VecDeque};

/// Packs rows of these lengths into sequences of at most `longest` tokens: the rows of each sequence, in TRL's order.
/// A longer row is cut, an empty one left out.
#[must_use]
pub fn pack(lengths: &[u32], longest: u32) -> Vec<Vec<usize>> {
    let cut = |row: &usize| lengths[*row].min(longest);
    let mut rows: Vec<usize> = (0..lengths.len()).filter(|row| cut(row) > 0).collect();
    // Stable, so that rows of one length stay in order.
    rows.sort_by_key(|row| std::cmp::Reverse(cut(row)));
    let mut sequences: Vec<Vec<usize>> = Vec::new();
    let mut by_space: BTreeMap<u32, VecDeque<usize>> = BTreeMap::new();
    for row in rows {
        let length = cut(&row);
        let fitting =
            by_space.range_mut(length..).next().and_then(|(space, open)| Some((*space, open.pop_front()?)));
        let (space, sequence) = fitting.unwrap_or_else(|| {
            sequences.push(Vec::new());
            (longest, sequences.len() - 1)
        });
        if by_space.get(&space).is_some_and(VecDeque::is_empty) {
            by_space.remove(&space);
        }
        sequences[sequence].push(row);
        if space > length {
            by_space.entry(space - length).or_default().push_back(sequence);
        }
    }
    sequences
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_trl() {
        assert_eq!(pack(&[5, 2, 3, 1], 4), [vec![0], vec![2, 3], vec![1]]);
        assert_eq!(pack(&[0, 0], 4), Vec::<Vec<usize>>::new());
        assert_eq!(pack(&[4, 4, 4], 4), [vec![0], vec![1], vec![2]]);
    }

    proptest! {
        #[test]
        fn every_row_is_in_one_sequence_and_none_overflows(
            lengths in proptest::collection::vec(0_u32..80, 0..200), longest in 1_u32..64,
        ) {
            let sequences = pack(&lengths, longest);
            let mut seen: Vec<usize> = sequences.iter().flatten().copied().collect();
            seen.sort_unstable();
            let all: Vec<usize> = (0..lengths.len()).filter(|row| lengths[*row] > 0).collect();
            prop_assert_eq!(seen, all);
            for sequence in &sequences {
                let filled: u32 = sequence.iter().map(|row| lengths[*row].min(longest)).sum();
                prop_assert!(filled <= longest && !sequence.is_empty());
            }
        }
    }
}
