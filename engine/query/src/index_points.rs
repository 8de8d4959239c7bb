//! The points of lines from the series index.

use paceline_series::columns::{self, Chart, Grid, Point};
use paceline_storage::{SeriesSnapshot, SeriesUnavailable};

use crate::axis::Axis;
use crate::lines::{Line, RunLines};

/// The chart of a line and whether it is exact; `None` where only all of its points tell, as over another metric.
///
/// # Errors
/// When the index cannot answer.
pub(crate) fn chart_of_index(
    index: &SeriesSnapshot,
    run: &RunLines<'_>,
    line: &Line<'_>,
    (from, to): (Option<f64>, Option<f64>),
    grid: Grid,
    draft: bool,
) -> Result<Option<Chart>, SeriesUnavailable> {
    let Some(axis) = axis_of_columns(run, line) else { return Ok(None) };
    let series = index.metric(&run.run_id, line.rank, line.key)?;
    let chart = if draft {
        columns::draft(&series, axis, from, to, grid)
    } else {
        columns::chart(&series, axis, from, to, grid)
    };
    chart.map(Some)
}

/// Every point of a line, which ascend in x; those of one x stay in the order they came.
///
/// # Errors
/// When the index cannot answer.
pub(crate) fn points_of_index(
    index: &SeriesSnapshot,
    run: &RunLines<'_>,
    line: &Line<'_>,
) -> Result<Vec<Point>, SeriesUnavailable> {
    let series = index.metric(&run.run_id, line.rank, line.key)?;
    if let Some(axis) = axis_of_columns(run, line) {
        let points = columns::points(&series, axis)?;
        return Ok(points.into_iter().map(|point| Point { x: point.x, value: point.value }).collect());
    }
    let Axis::Metric { key, synced } = &line.axis else { return Ok(Vec::new()) };
    let over = columns::values(&index.metric(&run.run_id, line.rank, key)?)?;
    let mut over = over.into_iter().filter(|x| x.value.is_finite()).peekable();
    let mut newest = None;
    let mut points = Vec::new();
    for here in columns::values(&series)? {
        while let Some(x) = over.next_if(|x| x.row <= here.row) {
            newest = Some(x);
        }
        if let Some(x) = newest.filter(|x| *synced || x.row == here.row) {
            points.push(Point { x: x.value, value: here.value });
        }
    }
    points.sort_by(|a, b| a.x.total_cmp(&b.x));
    Ok(points)
}

/// The axis among those that every row has.
fn axis_of_columns(run: &RunLines<'_>, line: &Line<'_>) -> Option<columns::Axis> {
    match line.axis {
        Axis::Step => Some(columns::Axis::Step),
        Axis::Time => Some(columns::Axis::Time),
        Axis::RelativeTime => Some(columns::Axis::RelativeTime(run.first_time)),
        Axis::Metric { .. } => None,
    }
}
