//! Any sequence of writers, deletions, crashes and damage leaves the series index telling what the rows tell.

use std::fs;
use std::path::Path;

use paceline_schema::{Event, Metrics, Row, Value};
use paceline_storage::{Durability, SeriesSettings, Store};
use proptest::prelude::*;
use rusqlite::{Connection, params};
use tempfile::TempDir;

use crate::series::assert_same;
use crate::support::{at, batch};

/// One thing that happens to a project.
#[derive(Debug, Clone)]
enum Act {
    /// One of two processes appends so many rows to a run.
    Append { by: bool, run: u8, rank: u8, rows: u8 },
    /// Another program inserts so many.
    Insert { run: u8, rows: u8 },
    /// Another program deletes a run, or we do.
    Delete { run: u8, by_us: bool },
    /// Another program deletes a run and inserts its rows again, as the peer's rename does.
    Rename { run: u8 },
    /// One of two processes is asked for all series.
    Read { by: bool },
    /// One of two processes closes its files and opens them again.
    Reopen { by: bool, memory_bytes: usize },
    /// All processes are killed; the log of the side file may lose its end.
    Kill { log_cut: Option<u16> },
    /// Somebody deletes the side file.
    DeleteFile { with_log: bool },
    /// A byte of the side file, or of its log, is changed.
    Flip { log: bool, place: u32 },
}

fn act() -> impl Strategy<Value = Act> {
    let run = 0u8..3;
    let by = any::<bool>();
    let memory = prop::sample::select(vec![1usize, 20_000, 64 << 20]);
    prop_oneof![
        6 => (by, run.clone(), 0u8..2, 1u8..40)
            .prop_map(|(by, run, rank, rows)| Act::Append { by, run, rank, rows }),
        3 => (run.clone(), 1u8..40).prop_map(|(run, rows)| Act::Insert { run, rows }),
        1 => (run.clone(), any::<bool>()).prop_map(|(run, by_us)| Act::Delete { run, by_us }),
        1 => run.prop_map(|run| Act::Rename { run }),
        5 => by.prop_map(|by| Act::Read { by }),
        2 => (by, memory).prop_map(|(by, memory_bytes)| Act::Reopen { by, memory_bytes }),
        2 => prop::option::of(any::<u16>()).prop_map(|log_cut| Act::Kill { log_cut }),
        1 => any::<bool>().prop_map(|with_log| Act::DeleteFile { with_log }),
        2 => (any::<bool>(), any::<u32>()).prop_map(|(log, place)| Act::Flip { log, place }),
    ]
}

