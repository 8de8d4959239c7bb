//! The bands of groups of runs.

use paceline_schema::series::{Band, RunGroup, SeriesRequest, XAxis};
use paceline_series::columns::{Grid, Window};
use paceline_storage::{Reader, StorageError};

use crate::band_columns::{RunColumn, band, columns_of_run};
use crate::lines::{Line, RunLines};
use crate::run_source::{Way, ask_runs, inside};
use crate::series::{finite, grid_of};
use crate::smoothing::smooth;

/// A band while its runs are looked at: the lines of one metric over one axis.
struct Gathered<'a> {
    key: &'a str,
    x_axis: XAxis,
    /// What was asked for, else from the first to the last x of any run.
    window: Option<Window>,
    runs: Vec<Vec<RunColumn>>,
}

/// The bands of a group: one for each metric and each axis that its runs stand on. Each thread holds the points of one
/// line only, so where the window is not given, a first look at every run finds it.
///
/// # Errors
/// When there is no such run, or the file cannot be read.
pub(crate) fn bands_of_group(
    reader: &Reader<'_>,
    group: &RunGroup,
    request: &SeriesRequest,
    way: Way,
) -> Result<Vec<Band>, StorageError> {
    let mut keys: Vec<String> = Vec::with_capacity(request.keys.len());
    for key in &request.keys {
        if !keys.contains(key) {
            keys.push(key.clone());
        }
    }
    let mut runs: Vec<RunLines<'_>> = Vec::with_capacity(group.runs.len());
    for selector in &group.runs {
        let run = RunLines::choose(reader, selector, &keys, &[], &request.x)?;
        if !runs.iter().any(|known| known.run_id == run.run_id) {
            runs.push(run);
        }
    }
    let mut bands: Vec<Gathered<'_>> = Vec::new();
    for key in &keys {
        for line in runs.iter().flat_map(|run| &run.lines).filter(|line| line.key == key) {
            if place_of(line, &bands).is_none() {
                let x_axis = line.axis.name();
                bands.push(Gathered { key, x_axis, window: None, runs: Vec::new() });
            }
        }
    }
    find_windows(reader, &runs, &mut bands, request, way)?;

    let columns = ask_runs(reader, &runs, way, |run, source| {
        let mut columns = Vec::with_capacity(run.lines.len());
        for (place, line) in run.lines.iter().enumerate() {
            let of_band = place_of(line, &bands);
            let Some(window) = of_band.and_then(|band| bands[band].window) else { continue };
            let mut points = source.points(run, place)?;
            if let Some(smoothing) = request.smoothing {
                smooth(&mut points, smoothing);
            }
            columns.push((of_band, columns_of_run(inside(&points, window.from, window.to), window)));
        }
        Ok(columns)
    })?;
    for (of_band, columns) in columns.into_iter().flatten() {
        if let Some(band) = of_band {
            bands[band].runs.push(columns);
        }
    }
    Ok(bands.into_iter().filter_map(|gathered| drawn(gathered, group)).collect())
}

/// The band that a line belongs to.
fn place_of(line: &Line<'_>, bands: &[Gathered<'_>]) -> Option<usize> {
    let x_axis = line.axis.name();
    bands.iter().position(|band| band.key == line.key && band.x_axis == x_axis)
}

fn find_windows(
    reader: &Reader<'_>,
    runs: &[RunLines<'_>],
    bands: &mut [Gathered<'_>],
    request: &SeriesRequest,
    way: Way,
) -> Result<(), StorageError> {
    let grid = grid_of(request);
    let asked = request.from.filter(|from| grid.has_place(*from));
    if let (Some(from), Some(to)) = (asked, request.to) {
        for band in bands {
            band.window = Some(Window { from, to, grid });
        }
        return Ok(());
    }
    let ends = ask_runs(reader, runs, way, |run, source| {
        let mut ends = Vec::with_capacity(run.lines.len());
        for place in 0..run.lines.len() {
            let (chart, _) = source.chart(run, place, (None, None), Grid { pixels: 1, ..grid }, false)?;
            ends.push(chart.points.first().zip(chart.points.last()).map(|(first, last)| (first.x, last.x)));
        }
        Ok(ends)
    })?;
    for (line, ends) in runs.iter().flat_map(|run| &run.lines).zip(ends.into_iter().flatten()) {
        let Some((band, (first, last))) = place_of(line, bands).zip(ends) else { continue };
        let known = bands[band].window.map_or((first, last), |window| (window.from, window.to));
        let from = asked.unwrap_or(known.0.min(first));
        let to = request.to.unwrap_or(known.1.max(last));
        bands[band].window = Some(Window { from, to, grid });
    }
    Ok(())
}

/// `None` when no run has a finite value in the window.
fn drawn(Gathered { key, x_axis, runs, window: _ }: Gathered<'_>, group: &RunGroup) -> Option<Band> {
    let columns = band(&runs);
    columns.first()?;
    Some(Band {
        group: group.name.clone(),
        key: key.to_owned(),
        x_axis,
        x: columns.iter().map(|column| column.x).collect(),
        mean: columns.iter().map(|column| finite(column.mean)).collect(),
        standard_deviation: columns.iter().map(|column| finite(column.standard_deviation)).collect(),
        min: columns.iter().map(|column| column.lowest).collect(),
        max: columns.iter().map(|column| column.highest).collect(),
        runs: columns.iter().map(|column| column.runs).collect(),
    })
}
