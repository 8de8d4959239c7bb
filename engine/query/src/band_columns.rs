//! How lines of several runs lie together, column by column.

use std::collections::BTreeMap;

use paceline_series::columns::{Point, Window};

/// What one run has in a column of pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RunColumn {
    place: u32,
    /// Smallest x of a finite value.
    x: f64,
    mean: f64,
    lowest: f64,
    highest: f64,
}

/// What the runs have together in a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BandColumn {
    /// Smallest x of a value of any run.
    pub(crate) x: f64,
    /// Mean of the means of the runs.
    pub(crate) mean: f64,
    /// Their standard deviation around it, as a whole population.
    pub(crate) standard_deviation: f64,
    /// Lowest value of any run.
    pub(crate) lowest: f64,
    /// Highest value of any run.
    pub(crate) highest: f64,
    /// Runs that have a value here.
    pub(crate) runs: u32,
}

/// The columns of one run in a chart; `points` ascend in x and lie within.
pub(crate) fn columns_of_run(points: &[Point], window: Window) -> Vec<RunColumn> {
    let mut columns: Vec<RunColumn> = Vec::new();
    let mut values = 0.0;
    for point in points.iter().filter(|point| point.value.is_finite()) {
        let place = window.column_of(point.x);
        match columns.last_mut().filter(|column| column.place == place) {
            Some(column) => {
                values += 1.0;
                // Without a sum, which may exceed every float where the mean does not.
                column.mean += (point.value - column.mean) / values;
                column.lowest = column.lowest.min(point.value);
                column.highest = column.highest.max(point.value);
            }
            None => {
                values = 1.0;
                let &Point { x, value } = point;
                columns.push(RunColumn { place, x, mean: value, lowest: value, highest: value });
            }
        }
    }
    columns
}

/// The band of these runs, from left to right.
pub(crate) fn band(runs: &[Vec<RunColumn>]) -> Vec<BandColumn> {
    let mut by_place: BTreeMap<u32, Vec<&RunColumn>> = BTreeMap::new();
    for column in runs.iter().flatten() {
        by_place.entry(column.place).or_default().push(column);
    }
    by_place.into_values().map(|columns| together(&columns)).collect()
}

fn together(columns: &[&RunColumn]) -> BandColumn {
    let count = columns.len() as f64;
    let mean = columns.iter().map(|column| column.mean / count).sum::<f64>();
    let variance = columns.iter().map(|column| (column.mean - mean).powi(2) / count).sum::<f64>();
    let of = |value: fn(&RunColumn) -> f64, choose: fn(f64, f64) -> f64, start: f64| {
        columns.iter().map(|column| value(column)).fold(start, choose)
    };
    BandColumn {
        x: of(|column| column.x, f64::min, f64::INFINITY),
        mean,
        standard_deviation: variance.sqrt(),
        lowest: of(|column| column.lowest, f64::min, f64::INFINITY),
        highest: of(|column| column.highest, f64::max, f64::NEG_INFINITY),
        runs: columns.len() as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(points: &[(f64, f64)], pixels: u32) -> Vec<RunColumn> {
        let points: Vec<Point> = points.iter().map(|&(x, value)| Point { x, value }).collect();
        columns_of_run(&points, Window { from: 0.0, to: 100.0, grid: pixels.into() })
    }

    #[test]
    fn a_run_counts_once_in_a_column_however_often_it_logs() {
        let often = [(0.0, 1.0), (10.0, 2.0), (20.0, 9.0), (20.0, f64::NAN), (60.0, 5.0)];
        let seldom = [(5.0, 0.0), (90.0, 7.0), (100.0, 9.0)];
        let found = band(&[columns(&often, 2), columns(&seldom, 2)]);
        let left =
            BandColumn { x: 0.0, mean: 2.0, standard_deviation: 2.0, lowest: 0.0, highest: 9.0, runs: 2 };
        let right =
            BandColumn { x: 60.0, mean: 6.5, standard_deviation: 1.5, lowest: 5.0, highest: 9.0, runs: 2 };
        assert_eq!(found, [left, right]);
    }

    #[test]
    fn nothing_is_filled_in_where_a_run_has_no_value() {
        let found = band(&[
            columns(&[(0.0, 1.0), (50.0, f64::INFINITY)], 100),
            columns(&[(0.0, 3.0), (9.0, 4.0)], 100),
        ]);
        assert_eq!(
            found.iter().map(|column| (column.x, column.mean, column.runs)).collect::<Vec<_>>(),
            [(0.0, 2.0, 2), (9.0, 4.0, 1)]
        );
        assert_eq!(found[1].standard_deviation, 0.0);
        let huge = band(&[columns(&[(0.0, f64::MAX), (0.0, f64::MAX)], 1), columns(&[(0.0, f64::MAX)], 1)]);
        assert_eq!(huge[0].mean, f64::MAX);
    }
}
