//! Status, lists, values, charts and alerts.

use paceline_query::{QueryError, ThinRequest};
use paceline_schema::event::RunStart;
use paceline_schema::series::{Moment, SeriesRequest, XAxis};
use paceline_schema::{
    Alert, AlertLevel, ErrorCode, Event, ProcessIdentity, RunChoice, RunState, StateSource, Timestamp,
    TotalStepsSource, Trend,
};
use paceline_storage::RowsOf;

use crate::world::{World, at, config, end, now, page, row, start};

/// A transformers run: rows are counted from 0, training steps are logged each 10, 20 s apart.
fn transformers(rows: i64) -> Vec<Event> {
    let mut events =
        vec![start(0.0), config(r#"{"max_steps": -1, "num_train_epochs": 3.0, "learning_rate": 1e-4}"#)];
    for index in 0..rows {
        let step = (index + 1) * 10;
        let metrics = [
            ("train/loss", 2.5 - 0.004_123_456_789 * step as f64),
            ("train/learning_rate", 1e-4 * (1.0 - step as f64 / 1_200.0)),
            ("train/epoch", step as f64 / 400.3),
            ("train/global_step", step as f64),
        ];
        events.push(row(20.0 * (index + 1) as f64, index, &metrics));
    }
    events
}

#[test]
fn the_status_of_a_running_transformers_run() {
    let world = World::new();
    world.append("lr-1e-4", transformers(49));
    let status = world.engine.status("digits", "lr-1e-4").expect("the run is there");
    assert_eq!((status.state, status.state_source), (RunState::Running, StateSource::Rows));
    assert_eq!((status.step, status.total_steps), (Some(490), Some(1_203)));
    assert_eq!(status.total_steps_source, Some(TotalStepsSource::Epochs));
    assert_eq!(status.total_steps_exact, Some(true));
    // 713 steps of 2 s, and the newest row came 20 s ago.
    let eta = status.eta_seconds.expect("the pace is plain");
    assert!((eta - (713.0 * 2.0 - 20.0)).abs() < 1.0, "{eta}");
    assert_eq!(status.finish_at, Some(Timestamp::from_seconds((now().seconds() + eta).round())));
    assert_eq!(status.steps_per_second, Some(0.5));
    assert_eq!(status.seconds_since_last_row, Some(20.0));
    let loss = status.loss.as_ref().expect("there is a loss");
    assert_eq!((loss.key.as_str(), loss.latest, loss.best_step), ("train/loss", Some(0.479_506), Some(490)));
    assert_eq!(loss.trend, Some(Trend::Falling));
    assert_eq!(
        status.summary,
        "Step 490/1203 (41 %), loss 0.4795 (from 2.459, falling), about 23 minutes left"
    );
    let bytes = serde_json::to_vec(&status).expect("it serialises").len();
    assert!(bytes < 1_000, "{bytes} bytes");

    let listed = world.engine.runs("digits").expect("the list");
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0].summary, listed[0].eta_seconds), (&status.summary, status.eta_seconds));
    assert_eq!((listed[0].rows, listed[0].loss), (49, loss.recent));
}

