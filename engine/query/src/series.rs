//! Series for charts: exact in every pixel column, smoothed and grouped over all points.

use paceline_schema::series::{RawLine, Series, SeriesRequest, SeriesResponse};
use paceline_series::columns::{Chart, Grid, Point};
use paceline_storage::{Reader, SeriesUnavailable, StorageError};

use crate::bands::bands_of_group;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::lines::RunLines;
use crate::run_source::{RunSource, Way, ask_runs, chart_of};
use crate::series_limits::check;
use crate::smoothing::smooth;

impl Engine {
    /// The points that draw each asked metric of each asked run, those without points left out, and the bands of
    /// groups of runs.
    ///
    /// # Errors
    /// When there is no such project or run, the request makes no sense or is too much, or the file cannot be read.
    pub fn series(&self, project: &str, request: &SeriesRequest) -> Result<SeriesResponse, QueryError> {
        self.series_by(project, request, Way::Index)
    }

    /// The same answer from the rows alone, in time that grows with them: what the series index is held against.
    ///
    /// # Errors
    /// As [`Self::series`].
    pub fn series_of_rows(
        &self,
        project: &str,
        request: &SeriesRequest,
    ) -> Result<SeriesResponse, QueryError> {
        self.series_by(project, request, Way::Rows)
    }

    fn series_by(
        &self,
        project: &str,
        request: &SeriesRequest,
        way: Way,
    ) -> Result<SeriesResponse, QueryError> {
        check(request)?;
        self.read(project, |reader, _| {
            let series = series_of_runs(reader, request, way)?;
            let mut bands = Vec::with_capacity(request.groups.len() * request.keys.len());
            for group in &request.groups {
                bands.extend(bands_of_group(reader, group, request, way)?);
            }
            Ok(SeriesResponse { series, bands })
        })
    }
}

fn series_of_runs(
    reader: &Reader<'_>,
    request: &SeriesRequest,
    way: Way,
) -> Result<Vec<Series>, StorageError> {
    let lines_of = |run: &String| RunLines::choose(reader, run, &request.keys, &request.ranks, &request.x);
    let runs = request.runs.iter().map(lines_of).collect::<Result<Vec<_>, StorageError>>()?;
    let drawn = ask_runs(reader, &runs, way, |run, source| {
        let line = |place| drawn(run, place, source, request).transpose();
        (0..run.lines.len()).filter_map(line).collect::<Result<Vec<_>, SeriesUnavailable>>()
    })?;
    Ok(drawn.into_iter().flatten().collect())
}

/// The series of a line; `None` when the window holds none of its points.
fn drawn(
    run: &RunLines<'_>,
    place: usize,
    source: &RunSource<'_>,
    request: &SeriesRequest,
) -> Result<Option<Series>, SeriesUnavailable> {
    let window = (request.from, request.to);
    let grid = grid_of(request);
    let mut raw = None;
    let (chart, exact) = match request.smoothing {
        None => source.chart(run, place, window, grid, request.draft)?,
        Some(smoothing) => {
            let mut points = source.points(run, place)?;
            if request.raw {
                let (x, value) = columns(&chart_of(&points, window, grid));
                raw = Some(RawLine { x, value });
            }
            smooth(&mut points, smoothing);
            (chart_of(&points, window, grid), true)
        }
    };
    if chart.total_points == 0 {
        return Ok(None);
    }
    let line = &run.lines[place];
    let (x, value) = columns(&chart);
    Ok(Some(Series {
        run_id: run.run_id.clone(),
        run: run.run.clone(),
        key: line.key.to_owned(),
        rank: line.rank,
        x_axis: line.axis.name(),
        x,
        value,
        raw,
        total_points: chart.total_points,
        exact,
    }))
}

fn columns(chart: &Chart) -> (Vec<f64>, Vec<Option<f64>>) {
    let value = |point: &Point| finite(point.value);
    (chart.points.iter().map(|point| point.x).collect(), chart.points.iter().map(value).collect())
}

/// The columns that a request asks for.
pub(crate) fn grid_of(request: &SeriesRequest) -> Grid {
    Grid { pixels: request.pixels, scale: request.x_scale }
}

/// A number as JSON has it.
pub(crate) fn finite(value: f64) -> Option<f64> {
    Some(value).filter(|value| value.is_finite())
}
