//! Heads tell what the rows tell, whoever wrote, deleted, renamed or read in between.

use std::collections::BTreeMap;

use paceline_schema::Value;
use paceline_series::RunHeads;
use paceline_storage::{Project, Store};
use proptest::prelude::*;
use rusqlite::{Connection, params};

use crate::support::{Scratch, at, batch, loss, row};

/// One thing that happens to a project.
#[derive(Debug, Clone)]
enum Act {
    /// We append so many rows to a run.
    Append {
        run: u8,
        rows: u8,
    },
    /// Another program inserts so many.
    Insert {
        run: u8,
        rows: u8,
    },
    /// Another program deletes a run.
    Delete {
        run: u8,
    },
    /// Another program deletes a run and inserts its rows again, as the peer's rename does.
    Rename {
        run: u8,
    },
    /// Another program puts a row under an id that was another run's.
    Reuse {
        run: u8,
    },
    Read,
    /// Everything is closed and opened again.
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    let run = 0u8..3;
    prop_oneof![
        4 => (run.clone(), 1u8..9).prop_map(|(run, rows)| Act::Append { run, rows }),
        // So many are taken in before they are committed.
        2 => (run.clone(), 98u8..130).prop_map(|(run, rows)| Act::Append { run, rows }),
        3 => (run.clone(), 1u8..9).prop_map(|(run, rows)| Act::Insert { run, rows }),
        1 => run.clone().prop_map(|run| Act::Delete { run }),
        1 => run.clone().prop_map(|run| Act::Rename { run }),
        1 => run.prop_map(|run| Act::Reuse { run }),
        3 => Just(Act::Read),
        2 => Just(Act::Reopen),
    ]
}

fn insert(other: &Connection, run: u8, number: i64) {
    let metrics = format!("{{\"train/loss\":{},\"n\":{number},\"text\":\"x\"}}", (number as f64).sin());
    other
        .execute(
            "INSERT INTO metrics (run_id, run_name, timestamp, step, metrics) VALUES (?1, ?1, ?2, ?3, ?4)",
            params![format!("run {run}"), at(number).to_string(), number, metrics.as_bytes()],
        )
        .expect("it is inserted");
}

fn all_heads(store: &Store) -> BTreeMap<String, RunHeads> {
    let project = store.project("p").expect("it is there");
    let heads = project.read(|reader| reader.all_heads()).expect("it is read");
    heads.into_iter().map(|(run_id, heads)| (run_id, (*heads).clone())).collect()
}

/// The heads as somebody reads them who has only the rows.
fn from_scratch(scratch: &Scratch) -> BTreeMap<String, RunHeads> {
    let other = scratch.other_program();
    let mut heads: BTreeMap<String, RunHeads> = BTreeMap::new();
    let mut statement = other
        .prepare("SELECT id, run_id, timestamp, step, metrics FROM metrics ORDER BY id")
        .expect("it is there");
    let mut rows = statement.query([]).expect("it is read");
    while let Some(row) = rows.next().expect("it is read") {
        let column = |index| row.get::<_, String>(index).expect("it is text");
        let json: Vec<u8> = row.get(4).expect("it is a blob");
        heads.entry(column(1)).or_default().absorb(
            row.get(0).expect("it is a number"),
            paceline_schema::Timestamp::parse(&column(2)).expect("it is a time"),
            row.get(3).expect("it is a number"),
            &paceline_schema::values::parse_metrics(&json).expect("it is JSON"),
        );
    }
    heads
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn heads_after_mixed_writers_equal_heads_from_scratch(acts in prop::collection::vec(act(), 1..25)) {
        let scratch = Scratch::new();
        scratch.project().append(Vec::new()).expect("the tables are made");
        let other = scratch.other_program();
        let mut store = scratch.reopened();
        let mut number = 0;
        for act in acts {
            match act {
                Act::Append { run, rows } => {
                    let events = (0..rows).map(|_| {
                        number += 1;
                        let mut metrics = loss((number as f64).cos());
                        metrics.push(("n".into(), Value::Integer(number)));
                        row(&format!("{number:08}"), number, metrics)
                    }).collect();
                    store.project("p").expect("it is there").append(batch(&format!("run {run}"), events)).expect("it is stored");
                }
                Act::Insert { run, rows } => for _ in 0..rows {
                    number += 1;
                    insert(&other, run, number);
                },
                Act::Delete { run } => {
                    other.execute("DELETE FROM metrics WHERE run_id = ?1", [format!("run {run}")]).expect("it is deleted");
                }
                Act::Rename { run } => {
                    other.execute_batch(&format!(
                        "CREATE TEMP TABLE kept AS SELECT run_id, timestamp, 'new' AS run_name, step, metrics \
                         FROM metrics WHERE run_id = 'run {run}' ORDER BY id; \
                         DELETE FROM metrics WHERE run_id = 'run {run}'; \
                         INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) SELECT * FROM kept; \
                         DROP TABLE kept"
                    )).expect("it is renamed");
                }
                Act::Reuse { run } => {
                    // A single changed row inside a run is what no probe can see; the heads are read anew.
                    store = scratch.reopened();
                    other.execute(
                        "UPDATE metrics SET run_id = ?1, log_id = NULL WHERE id = (SELECT max(id) FROM metrics)",
                        [format!("run {run}")],
                    ).expect("it is changed");
                    other.execute_batch("DELETE FROM paceline_heads; DELETE FROM paceline_meta").expect("it is deleted");
                }
                Act::Read => prop_assert_eq!(all_heads(&store), from_scratch(&scratch)),
                Act::Reopen => store = scratch.reopened(),
            }
        }
        prop_assert_eq!(all_heads(&store), from_scratch(&scratch));
        prop_assert_eq!(all_heads(&scratch.reopened()), from_scratch(&scratch));
    }
}

