//! The series index tells what the rows tell, whoever wrote, deleted, renamed, killed or damaged in between.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use paceline_schema::rank::RANK_KEY;
use paceline_schema::{Value, rank_of};
use paceline_series::StepResolver;
use paceline_series::columns::{Axis, points, values};
use paceline_storage::{Reader, SeriesSettings, SeriesUnavailable, StorageError, Store};
use rusqlite::{Connection, params};

use crate::support::{Scratch, at, batch, loss, row};

/// Run, rank, metric → step, time and value of each point, in the order they came.
type Series = BTreeMap<(String, u32, String), Vec<(f64, f64, u64)>>;

/// The series of all runs by the index.
fn by_index(reader: &Reader<'_>) -> Result<Series, SeriesUnavailable> {
    let heads = reader.all_heads()?;
    let run_ids: Vec<&str> = heads.keys().map(String::as_str).collect();
    let snapshot = reader.series(&run_ids)?;
    let mut all = Series::new();
    for (run_id, heads) in &heads {
        for rank in snapshot.ranks(run_id) {
            for name in heads.keys() {
                let series = snapshot.metric(run_id, rank, name)?;
                let mut steps = points(&series, Axis::Step)?;
                let mut times = points(&series, Axis::Time)?;
                steps.sort_by_key(|point| point.row);
                times.sort_by_key(|point| point.row);
                let in_order = values(&series)?;
                assert_eq!(steps.len(), in_order.len());
                let joined = steps.iter().zip(&times).zip(&in_order).map(|((step, time), value)| {
                    assert_eq!((step.row, time.row), (value.row, value.row));
                    assert_eq!(step.value.to_bits(), value.value.to_bits());
                    (step.x, time.x, value.value.to_bits())
                });
                let joined: Vec<_> = joined.collect();
                if !joined.is_empty() {
                    all.insert((run_id.clone(), rank, name.to_owned()), joined);
                }
            }
        }
    }
    Ok(all)
}

/// The same by the rows alone.
fn by_rows(reader: &Reader<'_>) -> Result<Series, StorageError> {
    let mut all = Series::new();
    for run_id in reader.all_heads()?.into_keys() {
        let mut resolvers: BTreeMap<u32, StepResolver> = BTreeMap::new();
        for row in reader.rows(&run_id, None, usize::MAX)? {
            let rank = rank_of(&row.metrics);
            let step = resolvers.entry(rank).or_default().resolve(row.step, &row.metrics).step;
            // Of a key that stands twice the last one counts, as in Python.
            let metrics: BTreeMap<&String, &Value> =
                row.metrics.iter().map(|(name, value)| (name, value)).collect();
            for (name, value) in metrics.into_iter().filter(|(name, _)| *name != RANK_KEY) {
                if let Some(value) = value.number() {
                    let series = all.entry((run_id.clone(), rank, name.clone())).or_default();
                    series.push((step as f64, row.time.seconds(), value.to_bits()));
                }
            }
        }
    }
    Ok(all)
}

/// Asks the index of a project and compares; how many points there are. A damaged index may have to be asked again.
#[track_caller]
pub(crate) fn assert_same(store: &Store) -> usize {
    let project = store.project("p").expect("it is there");
    project
        .read(|reader| {
            let expected = by_rows(reader)?;
            let mut attempts = 0;
            let found = loop {
                match by_index(reader) {
                    Ok(found) => break found,
                    Err(unavailable) => {
                        attempts += 1;
                        assert!(attempts < 20, "{unavailable}");
                    }
                }
            };
            assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
            for (series, points) in &expected {
                assert_eq!(&found[series], points, "{series:?}");
            }
            Ok(expected.values().map(Vec::len).sum())
        })
        .expect("it is read")
}

fn side_file(scratch: &Scratch) -> PathBuf {
    scratch.path(".paceline/p.series")
}

