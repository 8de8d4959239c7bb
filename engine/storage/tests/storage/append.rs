//! What is appended is there, bit for bit, once, in the peer's form.

use std::collections::HashSet;
use std::thread;

use paceline_schema::{Alert, AlertLevel, Event, Metrics, Row, SystemSample, Value};
use paceline_storage::{AlertFilter, Appended, Batch, StorageError};
use proptest::prelude::*;

use crate::support::{Scratch, at, batch, loss, row, run};

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<u64>().prop_map(|bits| Value::Float(f64::from_bits(bits))),
        any::<i64>().prop_map(Value::Integer),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
        "\\PC{0,12}"
            .prop_map(|text| Value::Json(serde_json::Value::from(format!("s{text}")).to_string().into())),
        Just(Value::Json("{\"x\":[1,2.5,null]}".into())),
    ]
}

fn metrics() -> impl Strategy<Value = Metrics> {
    prop::collection::btree_map("\\PC{1,10}", value(), 0..6).prop_map(|map| map.into_iter().collect())
}

fn assert_same(written: &Metrics, read: &Metrics) {
    assert_eq!(written.len(), read.len());
    for ((key, before), (key_read, after)) in written.iter().zip(read) {
        assert_eq!(key, key_read);
        match (before, after) {
            (Value::Float(a), Value::Float(b)) if a.is_nan() => assert!(b.is_nan()),
            (Value::Float(a), Value::Float(b)) => assert_eq!(a.to_bits(), b.to_bits(), "{key}"),
            _ => assert_eq!(before, after, "{key}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn what_is_appended_is_read_back(rows in prop::collection::vec((metrics(), any::<i32>(), 0i64..4_000_000_000_000_000), 1..20)) {
        let scratch = Scratch::new();
        let project = scratch.project();
        let events = rows.iter().enumerate().map(|(number, (metrics, step, time))| Event::Row(Row {
            log_id: Some(format!("id{number}")),
            time: paceline_schema::Timestamp(*time),
            step: Some(i64::from(*step)),
            metrics: metrics.clone(),
        })).collect();
        let appended = project.append(batch("a", events)).expect("it is stored");
        prop_assert_eq!(appended, Appended { rows_stored: rows.len() as u64, rows_duplicate: 0 });
        let read = project.read(|reader| reader.rows("a", None, usize::MAX)).expect("it is read");
        prop_assert_eq!(read.len(), rows.len());
        for (stored, (metrics, step, time)) in read.iter().zip(&rows) {
            assert_same(metrics, &stored.metrics);
            prop_assert_eq!((stored.step, stored.time.0, stored.run_id.as_str()), (i64::from(*step), *time, "a"));
        }
    }
}

#[test]
fn a_batch_sent_by_eight_threads_at_once_is_stored_once() {
    let scratch = Scratch::new();
    let project = scratch.project();
    let events: Vec<Event> =
        (0..500).map(|step| row(&format!("id{step}"), step, loss(step as f64))).collect();
    let total = thread::scope(|scope| {
        let senders: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| project.append(batch("a", events.clone())).expect("it is stored")))
            .collect();
        senders.into_iter().map(|sender| sender.join().expect("no panic")).fold(
            Appended::default(),
            |sum, one| Appended {
                rows_stored: sum.rows_stored + one.rows_stored,
                rows_duplicate: sum.rows_duplicate + one.rows_duplicate,
            },
        )
    });
    assert_eq!(total, Appended { rows_stored: 500, rows_duplicate: 3_500 });
    let rows = project.read(|reader| reader.rows("a", None, usize::MAX)).expect("it is read");
    assert_eq!(rows.iter().map(|row| row.step).collect::<Vec<_>>(), (0..500).collect::<Vec<_>>());
    assert_eq!(project.read(|reader| reader.heads("a")).expect("it is read").rows(), 500);
}

