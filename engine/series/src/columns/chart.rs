//! Charts and points of one metric over its blocks and the tail.

use std::ops::Range;

use super::axis::Axis;
use super::chunk::Chunk;
use super::marks::Marks;
use super::packed::MINI;
use super::pixel::{Grid, PixelColumn, PixelColumns, Placed, Point, Window};
use super::rollup;
use super::row_numbers::RowNumbers;
use super::source::{MetricBlock, MetricColumns};

/// The points that draw a line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chart {
    /// In the order of x, those of one x as they came; at most 5 for each pixel column.
    pub points: Vec<Point>,
    /// Points in the window before any were left out; with none there is no line.
    pub total_points: u64,
}

/// One point with its row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowPoint {
    /// Rows of the track before it, the same for all metrics of the row.
    pub row: u64,
    /// Where it stands.
    pub x: f64,
    /// Its value.
    pub value: f64,
}

/// One value with its row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowValue {
    /// Rows of the track before it, the same for all metrics of the row.
    pub row: u64,
    /// The value.
    pub value: f64,
}

/// The chart from x `from` to `to`, the metric's own where there is none, with such columns: exactly the points that
/// [`super::reduce`] keeps of all that have a place on the grid.
///
/// # Errors
/// When a blob cannot be had or is damaged.
pub fn chart<S: MetricColumns>(
    source: &S,
    axis: Axis,
    from: Option<f64>,
    to: Option<f64>,
    grid: impl Into<Grid>,
) -> Result<Chart, S::Error> {
    drawn(source, axis, from, to, grid.into(), false)
}

/// A chart from rollups in the place of values: reads a tenth of the bytes. Every point is one of the series; the
/// lowest and the highest of every 64 are there, so no spike is lost, but a column may lack its very first or last
/// point. Blocks at the ends of the window, short ones and the tail are drawn exactly.
///
/// # Errors
/// When a blob cannot be had or is damaged.
pub fn draft<S: MetricColumns>(
    source: &S,
    axis: Axis,
    from: Option<f64>,
    to: Option<f64>,
    grid: impl Into<Grid>,
) -> Result<Chart, S::Error> {
    drawn(source, axis, from, to, grid.into(), true)
}

fn drawn<S: MetricColumns>(
    source: &S,
    axis: Axis,
    from: Option<f64>,
    to: Option<f64>,
    grid: Grid,
    is_draft: bool,
) -> Result<Chart, S::Error> {
    let of_blocks = source.blocks().iter().map(|head| head.ends(axis));
    let of_tail = source.tail().iter().map(|point| axis.x(point.step, point.time)).map(|x| (x, x));
    let ends = of_blocks.chain(of_tail).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let Some((first, last)) = ends else { return Ok(Chart::default()) };
    let from = match from.filter(|from| grid.has_place(*from)) {
        None if !grid.has_place(first) => lowest_placed(source, axis, grid)?,
        from => from.or(Some(first)),
    };
    // Without any, nothing of the metric has a place.
    let Some(from) = from else { return Ok(Chart::default()) };
    let window = Window { from, to: to.unwrap_or(last), grid };
    let mut columns = PixelColumns::new(window);
    let mut total_points = 0;
    for (place, head) in source.blocks().iter().enumerate() {
        let (first, last) = head.ends(axis);
        if first > window.to || last < window.from {
            continue;
        }
        let numbers = if axis.is_step() { source.steps(place)? } else { source.times(place)? };
        let rows = RowNumbers::open(&numbers, head.block.rows as usize)?;
        let mut block = BlockInWindow { head, axis, window, rows };
        let by_rollup = is_draft && window.holds(first) && window.holds(last);
        let rollup = if by_rollup || head.ascends(axis) { source.rollup(place)? } else { None };
        let rollup =
            rollup.map(|blob| rollup::decode(&blob, head.chunk.points, head.block.rows)).transpose()?;
        if by_rollup && let Some(rollup) = &rollup {
            total_points += u64::from(head.chunk.points);
            block.add_rollup(rollup, &mut columns);
            continue;
        }
        let values = source.values(place)?;
        let mut chunk = Chunk::open(&values, head.chunk.points, head.block.rows)?;
        total_points += match &rollup {
            Some(rollup) => block.add_parts(&mut chunk, rollup, &mut columns),
            None => block.add_points(&mut chunk, &mut columns),
        };
    }
    for point in source.tail() {
        let x = axis.x(point.step, point.time);
        if window.holds(x) {
            total_points += 1;
            columns.add(Placed { x, row: point.row, value: point.value });
        }
    }
    Ok(Chart { points: columns.into_points(), total_points })
}