/// Inserts rows as another program does.
fn insert(other: &Connection, run: &str, numbers: std::ops::Range<i64>) {
    other.execute_batch("BEGIN").expect("it begins");
    for number in numbers {
        let metrics = format!("{{\"train/loss\":{},\"n\":{number},\"text\":\"x\"}}", (number as f64).sin());
        other
            .execute(
                "INSERT INTO metrics (run_id, run_name, timestamp, step, metrics) VALUES (?1, ?1, ?2, ?3, ?4)",
                params![run, at(number).to_string(), number, metrics.as_bytes()],
            )
            .expect("it is inserted");
    }
    other.execute_batch("COMMIT").expect("it ends");
}

fn serving(scratch: &Scratch) -> Store {
    scratch.reopened_with(SeriesSettings { keeps_up: true, ..SeriesSettings::default() })
}

#[test]
fn long_runs_side_by_side_are_read_once_and_then_from_the_file() {
    let scratch = Scratch::new();
    scratch.project().append(Vec::new()).expect("the tables are made");
    let other = scratch.other_program();
    for part in 0..5 {
        insert(&other, "a", part * 2_000..(part + 1) * 2_000);
        insert(&other, "b", part * 1_500..(part + 1) * 1_500);
    }
    assert_eq!(assert_same(&scratch.reopened()), 2 * (10_000 + 7_500));
    let written = fs::metadata(side_file(&scratch)).expect("it is stored").modified().expect("it says");
    assert_same(&scratch.reopened());
    assert_eq!(fs::metadata(side_file(&scratch)).expect("it is there").modified().expect("it says"), written);

    insert(&other, "a", 10_000..10_100);
    insert(&other, "b", 7_500..13_000);
    let store = scratch.reopened();
    assert_same(&store);
    insert(&other, "a", 10_100..10_101);
    assert_same(&store);
    assert_same(&scratch.reopened());
}

#[test]
fn a_server_takes_in_what_it_commits() {
    let scratch = Scratch::new();
    scratch.project().append(Vec::new()).expect("the tables are made");
    let store = serving(&scratch);
    let project = store.project("p").expect("it is there");
    for part in 0..10 {
        let events = (part * 1_000..(part + 1) * 1_000).map(|step| {
            let mut metrics = loss(step as f64);
            if step % 3 == 0 {
                metrics.push(("_rank".into(), Value::Integer(1)));
            }
            row(&format!("{step}"), step, metrics)
        });
        project.append(batch("a", events.collect())).expect("it is stored");
    }
    assert_same(&store);
    drop(project);
    store.close();
    drop(store);
    assert_same(&scratch.reopened());
}

#[test]
fn what_a_server_takes_in_is_stored_before_anybody_asks() {
    let scratch = Scratch::new();
    let store = serving(&scratch);
    let name = paceline_schema::ProjectName::new("p").expect("a good name");
    let project = store.project_for_writing(&name).expect("it is made");
    for part in 0..3 {
        let events = (part * 2_000..(part + 1) * 2_000).map(|step| row(&format!("{step}"), step, loss(1.0)));
        project.append(batch("a", events.collect())).expect("it is stored");
    }
    drop(project);
    store.close();
    let side = Connection::open(side_file(&scratch)).expect("it opens");
    let blocks: i64 =
        side.query_row("SELECT count(*) FROM block", [], |row| row.get(0)).expect("it is sound");
    assert_eq!(blocks, 2, "a full one and one that grows on");
    // Nothing has to be read again: the file answers as it is.
    let before = fs::read(side_file(&scratch)).expect("it is read");
    assert_eq!(assert_same(&scratch.reopened()), 6_000);
    assert_eq!(fs::read(side_file(&scratch)).expect("it is read"), before);
}