#[test]
fn concurrent_callers_share_transactions() {
    let scratch = Scratch::new();
    let project = scratch.project();
    // While another program holds the file every caller queues up behind it.
    let other = scratch.other_program();
    project.append(Vec::new()).expect("the tables are made");
    other.execute_batch("BEGIN IMMEDIATE").expect("the file is free");
    thread::scope(|scope| {
        let callers: Vec<_> = (0..32)
            .map(|caller| {
                let project = &project;
                scope.spawn(move || {
                    project.append(batch("a", vec![row(&format!("{caller}"), caller, loss(1.0))]))
                })
            })
            .collect();
        other.execute_batch("COMMIT").expect("it ends");
        for caller in callers {
            assert_eq!(caller.join().expect("no panic").expect("it is stored").rows_stored, 1);
        }
    });
    let steps: HashSet<i64> = project
        .read(|reader| reader.rows("a", None, 100))
        .expect("it is read")
        .iter()
        .map(|row| row.step)
        .collect();
    assert_eq!(steps.len(), 32);
}

#[test]
fn missing_steps_are_counted_on_from_the_largest() {
    let scratch = Scratch::new();
    let project = scratch.project();
    let without = || Event::Row(Row { log_id: None, time: at(0), step: None, metrics: loss(1.0) });
    project.append(batch("a", vec![without(), without()])).expect("it is stored");
    project.append(batch("a", vec![row("x", 10, loss(1.0))])).expect("it is stored");
    project.append(batch("a", vec![without(), row("y", 99, loss(1.0)), without()])).expect("it is stored");
    let rows = project.read(|reader| reader.rows("a", None, 100)).expect("it is read");
    assert_eq!(rows.iter().map(|row| row.step).collect::<Vec<_>>(), [0, 1, 10, 11, 99, 12]);
}

#[test]
fn pages_continue_and_runs_do_not_mix() {
    let scratch = Scratch::new();
    let project = scratch.project();
    for step in 0..20 {
        for id in ["a", "b"] {
            project
                .append(batch(id, vec![row(&format!("{id}{step}"), step, loss(0.0))]))
                .expect("it is stored");
        }
    }
    let page = |after| project.read(|reader| reader.rows("b", after, 7)).expect("it is read");
    let (mut after, mut steps) = (None, Vec::new());
    loop {
        let rows = page(after);
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        steps.extend(rows.iter().map(|row| row.step));
    }
    assert_eq!(steps, (0..20).collect::<Vec<_>>());
    assert!(project.read(|reader| reader.rows("b", None, 0)).expect("it is read").is_empty());
    assert!(project.read(|reader| reader.rows("nobody", None, 7)).expect("it is read").is_empty());
}

#[test]
fn configs_samples_and_alerts_are_stored_once_and_read() {
    let scratch = Scratch::new();
    let project = scratch.project();
    let alert = |id: &str, seconds, level| {
        Event::Alert(Alert {
            alert_id: Some(id.into()),
            time: at(seconds),
            title: format!("alert {id}"),
            text: None,
            level,
            step: Some(3),
        })
    };
    let events = vec![
        Event::Config { time: at(0), json: "{\"lr\":0.1}".into() },
        Event::Config { time: at(1), json: "{\"lr\":0.2,\"_Group\":\"warm\"}".into() },
        Event::System(SystemSample {
            log_id: Some("s".into()),
            time: at(2),
            metrics: vec![("gpu/0/power".into(), Value::Float(300.5))],
        }),
        alert("1", 1, AlertLevel::Warn),
        alert("2", 2, AlertLevel::Error),
        row("r", 0, loss(1.0)),
    ];
    let first = project.append(batch("a", events.clone())).expect("it is stored");
    let again = project.append(batch("a", events)).expect("it is stored");
    assert_eq!(first, Appended { rows_stored: 4, rows_duplicate: 0 });
    assert_eq!(again, Appended { rows_stored: 0, rows_duplicate: 4 });
    project
        .read(|reader| {
            assert_eq!(reader.config("a")?.expect("it has one")["lr"], 0.2);
            assert_eq!(reader.config("b")?, None);
            assert_eq!(reader.configs()?["a"]["_Group"], "warm");
            assert_eq!(reader.find_run("a")?.group.as_deref(), Some("warm"));
            let samples = reader.system_rows("a", None, 10)?;
            assert_eq!(samples.len(), 1);
            assert_eq!((samples[0].time, samples[0].metrics[0].1.number()), (at(2), Some(300.5)));
            assert!(reader.system_rows("a", Some(samples[0].id), 10)?.is_empty());
            let alerts = reader.alerts(&AlertFilter::default(), 10)?;
            assert_eq!(
                alerts.iter().map(|(_, alert)| alert.title.as_str()).collect::<Vec<_>>(),
                ["alert 2", "alert 1"]
            );
            assert_eq!(alerts[0].0, "name of a");
            assert_eq!(
                reader.alerts(&AlertFilter { run_id: Some("a"), ..AlertFilter::default() }, 1)?.len(),
                1
            );
            assert!(
                reader.alerts(&AlertFilter { run_id: Some("b"), ..AlertFilter::default() }, 10)?.is_empty()
            );
            let counts = reader.alert_counts("a")?;
            assert_eq!((counts.error, counts.warn, counts.info), (1, 1, 0));
            Ok(())
        })
        .expect("it is read");
}

