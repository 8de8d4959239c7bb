//! Files of the peer, of its present version and of earlier ones, and ours as it finds them.

use paceline_schema::ddl::{OWN_TABLES, SCHEMA_VERSION};
use paceline_schema::{AlertLevel, Value};
use paceline_storage::{AlertFilter, StorageError};
use rusqlite::Connection;

use crate::support::{Scratch, at, batch, loss, row, start};

/// Every statement of the catalogue of a file that version 0.43 made, spaces set alike, sorted.
const PEER_SCHEMA: &str = include_str!("../fixtures/peer-0.43-schema.sql");
/// A file that version 0.43 made: two runs of one name, a config each, a sample, an alert.
const PEER_FILE: &[u8] = include_bytes!("../fixtures/peer-0.43.db");

fn normalized(sql: &str) -> String {
    let mut text = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    for mark in ["(", ",", ")"] {
        text = text.split(mark).map(str::trim).collect::<Vec<_>>().join(mark);
    }
    text
}

fn peer_schema_of(connection: &Connection) -> Vec<String> {
    let mut statement = connection
        .prepare(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' \
             AND name NOT LIKE 'paceline_%'",
        )
        .expect("it is a database");
    let mut schema: Vec<String> = statement
        .query_map([], |row| row.get::<_, String>(0))
        .expect("it is read")
        .map(|sql| normalized(&sql.expect("it is text")))
        .collect();
    schema.sort();
    schema
}

fn expected_schema() -> Vec<String> {
    let mut schema: Vec<String> =
        PEER_SCHEMA.lines().map(|line| line.trim_end_matches(';').to_owned()).collect();
    schema.sort();
    schema
}

fn user_version(connection: &Connection) -> i64 {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("it says")
}

#[test]
fn a_new_file_has_exactly_the_peers_tables() {
    let scratch = Scratch::new();
    scratch.project().append(Vec::new()).expect("the tables are made");
    let other = scratch.other_program();
    assert_eq!(peer_schema_of(&other), expected_schema());
    assert_eq!(user_version(&other), SCHEMA_VERSION);
    let ours: i64 = other
        .query_row(
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name LIKE 'paceline_%'",
            [],
            |row| row.get(0),
        )
        .expect("it is read");
    assert_eq!(ours, OWN_TABLES.len() as i64);
}

#[test]
fn a_file_of_the_peer_is_read_without_a_change_and_then_written() {
    let scratch = Scratch::new();
    scratch.place(PEER_FILE);
    let (first, second) = ("a".repeat(32), "b".repeat(32));
    let project = scratch.store.project("p").expect("it is there");
    project
        .read(|reader| {
            let runs = reader.runs()?;
            assert_eq!(runs.iter().map(|run| run.run_id.as_str()).collect::<Vec<_>>(), [&first, &second]);
            assert_eq!((runs[0].process.state, runs[0].colour_slot, runs[1].colour_slot), (None, 0, 1));
            assert_eq!(reader.config(&first)?.expect("it has one")["_Group"], "warm");
            assert_eq!(reader.find_run("calm-river-0")?.run_id, second);
            let rows = reader.rows(&first, None, 100)?;
            assert_eq!(rows.len(), 7);
            let last = &rows[6].metrics;
            assert!(last[0].1.number().is_some_and(f64::is_nan));
            assert_eq!(last[1].1, Value::Float(f64::INFINITY));
            assert_eq!(last[3].1, Value::Integer((1 << 53) + 1));
            assert_eq!(rows[0].metrics[3].1, Value::Json("{\"x\":[1,2.5,null]}".into()));
            assert_eq!(rows[0].time.to_string(), "2026-11-23T02:17:52.070297+00:00");
            assert_eq!(reader.heads(&first)?.rows(), 7);
            assert_eq!(reader.config(&first)?.expect("it has one")["lr"], 1e-3);
            assert_eq!(reader.system_rows(&first, None, 10)?.len(), 1);
            assert_eq!(reader.alerts(&AlertFilter::default(), 10)?[0].1.level, AlertLevel::Error);
            Ok(())
        })
        .expect("it is read");
    assert_eq!(std::fs::read(scratch.path("p.db")).expect("it is there"), PEER_FILE);

    project.append(batch(&second, vec![start(at(0)), row("new", 7, loss(0.1))])).expect("it is stored");
    assert_eq!(peer_schema_of(&scratch.other_program()), expected_schema());
    assert_eq!(project.read(|reader| reader.heads(&second)).expect("it is read").rows(), 3);
}

/// A file as versions before 0.24 made it: runs told apart by name, no `log_id`.
fn legacy(scratch: &Scratch) {
    scratch
        .other_program()
        .execute_batch(
            "CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT NOT NULL, run_name TEXT NOT NULL, \
                step INTEGER NOT NULL, metrics TEXT NOT NULL);
             CREATE INDEX idx_metrics_run_step ON metrics(run_name, step);
             CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_name TEXT NOT NULL, config TEXT NOT NULL, \
                created_at TEXT NOT NULL, UNIQUE(run_name));
             CREATE TABLE system_metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT NOT NULL, \
                run_name TEXT NOT NULL, metrics TEXT NOT NULL);
             CREATE TABLE alerts (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT NOT NULL, run_name TEXT NOT NULL, \
                title TEXT NOT NULL, text TEXT, level TEXT NOT NULL DEFAULT 'warn', step INTEGER);
             INSERT INTO metrics (id, timestamp, run_name, step, metrics) VALUES \
                (1, '2024-01-01T00:00:00', 'old', 0, '{\"loss\": 2.0}'), (2, '2024-01-01T00:00:01', 'other', 0, '{\"loss\": 3.0}'), \
                (7, '2024-01-01T00:00:02', 'old', 1, '{\"loss\": \"NaN\"}');
             INSERT INTO configs (run_name, config, created_at) VALUES ('old', '{\"lr\": 0.1}', '2024-01-01T00:00:00');
             INSERT INTO system_metrics (timestamp, run_name, metrics) VALUES ('2024-01-01T00:00:00', 'old', '{\"gpu\": 1}');
             INSERT INTO alerts (timestamp, run_name, title) VALUES ('2024-01-01T00:00:00', 'old', 'look');",
        )
        .expect("it is made");
}