#[test]
fn a_commit_of_many_runs_costs_what_its_rows_do() {
    let seconds = |runs: usize| {
        let scratch = Scratch::new();
        let store = serving(&scratch);
        let name = paceline_schema::ProjectName::new("p").expect("a good name");
        let project = store.project_for_writing(&name).expect("it is made");
        project.append(Vec::new()).expect("the tables are made");
        // The rows of all runs in turn, as several processes log them.
        let batches = (0..4 * runs).flat_map(|number| {
            let (run, step) = (number % runs, number as i64);
            batch(&format!("run {run}"), vec![row(&format!("{number}"), step, loss(step as f64))])
        });
        let batches = batches.collect();
        let began = Instant::now();
        project.append(batches).expect("it is stored");
        drop(project);
        // Ends the thread that takes them in.
        store.close();
        let seconds = began.elapsed().as_secs_f64();
        assert_eq!(assert_same(&store), 4 * runs);
        seconds
    };
    let best = |runs: usize| (0..3).map(|_| seconds(runs)).fold(f64::INFINITY, f64::min);
    let (few, many) = (best(125), best(1_000));
    // 8 times as many rows; a look at all of them for each run would be 64 times the work.
    assert!(many < few * 24.0, "{few} s for 125 runs, {many} s for 1,000");
}

#[test]
fn a_snapshot_keeps_its_moment_while_rows_come_and_the_file_goes() {
    let scratch = Scratch::new();
    let store = serving(&scratch);
    let name = paceline_schema::ProjectName::new("p").expect("a good name");
    let project = store.project_for_writing(&name).expect("it is made");
    let append = |from: i64, to: i64| {
        let events = (from..to).map(|step| row(&format!("{step}"), step, loss(step as f64))).collect();
        project.append(batch("a", events)).expect("it is stored");
    };
    append(0, 5_000);
    assert_eq!(assert_same(&store), 5_000);
    let snapshot = project.read(|reader| Ok(reader.series(&["a"]))).expect("it is read").expect("it answers");
    append(5_000, 10_000);
    project.delete_run("a").expect("it is deleted");
    let found = values(&snapshot.metric("a", 0, "train/loss").expect("it answers")).expect("it is sound");
    assert_eq!(found.len(), 5_000);
    assert!(found.iter().enumerate().all(|(row, value)| value.value == row as f64));
    drop(snapshot);
    let empty = project.read(|reader| Ok(reader.series(&["a"]))).expect("it is read").expect("it answers");
    assert_eq!(empty.ranks("a").count(), 0);
}

#[test]
fn rows_that_a_reader_does_not_see_yet_are_no_damage() {
    let scratch = Scratch::new();
    let store = serving(&scratch);
    let name = paceline_schema::ProjectName::new("p").expect("a good name");
    let project = store.project_for_writing(&name).expect("it is made");
    let append = |from: i64, to: i64| {
        let events = (from..to).map(|step| row(&format!("{step}"), step, loss(step as f64))).collect();
        project.append(batch("a", events)).expect("it is stored");
    };
    append(0, 100);
    project
        .read(|reader| {
            append(100, 300);
            // The writer takes them in after it has answered.
            let count = || {
                let snapshot = reader.series(&["a"]).expect("it answers");
                values(&snapshot.metric("a", 0, "train/loss").expect("it answers"))
                    .expect("it is sound")
                    .len()
            };
            while count() != 300 {
                assert_eq!(count() % 200, 100, "one moment or the other");
                std::thread::yield_now();
            }
            Ok(())
        })
        .expect("it is read");
    assert_eq!(assert_same(&store), 300);
}