/// Two processes over one directory: a server, and one that only answers.
struct World {
    directory: TempDir,
    stores: [Store; 2],
    number: i64,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let world = Self { stores: Self::open(directory.path()), directory, number: 0 };
        world.append(false, 0, Vec::new());
        world
    }

    fn open(directory: &Path) -> [Store; 2] {
        [true, false].map(|keeps_up| {
            let series = SeriesSettings { keeps_up, memory_bytes: 20_000 };
            Store::open_with(directory, Durability::Process, series).expect("it touches nothing")
        })
    }

    fn path(&self, file: &str) -> std::path::PathBuf {
        self.directory.path().join(file)
    }

    fn other_program(&self) -> Connection {
        Connection::open(self.path("p.db")).expect("it opens")
    }

    fn append(&self, by: bool, run: u8, events: Vec<Event>) {
        let name = paceline_schema::ProjectName::new("p").expect("a good name");
        let project = self.stores[usize::from(by)].project_for_writing(&name).expect("it is made");
        project.append(batch(&format!("run {run}"), events)).expect("it is stored");
    }

    /// The next row: steps go back now and then, metrics come and go and change their type.
    fn metrics(&mut self, rank: u8) -> (i64, Metrics) {
        self.number += 1;
        let number = self.number;
        let mut metrics = vec![("train/loss".to_owned(), Value::Float((number as f64).cos()))];
        if number % 3 == 0 {
            metrics.push(("sparse".into(), Value::Integer(number)));
        }
        if number % 7 == 0 {
            metrics[0].1 = Value::Float(f64::NAN);
            metrics.push((format!("rare {}", number % 5), Value::Float(number as f64 * 0.1)));
        }
        if number % 11 == 0 {
            metrics.push(("sparse".into(), Value::Json("\"text\"".into())));
        }
        if number % 13 > 9 {
            metrics.push(("train/global_step".into(), Value::Integer(number * 10)));
        }
        if rank > 0 {
            metrics.push(("_rank".into(), Value::Integer(rank.into())));
        }
        let step = if number % 17 == 0 { number - 40 } else { number };
        (step, metrics)
    }

    fn kill(&mut self, log_cut: Option<u16>) {
        let next = tempfile::tempdir().expect("a scratch directory");
        copy_folder(self.directory.path(), next.path());
        if let Some(cut) = log_cut {
            let log = next.path().join(".paceline/p.series-wal");
            if let Ok(bytes) = fs::read(&log) {
                let kept = bytes.len() * usize::from(cut) / usize::from(u16::MAX);
                fs::write(&log, &bytes[..kept]).expect("it is written");
            }
        }
        self.stores = Self::open(next.path());
        self.directory = next;
    }

    fn flip(&self, file: &str, place: u32) {
        let path = self.path(file);
        let Ok(mut bytes) = fs::read(&path) else { return };
        if bytes.is_empty() {
            return;
        }
        let place = place as usize % bytes.len();
        bytes[place] ^= 1 << (place % 8);
        use std::os::unix::fs::FileExt;
        let opened = fs::OpenOptions::new().write(true).open(&path).expect("it opens");
        opened.write_at(&bytes[place..=place], place as u64).expect("it is written");
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Append { by, run, rank, rows } => {
                let events = (0..rows).map(|_| {
                    let (step, metrics) = self.metrics(rank);
                    let log_id = Some(format!("{:08}", self.number));
                    Event::Row(Row { log_id, time: at(self.number), step: Some(step), metrics })
                });
                let events = events.collect();
                self.append(by, run, events);
            }
            Act::Insert { run, rows } => {
                let other = self.other_program();
                for _ in 0..rows {
                    let (step, metrics) = self.metrics(0);
                    let mut json = Vec::new();
                    paceline_schema::values::write_metrics(
                        metrics.iter().map(|(name, value)| (name.as_str(), value)),
                        &mut json,
                    );
                    other
                        .execute(
                            "INSERT INTO metrics (run_id, run_name, timestamp, step, metrics) \
                             VALUES (?1, ?1, ?2, ?3, ?4)",
                            params![format!("run {run}"), at(self.number).to_string(), step, json],
                        )
                        .expect("it is inserted");
                }
            }
            Act::Delete { run, by_us: false } => {
                let sql = "DELETE FROM metrics WHERE run_id = ?1";
                self.other_program().execute(sql, [format!("run {run}")]).expect("it is deleted");
            }
            Act::Delete { run, by_us: true } => {
                // There need be none.
                let _ = self.stores[1].project("p").expect("it is there").delete_run(&format!("run {run}"));
            }
            Act::Rename { run } => self
                .other_program()
                .execute_batch(&format!(
                    "CREATE TEMP TABLE kept AS SELECT run_id, timestamp, 'new' AS run_name, step, metrics \
                     FROM metrics WHERE run_id = 'run {run}' ORDER BY id; \
                     DELETE FROM metrics WHERE run_id = 'run {run}'; \
                     INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) SELECT * FROM kept; \
                     DROP TABLE kept"
                ))
                .expect("it is renamed"),
            Act::Read { by } => {
                assert_same(&self.stores[usize::from(by)]);
            }
            Act::Reopen { by, memory_bytes } => {
                let place = usize::from(by);
                self.stores[place].close();
                let series = SeriesSettings { keeps_up: !by, memory_bytes };
                let directory = self.directory.path();
                self.stores[place] =
                    Store::open_with(directory, Durability::Process, series).expect("it touches nothing");
            }
            Act::Kill { log_cut } => self.kill(log_cut),
            Act::DeleteFile { with_log } => {
                let _ = fs::remove_file(self.path(".paceline/p.series"));
                if with_log {
                    let _ = fs::remove_file(self.path(".paceline/p.series-wal"));
                    let _ = fs::remove_file(self.path(".paceline/p.series-shm"));
                }
            }
            Act::Flip { log: true, place } => self.flip(".paceline/p.series-wal", place),
            Act::Flip { log: false, place } => self.flip(".paceline/p.series", place),
        }
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("it is made");
    for entry in fs::read_dir(from).expect("it is listed") {
        let entry = entry.expect("it is listed");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("it is copied");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn the_index_tells_what_the_rows_tell(acts in prop::collection::vec(act(), 1..40)) {
        let mut world = World::new();
        for act in acts {
            world.act(act);
        }
        assert_same(&world.stores[0]);
        assert_same(&world.stores[1]);
        world.kill(None);
        assert_same(&world.stores[1]);
    }
}

#[test]
fn rows_are_counted_once_where_two_processes_stored_what_they_know() {
    let mut world = World::new();
    for act in [
        Act::Append { by: false, run: 1, rank: 0, rows: 1 },
        Act::Delete { run: 0, by_us: true },
        Act::Insert { run: 0, rows: 1 },
        Act::Append { by: false, run: 2, rank: 0, rows: 1 },
        Act::Rename { run: 1 },
        Act::Delete { run: 2, by_us: false },
        Act::Reopen { by: false, memory_bytes: 1 },
        Act::Reopen { by: true, memory_bytes: 1 },
    ] {
        world.act(act);
    }
    assert_same(&world.stores[0]);
    assert_same(&world.stores[1]);
}

#[test]
fn a_side_file_that_was_deleted_is_made_anew_however_little_memory_there_is() {
    let mut world = World::new();
    for act in [
        Act::Reopen { by: false, memory_bytes: 1 },
        Act::Append { by: false, run: 0, rank: 0, rows: 1 },
        Act::Append { by: true, run: 0, rank: 0, rows: 1 },
        Act::DeleteFile { with_log: false },
    ] {
        world.act(act);
    }
    assert_same(&world.stores[0]);
    assert_same(&world.stores[1]);
    world.kill(None);
    assert_same(&world.stores[1]);
}
