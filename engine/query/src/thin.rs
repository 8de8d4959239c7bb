//! Which rows stand for all of them where an answer has no room for all.
//!
//! Rows that hold the same keys form a group, so that a metric logged once an epoch is not lost among one
//! logged each step. The room is shared among the groups; each gives its rows at a stride that is a power of
//! two, and its last row. While rows are added a group keeps what it gave, until its stride doubles and every
//! second one goes.

/// Shares of what is left over are given out so many times; later rounds hand out hardly anything.
const ROUNDS: usize = 4;

/// How many rows each group may give: all of them where there is room for all; else the same for each, and
/// what small groups leave over in proportion to what the others still want.
pub(crate) fn shares(sizes: &[usize], most: usize) -> Vec<usize> {
    if sizes.iter().sum::<usize>() <= most {
        return sizes.to_vec();
    }
    let equal = most / sizes.len();
    let mut shares: Vec<usize> = sizes.iter().map(|size| (*size).min(equal)).collect();
    for _ in 0..ROUNDS {
        let left = most - shares.iter().sum::<usize>();
        let wanted: Vec<usize> = sizes.iter().zip(&shares).map(|(size, share)| size - share).collect();
        let all_wanted: usize = wanted.iter().sum();
        if left == 0 || all_wanted == 0 {
            break;
        }
        let quotas: Vec<f64> =
            wanted.iter().map(|wanted| (left * wanted) as f64 / all_wanted as f64).collect();
        let mut more: Vec<usize> = quotas.iter().map(|quota| *quota as usize).collect();
        let rest = left.saturating_sub(more.iter().sum());
        // The largest fractions are rounded up; of equal ones the earlier group's.
        let lack = |group: &usize| more[*group] as f64 - quotas[*group];
        let mut by_fraction: Vec<usize> = (0..sizes.len()).collect();
        by_fraction.sort_by(|a, b| lack(a).total_cmp(&lack(b)));
        for group in by_fraction.into_iter().take(rest) {
            more[group] += 1;
        }
        for ((share, more), size) in shares.iter_mut().zip(more).zip(sizes) {
            *share = (*share + more).min(*size);
        }
    }
    shares
}

/// The places, among `count`, that at most `most` rows of one group stand for.
pub(crate) fn stride(count: usize, most: usize) -> impl Iterator<Item = usize> {
    let before_last = count.saturating_sub(1);
    let mut step = 1;
    // With room for one the last stands alone.
    while most > 1 && before_last.div_ceil(step) > most - 1 {
        step *= 2;
    }
    let strided = if most > 1 { before_last } else { 0 };
    let last = Some(before_last).filter(|_| count > 0 && most > 0);
    (0..strided).step_by(step).chain(last)
}

/// Indexes of `most` of `count` items at even distances, the first and the last among them; all where they
/// have room.
pub(crate) fn evenly(count: usize, most: usize) -> Vec<usize> {
    match most {
        _ if count <= most => (0..count).collect(),
        0 => Vec::new(),
        1 => vec![count - 1],
        _ => {
            let place = |index: usize| (index * (count - 1)) as f64 / (most - 1) as f64;
            let mut places: Vec<usize> =
                (0..most).map(|index| place(index).round_ties_even() as usize).collect();
            places.dedup();
            places
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_row_is_the_last_one() {
        assert_eq!(stride(5, 1).collect::<Vec<_>>(), [4]);
        assert_eq!(evenly(5, 1), [4]);
        assert_eq!(evenly(5, 3), [0, 2, 4]);
        assert_eq!(evenly(6, 3), [0, 2, 5], "halves go to the even place");
    }

    proptest! {
        #[test]
        fn what_was_kept_stays_or_every_second_goes(count in 2usize..2_000, most in 2usize..100) {
            let before: Vec<usize> = stride(count, most).collect();
            let after: HashSet<usize> = stride(count + 1, most).collect();
            let steady = &before[..before.len() - 1];
            let stayed = steady.iter().filter(|place| after.contains(place)).count();
            let every_second = steady.len().div_ceil(2);
            prop_assert!(stayed == steady.len() || stayed == every_second, "{} of {}", stayed, steady.len());
        }

        #[test]
        fn shares_use_the_room_and_no_more(sizes in proptest::collection::vec(1usize..5_000, 1..40), most in 1usize..5_000) {
            let shares = shares(&sizes, most);
            prop_assert!(shares.iter().zip(&sizes).all(|(share, size)| share <= size));
            prop_assert_eq!(shares.iter().sum::<usize>(), most.min(sizes.iter().sum()));
        }

        #[test]
        fn even_places_ascend_from_the_first_to_the_last(count in 1usize..5_000, most in 2usize..500) {
            let places = evenly(count, most);
            prop_assert!(places.len() <= most.min(count) && places.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!((places[0], places[places.len() - 1]), (0, count - 1));
        }
    }
}
