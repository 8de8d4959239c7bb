//! What `define_metric` said decides the summary, the best value and the axis, from the heads alone.

use paceline_schema::series::{MetricSummary, Series, SeriesRequest, XAxis};
use paceline_schema::{Event, Row, RunState, Value};
use serde_json::{Value as Json, json};

use crate::world::{World, at, config, end, row, start};

const DEFINED: &str = r#"{
    "lr": 0.1, "_name_or_path": "gpt2", "_Created": "2026-11-23", "_Group": "g", "_JobType": "train", "_Entity": "team",
    "_SweepId": "s1", "_Tags": ["late"], "_Notes": "n", "_Preempting": true,
    "_Metrics": [
        {"name": "epoch"},
        {"name": "val/*", "step_metric": "epoch", "summary": ["max", "mean"], "goal": "maximize"},
        {"name": "val/noise", "summary": ["none"]},
        {"name": "loss", "summary": ["min", "first", "last"]},
        {"name": "score", "summary": ["best"], "goal": "maximize"},
        {"name": "plain", "summary": ["copy"], "hidden": true},
        {"name": "broken", "summary": ["min", "last"]},
        {"name": "words", "summary": ["max"]},
        {"name": "secret", "summary": ["none"]}
    ]
}"#;

fn mixed(seconds: f64, step: i64, metrics: &[(&str, Value)]) -> Event {
    let metrics = metrics.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    Event::Row(Row { log_id: None, time: at(seconds), step: Some(step), metrics })
}

/// Three epochs of a run that never came to its end.
fn trained(world: &World, run: &str) {
    world.append(run, vec![start(0.0), config(DEFINED)]);
    for (epoch, accuracy) in [0.5, 0.75, 0.7].into_iter().enumerate() {
        let (seconds, step) = (epoch as f64 + 1.0, epoch as i64);
        let (epoch, loss) = (epoch as f64, [3.0, 1.0, 2.0][epoch]);
        let metrics = [("epoch", epoch), ("loss", loss), ("score", epoch), ("plain", epoch)];
        world.append(run, vec![row(seconds, 2 * step, &metrics)]);
        let metrics = [("val/acc", accuracy), ("val/noise", 1.0), ("broken", f64::NAN)];
        world.append(run, vec![row(seconds + 0.5, 2 * step + 1, &metrics)]);
    }
    let text = |text: &str| Value::Json(text.into());
    let values = [("words", text("\"so\"")), ("secret", text("\"x\"")), ("flag", Value::Bool(true))];
    world.append(run, vec![mixed(5.0, 6, &values)]);
}

#[test]
fn the_summary_of_a_run_without_an_end_is_what_was_defined() {
    let world = World::new();
    trained(&world, "killed");
    let expected = json!({
        "epoch": 2.0, "loss": {"min": 1.0, "first": 3.0, "last": 2.0}, "score": {"best": 2.0}, "plain": 2.0,
        "val/acc": {"max": 0.75, "mean": 1.95 / 3.0}, "broken": {"last": "NaN"}, "words": "so", "flag": true,
    });
    let summary = |run: &str| {
        let detail = world.engine.run("digits", run).expect("the run is there");
        serde_json::to_value(detail.summary_values).expect("it serialises")
    };
    assert_eq!(summary("killed"), expected);
    let many = world.engine.summaries("digits", &["killed".to_owned()]).expect("they are there");
    assert_eq!(serde_json::to_value(&many[0].answer).expect("it serialises"), expected);

    let said = r#"{"loss": 7, "val/noise": "kept", "best_epoch": 1, "nested": {"a": [1]}}"#;
    world.append("killed", vec![Event::Summary { json: said.to_owned(), rank: 0 }]);
    world.append("killed", vec![row(6.0, 7, &[("loss", 9.0)])]);
    let found = summary("killed");
    let by_hand: Json = serde_json::from_str(said).expect("it is JSON");
    for (key, value) in by_hand.as_object().expect("an object") {
        assert_eq!(&found[key], value, "what the script said itself stands");
    }
    assert_eq!(found["val/acc"], expected["val/acc"]);
}

#[test]
fn the_config_holds_what_the_user_set_and_the_rest_has_fields() {
    let world = World::new();
    trained(&world, "a");
    let detail = world.engine.run("digits", "a").expect("the run is there");
    let own = json!({"lr": 0.1, "_name_or_path": "gpt2"});
    assert_eq!(detail.config, own);
    assert_eq!(world.engine.run_configs("digits").expect("the configs")[0].config, own);
    assert_eq!((detail.run.group.as_deref(), detail.job_type.as_deref()), (Some("g"), Some("train")));
    assert_eq!((detail.entity.as_deref(), detail.sweep_id.as_deref()), (Some("team"), Some("s1")));
    assert_eq!((detail.run.tags, detail.run.notes.as_deref()), (vec!["late".to_owned()], Some("n")));
}