#[test]
fn tails_are_bounded_and_runs_of_many_metrics_are_cut_short() {
    let scratch = Scratch::new();
    scratch.project().append(Vec::new()).expect("the tables are made");
    let wide = |step: i64| -> Vec<(String, Value)> {
        (0..40).map(|metric| (format!("m{metric}"), Value::Float((step * metric) as f64))).collect()
    };
    for run in ["a", "b", "c"] {
        let events = (0..3_000).map(|step| row(&format!("{run}{step}"), step, wide(step))).collect();
        scratch.project().append(batch(run, events)).expect("it is stored");
    }
    let store = scratch.reopened_with(SeriesSettings { memory_bytes: 100_000, ..SeriesSettings::default() });
    assert_eq!(assert_same(&store), 3 * 3_000 * 40);
    let side = Connection::open(side_file(&scratch)).expect("it opens");
    let blocks: i64 =
        side.query_row("SELECT count(*) FROM block", [], |row| row.get(0)).expect("it is sound");
    assert!(blocks > 6, "{blocks} blocks");
    assert_same(&scratch.reopened());
}

#[test]
fn where_nothing_can_be_written_memory_answers() {
    let scratch = Scratch::new();
    let events = (0..9_000).map(|step| row(&format!("{step}"), step, loss(step as f64))).collect();
    scratch.project().append(batch("a", events)).expect("it is stored");
    // A file in the place of the folder stands for a directory without write permission, which the superuser
    // would not notice.
    fs::write(scratch.path(".paceline"), b"").expect("it is written");
    assert_eq!(assert_same(&scratch.reopened()), 9_000);
}

#[test]
fn a_deleted_project_takes_its_series_along() {
    let scratch = Scratch::new();
    let events = (0..5_000).map(|step| row(&format!("{step}"), step, loss(step as f64))).collect();
    scratch.project().append(batch("a", events)).expect("it is stored");
    assert_eq!(assert_same(&scratch.store), 5_000);
    assert!(side_file(&scratch).exists());
    scratch.store.delete_project("p").expect("it is deleted");
    assert!(fs::read_dir(scratch.path(".paceline")).expect("it is there").next().is_none());
    // Made anew, with the very same ids.
    let events = (0..5_000).map(|step| row(&format!("{step}"), step, loss(-step as f64))).collect();
    scratch.project().append(batch("a", events)).expect("it is stored");
    assert_eq!(assert_same(&scratch.store), 5_000);
}

#[test]
fn runs_that_another_program_deleted_are_removed() {
    let scratch = Scratch::new();
    scratch.project().append(Vec::new()).expect("the tables are made");
    let other = scratch.other_program();
    insert(&other, "gone", 0..5_000);
    insert(&other, "here", 0..5_000);
    assert_same(&scratch.reopened());
    other.execute("DELETE FROM metrics WHERE run_id = 'gone'", []).expect("it is deleted");
    let store = serving(&scratch);
    assert_same(&store);
    let events = vec![row("new", 1, loss(1.0))];
    store.project("p").expect("it is there").append(batch("new", events)).expect("it is stored");
    store.close();
    let side = Connection::open(side_file(&scratch)).expect("it opens");
    let count = |sql: &str| side.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("it is sound");
    assert_eq!(count("SELECT count(*) FROM run"), 2);
    assert_eq!(count("SELECT count(*) FROM block WHERE rid NOT IN (SELECT rid FROM run)"), 0);
    let data = "SELECT count(*) FROM data WHERE id NOT IN \
        (SELECT content FROM chunk UNION SELECT ids FROM block UNION SELECT steps FROM block \
         UNION SELECT times FROM block)";
    assert_eq!(count(data), 0);
}

