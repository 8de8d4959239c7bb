//! Pictures, tables and histograms are found by the series index as by the rows, page by page, whatever happens in between.

use std::fs;

use paceline_query::Engine;
use paceline_schema::logged_value::{LONGEST_INLINE_BYTES, ValueCursor, ValuesPage, ValuesRequest};
use paceline_schema::rank::RANK_KEY;
use paceline_schema::{ErrorCode, Event, Row, Value, ValueKind, ValueKinds};
use paceline_storage::{Durability, SeriesSettings, Store};
use proptest::prelude::*;

use crate::world::{World, at, now};

const RUNS: [&str; 3] = ["a", "b", "c"];
const KEYS: [&str; 4] = ["samples", "weights", "\0ksamples", "\0weights"];
const VALUES: [&str; 8] = [
    r#"{"_type":"trackio.image","file_path":"a.png"}"#,
    r#"{ "bins": [0, 1], "values": [3], "_type": "trackio.histogram" }"#,
    r#"{"_type":"trackio.table","_value":[{"picture":{"_type":"trackio.image"}}]}"#,
    r#"[{"_type":"trackio.image"},{"deep":{"_type":"trackio.video"}}]"#,
    r#"{"_type":"trackio.unheard"}"#,
    r#""trackio.image""#,
    "[1,2]",
    "null",
];

/// One row: its rank, its values by the place of key and value; a key may stand twice.
type Logged = (u32, Vec<(usize, usize)>);

#[derive(Debug, Clone)]
enum Happening {
    Logs(usize, Vec<Logged>),
    Deletes(usize),
    Loses,
    /// As a server, or as a command.
    Restarts(bool),
}

fn logged() -> impl Strategy<Value = Logged> {
    let rank = prop_oneof![5 => Just(0u32), 1 => 1u32..3];
    (rank, prop::collection::vec((0..KEYS.len(), 0..VALUES.len() + 3), 0..4))
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (0..RUNS.len(), prop::collection::vec(logged(), 1..40)).prop_map(|(run, rows)| Happening::Logs(run, rows)),
        // Enough for more than a block.
        1 => (0..RUNS.len(), prop::collection::vec(logged(), 1..40)).prop_map(|(run, rows)| {
            Happening::Logs(run, rows.iter().cycle().take(4_200).cloned().collect())
        }),
        1 => (0..RUNS.len()).prop_map(Happening::Deletes),
        1 => Just(Happening::Loses),
        1 => any::<bool>().prop_map(Happening::Restarts),
    ]
}

fn question() -> impl Strategy<Value = ValuesRequest> {
    let kinds = prop::collection::vec(prop::sample::select(ValueKind::ALL.to_vec()), 0..3);
    let key = prop::option::weighted(0.3, prop::sample::select(KEYS.to_vec()).prop_map(str::to_owned));
    let run = prop::option::weighted(0.3, prop::sample::select(RUNS.to_vec()).prop_map(str::to_owned));
    (kinds, key, run, 1usize..40, any::<bool>()).prop_map(|(kinds, key, run, limit, spread)| ValuesRequest {
        kinds: kinds.into_iter().collect(),
        key,
        run,
        after: None,
        limit,
        spread,
        brief: false,
    })
}

fn happen(world: &mut World, steps: &mut i64, happening: &Happening) {
    match happening {
        Happening::Logs(run, rows) => {
            let event = |(rank, values): &Logged| {
                let value = |place: usize| match VALUES.get(place) {
                    Some(text) if *text == "null" => Value::Null,
                    Some(text) => Value::Json((*text).into()),
                    None => Value::Float(place as f64),
                };
                let mut metrics: Vec<(String, Value)> =
                    values.iter().map(|(key, place)| (KEYS[*key].to_owned(), value(*place))).collect();
                if *rank > 0 {
                    metrics.push((RANK_KEY.into(), Value::Integer((*rank).into())));
                }
                *steps += 1;
                Event::Row(Row { log_id: None, time: at(*steps as f64), step: Some(*steps), metrics })
            };
            world.append(RUNS[*run], rows.iter().map(event).collect());
        }
        Happening::Deletes(run) => {
            let project = world.engine.store().project("digits").expect("it is there");
            // There may be none.
            let _ = project.delete_run(RUNS[*run]);
        }
        Happening::Loses => {
            for name in ["digits.series", "digits.series-wal", "digits.series-shm"] {
                // What is not there cannot be lost.
                let _ = fs::remove_file(world.directory.path().join(".paceline").join(name));
            }
        }
        Happening::Restarts(keeps_up) => {
            let settings = SeriesSettings { keeps_up: *keeps_up, ..SeriesSettings::default() };
            let store = Store::open_with(world.directory.path(), Durability::Process, settings);
            world.engine = Engine::with_clock(store.expect("it opens"), now);
        }
    }
}

/// As lines that can be compared.
fn lines(page: &ValuesPage) -> Vec<String> {
    page.items.iter().map(|item| format!("{item:?}")).collect()
}

