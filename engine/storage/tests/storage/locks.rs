//! Other programs hold the file: appends wait and come through.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::support::{Scratch, batch, loss, row};

#[test]
fn an_append_waits_for_another_program() {
    let scratch = Scratch::new();
    let project = scratch.project();
    project.append(Vec::new()).expect("the tables are made");
    let other = scratch.other_program();
    other
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO project_metadata VALUES ('k', 'v')")
        .expect("the file is free");
    let (done, finished) = mpsc::channel();
    thread::scope(|scope| {
        let project = &project;
        let (both, patient) = (done.clone(), done);
        scope.spawn(move || both.send(project.append(batch("a", vec![row("1", 1, loss(1.0))]))));
        scope.spawn(move || patient.send(project.append_patiently(batch("a", vec![row("2", 2, loss(1.0))]))));
        assert!(finished.recv_timeout(Duration::from_millis(100)).is_err(), "the other program still writes");
        // Readers are not held up.
        assert!(project.read(|reader| reader.runs()).expect("it is read").is_empty());
        other.execute_batch("COMMIT").expect("it ends");
        for _ in 0..2 {
            assert_eq!(finished.recv().expect("both answer").expect("it is stored").rows_stored, 1);
        }
    });
}

#[test]
fn a_file_without_write_ahead_log_is_turned_into_one_with() {
    let scratch = Scratch::new();
    let other = scratch.other_program();
    other.execute_batch("PRAGMA journal_mode = DELETE; CREATE TABLE elsewhere (x)").expect("it is made");
    let project = scratch.project();
    project.append(batch("a", vec![row("1", 1, loss(1.0))])).expect("it is stored");
    let mode: String =
        scratch.other_program().query_row("PRAGMA journal_mode", [], |row| row.get(0)).expect("it says");
    assert_eq!(mode, "wal");
}

#[test]
fn several_writers_of_one_file_all_come_through() {
    let scratch = Scratch::new();
    scratch.project().append(Vec::new()).expect("the tables are made");
    let stores = [scratch.reopened(), scratch.reopened(), scratch.reopened()];
    thread::scope(|scope| {
        for (number, store) in stores.iter().enumerate() {
            scope.spawn(move || {
                let project = store.project("p").expect("it is there");
                for step in 0..200 {
                    let log_id = format!("{number}-{step}");
                    project.append(batch("a", vec![row(&log_id, step, loss(1.0))])).expect("it is stored");
                }
            });
        }
        let other = scratch.other_program();
        other.busy_timeout(Duration::from_secs(30)).expect("it is set");
        for number in 0..200 {
            other
                .execute(
                    "INSERT INTO metrics (run_id, run_name, timestamp, step, metrics) VALUES ('b', 'b', '', ?1, '{}')",
                    [number],
                )
                .expect("it is inserted");
        }
    });
    for store in &stores {
        let heads =
            store.project("p").expect("it is there").read(|reader| reader.all_heads()).expect("it is read");
        assert_eq!((heads["a"].rows(), heads["b"].rows()), (600, 200));
    }
}