fn stored_mark(scratch: &Scratch) -> i64 {
    let text: String = scratch
        .other_program()
        .query_row("SELECT value FROM paceline_meta WHERE key = 'mark'", [], |row| row.get(0))
        .expect("it is stored");
    let mark: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    mark["id"].as_i64().expect("it has an id")
}

#[test]
fn a_writer_that_closes_leaves_the_heads_stored() {
    let scratch = Scratch::new();
    let store = scratch.reopened();
    let name = paceline_schema::ProjectName::new("p").expect("a good name");
    let project = store.project_for_writing(&name).expect("it is made");
    let events = (1..=50).map(|step| row(&format!("{step}"), step, loss(1.0))).collect();
    project.append(batch("a", events)).expect("it is stored");
    drop((project, store));
    assert_eq!(stored_mark(&scratch), 50);
}

#[test]
fn a_reader_with_much_to_read_stores_what_it_found() {
    let scratch = Scratch::new();
    scratch.project().append(Vec::new()).expect("the tables are made");
    let other = scratch.other_program();
    other
        .execute_batch("DROP TABLE paceline_heads; DROP TABLE paceline_meta; BEGIN")
        .expect("as the peer leaves it");
    for number in 1..=2_500 {
        insert(&other, 0, number);
    }
    other.execute_batch("COMMIT").expect("it is stored");
    assert_eq!(all_heads(&scratch.reopened())["run 0"].rows(), 2_500);
    assert_eq!(stored_mark(&scratch), 2_500);

    // What is stored is used: heads that say something else are believed as long as the rows agree.
    for format in ["x'00'", "CAST(x'02' || substr(heads, 2) AS BLOB)"] {
        other.execute(&format!("UPDATE paceline_heads SET heads = {format}"), []).expect("it is changed");
        assert_eq!(all_heads(&scratch.reopened()), from_scratch(&scratch), "another format is read anew");
    }
}

#[test]
fn heads_of_another_format_are_rebuilt_once_and_stored() {
    let scratch = Scratch::new();
    scratch.project().append(Vec::new()).expect("the tables are made");
    let other = scratch.other_program();
    other.execute_batch("BEGIN").expect("begun");
    for number in 1..=5_000 {
        insert(&other, u8::from(number % 2 == 0), number);
    }
    other.execute_batch("COMMIT").expect("it is stored");
    let stored = || -> Vec<(String, Vec<u8>)> {
        let mut statement =
            other.prepare("SELECT run_id, heads FROM paceline_heads ORDER BY run_id").expect("it is there");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("they are read");
        rows.collect::<Result<_, _>>().expect("they are read")
    };
    all_heads(&scratch.reopened());
    let written = stored();
    assert_eq!(written.len(), 2);
    for which in ["TRUE", "run_id = 'run 0'"] {
        other
            .execute(&format!("UPDATE paceline_heads SET heads = x'00' WHERE {which}"), [])
            .expect("changed");
        assert_eq!(all_heads(&scratch.reopened()), from_scratch(&scratch));
        assert_eq!(stored(), written, "the next process reads no row again, where {which}");
    }
}

#[test]
fn a_snapshot_is_complete_and_no_further() {
    let scratch = Scratch::new();
    let project: std::sync::Arc<Project> = scratch.project();
    project.append(batch("a", vec![row("1", 1, loss(1.0))])).expect("it is stored");
    project
        .read(|reader| {
            project.append(batch("a", vec![row("2", 2, loss(1.0))])).expect("readers hold up no writer");
            assert_eq!(reader.heads("a")?.rows(), 1);
            assert_eq!(reader.rows("a", None, 10)?.len(), 1);
            Ok(())
        })
        .expect("it is read");
    assert_eq!(project.read(|reader| reader.heads("a")).expect("it is read").rows(), 2);
}

#[test]
fn readers_beside_large_transactions_see_each_of_them_whole() {
    const ROWS: u64 = 250;
    let scratch = Scratch::new();
    let project: std::sync::Arc<Project> = scratch.project();
    project.append(Vec::new()).expect("the tables are made");
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for transaction in 0..40 {
                let row_of = |number: u64| row(&format!("{number:06}"), number as i64, loss(1.0));
                let rows = (transaction * ROWS..(transaction + 1) * ROWS).map(row_of).collect();
                project.append(batch("a", rows)).expect("it is stored");
                let seen = project.read(|reader| reader.heads("a")).expect("it is read").rows();
                assert_eq!(seen, (transaction + 1) * ROWS, "who has an answer sees the rows");
            }
        });
        while !writing.is_finished() {
            let (in_heads, in_rows) = project
                .read(|reader| Ok((reader.heads("a")?.rows(), reader.rows("a", None, 20_000)?.len())))
                .expect("it is read");
            assert_eq!((in_heads, in_heads % ROWS), (in_rows as u64, 0), "heads and rows of one snapshot");
        }
        writing.join().expect("no panic");
    });
    assert_eq!(all_heads(&scratch.reopened()), from_scratch(&scratch));
}