/// The lowest x that has a place on the grid; looks into the blocks that begin at one which has none.
fn lowest_placed<S: MetricColumns>(source: &S, axis: Axis, grid: Grid) -> Result<Option<f64>, S::Error> {
    let mut lowest: Option<f64> = None;
    let mut see = |x: f64| {
        if grid.has_place(x) {
            lowest = Some(lowest.map_or(x, |lowest| lowest.min(x)));
        }
    };
    for (place, head) in source.blocks().iter().enumerate() {
        let (first, last) = head.ends(axis);
        if grid.has_place(first) {
            see(first);
        } else if grid.has_place(last) {
            let numbers = if axis.is_step() { source.steps(place)? } else { source.times(place)? };
            let mut rows = RowNumbers::open(&numbers, head.block.rows as usize)?;
            each_value(source, place, |row, _| see(axis.x_of(rows.at(row))))?;
        }
    }
    source.tail().iter().for_each(|point| see(axis.x(point.step, point.time)));
    Ok(lowest)
}

/// A block that meets the window of a chart.
struct BlockInWindow<'a> {
    head: &'a MetricBlock,
    axis: Axis,
    window: Window,
    /// The column of the axis.
    rows: RowNumbers<'a>,
}

impl BlockInWindow<'_> {
    fn placed(&mut self, row: usize, value: f64) -> Placed {
        let x = self.axis.x_of(self.rows.at(row));
        Placed { x, row: self.head.block.first_row + row as u64, value }
    }

    /// Adds the lowest, the highest and the first gap of each 64 points.
    fn add_rollup(&mut self, rollup: &[Marks], columns: &mut PixelColumns) {
        for marks in rollup {
            for (row, value) in [marks.lowest, marks.highest, marks.gap].into_iter().flatten() {
                columns.add(self.placed(row, value));
            }
        }
    }

    /// Adds each point of the window and counts them.
    fn add_points(&mut self, chunk: &mut Chunk<'_>, columns: &mut PixelColumns) -> u64 {
        let mut added = 0;
        for point in 0..self.head.chunk.points as usize {
            let value = chunk.values.at(point);
            let placed = self.placed(chunk.row_of(point), value);
            if self.window.holds(placed.x) {
                added += 1;
                columns.add(placed);
            }
        }
        added
    }

    /// Adds the part of each column that lies here, and counts the points. They come in the order of x.
    fn add_parts(&mut self, chunk: &mut Chunk<'_>, rollup: &[Marks], columns: &mut PixelColumns) -> u64 {
        let (axis, window) = (self.axis, self.window);
        let (first, last) = self.head.ends(axis);
        let mut row = 0;
        let mut end = self.head.block.rows as usize;
        if first < window.from {
            row = self.rows.partition(0..end, |number| axis.x_of(number) < window.from);
        }
        if last > window.to {
            end = self.rows.partition(row..end, |number| axis.x_of(number) <= window.to);
        }
        let (mut point, last_point) = (chunk.points_before(row), chunk.points_before(end));
        let added = last_point - point;
        while point < last_point {
            // What is needed comes in the order of points, for the mini-block read last is kept.
            let first = self.placed(chunk.row_of(point), chunk.values.at(point));
            let column = window.column_of(first.x);
            let row = self
                .rows
                .partition(chunk.row_of(point)..end, |number| window.column_of(axis.x_of(number)) <= column);
            // The point itself at least, whatever a damaged column says.
            let next = chunk.points_before(row).max(point + 1);
            let mut marks = marks_of(point..next, chunk, rollup);
            let last = self.placed(chunk.row_of(next - 1), chunk.values.at(next - 1));
            marks.gap = marks.gap.map(|(row, _)| (row, chunk.values.at(chunk.points_before(row))));
            let part = PixelColumn::new(first, last, &marks, |(row, value)| self.placed(row, value));
            columns.merge(column, part);
            point = next;
        }
        added as u64
    }
}

