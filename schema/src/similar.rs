//! Names that somebody may have meant.

/// Most names proposed.
const PROPOSALS: usize = 3;

/// Those of `names` that look like `wanted`, the most alike first, at most 3.
#[must_use]
pub fn similar<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let mut ranked: Vec<(usize, &str)> =
        names.filter_map(|name| Some((unlike(&wanted, &name.to_lowercase())?, name))).collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked.into_iter().take(PROPOSALS).map(|(_, name)| name.to_owned()).collect()
}

/// How unlike two names are, 0 for the same; `None` when nobody would mix them up.
fn unlike(wanted: &str, name: &str) -> Option<usize> {
    let segment = |text: &str| text.rsplit(['/', '.']).next().unwrap_or_default().to_owned();
    let distance = edits(wanted, name);
    let alike = distance <= wanted.chars().count().max(name.chars().count()) / 3
        || (!wanted.is_empty() && !name.is_empty() && (name.contains(wanted) || wanted.contains(name)))
        || segment(wanted) == segment(name);
    alike.then_some(distance)
}

/// Insertions, deletions and exchanges of characters that turn one text into the other.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let exchange = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = exchange.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_proposed_nearest_first() {
        let names = ["train/loss", "eval/loss", "train/learning_rate", "accuracy"];
        assert_eq!(similar("train/los", names.into_iter()), ["train/loss"]);
        assert_eq!(similar("loss", names.into_iter()), ["eval/loss", "train/loss"]);
        assert_eq!(similar("Acuracy", names.into_iter()), ["accuracy"]);
        assert!(similar("zzz", names.into_iter()).is_empty());
    }

    #[test]
    fn edits_are_counted() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
    }
}
