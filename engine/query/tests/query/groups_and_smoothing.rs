//! Smoothed lines and bands of groups, over the whole of the runs.

use paceline_query::QueryError;
use paceline_schema::ErrorCode;
use paceline_schema::series::{Band, RunGroup, Series, SeriesRequest, SeriesResponse, XAxis};
use paceline_schema::smoothing::Smoothing;

use crate::world::{World, config, row, start};

fn ask(world: &World, request: SeriesRequest) -> SeriesResponse {
    world.engine.series("digits", &request).expect("the chart")
}

fn lines(runs: &[&str], keys: &[&str]) -> SeriesRequest {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    SeriesRequest { runs: owned(runs), keys: owned(keys), pixels: 100, ..SeriesRequest::default() }
}

fn group(name: &str, runs: &[&str]) -> RunGroup {
    RunGroup { name: name.to_owned(), runs: runs.iter().map(|run| (*run).to_owned()).collect() }
}

fn ramp(world: &World, run: &str, steps: impl Iterator<Item = i64>, slope: f64) {
    let rows = steps.map(|step| row(step as f64, step, &[("loss", slope * step as f64)]));
    world.append(run, rows.collect());
}

#[test]
fn a_window_is_smoothed_as_the_whole_line_is() {
    let world = World::new();
    let rows = (0..2_000i64).map(|step| {
        let value = match step {
            700 => f64::NAN,
            1_200 => 500.0,
            _ => f64::from((step as i32 * 7) % 13),
        };
        row(step as f64, step, &[("loss", value)])
    });
    world.append("a", rows.collect());
    for smoothing in [
        Smoothing::Exponential { weight: 0.95 },
        Smoothing::HalfLife { half_life: 20.0 },
        Smoothing::Gaussian { width: 15.0 },
    ] {
        let smoothed =
            SeriesRequest { smoothing: Some(smoothing), pixels: 10_000, ..lines(&["a"], &["loss"]) };
        let whole = ask(&world, smoothed.clone()).series.remove(0);
        let zoomed = SeriesRequest { from: Some(690.0), to: Some(1_300.0), raw: true, ..smoothed };
        let Series { x, value, raw, total_points, .. } = ask(&world, zoomed).series.remove(0);
        assert_eq!((x.len(), total_points), (611, 611));
        assert_eq!(value, &whole.value[690..=1_300], "{smoothing:?}");
        assert_eq!(value[10], None, "a gap stays one");
        assert!(value[509].expect("finite") < value[510].expect("finite"), "the spike is there");
        let raw = raw.expect("it was asked for");
        assert_eq!((raw.x.len(), raw.value[510]), (611, Some(500.0)));
        assert!(whole.raw.is_none());
    }
}

#[test]
fn a_band_tells_of_its_runs_column_by_column() {
    let world = World::new();
    ramp(&world, "every step", 0..129, 1.0);
    ramp(&world, "every fifth", (0..129).filter(|step| step % 5 == 0), 3.0);
    ramp(&world, "ends early", 0..11, 2.0);
    let runs = ["every step", "every fifth", "ends early", "every fifth-id"];
    let request = SeriesRequest {
        // A power of two, so that each step has a column to itself.
        pixels: 128,
        groups: vec![group("all", &runs), group("one", &["ends early"]), group("none", &[])],
        ..lines(&[], &["loss", "nothing", "loss"])
    };
    let answer = ask(&world, request.clone());
    assert!(answer.series.is_empty());
    let names: Vec<_> = answer.bands.iter().map(|band| (band.group.as_str(), band.key.as_str())).collect();
    assert_eq!(names, [("all", "loss"), ("one", "loss")]);
    let Band { x, mean, standard_deviation, min, max, runs, .. } = &answer.bands[0];
    // But for the last two.
    assert_eq!((x.len(), x[127], mean[127], max[127]), (128, 127.0, Some(127.5), 128.0));
    assert_eq!((mean[0], standard_deviation[0], runs[0]), (Some(0.0), Some(0.0), 3));
    assert_eq!((mean[5], min[5], max[5], runs[5]), (Some(10.0), 5.0, 15.0, 3));
    let deviation = standard_deviation[5].expect("it is finite");
    assert!((deviation - (50.0f64 / 3.0).sqrt()).abs() < 1e-12, "{deviation}");
    assert_eq!((mean[7], runs[7]), (Some(10.5), 2), "no value is made up for a run without one");
    assert_eq!((mean[42], standard_deviation[42], runs[42]), (Some(42.0), Some(0.0), 1));

    let window = SeriesRequest { from: Some(200.0), to: Some(300.0), ..request.clone() };
    assert!(ask(&world, window).bands.is_empty(), "no run has values there");
    let missing = SeriesRequest { groups: vec![group("all", &["no such run"])], ..request };
    let error = world.engine.series("digits", &missing).expect_err("there is no such run");
    assert!(matches!(&error, QueryError::Storage(_)) && error.code() == ErrorCode::RunNotFound);
}

#[test]
fn runs_on_different_axes_make_a_band_for_each() {
    let world = World::new();
    let by_epoch = r#"{"_Metrics": [{"name": "loss", "step_metric": "epoch"}]}"#;
    world.append("epochs", vec![start(0.0), config(by_epoch)]);
    for step in 0..4 {
        let epoch = step as f64 / 2.0;
        world.append("epochs", vec![row(step as f64, step, &[("loss", 8.0 - epoch), ("epoch", epoch)])]);
    }
    ramp(&world, "steps", 0..4, 1.0);
    let request =
        SeriesRequest { groups: vec![group("both", &["epochs", "steps"])], ..lines(&["steps"], &["loss"]) };
    let answer = ask(&world, request.clone());
    let axes: Vec<_> = answer.bands.iter().map(|band| (band.x_axis.clone(), band.x.clone())).collect();
    let expected =
        [(XAxis::Metric("epoch".into()), vec![0.0, 0.5, 1.0, 1.5]), (XAxis::Step, vec![0.0, 1.0, 2.0, 3.0])];
    assert_eq!(axes, expected);
    assert_eq!(answer.series.len(), 1);

    let smoothing = Some(Smoothing::Exponential { weight: 0.5 });
    let request = SeriesRequest { x: XAxis::Step, smoothing, ..request };
    let band = ask(&world, request).bands.remove(0);
    let second = (8.0 * 0.5 + 7.5) / 1.5;
    assert_eq!((band.runs[1], band.max[1]), (2, second), "bands lie over smoothed lines");
}