#[test]
fn what_is_over_stands_beside_the_run_and_what_holds_in_the_status_too() {
    let world = World::new();
    let loss = |step: i64| match step {
        200..300 => 20.0,
        _ => 0.5 + 2.0 * (-step as f64 / 60.0).exp() + 0.01 * f64::from(step as i32 * 7_919 % 13),
    };
    let rows = |steps: std::ops::Range<i64>| {
        steps.map(|step| row(500.0 + step as f64, step, &[("train/loss", loss(step))]))
    };
    world.append("away", rows(0..280).collect());
    let status = world.engine.status("digits", "away").expect("the run is there");
    let [found] = &status.findings[..] else { panic!("{:?}", status.findings) };
    assert_eq!((found.code.as_str(), found.since_step, &found.hint), ("loss_diverging", Some(200), &None));
    let told = status.loss.as_ref().map(|loss| (loss.trend, loss.trend_since_step));
    assert_eq!(told, Some((Some(Trend::Rising), Some(200))));
    assert!(status.summary.contains("rising since step 200"), "{}", status.summary);
    assert_eq!(world.engine.runs("digits").expect("the list")[0].summary, status.summary);
    let bytes = serde_json::to_vec(&status).expect("it serialises").len();
    assert!(bytes < 1_000, "{bytes} bytes");
    let detail = world.engine.run("digits", "away").expect("the run is there");
    assert!(detail.findings[0].hint.as_ref().is_some_and(|hint| hint.contains("lower the learning rate")));

    world.append("away", rows(280..500).collect());
    let status = world.engine.status("digits", "away").expect("the run is there");
    assert_eq!((status.findings.len(), status.summary.contains("rising")), (0, false), "{}", status.summary);
    let detail = world.engine.run("digits", "away").expect("the run is there");
    let [found] = &detail.findings[..] else { panic!("{:?}", detail.findings) };
    assert_eq!(
        (found.code.as_str(), found.since_step, found.until_step),
        ("loss_diverging", Some(200), Some(300))
    );
}

#[test]
fn a_loss_beside_rewards_may_do_as_it_likes() {
    let world = World::new();
    let rows = (0..300).map(|step| {
        let loss = if step < 150 { 0.1 } else { 9.0 };
        row(step as f64, step, &[("loss", loss), ("reward", 0.5)])
    });
    world.append("policy", rows.collect());
    let findings = world.engine.findings("digits", "policy").expect("the run is there");
    let codes: Vec<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
    // A reward that stays where it was is another matter.
    assert_eq!(codes, ["reward_flat"]);
}

#[test]
fn the_status_of_a_run_with_findings_stays_small() {
    for loss in [f64::NAN, 2_011.123_456_789] {
        let world = World::new();
        let name = "llama-3.2-1b-lr-1e-4-warmup-200";
        let mut events = transformers(40);
        events.truncate(25);
        events.extend((23..46).map(|index| {
            let step = (index + 1) as f64 * 10.0;
            let metrics = [("train/loss", loss), ("train/epoch", step / 400.3), ("train/global_step", step)];
            row(20.0 * (index + 1) as f64, index, &metrics)
        }));
        world.append(name, events);
        let status = world.engine.status("digits", name).expect("the run is there");
        assert_eq!(status.findings.len(), 1);
        let text = serde_json::to_string(&status).expect("it serialises");
        assert!(text.len() < 1_000, "{} bytes: {text}", text.len());
    }
}

#[test]
fn a_run_without_rows_is_created() {
    let world = World::new();
    world.append("new", vec![start(988.0)]);
    let status = world.engine.status("digits", "new").expect("the run is there");
    assert_eq!(status.state, RunState::Created);
    assert_eq!(status.summary, "Created 12 seconds ago, no rows yet");
    assert_eq!((status.step, status.eta_reason.as_deref()), (None, Some("no_rows")));
}

