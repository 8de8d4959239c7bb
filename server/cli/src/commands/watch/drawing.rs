//! Bars and lines of characters.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A bar of `width` characters that is filled to this part.
pub(super) fn bar(part: f64, width: usize) -> String {
    let filled = (part.clamp(0.0, 1.0) * width as f64).round() as usize;
    format!("{}{}", "━".repeat(filled), "─".repeat(width - filled))
}

/// The values as blocks of different heights, at most `width`: each shows the mean of its share of them.
pub(super) fn sparkline(values: &[f64], width: usize) -> String {
    let columns = width.min(values.len());
    let means: Vec<f64> = (0..columns)
        .map(|column| {
            let share = &values[column * values.len() / columns..(column + 1) * values.len() / columns];
            share.iter().sum::<f64>() / share.len() as f64
        })
        .collect();
    let lowest = means.iter().copied().fold(f64::INFINITY, f64::min);
    let range = means.iter().copied().fold(f64::NEG_INFINITY, f64::max) - lowest;
    let block = |value: f64| {
        let height = if range > 0.0 { (value - lowest) / range * 7.0 } else { 3.0 };
        BLOCKS[(height.round() as usize).min(7)]
    };
    means.into_iter().map(block).collect()
}

/// The text, cut where it is longer than `width`; nothing in it moves the cursor.
pub(super) fn fit(text: &str, width: usize) -> String {
    let plain: Vec<char> = text.chars().filter(|c| !c.is_control()).collect();
    if plain.len() <= width {
        return plain.into_iter().collect();
    }
    plain.into_iter().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_full_as_told() {
        assert_eq!(bar(0.5, 4), "━━──");
        assert_eq!((bar(-1.0, 2), bar(7.0, 2)), ("──".to_owned(), "━━".to_owned()));
    }

    #[test]
    fn lines_have_the_range_of_the_values() {
        assert_eq!(sparkline(&[0.0, 1.0], 10), "▁█");
        assert_eq!(sparkline(&[3.0, 3.0], 10), "▄▄");
        assert_eq!(sparkline(&[0.0, 0.0, 7.0, 7.0], 2), "▁█");
        assert_eq!(sparkline(&[], 10), "");
        assert_eq!(sparkline(&[1.0; 1000], 20).chars().count(), 20);
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(fit("abc\u{1b}[2Jdef", 20), "abc[2Jdef");
        assert_eq!(fit("abcdef", 4), "abc…");
    }
}