#[test]
fn an_old_file_is_read_as_it_is() {
    let scratch = Scratch::new();
    legacy(&scratch);
    let before = std::fs::read(scratch.path("p.db")).expect("it is there");
    scratch
        .store
        .project("p")
        .expect("it is there")
        .read(|reader| {
            let runs = reader.runs()?;
            assert_eq!(runs.iter().map(|run| run.run_id.as_str()).collect::<Vec<_>>(), ["old", "other"]);
            assert_eq!(reader.rows("old", None, 10)?.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 7]);
            assert_eq!(reader.heads("old")?.rows(), 2);
            assert_eq!(reader.config("old")?.expect("it has one")["lr"], 0.1);
            assert_eq!(reader.system_rows("old", None, 10)?.len(), 1);
            assert_eq!(
                reader.alerts(&AlertFilter { run_id: Some("old"), ..AlertFilter::default() }, 10)?.len(),
                1
            );
            Ok(())
        })
        .expect("it is read");
    assert_eq!(std::fs::read(scratch.path("p.db")).expect("it is there"), before);
}

#[test]
fn the_first_write_brings_an_old_file_to_the_present_form() {
    let scratch = Scratch::new();
    legacy(&scratch);
    let project = scratch.store.project("p").expect("it is there");
    project.read(|reader| reader.runs()).expect("it is read in its old form first");
    project.append(batch("new run", vec![row("1", 0, loss(1.0))])).expect("it is stored");
    let other = scratch.other_program();
    assert_eq!(peer_schema_of(&other), expected_schema());
    assert_eq!(user_version(&other), SCHEMA_VERSION);

    project
        .read(|reader| {
            let old = reader.find_run("old")?;
            assert_eq!(old.run_id.len(), 32, "{}", old.run_id);
            assert_eq!(
                reader.rows(&old.run_id, None, 10)?.iter().map(|row| row.id).collect::<Vec<_>>(),
                [1, 7]
            );
            assert_eq!(reader.heads(&old.run_id)?.rows(), 2);
            assert_eq!(reader.config(&old.run_id)?.expect("it has one")["lr"], 0.1);
            assert_eq!(reader.system_rows(&old.run_id, None, 10)?.len(), 1);
            assert_eq!(reader.alert_counts(&old.run_id)?.warn, 1);
            assert_eq!(reader.runs()?.len(), 3);
            Ok(())
        })
        .expect("it is read");
    let copy = Connection::open(scratch.path(".paceline/before-migration/p.db")).expect("it is kept");
    let rows: i64 =
        copy.query_row("SELECT count(*) FROM metrics", [], |row| row.get(0)).expect("it is sound");
    assert_eq!((rows, user_version(&copy)), (3, 0));
}

#[test]
fn columns_that_came_later_are_added() {
    let scratch = Scratch::new();
    scratch
        .other_program()
        .execute_batch(
            "CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, timestamp TEXT NOT NULL, \
                run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL);
             INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES ('r', '2025-01-01', 'r', 5, '{}');
             CREATE TABLE pending_uploads (id INTEGER PRIMARY KEY AUTOINCREMENT, space_id TEXT NOT NULL, run_name TEXT, \
                step INTEGER, file_path TEXT NOT NULL, relative_path TEXT, created_at TEXT NOT NULL);
             INSERT INTO pending_uploads (space_id, run_name, file_path, created_at) VALUES ('s', 'r', 'f', 't');",
        )
        .expect("it is made");
    let project = scratch.store.project("p").expect("it is there");
    project.append(batch("r", vec![row("1", 6, loss(1.0)), row("1", 6, loss(1.0))])).expect("it is stored");
    assert_eq!(project.read(|reader| reader.rows("r", None, 10)).expect("it is read").len(), 2);
    let pending: (String, String) = scratch
        .other_program()
        .query_row("SELECT run_id, kind FROM pending_uploads", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("it is there");
    assert_eq!(pending, ("r".into(), "media".into()));
}

#[test]
fn a_file_of_a_later_version_is_read_and_left_alone() {
    let scratch = Scratch::new();
    scratch.place(PEER_FILE);
    scratch
        .other_program()
        .execute_batch("PRAGMA user_version = 3; ALTER TABLE metrics ADD COLUMN extra TEXT")
        .expect("it is changed");
    let project = scratch.store.project("p").expect("it is there");
    assert_eq!(project.read(|reader| reader.runs()).expect("it is read").len(), 2);
    let error =
        project.append(batch("a", vec![row("1", 1, loss(1.0))])).expect_err("it is not ours to write");
    assert!(
        matches!(error, StorageError::SchemaTooNew { version: 3, supported: SCHEMA_VERSION, .. }),
        "{error:?}"
    );
    let ours: i64 = scratch
        .other_program()
        .query_row("SELECT count(*) FROM sqlite_master WHERE name LIKE 'paceline_%'", [], |row| row.get(0))
        .expect("it is read");
    assert_eq!((ours, user_version(&scratch.other_program())), (0, 3));
}