#[test]
fn runs_that_ended_say_how() {
    let world = World::new();
    let steps = |seconds: f64| {
        (1..=5).map(move |step| row(seconds * step as f64, step, &[("loss", 3.0 - 0.4 * step as f64)]))
    };
    let settings = config(r#"{"lr": 0.1, "seed": 1}"#);
    let mut done: Vec<Event> = vec![start(0.0), settings.clone()];
    done.extend(steps(10.0));
    done.push(end(60.0, RunState::Finished, Some(0), None));
    world.append("done", done);
    let mut failed: Vec<Event> = vec![start(100.0)];
    failed.extend(steps(100.0));
    failed.push(end(520.0, RunState::Failed, Some(1), Some("ValueError: bad shape")));
    world.append("failed", failed);
    let mut again: Vec<Event> = vec![start(900.0), settings];
    again.extend((1..=2).map(|step| row(900.0 + 40.0 * step as f64, step, &[("loss", 2.0)])));
    world.append("again", again);

    let status = |run| world.engine.status("digits", run).expect("the run is there");
    let done = status("done");
    assert_eq!(done.summary, "Finished at step 5 after 60 seconds, loss 1 (from 2.6)");
    assert_eq!((done.eta_reason.as_deref(), done.steps_per_second), (Some("not_running"), None));
    assert_eq!(
        status("failed").summary,
        "Failed at step 5 after 7 minutes, loss 1 (from 2.6), exit code 1, ValueError: bad shape"
    );
    let again = status("again");
    assert_eq!((again.total_steps, again.total_steps_source), (Some(5), Some(TotalStepsSource::EarlierRuns)));
    assert_eq!(again.total_steps_exact, Some(false));

    let names: Vec<_> =
        world.engine.runs("digits").expect("the list").into_iter().map(|run| run.run).collect();
    assert_eq!(names, ["again", "failed", "done"], "newest first");
    let detail = world.engine.run("digits", "failed").expect("the run is there");
    assert_eq!((detail.run.exit_code, detail.failure.as_deref()), (Some(1), Some("ValueError: bad shape")));
    assert_eq!(detail.summary_values["loss"], 1.0);
    let project = &world.engine.projects().expect("the projects")[0];
    assert_eq!((project.runs, project.active_runs, project.last_activity), (3, 1, Some(at(980.0))));
}

#[test]
fn a_process_elsewhere_is_lost_after_ten_minutes_and_revived_by_a_heartbeat() {
    let world = World::new();
    let far =
        ProcessIdentity { pid: 7, start_ticks: 1, boot_id: "another machine".into(), host: "far".into() };
    let mut events =
        vec![Event::Start(RunStart { time: at(0.0), process: Some(far), ..RunStart::default() })];
    events.extend((1..=6).map(|step| row(10.0 * step as f64, step, &[("loss", f64::NAN)])));
    world.append("far", events);
    let status = || world.engine.status("digits", "far").expect("the run is there");
    assert_eq!((status().state, status().state_source), (RunState::Crashed, StateSource::Process));
    let project = world.engine.store().project("digits").expect("it is there");
    project.heartbeat(vec!["far-id".to_owned()], vec![], at(990.0)).expect("it is written");
    let revived = status();
    assert_eq!((revived.state, revived.finish_at), (RunState::Stalled, None));
    let codes: Vec<_> = revived.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["loss_nan", "stalled"]);
    assert!(revived.summary.ends_with("silent for 16 minutes"), "{}", revived.summary);
}