#[test]
fn columns_have_the_peers_types() {
    let scratch = Scratch::new();
    let project = scratch.project();
    let events = vec![
        Event::Config { time: at(0), json: "{}".into() },
        row("r", 1, vec![("a".into(), Value::Float(f64::NAN)), ("b".into(), Value::Integer(1))]),
    ];
    project.append(batch("a", events)).expect("it is stored");
    let text: String = scratch
        .other_program()
        .query_row(
            "SELECT typeof(m.metrics) || ' ' || CAST(m.metrics AS TEXT) || ' ' || m.timestamp || ' ' || typeof(m.space_id) \
             || ' ' || typeof(c.config) FROM metrics AS m, configs AS c",
            [],
            |row| row.get(0),
        )
        .expect("one row");
    assert_eq!(text, "blob {\"a\":\"NaN\",\"b\":1} 2026-11-23T02:17:53+00:00 null blob");
}

#[test]
fn a_deleted_project_is_made_anew() {
    let scratch = Scratch::new();
    let project = scratch.project();
    project.append(batch("a", vec![row("1", 1, loss(1.0))])).expect("it is stored");
    project.read(|reader| reader.runs()).expect("it is read");
    for file in ["p.db", "p.db-wal", "p.db-shm"] {
        std::fs::remove_file(scratch.path(file)).expect("it is there");
    }
    assert!(matches!(project.read(|reader| reader.runs()), Err(StorageError::ProjectNotFound { .. })));
    assert!(matches!(scratch.store.project("p"), Err(StorageError::ProjectNotFound { .. })));
    project.append(batch("b", vec![row("1", 1, loss(1.0))])).expect("it is stored");
    let runs =
        scratch.store.project("p").expect("it is back").read(|reader| reader.runs()).expect("it is read");
    assert_eq!(runs.iter().map(|run| run.run_id.as_str()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn a_directory_that_cannot_be_made_is_said_and_the_writer_goes_on() {
    let scratch = Scratch::new();
    let blocked = scratch.path("sub");
    let store = paceline_storage::Store::open(blocked.join("data"), paceline_storage::Durability::Power)
        .expect("no I/O");
    let project = store
        .project_for_writing(&paceline_schema::ProjectName::new("p").expect("a good name"))
        .expect("it is made");
    std::fs::remove_dir_all(&blocked).expect("it is there");
    std::fs::write(&blocked, "a file in the way").expect("it is written");
    let rows = || vec![Batch { run: run("a"), events: vec![row("1", 1, loss(1.0))] }];
    let error = project.append(rows()).expect_err("there is no directory");
    assert!(matches!(&error, StorageError::NotReadable { .. } | StorageError::NotWritable { .. }), "{error}");
    assert!(error.to_string().contains("sub"), "{error}");
    std::fs::remove_file(&blocked).expect("it is there");
    assert_eq!(project.append(rows()).expect("it is stored").rows_stored, 1);
}

#[test]
fn projects_are_listed_by_canonical_name() {
    let scratch = Scratch::new();
    scratch.project();
    for file in ["b.db", "registry-x.db", "not canonical.db", "b.db-wal", "note.txt"] {
        std::fs::write(scratch.path(file), "").expect("it is written");
    }
    assert_eq!(scratch.store.projects().expect("it is listed"), ["b", "p"]);
    assert_eq!(scratch.store.project("../b!").expect("any spelling").name(), "b");
    let nowhere =
        paceline_storage::Store::open(scratch.path("nowhere"), paceline_storage::Durability::Process);
    assert!(nowhere.expect("no I/O").projects().expect("nothing is there").is_empty());
}