fn ask(engine: &Engine, request: &ValuesRequest) -> ValuesPage {
    engine.logged_values("digits", request).expect("it answers")
}

/// Every value, a page after the other.
fn all_pages(engine: &Engine, request: &ValuesRequest) -> Vec<String> {
    let (mut all, mut request) = (Vec::new(), ValuesRequest { spread: false, ..request.clone() });
    loop {
        let page = ask(engine, &request);
        assert!(page.items.len() <= request.limit);
        all.extend(lines(&page));
        let Some(next) = page.next else { return all };
        request.after = Some(ValueCursor::parse(&next).expect("a page gives a place"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn values_of_the_index_are_those_of_the_rows(
        steps in prop::collection::vec((happening(), prop::collection::vec(question(), 1..3)), 1..6),
    ) {
        let (mut world, mut stands_at) = (World::new(), 0);
        happen(&mut world, &mut stands_at, &Happening::Logs(0, vec![(0, vec![])]));
        for (happening, questions) in steps {
            happen(&mut world, &mut stands_at, &happening);
            for mut question in questions {
                if question.run.as_ref().is_some_and(|run| world.engine.run_id("digits", run).is_err()) {
                    question.run = None;
                }
                let by_rows = world.engine.logged_values_of_rows("digits", &question).expect("the rows answer");
                let by_index = ask(&world.engine, &question);
                // What a later value of the row replaced takes a place on a page and among those that are spread.
                let whole = ValuesRequest { limit: 1_000_000, spread: false, ..question.clone() };
                let rows_whole = world.engine.logged_values_of_rows("digits", &whole).expect("the rows answer");
                prop_assert_eq!(lines(&ask(&world.engine, &whole)), lines(&rows_whole), "{:?}", whole);
                prop_assert_eq!(all_pages(&world.engine, &question), lines(&rows_whole), "{:?}", question);
                prop_assert!(by_index.items.len() <= question.limit && by_rows.items.len() <= question.limit);
            }
        }
    }
}

fn image(step: i64) -> Event {
    let metrics = vec![("samples".to_owned(), Value::Json(VALUES[0].into()))];
    Event::Row(Row { log_id: None, time: at(step as f64), step: Some(step), metrics })
}

#[test]
fn values_that_are_spread_lie_evenly_among_all() {
    let world = World::new();
    world.append("a", (0..10_001).map(image).collect());
    let request = ValuesRequest { limit: 5, spread: true, ..ValuesRequest::default() };
    let page = ask(&world.engine, &request);
    let steps: Vec<i64> = page.items.iter().map(|item| item.step).collect();
    assert_eq!((steps, page.next), (vec![10_000, 7_500, 5_000, 2_500, 0], None));
    let brief = ValuesRequest { brief: true, ..request.clone() };
    let steps: Vec<i64> = ask(&world.engine, &brief).items.iter().map(|item| item.step).collect();
    assert_eq!(steps, [10_000, 7_500, 5_000, 2_500, 0]);
    assert!(ask(&world.engine, &brief).items.iter().all(|item| item.value.is_none()));
    let none = ValuesRequest { kinds: ValueKinds::default().with(ValueKind::Audio), ..request };
    assert!(ask(&world.engine, &none).items.is_empty());
}

#[test]
fn a_step_is_the_training_step_and_long_values_are_left_out() {
    let world = World::new();
    let long = format!(r#"{{"_type":"trackio.markdown","_value":"{}"}}"#, "x".repeat(LONGEST_INLINE_BYTES));
    let metrics = vec![
        ("report".to_owned(), Value::Json(long.into())),
        ("samples".to_owned(), Value::Json(VALUES[0].into())),
        ("train/global_step".to_owned(), Value::Integer(500)),
    ];
    world.append("a", vec![Event::Row(Row { log_id: None, time: at(1.0), step: Some(7), metrics })]);
    let page = ask(&world.engine, &ValuesRequest { limit: 10, ..ValuesRequest::default() });
    let found: Vec<_> = page
        .items
        .iter()
        .map(|item| {
            (item.key.as_str(), item.step, item.kinds.clone(), item.value.as_ref().map(|value| value.get()))
        })
        .collect();
    assert_eq!(
        found,
        [
            ("report", 500, vec![ValueKind::Markdown], None),
            ("samples", 500, vec![ValueKind::Image], Some(VALUES[0])),
        ]
    );
}

#[test]
fn a_run_or_project_that_is_not_there_is_said() {
    let world = World::new();
    world.append("a", vec![image(0)]);
    let code = |project: &str, run: &str| {
        let request = ValuesRequest { run: Some(run.to_owned()), limit: 1, ..ValuesRequest::default() };
        world.engine.logged_values(project, &request).expect_err("it is not there").code()
    };
    assert_eq!(code("digits", "none"), ErrorCode::RunNotFound);
    assert_eq!(code("none", "a"), ErrorCode::ProjectNotFound);
}