#[test]
fn the_file_shrinks_when_runs_are_deleted() {
    for deleted_by_us in [true, false] {
        let scratch = Scratch::new();
        let name = paceline_schema::ProjectName::new("p").expect("a good name");
        let append = |store: &Store, run: &str, rows: i64| {
            let events = (0..rows).map(|step| row(&format!("{run}{step}"), step, loss((step as f64).sin())));
            let project = store.project_for_writing(&name).expect("it is made");
            project.append(batch(run, events.collect())).expect("it is stored");
        };
        let store = serving(&scratch);
        append(&store, "short", 100);
        append(&store, "long", 60_000);
        store.close();
        let side = Connection::open(side_file(&scratch)).expect("it opens");
        let pages = |name: &str| -> i64 {
            side.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).expect("it is sound")
        };
        let before = pages("page_count");
        assert!(before > 60, "{before} pages");
        if deleted_by_us {
            store.project("p").expect("it is there").delete_run("long").expect("it is deleted");
        } else {
            let other = scratch.other_program();
            other.execute("DELETE FROM metrics WHERE run_id = 'long'", []).expect("it is deleted");
            let project = store.project("p").expect("it is there");
            project.read(|reader| reader.runs()).expect("it is read");
            append(&store, "new", 100);
            store.close();
        }
        let after = pages("page_count");
        assert!(after < before / 4, "{after} of {before} pages; by us: {deleted_by_us}");
        assert_eq!(pages("freelist_count"), 0);
        side.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("it is moved");
        let bytes = fs::metadata(side_file(&scratch)).expect("it is there").len();
        assert!(bytes < 8_192 * before as u64 / 4, "{bytes} bytes");
        assert_same(&scratch.reopened());
    }
}

#[test]
fn a_project_that_others_made_anew_with_the_same_ids_is_read_anew() {
    for rows in [5_000, 6_000] {
        let scratch = Scratch::new();
        let events = (0..5_000).map(|step| row(&format!("{step}"), step, loss(step as f64))).collect();
        scratch.project().append(batch("a", events)).expect("it is stored");
        assert_eq!(assert_same(&scratch.reopened()), 5_000);
        scratch.store.close();
        for ending in ["db", "db-wal", "db-shm"] {
            let _ = fs::remove_file(scratch.path(&format!("p.{ending}")));
        }
        let events = (0..rows).map(|step| row(&format!("{step}"), step, loss(-step as f64))).collect();
        scratch.project().append(batch("a", events)).expect("it is stored");
        assert!(side_file(&scratch).exists(), "nobody removed it");
        assert_eq!(assert_same(&scratch.reopened()), rows as usize);
    }
}

#[test]
fn two_processes_that_move_one_run_on_never_mix() {
    let scratch = Scratch::new();
    scratch.project().append(Vec::new()).expect("the tables are made");
    let other = scratch.other_program();
    let (one, two) = (scratch.reopened(), scratch.reopened());
    let mut rows = 0;
    for (count, store) in
        [(3_000, &two), (10, &one), (2_500, &two), (2_000, &one), (2_100, &two), (5_000, &one), (1, &two)]
    {
        insert(&other, "a", rows..rows + count);
        rows += count;
        assert_eq!(assert_same(store), 2 * rows as usize);
    }
    assert_same(&one);
    assert_same(&scratch.reopened());
}

#[test]
fn a_changed_byte_of_the_file_changes_no_answer() {
    let scratch = Scratch::new();
    scratch.project().append(Vec::new()).expect("the tables are made");
    insert(&scratch.other_program(), "a", 0..4_500);
    assert_same(&scratch.reopened());
    let side = Connection::open(side_file(&scratch)).expect("it opens");
    side.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("it is moved");
    drop(side);
    let sound = fs::read(side_file(&scratch)).expect("it is read");
    let mut rebuilt = 0;
    for number in 0..40 {
        let mut bytes = sound.clone();
        let place = bytes.len() / 40 * number + number * 7;
        bytes[place] ^= 1 << (number % 8);
        let _ = fs::remove_file(scratch.path(".paceline/p.series-wal"));
        let _ = fs::remove_file(scratch.path(".paceline/p.series-shm"));
        fs::write(side_file(&scratch), &bytes).expect("it is written");
        assert_same(&scratch.reopened());
        rebuilt += usize::from(
            fs::metadata(scratch.path(".paceline/p.series-wal")).is_ok_and(|log| log.len() > 0)
                || fs::read(side_file(&scratch)).expect("it is read") != bytes,
        );
    }
    assert!(rebuilt > 5, "flips in blobs are seen: {rebuilt}");
}
