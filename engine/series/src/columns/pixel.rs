//! Pixel columns: which points of a series draw the same line as all of them do.
//!
//! A chart shows, in each column of pixels, the bar between the lowest and the highest value and the lines
//! that enter and leave it: the first, last, lowest and highest point of each column are enough (M4), and the
//! first that is not finite, where the line breaks. Points stand in the order of x, those of one x as they came.
//! Columns can be filled in any order: each keeps what comes first in that order.

use paceline_schema::series::XScale;

use super::marks::Marks;

/// One point of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Where it stands.
    pub x: f64,
    /// Its value.
    pub value: f64,
}

/// How a chart divides what it shows into columns of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Columns, at least 1.
    pub pixels: u32,
    /// How x goes over them.
    pub scale: XScale,
}

impl From<u32> for Grid {
    fn from(pixels: u32) -> Self {
        Self { pixels, scale: XScale::Linear }
    }
}

impl Grid {
    /// Whether an x has a place in a chart.
    #[must_use]
    pub fn has_place(self, x: f64) -> bool {
        match self.scale {
            XScale::Linear => true,
            XScale::Log => x > 0.0,
        }
    }
}

/// The points that matter in a chart from x `from` to `to` with such columns. `points` ascend in x and lie within;
/// those returned are among them, in their order, at most 5 for each column.
#[must_use]
pub fn reduce(points: &[Point], from: f64, to: f64, grid: impl Into<Grid>) -> Vec<Point> {
    let window = Window { from, to, grid: grid.into() };
    let mut columns = PixelColumns::new(window);
    let mut start = 0;
    while let Some(first) = points.get(start) {
        let column = window.column_of(first.x);
        let end = start + points[start..].partition_point(|point| window.column_of(point.x) <= column);
        let placed = |(place, value): (usize, f64)| Placed { x: points[place].x, row: place as u64, value };
        let [first, last] = [start, end - 1].map(|place| placed((place, points[place].value)));
        let marks = Marks::of((start..end).map(|place| (place, points[place].value)));
        columns.merge(column, PixelColumn::new(first, last, &marks, placed));
        start = end;
    }
    columns.into_points()
}

/// What a chart shows and how wide it is.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// First x, which has a place on the grid.
    pub from: f64,
    /// Last x.
    pub to: f64,
    /// Its columns.
    pub grid: Grid,
}

impl Window {
    pub(crate) fn holds(&self, x: f64) -> bool {
        self.from <= x && x <= self.to
    }

    /// The column of an x within; never falls when x does not.
    #[must_use]
    pub fn column_of(&self, x: f64) -> u32 {
        if self.to <= self.from {
            return 0;
        }
        let share = match self.grid.scale {
            XScale::Linear => (x - self.from) / (self.to - self.from),
            XScale::Log => (x / self.from).ln() / (self.to / self.from).ln(),
        };
        // The last x of the window belongs to the last column.
        ((share * f64::from(self.grid.pixels)) as u32).min(self.grid.pixels.saturating_sub(1))
    }
}

/// A point with its row, which orders points of one x.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed {
    pub(crate) x: f64,
    pub(crate) row: u64,
    pub(crate) value: f64,
}

impl Placed {
    fn is_before(&self, other: &Self) -> bool {
        self.x < other.x || (self.x == other.x && self.row < other.row)
    }

    fn is_lower(&self, other: &Self) -> bool {
        self.value < other.value || (self.value == other.value && self.is_before(other))
    }

    fn is_higher(&self, other: &Self) -> bool {
        self.value > other.value || (self.value == other.value && self.is_before(other))
    }
}

/// The points of a column that matter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PixelColumn {
    first: Placed,
    last: Placed,
    lowest: Option<Placed>,
    highest: Option<Placed>,
    /// The first value that is not finite.
    gap: Option<Placed>,
}

