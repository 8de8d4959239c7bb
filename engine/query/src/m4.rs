//! Which points of a series draw the same line as all of them do.
//!
//! A chart shows, in each column of pixels, the bar between the lowest and the highest value and the lines
//! that enter and leave it: the first, last, lowest and highest point of each column are enough (M4).

/// One point of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) value: f64,
}

#[derive(Debug, Clone, Copy)]
struct Column {
    first: usize,
    last: usize,
    lowest: Option<usize>,
    highest: Option<usize>,
    /// The first value that is not finite: the line breaks there.
    gap: Option<usize>,
}

/// The points that matter in a chart from x `from` to `to`, `pixels` wide. `points` ascend in x and lie
/// within; those returned are among them, in their order, at most 5 for each column.
pub(crate) fn reduce(points: &[Point], from: f64, to: f64, pixels: u32) -> Vec<Point> {
    let mut kept = Vec::new();
    let mut start = 0;
    while start < points.len() {
        let column = column_of(points[start].x, from, to, pixels);
        let length = points[start..].partition_point(|point| column_of(point.x, from, to, pixels) <= column);
        kept.extend(important(points, start..start + length).map(|place| points[place]));
        start += length;
    }
    kept
}

fn column_of(x: f64, from: f64, to: f64, pixels: u32) -> u32 {
    if to <= from {
        return 0;
    }
    // The last x of the window belongs to the last column.
    (((x - from) / (to - from) * f64::from(pixels)) as u32).min(pixels - 1)
}

fn important(points: &[Point], range: std::ops::Range<usize>) -> impl Iterator<Item = usize> {
    let mut column =
        Column { first: range.start, last: range.end - 1, lowest: None, highest: None, gap: None };
    for place in range {
        let value = points[place].value;
        if !value.is_finite() {
            column.gap.get_or_insert(place);
            continue;
        }
        if column.lowest.is_none_or(|lowest| value < points[lowest].value) {
            column.lowest = Some(place);
        }
        if column.highest.is_none_or(|highest| value > points[highest].value) {
            column.highest = Some(place);
        }
    }
    let mut places = [Some(column.first), Some(column.last), column.lowest, column.highest, column.gap];
    places.sort_unstable();
    let mut before = None;
    places.into_iter().flatten().filter(move |place| before.replace(*place) != Some(*place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// First, last, lowest and highest of each column, found by looking at every point.
    fn columns(points: &[Point], from: f64, to: f64, pixels: u32) -> Vec<[Option<f64>; 4]> {
        (0..pixels)
            .map(|column| {
                let width = (to - from) / f64::from(pixels);
                let (left, right) = (from + f64::from(column) * width, from + f64::from(column + 1) * width);
                let is_last = column + 1 == pixels;
                let inside: Vec<f64> = points
                    .iter()
                    .filter(|point| point.x >= left && (point.x < right || (is_last && point.x <= to)))
                    .map(|point| point.value)
                    .collect();
                let finite = inside.iter().copied().filter(|value| value.is_finite());
                let low = finite.clone().reduce(f64::min);
                let ends =
                    [inside.first(), inside.last()].map(|end| end.copied().filter(|value| value.is_finite()));
                [ends[0], ends[1], low, finite.reduce(f64::max)]
            })
            .collect()
    }

    #[test]
    fn a_single_spike_stays() {
        let points: Vec<Point> = (0..100_000)
            .map(|x| Point { x: f64::from(x), value: if x == 54_321 { 1e9 } else { 0.0 } })
            .collect();
        let kept = reduce(&points, 0.0, 99_999.0, 100);
        assert!(kept.len() <= 300 && kept.contains(&Point { x: 54_321.0, value: 1e9 }));
    }

    #[test]
    fn points_of_one_x_make_one_column() {
        let points = [1.0, 3.0, 2.0].map(|value| Point { x: 5.0, value });
        assert_eq!(reduce(&points, 5.0, 5.0, 100), points);
    }

    proptest! {
        #[test]
        fn every_column_keeps_its_first_last_lowest_and_highest(
            steps in prop::collection::vec((0u32..4, prop_oneof![9 => -9i32..9, 1 => Just(i32::MAX)]), 1..400),
            pixels in prop::sample::select(vec![1u32, 2, 4, 8, 32, 256]),
        ) {
            // Powers of two, so that the columns of both ways of counting have the very same ends.
            let to = 1_024.0;
            let mut x = 0.0;
            let mut points: Vec<Point> = Vec::new();
            for (gap, value) in steps {
                x += f64::from(gap);
                let value = if value == i32::MAX { f64::NAN } else { f64::from(value) };
                points.push(Point { x, value });
            }
            points.retain(|point| point.x <= to);
            let kept = reduce(&points, 0.0, to, pixels);
            prop_assert_eq!(columns(&kept, 0.0, to, pixels), columns(&points, 0.0, to, pixels));
            prop_assert!(kept.len() <= 5 * pixels as usize);
            prop_assert!(kept.windows(2).all(|pair| pair[0].x <= pair[1].x));
        }
    }
}
