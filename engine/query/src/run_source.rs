//! Asks many runs for the points of their lines: by the series index, on more than one thread where there is much to
//! do, and by the rows where the index cannot answer.

use std::thread;

use paceline_series::columns::{Chart, Grid, Point, reduce};
use paceline_storage::{Reader, SeriesSnapshot, SeriesUnavailable, StorageError};

use crate::index_points::{chart_of_index, points_of_index};
use crate::lines::RunLines;
use crate::row_points::points_of_rows;

/// Threads of one request: ingest and other answers need theirs as well.
const THREADS: usize = 2;
/// Lines for which another thread is worth its start.
const LINES_OF_A_THREAD: usize = 8;

/// What may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The index, or the rows where it cannot.
    Index,
    /// The rows alone.
    Rows,
}

/// Where the points of the lines of a run come from.
pub(crate) enum RunSource<'a> {
    /// The columns of the index.
    Index(&'a SeriesSnapshot),
    /// The points of each line.
    Rows(Vec<Vec<Point>>),
}

impl RunSource<'_> {
    /// Every point of the line at `place`, which ascend in x; those of one x stay in the order they came.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub(crate) fn points(&self, run: &RunLines<'_>, place: usize) -> Result<Vec<Point>, SeriesUnavailable> {
        match self {
            Self::Index(index) => points_of_index(index, run, &run.lines[place]),
            Self::Rows(points) => Ok(points[place].clone()),
        }
    }

    /// The chart of that line in a window, and whether it is exact; rollups may answer where a draft will do.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub(crate) fn chart(
        &self,
        run: &RunLines<'_>,
        place: usize,
        window: (Option<f64>, Option<f64>),
        grid: Grid,
        draft: bool,
    ) -> Result<(Chart, bool), SeriesUnavailable> {
        match self {
            Self::Index(index) => match chart_of_index(index, run, &run.lines[place], window, grid, draft)? {
                Some(chart) => {
                    let exact = !draft || chart.points.len() as u64 == chart.total_points;
                    Ok((chart, exact))
                }
                None => Ok((chart_of(&self.points(run, place)?, window, grid), true)),
            },
            Self::Rows(points) => Ok((chart_of(&points[place], window, grid), true)),
        }
    }
}

/// The chart of these points, which ascend in x, in a window; it reaches as far as they do where it has no end. What has
/// no place on the grid is not in it.
pub(crate) fn chart_of(points: &[Point], (from, to): (Option<f64>, Option<f64>), grid: Grid) -> Chart {
    let points = &points[points.partition_point(|point| !grid.has_place(point.x))..];
    let from = from.filter(|from| grid.has_place(*from));
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Chart::default() };
    let (from, to) = (from.unwrap_or(first.x), to.unwrap_or(last.x));
    let inside = inside(points, from, to);
    Chart { points: reduce(inside, from, to, grid), total_points: inside.len() as u64 }
}

/// The points of a window.
pub(crate) fn inside(points: &[Point], from: f64, to: f64) -> &[Point] {
    let start = points.partition_point(|point| point.x < from);
    let end = points.partition_point(|point| point.x <= to);
    points.get(start..end).unwrap_or_default()
}

/// What `job` makes of each run, in their order. It is asked again with the rows where the index fails it.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn ask_runs<'a, T: Send>(
    reader: &Reader<'_>,
    runs: &[RunLines<'a>],
    way: Way,
    job: impl Fn(&RunLines<'a>, &RunSource<'_>) -> Result<T, SeriesUnavailable> + Sync,
) -> Result<Vec<T>, StorageError> {
    let found = match way {
        Way::Index => by_index(reader, runs, &job),
        Way::Rows => runs.iter().map(|_| None).collect(),
    };
    let or_by_rows = |(run, found): (&RunLines<'a>, Option<T>)| match found {
        Some(found) => Ok(found),
        None => {
            let source = RunSource::Rows(points_of_rows(reader, run)?);
            Ok(job(run, &source).expect("what is at hand is available"))
        }
    };
    runs.iter().zip(found).map(or_by_rows).collect()
}

/// `None` for a run that the index cannot answer for.
fn by_index<'a, T: Send>(
    reader: &Reader<'_>,
    runs: &[RunLines<'a>],
    job: &(impl Fn(&RunLines<'a>, &RunSource<'_>) -> Result<T, SeriesUnavailable> + Sync),
) -> Vec<Option<T>> {
    let lines: usize = runs.iter().map(|run| run.lines.len()).sum();
    let threads = (lines / LINES_OF_A_THREAD).clamp(1, THREADS);
    let answer = |runs: &[RunLines<'a>], index: Option<SeriesSnapshot>| -> Vec<Option<T>> {
        let of_run = |run: &RunLines<'a>| {
            let index = index.as_ref()?;
            let found = job(run, &RunSource::Index(index));
            if found.as_ref().is_err_and(SeriesUnavailable::is_nonsense) {
                index.distrust(&run.run_id);
            }
            found.ok()
        };
        runs.iter().map(of_run).collect()
    };
    let parts: Vec<_> = runs
        .chunks(runs.len().div_ceil(threads).max(1))
        .map(|part| {
            let ids: Vec<&str> = part.iter().map(|run| run.run_id.as_str()).collect();
            (part, reader.series(&ids).ok())
        })
        .collect();
    thread::scope(|scope| {
        let mut parts = parts.into_iter();
        let here = parts.next();
        let elsewhere: Vec<_> = parts.map(|(part, index)| scope.spawn(move || answer(part, index))).collect();
        let mut found = here.map(|(part, index)| answer(part, index)).unwrap_or_default();
        for thread in elsewhere {
            found.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        found
    })
}