/// What matters of some points of a chunk, by their rows: from the rollup where all 64 of a mini-block are among them.
fn marks_of(points: Range<usize>, chunk: &mut Chunk<'_>, rollup: &[Marks]) -> Marks {
    let mut marks = Marks::NONE;
    for mini in points.start / MINI..points.end.div_ceil(MINI) {
        let first = mini * MINI;
        match rollup.get(mini) {
            Some(all) if points.start <= first && first + MINI <= points.end => marks.see_all(all),
            _ => {
                let (start, end) = (points.start.max(first), points.end.min(first + MINI));
                let values = chunk.values.mini(mini).get(start - first..end - first).unwrap_or_default();
                match &chunk.rows {
                    None => (start..end).zip(values).for_each(|(row, value)| marks.see(row, *value)),
                    Some(rows) => {
                        let rows = rows.get(start..end).unwrap_or_default().iter();
                        rows.zip(values).for_each(|(row, value)| marks.see(*row as usize, *value));
                    }
                }
            }
        }
    }
    marks
}

/// All points in the order of x, those of one x as they came.
///
/// # Errors
/// When a blob cannot be had or is damaged.
pub fn points<S: MetricColumns>(source: &S, axis: Axis) -> Result<Vec<RowPoint>, S::Error> {
    let mut points = Vec::with_capacity(count(source));
    for (place, head) in source.blocks().iter().enumerate() {
        let numbers = if axis.is_step() { source.steps(place)? } else { source.times(place)? };
        let numbers = RowNumbers::open(&numbers, head.block.rows as usize)?.to_vec();
        let first = head.block.first_row;
        each_value(source, place, |row, value| {
            points.push(RowPoint { row: first + row as u64, x: axis.x_of(numbers[row]), value });
        })?;
    }
    points.extend(source.tail().iter().map(|point| RowPoint {
        row: point.row,
        x: axis.x(point.step, point.time),
        value: point.value,
    }));
    // Rows of one x stay in the order they came.
    points.sort_by(|a, b| a.x.total_cmp(&b.x));
    Ok(points)
}

/// All values in the order they came; two metrics of one track are joined by their rows.
///
/// # Errors
/// When a blob cannot be had or is damaged.
pub fn values<S: MetricColumns>(source: &S) -> Result<Vec<RowValue>, S::Error> {
    let mut all = Vec::with_capacity(count(source));
    for (place, head) in source.blocks().iter().enumerate() {
        let first = head.block.first_row;
        each_value(source, place, |row, value| all.push(RowValue { row: first + row as u64, value }))?;
    }
    all.extend(source.tail().iter().map(|point| RowValue { row: point.row, value: point.value }));
    Ok(all)
}

/// Points of the metric.
fn count<S: MetricColumns>(source: &S) -> usize {
    let in_blocks: usize = source.blocks().iter().map(|head| head.chunk.points as usize).sum();
    in_blocks + source.tail().len()
}

/// Shows each value of a block with its row there.
fn each_value<S: MetricColumns>(
    source: &S,
    place: usize,
    mut show: impl FnMut(usize, f64),
) -> Result<(), S::Error> {
    let head = source.blocks()[place];
    let blob = source.values(place)?;
    let mut chunk = Chunk::open(&blob, head.chunk.points, head.block.rows)?;
    for point in 0..head.chunk.points as usize {
        show(chunk.row_of(point), chunk.values.at(point));
    }
    Ok(())
}
