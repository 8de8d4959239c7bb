//! Lines of metrics, as few points as the answer has room for, no extremum lost.

use paceline_query::Form;
use paceline_schema::Detail;
use paceline_schema::series::{Series, SeriesRequest, XAxis};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::fault::Fault;
use crate::tool::{Ask, Here, data};
use crate::world::{Pending, Threads};

/// Lines of one answer.
const MOST_LINES: usize = 50;
/// Points of a column of pixels: first, last, lowest, highest.
const POINTS_OF_A_PIXEL: usize = 4;
/// Characters of a point in the brief form, and in the others.
const CHARACTERS_OF_A_POINT: [usize; 2] = [14, 24];
/// Characters of a line without points.
const CHARACTERS_OF_A_LINE: usize = 110;

/// Which lines.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetSeries {
    /// Project; the one where something happened last when absent.
    #[schema(nullable = false)]
    project: Option<String>,
    /// Names or ids of runs; the one that logs, else the newest, when absent.
    #[serde(default)]
    runs: Vec<String>,
    /// Names of metrics.
    #[schema(min_items = 1, example = json!(["train/loss"]))]
    keys: Vec<String>,
    /// `auto`, `step`, `time`, `relative_time` or the name of a metric.
    #[serde(default)]
    x: XAxis,
    /// First x; the first there is when absent.
    #[schema(nullable = false)]
    from: Option<f64>,
    /// Last x; the last there is when absent.
    #[schema(nullable = false)]
    to: Option<f64>,
    /// Points of each line at most; as many as have room when absent.
    #[schema(nullable = false, minimum = 4, maximum = 10_000)]
    points: Option<usize>,
}

/// One line: pairs of x and value.
#[derive(Serialize, ToSchema)]
pub(crate) struct Line {
    /// Name of the run.
    run: String,
    /// Its id.
    run_id: String,
    /// Name of the metric.
    key: String,
    /// What x is.
    x_axis: XAxis,
    /// `[x, value]`, x ascending; the value is null where it is not finite.
    #[schema(value_type = Vec<Vec<Option<f64>>>)]
    points: Vec<(f64, Option<f64>)>,
    /// Points before any were left out. First, last, lowest and highest of every part of the line are there.
    total_points: u64,
}

/// The lines.
#[derive(Serialize, ToSchema)]
pub(crate) struct Lines {
    /// One for each run and metric that has points, in the order asked.
    lines: Vec<Line>,
}

impl GetSeries {
    /// Columns of pixels whose points have room.
    fn pixels(&self, lines: usize, form: Form) -> Result<usize, Fault> {
        let points = match self.points {
            Some(points) if (POINTS_OF_A_PIXEL..=10_000).contains(&points) => points,
            Some(points) => {
                return Err(Fault::argument(format!("`points` is {points}, not from 4 to 10000")));
            }
            None => {
                let of_a_point = CHARACTERS_OF_A_POINT[usize::from(form.detail != Detail::Brief)];
                (form.characters() / lines.max(1)).saturating_sub(CHARACTERS_OF_A_LINE) / of_a_point
            }
        };
        Ok((points / POINTS_OF_A_PIXEL).max(1))
    }
}

impl Ask for GetSeries {
    const NAME: &'static str = "get_series";
    const TITLE: &'static str = "The course of a metric";
    const DESCRIPTION: &'static str = "The course of metrics as few points: pairs of x and value with every extremum that a chart \
        of that width would show. For the newest value or the trend of the loss `get_run_status` is shorter.";
    const SECONDARY: &'static [&'static str] = &["run_id"];
    type Answer = Lines;

    fn ask(self, world: Here, form: Form) -> Pending<Value> {
        world.ask(
            Threads::Charts,
            Box::new(move |engine| {
                let (project, runs) = match self.runs.as_slice() {
                    [] => {
                        let (project, run) = engine.meant_run(self.project.as_deref(), None)?;
                        (project, vec![run])
                    }
                    runs => (engine.meant_project(self.project.as_deref())?, runs.to_vec()),
                };
                let lines = runs.len() * self.keys.len();
                if !(1..=MOST_LINES).contains(&lines) {
                    return Err(Fault::argument(format!(
                        "{lines} lines are asked for, not from 1 to {MOST_LINES}"
                    )));
                }
                let pixels = u32::try_from(self.pixels(lines, form)?).unwrap_or(u32::MAX);
                let mut request = SeriesRequest {
                    runs,
                    keys: self.keys.clone(),
                    x: self.x.clone(),
                    from: self.from,
                    to: self.to,
                    pixels,
                    ..SeriesRequest::default()
                };
                let lines = loop {
                    let answer = engine.series(&project, &request)?;
                    let lines = data(&Lines { lines: answer.series.into_iter().map(Line::of).collect() })?;
                    let characters = form.uncut(lines.clone(), Self::SECONDARY);
                    if request.pixels == 1 || characters <= form.characters() {
                        break lines;
                    }
                    // Drawn anew with fewer pixels a line still has its newest point and its extrema.
                    request.pixels = fewer(request.pixels, form.characters(), characters);
                };
                if lines["lines"].as_array().is_some_and(Vec::is_empty) {
                    let known = request.runs.iter().map(|run| Ok(engine.metrics(&project, run)?));
                    let known: Vec<_> = known.collect::<Result<Vec<_>, Fault>>()?.concat();
                    let names: Vec<String> = known.into_iter().map(|metric| metric.key).collect();
                    let similar = paceline_schema::similar::similar(
                        self.keys.first().map(String::as_str).unwrap_or_default(),
                        names.iter().map(String::as_str),
                    );
                    let hint = match similar.as_slice() {
                        [] => "`get_run` shows what it logged".to_owned(),
                        names => format!("did you mean `{}`", names.join("`, `")),
                    };
                    return Err(Fault::new(
                        format!("there are no points of `{}`", self.keys.join("`, `")),
                        hint,
                    ));
                }
                Ok(lines)
            }),
        )
    }
}

/// So many pixels that what takes `length` characters with `pixels` may have room; at least a tenth less.
fn fewer(pixels: u32, room: usize, length: usize) -> u32 {
    let share = (room as f64 / length as f64).min(0.9);
    ((f64::from(pixels) * share) as u32).max(1)
}

impl Line {
    fn of(series: Series) -> Self {
        let Series { run_id, run, key, x_axis, x, value, total_points, .. } = series;
        Self { run, run_id, key, x_axis, points: x.into_iter().zip(value).collect(), total_points }
    }
}
