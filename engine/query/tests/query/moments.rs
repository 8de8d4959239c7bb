//! A run around a step or an alert, on the axis of training steps.

use paceline_query::alert_id_of_finding;
use paceline_schema::moment::MomentRequest;
use paceline_schema::{Alert, AlertLevel, ErrorCode, Event};

use crate::world::{World, at, row};

fn around(step: i64) -> MomentRequest {
    MomentRequest { step: Some(step), ..MomentRequest::default() }
}

/// Rows counted from 0; the trainer logs each 5,000 steps, and the loss leaps at step 50,000.
fn trainer() -> World {
    let world = World::new();
    let rows = (0..20i64).map(|index| {
        let loss = if index == 9 { 50.0 } else { 1.0 + (index % 3) as f64 / 10.0 };
        let step = (index + 1) as f64 * 5_000.0;
        row(index as f64, index, &[("train/loss", loss), ("train/global_step", step)])
    });
    world.append("trl", rows.collect());
    world
}

#[test]
fn a_training_step_is_meant_where_the_trainer_counts() {
    let world = trainer();
    let found = world.engine.around("digits", "trl", &around(50_000)).expect("rows lie there");
    let first = &found.metrics[0];
    assert_eq!((first.key.as_str(), first.at, first.at_step), ("train/loss", Some(50.0), 50_000));
    assert!(first.deviations.is_some_and(|far| far > 100.0) && first.after.is_some(), "{first:?}");
    let newest = world.engine.around("digits", "trl", &MomentRequest::default()).expect("rows lie there");
    assert_eq!(newest.step, 100_000);
    let error = world.engine.around("digits", "trl", &around(9_000_000)).expect_err("nothing lies there");
    assert_eq!(error.code(), ErrorCode::InvalidRequest);
    assert!(error.to_string().ends_with("its rows go from step 5000 to step 100000"), "{error}");
}

#[test]
fn alerts_stand_where_the_trainer_stood() {
    let world = trainer();
    let alert = |id: Option<String>, title: &str, step| {
        let title = title.to_owned();
        let level = AlertLevel::Warn;
        Event::Alert(Alert { alert_id: id, time: at(30.0), title, text: None, level, step: Some(step) })
    };
    let of_finding = Some(alert_id_of_finding("trl-id", "loss_spike"));
    world.append("trl", vec![alert(None, "by hand", 9), alert(of_finding, "found", 50_000)]);
    for words in ["by hand", "found"] {
        let request = MomentRequest { alert: Some(words.into()), ..MomentRequest::default() };
        let found = world.engine.around("digits", "trl", &request).expect("rows lie there");
        assert_eq!((found.step, found.metrics[0].at), (50_000, Some(50.0)), "{words}");
        assert_eq!(found.alerts.len(), 2, "{words}");
    }
}

#[test]
fn steps_may_be_as_far_apart_and_as_large_as_they_can() {
    let world = World::new();
    let rows = (0..30i64).map(|index| row(index as f64, index * 50_000, &[("loss", index as f64)]));
    world.append("sparse", rows.collect());
    let found = world.engine.around("digits", "sparse", &around(500_000)).expect("rows lie there");
    assert_eq!((found.metrics[0].before, found.metrics[0].after), (Some(4.5), Some(15.5)));
    for step in [i64::MIN, i64::MAX] {
        assert!(world.engine.around("digits", "sparse", &around(step)).is_err(), "{step}");
    }
}
