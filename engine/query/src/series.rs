//! Series for charts: exact in every pixel column, computed from the rows at the time of asking.

use std::ops::ControlFlow;

use paceline_schema::series::{Series, SeriesRequest, SeriesResponse, XAxis};
use paceline_schema::{Timestamp, Value};
use paceline_series::StepResolver;
use paceline_storage::{Reader, RunRecord, StorageError};

use crate::engine::Engine;
use crate::error::QueryError;
use crate::m4::{Point, reduce};

/// Widest chart, in pixels.
const MOST_PIXELS: u32 = 10_000;

impl Engine {
    /// The points that draw each asked metric of each asked run, those without points left out.
    ///
    /// # Errors
    /// When there is no such project or run, the request makes no sense, or the file cannot be read.
    pub fn series(&self, project: &str, request: &SeriesRequest) -> Result<SeriesResponse, QueryError> {
        check(request)?;
        self.read(project, |reader, _| {
            let mut series = Vec::with_capacity(request.runs.len() * request.keys.len());
            for selector in &request.runs {
                series.extend(series_of_run(reader, &reader.find_run(selector)?, request)?);
            }
            Ok(SeriesResponse { series })
        })
    }
}

fn check(request: &SeriesRequest) -> Result<(), QueryError> {
    if !(1..=MOST_PIXELS).contains(&request.pixels) {
        let reason = format!("`pixels` is `{}`; it must lie between 1 and {MOST_PIXELS}", request.pixels);
        return Err(QueryError::InvalidRequest { reason });
    }
    for (name, bound) in [("from", request.from), ("to", request.to)] {
        if let Some(bound) = bound.filter(|bound| !bound.is_finite()) {
            let reason = format!("`{name}` is `{bound}`; it must be a finite number");
            return Err(QueryError::InvalidRequest { reason });
        }
    }
    Ok(())
}

fn series_of_run(
    reader: &Reader<'_>,
    record: &RunRecord,
    request: &SeriesRequest,
) -> Result<Vec<Series>, StorageError> {
    let heads = reader.heads(&record.run_id)?;
    let keys: Vec<&String> = request.keys.iter().filter(|key| heads.metric(key).is_some()).collect();
    let Some(first_time) = heads.first_time().filter(|_| !keys.is_empty()) else { return Ok(Vec::new()) };
    let mut columns: Vec<Vec<Point>> = vec![Vec::new(); keys.len()];
    let mut resolver = StepResolver::default();
    reader.for_each_row(&record.run_id, |row| {
        let step = resolver.resolve(row.step, &row.metrics).step;
        let x = x_of(request.x, step, row.time, first_time);
        for (key, points) in keys.iter().zip(&mut columns) {
            let value = row
                .metrics
                .iter()
                .rev()
                .find(|(name, _)| name == *key)
                .and_then(|(_, value)| Value::number(value));
            points.extend(value.map(|value| Point { x, value }));
        }
        ControlFlow::Continue(())
    })?;
    let drawn = keys.into_iter().zip(columns).filter_map(|(key, points)| {
        let (points, total_points) = window(points, request)?;
        Some(Series {
            run_id: record.run_id.clone(),
            run: record.run_name.clone(),
            key: key.clone(),
            x: points.iter().map(|point| point.x).collect(),
            value: points.iter().map(|point| Some(point.value).filter(|value| value.is_finite())).collect(),
            total_points,
            exact: true,
        })
    });
    Ok(drawn.collect())
}

fn x_of(axis: XAxis, step: i64, time: Timestamp, first_time: Timestamp) -> f64 {
    match axis {
        XAxis::Step => step as f64,
        XAxis::Time => time.seconds(),
        XAxis::RelativeTime => time.seconds_since(first_time),
    }
}

/// The points of the window that matter, and how many there are; `None` when it holds none.
fn window(mut points: Vec<Point>, request: &SeriesRequest) -> Option<(Vec<Point>, u64)> {
    // Rows of one x stay in the order they came.
    points.sort_by(|a, b| a.x.total_cmp(&b.x));
    let from = request.from.unwrap_or(points.first()?.x);
    let to = request.to.unwrap_or(points.last()?.x);
    let start = points.partition_point(|point| point.x < from);
    let end = points.partition_point(|point| point.x <= to);
    let inside = points.get(start..end).filter(|inside| !inside.is_empty())?;
    Some((reduce(inside, from, to, request.pixels), inside.len() as u64))
}