#[test]
fn the_best_value_of_the_loss_and_of_others_goes_by_the_definition() {
    let world = World::new();
    trained(&world, "a");
    let status = world.engine.status("digits", "a").expect("the run is there");
    let loss = status.loss.as_ref().expect("there is a loss");
    assert_eq!((loss.best, loss.best_step), (Some(1.0), Some(2)));
    let bytes = serde_json::to_vec(&status).expect("it serialises").len();
    assert!(bytes < 1_000, "{bytes} bytes");

    let rewards = r#"{"_Metrics": [{"name": "*", "summary": ["max"]}]}"#;
    let losses = [2.0, 5.0, 3.0].into_iter().enumerate();
    let mut events = vec![start(0.0), config(rewards)];
    events.extend(losses.map(|(step, value)| row(step as f64, step as i64, &[("loss", value)])));
    events.push(end(9.0, RunState::Finished, Some(0), None));
    world.append("higher", events);
    let loss = world.engine.status("digits", "higher").expect("it is there").loss.expect("there is a loss");
    assert_eq!((loss.best, loss.best_step), (Some(5.0), Some(1)));
    let listed = world.engine.runs("digits").expect("the list");
    let best: Vec<_> = listed.iter().map(|run| (run.run.as_str(), run.loss_best)).collect();
    assert_eq!(best, [("higher", Some(5.0)), ("a", Some(1.0))]);

    let metrics = world.engine.metrics("digits", "a").expect("the metrics");
    let metric = |key: &str| metrics.iter().find(|metric| metric.key == key).expect("it is there");
    let MetricSummary { best, best_step, step_metric, mean, first, hidden, .. } = metric("val/acc");
    assert_eq!((*best, *best_step, *mean, *first), (Some(0.75), Some(3), Some(1.95 / 3.0), Some(0.5)));
    assert_eq!((step_metric.as_deref(), *hidden), (Some("epoch"), false));
    assert_eq!((metric("epoch").best, metric("epoch").step_metric.as_deref()), (None, None));
    assert!(metric("plain").hidden);
    let highest = world.engine.metrics("digits", "higher").expect("the metrics").remove(0);
    assert_eq!((highest.min, highest.min_step, highest.max_step), (Some(2.0), Some(0), Some(1)));
}

fn drawn(world: &World, run: &str, key: &str, x: XAxis) -> Option<Series> {
    let (runs, keys) = (vec![run.to_owned()], vec![key.to_owned()]);
    let request = SeriesRequest { runs, keys, x, pixels: 100, ..SeriesRequest::default() };
    world.engine.series("digits", &request).expect("the chart").series.pop()
}

/// Axis, x and values of a line.
fn line(world: &World, key: &str, x: XAxis) -> (String, Vec<f64>, Vec<f64>) {
    let Series { x_axis, x, value, .. } = drawn(world, "a", key, x).expect("it has points");
    (x_axis.into(), x, value.into_iter().map(|value| value.expect("it is finite")).collect())
}

#[test]
fn a_metric_is_drawn_over_its_step_metric_unless_another_axis_is_asked_for() {
    let world = World::new();
    let definitions = r#"{"_Metrics": [
        {"name": "val/*", "step_metric": "epoch"},
        {"name": "test/*", "step_metric": "epoch", "step_sync": false},
        {"name": "lost", "step_metric": "never"},
        {"name": "*", "step_metric": "tokens"}
    ]}"#;
    world.append("a", vec![start(0.0), config(definitions)]);
    let nan = f64::NAN;
    let rows: [&[(&str, f64)]; 7] = [
        &[("val/acc", 0.1), ("test/acc", 0.1), ("lost", 1.0), ("loss", 5.0)],
        &[("epoch", 2.0), ("val/acc", 0.2), ("test/acc", 0.2), ("tokens", 100.0), ("loss", 4.0)],
        &[("val/acc", 0.3), ("test/acc", 0.3), ("lost", 2.0)],
        &[("epoch", nan), ("val/acc", 0.4), ("test/acc", 0.4)],
        &[("epoch", 1.0)],
        &[("val/acc", 0.5), ("loss", 3.0), ("tokens", 50.0)],
        &[("epoch", 3.0), ("test/acc", 0.6)],
    ];
    for (step, metrics) in rows.into_iter().enumerate() {
        world.append("a", vec![row(step as f64, step as i64, metrics)]);
    }
    let named = |name: &str| name.to_owned();
    // Rows before the first epoch stand nowhere, the line is in the order of x, and of three values at one x the
    // one in the middle draws nothing.
    assert_eq!(
        line(&world, "val/acc", XAxis::Auto),
        (named("epoch"), vec![1.0, 2.0, 2.0], vec![0.5, 0.2, 0.4])
    );
    assert_eq!(drawn(&world, "a", "val/acc", XAxis::Auto).map(|line| line.total_points), Some(4));
    assert_eq!(
        line(&world, "test/acc", XAxis::Auto),
        (named("epoch"), vec![2.0, 3.0], vec![0.2, 0.6]),
        "without synchronisation only rows that hold both are drawn"
    );
    assert_eq!(line(&world, "loss", XAxis::Auto), (named("tokens"), vec![50.0, 100.0], vec![3.0, 4.0]));
    assert_eq!(line(&world, "tokens", XAxis::Auto).0, "step", "an axis is not drawn over itself");
    assert_eq!(line(&world, "lost", XAxis::Auto), (named("step"), vec![0.0, 2.0], vec![1.0, 2.0]));
    assert_eq!(line(&world, "val/acc", XAxis::Step).1, [0.0, 1.0, 2.0, 3.0, 5.0]);
    assert_eq!(line(&world, "val/acc", XAxis::RelativeTime).1, [0.0, 1.0, 2.0, 3.0, 5.0]);
    assert_eq!(
        line(&world, "val/acc", XAxis::Metric(named("tokens"))),
        (named("tokens"), vec![50.0, 100.0], vec![0.5, 0.2]),
        "an axis that was not defined for it takes rows that hold both"
    );
    assert_eq!(drawn(&world, "a", "val/acc", XAxis::Metric(named("nothing"))), None);
    world.append("plain", vec![row(0.0, 7, &[("loss", 1.0)])]);
    assert_eq!(drawn(&world, "plain", "loss", XAxis::Auto).map(|line| line.x_axis), Some(XAxis::Step));
}
