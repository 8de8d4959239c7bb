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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// Rows go into the table several at a time; whichever of them are there already, the others have their
    /// ids in their order, and the heads are those of the rows that are stored.
    #[test]
    fn duplicates_anywhere_in_a_batch_leave_each_row_once(
        before in prop::collection::btree_set(0i64..60, 0..40),
        sent in prop::collection::vec((0i64..60, any::<bool>()), 1..60),
        gap in any::<bool>(),
    ) {
        let scratch = Scratch::new();
        let project = scratch.project();
        let event = |number: i64| row(&format!("id{number:03}"), number, loss(number as f64));
        project.append(batch("a", before.iter().map(|number| event(*number)).collect())).expect("stored");
        if gap {
            // The next id is not the one after the largest.
            project.append(batch("b", vec![row("gone", 0, loss(0.0))])).expect("stored");
            scratch.other_program().execute("DELETE FROM metrics WHERE log_id = 'gone'", []).expect("deleted");
        }
        let events = sent.iter().map(|(number, has_id)| {
            let mut event = event(*number);
            if let (Event::Row(row), false) = (&mut event, has_id) {
                row.log_id = None;
            }
            event
        });
        let appended = project.append(batch("a", events.collect())).expect("it is stored");

        let mut seen: HashSet<i64> = before.iter().copied().collect();
        let new: Vec<i64> =
            sent.iter().filter(|(number, has_id)| !*has_id || seen.insert(*number)).map(|(number, _)| *number).collect();
        let (stored, duplicate) = (new.len() as u64, (sent.len() - new.len()) as u64);
        prop_assert_eq!(appended, Appended { rows_stored: stored, rows_duplicate: duplicate });
        let read = project.read(|reader| reader.rows("a", None, usize::MAX)).expect("it is read");
        let steps: Vec<i64> = read.iter().map(|row| row.step).collect();
        let expected: Vec<i64> = before.iter().copied().chain(new).collect();
        prop_assert_eq!(&steps, &expected);
        for reader in [project, scratch.reopened().project("p").expect("it is there")] {
            let latest = reader.read(|reader| reader.heads("a")).expect("they are read");
            prop_assert_eq!(latest.rows(), expected.len() as u64);
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
        Event::Config { time: at(0), json: "{\"lr\":0.1}".into(), rank: 0 },
        Event::Config { time: at(1), json: "{\"lr\":0.2,\"_Group\":\"warm\"}".into(), rank: 0 },
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
        Event::Config { time: at(0), json: "{}".into(), rank: 0 },
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

#[test]
fn the_log_stays_short_beside_a_writer_that_goes_on() {
    let scratch = Scratch::new();
    let project = scratch.project();
    let text = serde_json::Value::from("x".repeat(1 << 20)).to_string();
    for number in 0..160 {
        let metrics = vec![("text".into(), Value::Json(text.clone().into()))];
        project.append(batch("a", vec![row(&format!("id{number}"), number, metrics)])).expect("it is stored");
    }
    // 160 MB went through it; 64 MB is as far as it may grow, and one row more.
    let log_bytes = std::fs::metadata(scratch.path("p.db-wal")).expect("it is there").len();
    assert!(log_bytes < 70 << 20, "{log_bytes}");
    let read = scratch
        .reopened()
        .project("p")
        .expect("it is there")
        .read(|reader| reader.rows("a", None, usize::MAX));
    assert_eq!(read.expect("it is read").len(), 160);
}

#[test]
fn rows_of_a_known_run_are_stored_under_the_name_it_has_then() {
    let scratch = Scratch::new();
    let project = scratch.project();
    let append = |step: i64| {
        let events = || vec![row(&step.to_string(), step, loss(1.0))];
        project.append_to_known("a", events).expect("the file is sound")
    };
    assert_eq!(append(0), None, "there is no such run");
    project.append(batch("a", vec![row("1", 1, loss(1.0))])).expect("it is stored");
    project.read(|reader| reader.runs()).expect("the heads know it");
    assert_eq!(append(2).map(|appended| appended.rows_stored), Some(1));
    assert_eq!(append(2).map(|appended| appended.rows_duplicate), Some(1));

    let renamed = thread::scope(|scope| {
        let renaming = scope.spawn(|| {
            for number in 0..20 {
                project.rename_run("a", &format!("name {number}")).expect("it is renamed");
            }
        });
        let mut step = 3;
        while !renaming.is_finished() {
            append(step).expect("it is there");
            step += 1;
        }
        renaming.join().expect("no panic");
        step
    });
    append(renamed).expect("it is there");
    let other = scratch.other_program();
    let count = |sql: &str| other.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("it is read");
    assert_eq!(count("SELECT count(*) FROM metrics WHERE run_name = 'name 19'"), renamed);
    assert_eq!(count("SELECT count(*) FROM metrics"), renamed);

    // The heads do not know of this yet.
    other.execute("DELETE FROM metrics WHERE run_id = 'a'", []).expect("it is deleted");
    assert_eq!(append(renamed + 1), None);
    assert_eq!(count("SELECT count(*) FROM metrics"), 0);
}