impl PixelColumn {
    /// From the first and the last of some points, and what matters of those; `placed` tells where one stands.
    pub(crate) fn new(
        first: Placed,
        last: Placed,
        marks: &Marks,
        mut placed: impl FnMut((usize, f64)) -> Placed,
    ) -> Self {
        let Marks { lowest, highest, gap } = *marks;
        Self {
            first,
            last,
            lowest: lowest.map(&mut placed),
            highest: highest.map(&mut placed),
            gap: gap.map(&mut placed),
        }
    }

    fn of(point: Placed) -> Self {
        let finite = Some(point).filter(|point| point.value.is_finite());
        let gap = if finite.is_some() { None } else { Some(point) };
        Self { first: point, last: point, lowest: finite, highest: finite, gap }
    }

    /// Takes in one more point. Of equal values the first in the order of points counts.
    fn add(&mut self, point: Placed) {
        if point.is_before(&self.first) {
            self.first = point;
        }
        if self.last.is_before(&point) {
            self.last = point;
        }
        if point.value.is_finite() {
            better(&mut self.lowest, point, Placed::is_lower);
            better(&mut self.highest, point, Placed::is_higher);
        } else {
            better(&mut self.gap, point, Placed::is_before);
        }
    }

    /// Takes in another part of the column: of its points only those that matter can matter here.
    fn merge(&mut self, part: &Self) {
        let PixelColumn { first, last, lowest, highest, gap } = *part;
        [Some(first), Some(last), lowest, highest, gap]
            .into_iter()
            .flatten()
            .for_each(|point| self.add(point));
    }
}

fn better(kept: &mut Option<Placed>, point: Placed, wins: impl Fn(&Placed, &Placed) -> bool) {
    if kept.is_none_or(|kept| wins(&point, &kept)) {
        *kept = Some(point);
    }
}

/// The columns of a chart while they are filled.
pub(crate) struct PixelColumns {
    window: Window,
    columns: Vec<Option<PixelColumn>>,
}

impl PixelColumns {
    pub(crate) fn new(window: Window) -> Self {
        Self { window, columns: vec![None; window.grid.pixels.max(1) as usize] }
    }

    /// Adds a point of the window.
    pub(crate) fn add(&mut self, point: Placed) {
        match self.columns.get_mut(self.window.column_of(point.x) as usize) {
            Some(Some(kept)) => kept.add(point),
            Some(empty) => *empty = Some(PixelColumn::of(point)),
            None => {}
        }
    }

    /// Adds a part of a column.
    pub(crate) fn merge(&mut self, column: u32, part: PixelColumn) {
        match self.columns.get_mut(column as usize) {
            Some(Some(kept)) => kept.merge(&part),
            Some(empty) => *empty = Some(part),
            None => {}
        }
    }

    /// The points that matter, each once, in their order.
    pub(crate) fn into_points(self) -> Vec<Point> {
        let mut kept = Vec::new();
        for column in self.columns.into_iter().flatten() {
            let PixelColumn { first, last, lowest, highest, gap } = column;
            let mut places = [Some(first), Some(last), lowest, highest, gap];
            places.sort_by(|a, b| match (a, b) {
                (Some(a), Some(b)) => a.x.total_cmp(&b.x).then(a.row.cmp(&b.row)),
                _ => b.is_some().cmp(&a.is_some()),
            });
            let mut before = None;
            let points = places.into_iter().flatten();
            let once = points.filter(|point| before.replace(point.row) != Some(point.row));
            kept.extend(once.map(|Placed { x, value, .. }| Point { x, value }));
        }
        kept
    }
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
    fn equal_factors_are_equally_wide_on_a_logarithmic_grid() {
        let window = Window { from: 1.0, to: 10_000.0, grid: Grid { pixels: 4, scale: XScale::Log } };
        let columns = [1.0, 9.0, 11.0, 99.0, 101.0, 999.0, 1_001.0, 10_000.0].map(|x| window.column_of(x));
        assert_eq!(columns, [0, 0, 1, 1, 2, 2, 3, 3]);
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
