//! What the tests share: a data directory of their own, rows, and SQLite as any other program uses it.

use std::sync::Arc;

use paceline_schema::event::RunKey;
use paceline_schema::{Event, Metrics, ProjectName, Row, RunEnd, RunStart, RunState, Timestamp, Value};
use paceline_storage::{Batch, Durability, Project, SeriesSettings, Store};
use rusqlite::Connection;
use tempfile::TempDir;

/// 2026-11-23T02:17:52Z.
pub(crate) const START: Timestamp = Timestamp(1_795_400_272_000_000);

/// A data directory that goes away with the test.
pub(crate) struct Scratch {
    directory: TempDir,
    pub(crate) store: Store,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let store = Store::open(directory.path(), Durability::Process).expect("it touches nothing");
        Self { directory, store }
    }

    pub(crate) fn path(&self, file: &str) -> std::path::PathBuf {
        self.directory.path().join(file)
    }

    pub(crate) fn project(&self) -> Arc<Project> {
        self.store.project_for_writing(&ProjectName::new("p").expect("a good name")).expect("it is made")
    }

    /// The project's file as another program opens it.
    pub(crate) fn other_program(&self) -> Connection {
        Connection::open(self.path("p.db")).expect("it opens")
    }

    /// Puts a file of some origin in place of the project.
    pub(crate) fn place(&self, bytes: &[u8]) {
        std::fs::write(self.path("p.db"), bytes).expect("it is written");
    }

    /// A second look at the directory that shares nothing with the first.
    pub(crate) fn reopened(&self) -> Store {
        self.reopened_with(SeriesSettings::default())
    }

    /// The same with other settings of the series index.
    pub(crate) fn reopened_with(&self, series: SeriesSettings) -> Store {
        Store::open_with(self.directory.path(), Durability::Process, series).expect("it touches nothing")
    }
}

/// Seconds after [`START`].
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp(START.0 + seconds * 1_000_000)
}

pub(crate) fn run(id: &str) -> RunKey {
    RunKey { id: id.into(), name: format!("name of {id}") }
}

pub(crate) fn batch(id: &str, events: Vec<Event>) -> Vec<Batch> {
    vec![Batch { run: run(id), events }]
}

pub(crate) fn row(log_id: &str, step: i64, metrics: Metrics) -> Event {
    Event::Row(Row { log_id: Some(log_id.into()), time: at(step), step: Some(step), metrics })
}

pub(crate) fn loss(value: f64) -> Metrics {
    vec![("train/loss".into(), Value::Float(value))]
}

pub(crate) fn start(time: Timestamp) -> Event {
    Event::Start(RunStart { time, ..RunStart::default() })
}

pub(crate) fn end(time: Timestamp, state: RunState) -> Event {
    Event::End(RunEnd {
        time,
        state,
        exit_code: None,
        exit_signal: None,
        failure: None,
        leaving: false,
        rank: 0,
        of_start: None,
    })
}
