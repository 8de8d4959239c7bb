//! Damaged files: the project says so, nothing panics, the others work.

use paceline_schema::ErrorCode;
use paceline_storage::{AlertFilter, StorageError};
use rusqlite::Connection;

use crate::support::{Scratch, batch, loss, row};

const PEER_FILE: &[u8] = include_bytes!("../fixtures/peer-0.43.db");

/// Reads all there is to read.
fn read_everything(scratch: &Scratch) -> Result<(), StorageError> {
    scratch.reopened().project("p")?.read(|reader| {
        for run in reader.runs()? {
            reader.rows(&run.run_id, None, usize::MAX)?;
            reader.system_rows(&run.run_id, None, usize::MAX)?;
            reader.alert_counts(&run.run_id)?;
        }
        reader.all_heads()?;
        reader.configs()?;
        reader.alerts(&AlertFilter::default(), 100).map(drop)
    })
}

fn assert_damaged(result: Result<(), StorageError>, what: &str) {
    let error = result.expect_err(what);
    assert!(matches!(error, StorageError::Damaged { .. }), "{what}: {error:?}");
    assert!(error.to_string().contains("`p.db`"), "{what}: {error}");
    assert_eq!(error.code(), ErrorCode::ProjectDamaged);
}

fn damaged_schema(sql: &str) -> Vec<u8> {
    let scratch = Scratch::new();
    scratch.place(PEER_FILE);
    let other = scratch.other_program();
    other
        .execute_batch(&format!("PRAGMA journal_mode = DELETE; PRAGMA writable_schema = ON; {sql}"))
        .expect("it is changed");
    drop(other);
    std::fs::read(scratch.path("p.db")).expect("it is there")
}

#[test]
fn damage_is_said_and_stays_with_its_project() {
    let zeroed = |from: usize, to: usize| {
        let mut bytes = PEER_FILE.to_vec();
        bytes[from..to].fill(0);
        bytes
    };
    let damaged = [
        (
            "text",
            b"this is no database, although it is long enough to be taken for one by its size".repeat(80),
        ),
        ("its magic is gone", zeroed(0, 16)),
        ("its page size is gone", zeroed(16, 18)),
        ("truncated", PEER_FILE[..PEER_FILE.len() / 8].to_vec()),
        ("cut inside the first page", PEER_FILE[..1_000].to_vec()),
        ("the catalogue is zeroed", zeroed(100, 4_096)),
        (
            "a table is not SQL",
            damaged_schema("UPDATE sqlite_master SET sql = 'CREATE TABEL x' WHERE name = 'metrics'"),
        ),
        (
            "a table lies outside the file",
            damaged_schema("UPDATE sqlite_master SET rootpage = 9999 WHERE name = 'metrics'"),
        ),
    ];
    for (what, bytes) in damaged {
        let scratch = Scratch::new();
        scratch.place(&bytes);
        assert_damaged(read_everything(&scratch), what);
        let appended = scratch.project().append(batch("a", vec![row("1", 1, loss(1.0))])).map(drop);
        assert_damaged(appended, what);

        std::fs::write(scratch.path("sound.db"), PEER_FILE).expect("it is written");
        let sound = scratch.store.project("sound").expect("it is there");
        assert_eq!(sound.read(|reader| reader.runs()).expect("it is read").len(), 2, "{what}");
    }
}

#[test]
fn no_single_damaged_page_panics() {
    let pages = PEER_FILE.len() / 4_096;
    let mut refused = 0;
    for page in 0..pages {
        for fill in [0x00, 0xff, 0x55] {
            let mut bytes = PEER_FILE.to_vec();
            bytes[page * 4_096 + usize::from(page == 0) * 100..(page + 1) * 4_096].fill(fill);
            let scratch = Scratch::new();
            scratch.place(&bytes);
            if let Err(error) = read_everything(&scratch) {
                assert!(matches!(error, StorageError::Damaged { .. }), "page {page}, {fill}: {error:?}");
                refused += 1;
            }
        }
    }
    assert!(refused >= 6, "pages that are read are missed: {refused}");
}

#[test]
fn an_empty_file_is_an_empty_project() {
    let scratch = Scratch::new();
    scratch.place(b"");
    read_everything(&scratch).expect("it is read");
    scratch.project().append(batch("a", vec![row("1", 1, loss(1.0))])).expect("it is stored");
}

#[test]
fn rows_that_make_no_sense_are_shown_as_far_as_they_go() {
    let scratch = Scratch::new();
    scratch.project().append(batch("a", vec![row("1", 1, loss(1.0))])).expect("it is stored");
    let other: Connection = scratch.other_program();
    other
        .execute_batch(
            "INSERT INTO metrics (run_id, run_name, timestamp, step, metrics) VALUES \
             ('a', 'a', 'soon', 2, 'no JSON'), ('a', 'a', 1795400275.5, 'three', x'7b7d'), \
             ('a', 'a', '', 4.0, '{\"train/loss\": 0.5}')",
        )
        .expect("it is inserted");
    let rows = scratch.project().read(|reader| reader.rows("a", None, 10)).expect("it is read");
    assert_eq!(rows.iter().map(|row| row.step).collect::<Vec<_>>(), [1, 2, 0, 4]);
    assert_eq!(rows[1].time, rows[0].time, "the time of the row before");
    assert_eq!(rows[2].time.0, 1_795_400_275_500_000);
    assert_eq!(rows[3].time, rows[2].time);
    assert_eq!(rows[3].metrics[0].1.number(), Some(0.5));
    assert!(rows[1].metrics.is_empty());
}

#[test]
fn the_log_of_another_file_does_no_harm() {
    let other = Scratch::new();
    let project = other.project();
    project.append(batch("a", vec![row("1", 1, loss(1.0))])).expect("it is stored");
    let foreign = std::fs::read(other.path("p.db-wal")).expect("it is there while the file is open");
    for log in [foreign, b"no log at all".repeat(1_000)] {
        let scratch = Scratch::new();
        scratch.place(PEER_FILE);
        std::fs::write(scratch.path("p.db-wal"), log).expect("it is written");
        if let Err(error) = read_everything(&scratch) {
            assert!(matches!(error, StorageError::Damaged { .. }), "{error:?}");
        }
    }
}
