//! The series index answers as the rows do: any rows, any axis, any window, whatever happens to its file in between.

use std::fs;

use paceline_query::Engine;
use paceline_schema::rank::RANK_KEY;
use paceline_schema::series::{RunGroup, Series, SeriesRequest, SeriesResponse, XAxis, XScale};
use paceline_schema::smoothing::Smoothing;
use paceline_schema::{Event, Row, Value};
use paceline_storage::{Durability, SeriesSettings, Store};
use proptest::prelude::*;

use crate::world::{World, at, config, now};

const RUNS: [&str; 3] = ["a", "b", "c"];
const DEFINED: &str = r#"{"_Metrics": [
    {"name": "loss", "step_metric": "epoch"},
    {"name": "rare", "step_metric": "epoch", "step_sync": false}
]}"#;

/// One row: how far step and time move (also back), of which rank, which values.
#[derive(Debug, Clone)]
struct Logged {
    step: i64,
    milliseconds: i64,
    rank: u32,
    loss: Option<Value>,
    rare: Option<Value>,
    epoch: Option<Value>,
    global_step: Option<i64>,
}

/// What happens between two questions.
#[derive(Debug, Clone)]
enum Happening {
    Logs(usize, Vec<Logged>),
    Deletes(usize),
    Loses,
    /// As a server, or as a command.
    Restarts(bool),
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => (-1_000i32..1_000).prop_map(|value| Value::Float(f64::from(value) / 8.0)),
        3 => (-5i64..5).prop_map(Value::Integer),
        1 => Just(Value::Float(f64::NAN)),
        1 => Just(Value::Float(f64::INFINITY)),
        1 => Just(Value::Json("\"text\"".into())),
        1 => Just(Value::Bool(true)),
    ]
}

fn logged() -> impl Strategy<Value = Logged> {
    let moves = prop_oneof![8 => Just(1i64), 2 => Just(0), 1 => -40i64..0, 1 => 2i64..50];
    let pause = prop_oneof![8 => 1i64..20, 1 => Just(0), 1 => -500i64..0];
    let rank = prop_oneof![5 => Just(0u32), 1 => 1u32..3];
    let (loss, rare) = (prop::option::weighted(0.8, value()), prop::option::weighted(0.1, value()));
    let epoch = prop::option::weighted(0.3, value());
    let global = prop::option::weighted(0.02, 0i64..300);
    (moves, pause, rank, loss, rare, epoch, global).prop_map(
        |(step, milliseconds, rank, loss, rare, epoch, global_step)| Logged {
            step,
            milliseconds,
            rank,
            loss,
            rare,
            epoch,
            global_step,
        },
    )
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (0..RUNS.len(), prop::collection::vec(logged(), 1..60)).prop_map(|(run, rows)| Happening::Logs(run, rows)),
        // Enough for more than a block.
        1 => (0..RUNS.len(), prop::collection::vec(logged(), 1..40)).prop_map(|(run, rows)| {
            Happening::Logs(run, rows.iter().cycle().take(5_000).cloned().collect())
        }),
        1 => (0..RUNS.len()).prop_map(Happening::Deletes),
        1 => Just(Happening::Loses),
        1 => any::<bool>().prop_map(Happening::Restarts),
    ]
}

fn question() -> impl Strategy<Value = SeriesRequest> {
    let x = prop_oneof![
        Just(XAxis::Auto),
        Just(XAxis::Step),
        Just(XAxis::Time),
        Just(XAxis::RelativeTime),
        Just(XAxis::Metric("epoch".into())),
    ];
    let end = || prop::option::weighted(0.3, -50.0..400.0f64);
    let smoothing = prop_oneof![
        6 => Just(None),
        1 => Just(Some(Smoothing::Exponential { weight: 0.8 })),
        1 => Just(Some(Smoothing::Gaussian { width: 4.0 })),
    ];
    let ranks = prop_oneof![4 => Just(Vec::new()), 1 => Just(vec![0, 1, 2])];
    let pixels = prop_oneof![Just(1u32), 2u32..40, Just(1_500)];
    let scale = prop_oneof![3 => Just(XScale::Linear), 1 => Just(XScale::Log)];
    (x, scale, end(), end(), pixels, smoothing, ranks, any::<bool>()).prop_map(
        |(x, x_scale, from, to, pixels, smoothing, ranks, raw)| SeriesRequest {
            keys: ["loss", "rare", "epoch"].map(str::to_owned).to_vec(),
            ranks,
            x,
            x_scale,
            from,
            to,
            pixels,
            smoothing,
            raw,
            ..SeriesRequest::default()
        },
    )
}

struct Case {
    world: World,
    /// Step and milliseconds at which each run stands.
    stand: [(i64, i64); RUNS.len()],
}

impl Case {
    fn new() -> Self {
        Self { world: World::new(), stand: [(0, 0); RUNS.len()] }
    }