#[test]
fn pages_join_to_the_whole() {
    let world = World::new();
    world.append("other", vec![row(0.0, 0, &[("loss", 9.0)])]);
    let rows = (0..2_500).map(|step| match step % 7 {
        0 => row(f64::from(step), i64::from(step), &[("loss", f64::from(step)), ("rare", f64::NAN)]),
        _ => row(f64::from(step), i64::from(step), &[("loss", f64::from(step))]),
    });
    world.append("long", rows.collect());
    world.append("other", vec![row(1.0, 1, &[("loss", 9.0)])]);

    let (mut after, mut values) = (None, Vec::new());
    loop {
        let page = world.engine.values("digits", "long", "rare", page(after, 100)).expect("a page");
        values.extend(page.items);
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert_eq!(values.len(), 2_500usize.div_ceil(7));
    assert!(
        values
            .iter()
            .enumerate()
            .all(|(place, value)| value.step == 7 * place as i64 && value.value == "NaN")
    );

    let first = world.engine.logs("digits", "long", page(None, 2_499)).expect("a page");
    let second = world.engine.logs("digits", "long", page(first.next, 2_499)).expect("a page");
    assert_eq!((first.items.len(), second.items.len(), second.next), (2_499, 1, None));
    assert_eq!(second.items[0].metrics["loss"], 2_499.0);

    let metrics = world.engine.metrics("digits", "long").expect("the metrics");
    let keys: Vec<_> =
        metrics.iter().map(|metric| (metric.key.as_str(), metric.points, metric.last)).collect();
    assert_eq!(keys, [("loss", 2_500, Some(2_499.0)), ("rare", 358, None)]);
}

#[test]
fn charts_keep_spikes_and_gaps_and_stand_on_the_training_step() {
    let world = World::new();
    let rows = (0..5_000i64).map(|index| {
        let value = match index {
            2_222 => 100.0,
            3_333 => f64::NAN,
            _ => 1.0 / (1.0 + index as f64),
        };
        row(
            index as f64 / 10.0,
            index,
            &[("train/loss", value), ("train/global_step", (index + 1) as f64 * 10.0)],
        )
    });
    world.append("spiky", rows.collect());
    let request = SeriesRequest {
        runs: vec!["spiky".into()],
        keys: vec!["train/loss".into(), "nothing".into()],
        x: XAxis::Step,
        pixels: 50,
        ..SeriesRequest::default()
    };
    let all = world.engine.series("digits", &request).expect("the chart").series;
    assert_eq!(all.len(), 1, "what has no points is left out");
    let series = &all[0];
    assert_eq!((series.total_points, series.exact), (5_000, true));
    assert!(series.x.len() <= 250 && series.x.len() == series.value.len());
    assert_eq!((series.x[0], series.x.last().copied()), (10.0, Some(50_000.0)));
    let at_x = |x: f64| series.x.iter().position(|found| *found == x).map(|place| series.value[place]);
    assert_eq!(at_x(22_230.0), Some(Some(100.0)));
    assert_eq!(at_x(33_340.0), Some(None), "the line breaks at a NaN");

    let window =
        SeriesRequest { x: XAxis::RelativeTime, from: Some(222.0), to: Some(223.0), ..request.clone() };
    let series = world.engine.series("digits", &window).expect("the chart").series.remove(0);
    assert_eq!((series.total_points, series.x[0], series.value[2]), (11, 222.0, Some(100.0)));

    let error =
        world.engine.series("digits", &SeriesRequest { pixels: 0, ..request }).expect_err("no pixels");
    assert_eq!(error.code(), ErrorCode::InvalidRequest);
}

#[test]
fn what_is_not_there_is_said_with_names_alike() {
    let world = World::new();
    world.append("baseline", vec![row(0.0, 0, &[("train/loss", 1.0), ("accuracy", 0.5)])]);
    let error =
        world.engine.values("digits", "baseline", "train/los", page(None, 10)).expect_err("no such metric");
    assert!(matches!(error, QueryError::MetricNotFound { .. }));
    assert_eq!(
        (error.code(), error.hint()),
        (ErrorCode::MetricNotFound, "did you mean `train/loss`".to_owned())
    );
    assert_eq!(error.details()["similar"][0], "train/loss");
    let error = world.engine.status("digits", "base").expect_err("no such run");
    assert_eq!(
        (error.code(), error.details()["similar"][0].as_str()),
        (ErrorCode::RunNotFound, Some("baseline"))
    );
    let error = world.engine.runs("nowhere").expect_err("no such project");
    assert_eq!(
        (error.code(), error.details()["project"].as_str()),
        (ErrorCode::ProjectNotFound, Some("nowhere"))
    );
}

#[test]
fn a_damaged_project_is_listed_and_the_others_work() {
    let world = World::new();
    world.append("fine", vec![row(999.0, 0, &[("loss", 1.0)])]);
    std::fs::write(
        world.directory.path().join("broken.db"),
        "this is no database, whatever its name says".repeat(200),
    )
    .expect("it is written");
    let projects = world.engine.projects().expect("the list");
    let told: Vec<_> =
        projects.iter().map(|project| (project.project.as_str(), project.damaged.is_some())).collect();
    assert_eq!(told, [("broken", true), ("digits", false)]);
    assert_eq!(world.engine.runs("broken").expect_err("it is damaged").code(), ErrorCode::ProjectDamaged);
    assert_eq!(projects[1].active_runs, 1);
}

#[test]
fn alerts_are_listed_and_counted() {
    let world = World::new();
    let alert = |seconds: f64, title: &str, level| {
        let title = title.to_owned();
        Event::Alert(Alert { alert_id: None, time: at(seconds), title, text: None, level, step: Some(1) })
    };
    let first = alert(1.0, "slow", AlertLevel::Warn);
    world.append("a", vec![row(0.0, 0, &[("loss", 1.0)]), first, alert(2.0, "bad", AlertLevel::Error)]);
    world.append("b", vec![row(0.0, 0, &[("loss", 1.0)]), alert(3.0, "note", AlertLevel::Info)]);
    let titles = |run| -> Vec<String> {
        world.engine.alerts("digits", run).expect("the alerts").into_iter().map(|alert| alert.title).collect()
    };
    assert_eq!(titles(None), ["note", "bad", "slow"]);
    assert_eq!(titles(Some("a")), ["bad", "slow"]);
    let counts = world.engine.status("digits", "a").expect("the run is there").alerts;
    assert_eq!((counts.error, counts.warn, counts.info), (1, 1, 0));
}

#[test]
fn rows_and_values_are_chosen_by_run_and_moment() {
    let world = World::new();
    let rows = (0..5_000i64).map(|index| {
        let key = if index % 1_000 == 999 { "rare" } else { "loss" };
        row(index as f64, index, &[(key, index as f64)])
    });
    world.append("long", rows.collect());
    let named = |name: &str| RunChoice::Name(name.to_owned());
    let request = ThinRequest { kind: RowsOf::Metrics, most: 100, scalar_only: false };
    let runs = [Some(named("long")), Some(RunChoice::Id("long".to_owned())), None];
    let thinned = world.engine.thinned_rows("digits", &runs, request).expect("the rows");
    assert!(thinned[0].len() <= 100, "{}", thinned[0].len());
    assert_eq!(thinned[0].iter().filter(|row| row.metrics.contains_key("rare")).count(), 5);
    assert_eq!(thinned[0].last().map(|row| row.step), Some(4_999));
    assert!(thinned[1].is_empty() && thinned[2].is_empty(), "a name is no id");

    let steps = |moment, most| -> Vec<i64> {
        let values = world.engine.values_at("digits", &named("long"), "loss", moment, most);
        values.expect("the values").into_iter().map(|value| value.step).collect()
    };
    assert_eq!(steps(Moment::AroundTime { time: at(998.5), window_seconds: 2.0 }, None), [997, 998, 1_000]);
    assert_eq!(steps(Moment::AroundStep { step: 3, window: 1.9 }, None), [2, 3, 4]);
    assert_eq!(steps(Moment::Step(999), None), Vec::<i64>::new());
    assert_eq!(steps(Moment::All, Some(2)), [0, 4_998]);
    // Where every row holds the key, only the chosen ones are read; some come late.
    let rows = (0..500i64)
        .map(|index| row(f64::from((index % 7) as i32 * 100) + index as f64, index, &[("acc", 0.5)]));
    world.append("even", rows.collect());
    let values = |most| {
        world.engine.values_at("digits", &named("even"), "acc", Moment::All, most).expect("the values")
    };
    let all = values(None);
    for (most, places) in [(1, vec![499]), (4, vec![0, 166, 333, 499])] {
        assert_eq!(
            values(Some(most)),
            places.iter().map(|place: &usize| all[*place].clone()).collect::<Vec<_>>()
        );
    }
    assert_eq!((all.len(), values(Some(500)) == all, values(Some(0)).len()), (500, true, 0));
    let overview =
        world.engine.run_overview("digits", &named("long")).expect("it reads").expect("it is there");
    assert_eq!(
        (overview.rows, overview.keys, overview.last_step),
        (5_000, vec!["loss".into(), "rare".into()], Some(4_999))
    );
}
