//! The points of lines from the rows of their run, however long that takes.

use std::collections::HashMap;
use std::ops::ControlFlow;

use paceline_schema::rank_of;
use paceline_series::columns::Point;
use paceline_storage::{Reader, StorageError};

use crate::axis::{RowAxes, number_in};
use crate::lines::RunLines;

/// The points of each line, which ascend in x; those of one x stay in the order they came.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn points_of_rows(
    reader: &Reader<'_>,
    run: &RunLines<'_>,
) -> Result<Vec<Vec<Point>>, StorageError> {
    // Each process counts its own steps.
    let mut axes: HashMap<u32, RowAxes> = HashMap::new();
    for line in &run.lines {
        axes.entry(line.rank).or_insert_with(|| {
            let of_rank = run.lines.iter().filter(|other| other.rank == line.rank);
            RowAxes::new(run.first_time, of_rank.map(|other| &other.axis))
        });
    }
    let mut points: Vec<Vec<Point>> = run.lines.iter().map(|_| Vec::new()).collect();
    if run.lines.is_empty() {
        return Ok(points);
    }
    reader.for_each_row(&run.run_id, |row| {
        let rank = rank_of(&row.metrics);
        let Some(axes) = axes.get_mut(&rank) else { return ControlFlow::Continue(()) };
        axes.read(&row);
        for (line, points) in run.lines.iter().zip(&mut points).filter(|(line, _)| line.rank == rank) {
            if let Some(value) = number_in(&row.metrics, line.key)
                && let Some(x) = axes.x(&line.axis)
            {
                points.push(Point { x, value });
            }
        }
        ControlFlow::Continue(())
    })?;
    for points in &mut points {
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    Ok(points)
}