    fn happen(&mut self, happening: &Happening) {
        match happening {
            Happening::Logs(run, rows) => {
                let (step, milliseconds) = &mut self.stand[*run];
                let events = rows.iter().map(|row| {
                    *step += row.step;
                    *milliseconds += row.milliseconds;
                    let named = [("loss", &row.loss), ("rare", &row.rare), ("epoch", &row.epoch)];
                    let mut metrics: Vec<(String, Value)> = named
                        .into_iter()
                        .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
                        .collect();
                    if let Some(global) = row.global_step {
                        metrics.push(("train/global_step".into(), Value::Integer(global)));
                    }
                    if row.rank > 0 {
                        metrics.push((RANK_KEY.into(), Value::Integer(row.rank.into())));
                    }
                    let time = at(*milliseconds as f64 / 1e3);
                    Event::Row(Row { log_id: None, time, step: Some(*step), metrics })
                });
                let events = [config(DEFINED)].into_iter().take(usize::from(*run == 0)).chain(events);
                self.world.append(RUNS[*run], events.collect());
            }
            Happening::Deletes(run) => {
                self.stand[*run] = (0, 0);
                if let Ok(project) = self.world.engine.store().project("digits") {
                    // There may be none.
                    let _ = project.delete_run(RUNS[*run]);
                }
            }
            Happening::Loses => {
                for name in ["digits.series", "digits.series-wal", "digits.series-shm"] {
                    // What is not there cannot be lost.
                    let _ = fs::remove_file(self.world.directory.path().join(".paceline").join(name));
                }
            }
            Happening::Restarts(keeps_up) => {
                let settings = SeriesSettings { keeps_up: *keeps_up, ..SeriesSettings::default() };
                let path = self.world.directory.path();
                let store = Store::open_with(path, Durability::Process, settings).expect("it opens");
                self.world.engine = Engine::with_clock(store, now);
            }
        }
    }

    /// The question about the runs that there are, one by one and as groups.
    fn about(&self, question: &SeriesRequest) -> SeriesRequest {
        let there = |run: &&str| self.world.engine.run_id("digits", run).is_ok();
        let runs: Vec<String> = RUNS.into_iter().filter(there).map(str::to_owned).collect();
        let groups = vec![RunGroup { name: "all".to_owned(), runs: runs.clone() }];
        SeriesRequest { runs, groups, ..question.clone() }
    }
}

/// As text: a value that is no number is not equal to itself, and 0 and -0 are not the same.
fn text(answer: &SeriesResponse) -> String {
    format!("{answer:?}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn charts_of_the_index_are_those_of_the_rows(
        steps in prop::collection::vec((happening(), prop::collection::vec(question(), 1..4)), 1..8),
    ) {
        let mut case = Case::new();
        case.happen(&Happening::Logs(0, Vec::new()));
        for (happening, questions) in steps {
            case.happen(&happening);
            for question in questions {
                let asked = case.about(&question);
                let engine = &case.world.engine;
                let by_index = engine.series("digits", &asked).expect("the index answers");
                let by_rows = engine.series_of_rows("digits", &asked).expect("the rows answer");
                prop_assert_eq!(text(&by_index), text(&by_rows), "{:?}", asked);
                // Only the index makes drafts: nothing above was answered by the rows in its place.
                let draft = SeriesRequest { draft: true, smoothing: None, x: XAxis::Step, pixels: 1, ..asked };
                let draft = engine.series("digits", &draft).expect("the draft");
                let is_whole = |series: &Series| series.x.len() as u64 == series.total_points;
                prop_assert!(draft.series.iter().all(|series| series.exact == is_whole(series)));
            }
        }
    }
}

#[test]
fn a_draft_says_that_it_is_one_and_loses_no_extremum() {
    let world = World::new();
    let rows = (0..20_000i64).map(|step| {
        let value = if step == 13_333 { 1e6 } else { (step % 97) as f64 };
        let metrics = vec![("loss".to_owned(), Value::Float(value))];
        Event::Row(Row { log_id: None, time: at(step as f64), step: Some(step), metrics })
    });
    world.append("long", rows.collect());
    let request = SeriesRequest {
        runs: vec!["long".into()],
        keys: vec!["loss".into()],
        pixels: 20,
        draft: true,
        ..SeriesRequest::default()
    };
    let draft = world.engine.series("digits", &request).expect("the draft").series.remove(0);
    assert!(!draft.exact);
    let spike = draft.value.iter().position(|value| *value == Some(1e6)).expect("the spike is there");
    assert_eq!((draft.x[spike], draft.total_points), (13_333.0, 20_000));
    let smoothing = Some(Smoothing::Gaussian { width: 10.0 });
    let smoothed = SeriesRequest { smoothing, ..request.clone() };
    assert!(world.engine.series("digits", &smoothed).expect("the chart").series[0].exact);
    let exact = SeriesRequest { draft: false, ..request };
    assert!(world.engine.series("digits", &exact).expect("the chart").series[0].exact);
}

#[test]
fn many_runs_in_one_request_come_in_the_order_asked() {
    let world = World::new();
    let names: Vec<String> = (0..40).map(|number| format!("run {number}")).collect();
    for (number, name) in names.iter().enumerate() {
        let rows = (0..50).map(|step| {
            let metrics = vec![("loss".to_owned(), Value::Float(f64::from(step) + number as f64))];
            Event::Row(Row { log_id: None, time: at(f64::from(step)), step: Some(step.into()), metrics })
        });
        world.append(name, rows.collect());
    }
    let backwards: Vec<String> = names.iter().rev().cloned().collect();
    let groups = vec![RunGroup { name: "all".into(), runs: names.clone() }];
    let keys = vec!["loss".to_owned(), "loss".to_owned()];
    let request = SeriesRequest { runs: backwards.clone(), keys, groups, ..SeriesRequest::default() };
    let answer = world.engine.series("digits", &request).expect("the chart");
    let found: Vec<_> = answer.series.iter().map(|series| series.run.as_str()).collect();
    let twice: Vec<_> = backwards.iter().flat_map(|name| [name.as_str(), name.as_str()]).collect();
    assert_eq!(found, twice);
    assert_eq!(answer.series[0].value[7], Some(7.0 + 39.0));
    let band = &answer.bands[0];
    assert_eq!((band.mean[7], band.min[7], band.max[7], band.runs[7]), (Some(7.0 + 19.5), 7.0, 46.0, 40));
    assert_eq!(text(&answer), text(&world.engine.series_of_rows("digits", &request).expect("the rows")));
}
