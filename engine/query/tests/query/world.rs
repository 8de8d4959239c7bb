//! A data directory with the project `digits`, a clock that stands still, and short names for events.

use paceline_query::Engine;
use paceline_schema::event::{RunKey, RunStart};
use paceline_schema::series::PageRequest;
use paceline_schema::{Event, ProjectName, Row, RunEnd, RunState, Timestamp, Value};
use paceline_storage::{Batch, Durability, Store};
use tempfile::TempDir;

const START: f64 = 1_795_400_000.0;

/// The moment every test asks at.
pub(crate) fn now() -> Timestamp {
    at(1_000.0)
}

/// So many seconds after the start of the world of these tests.
pub(crate) fn at(seconds: f64) -> Timestamp {
    Timestamp::from_seconds(START + seconds)
}

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) directory: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let store = Store::open(directory.path(), Durability::Process).expect("the store opens");
        Self { engine: Engine::with_clock(store, now), directory }
    }

    pub(crate) fn append(&self, run: &str, events: Vec<Event>) {
        let name = ProjectName::new("digits").expect("a good name");
        let project = self.engine.store().project_for_writing(&name).expect("the project opens");
        let run = RunKey { id: format!("{run}-id"), name: run.to_owned() };
        project.append(vec![Batch { run, events }]).expect("the rows are committed");
    }
}

pub(crate) fn page(after: Option<i64>, limit: usize) -> PageRequest {
    PageRequest { after, since: None, limit }
}

pub(crate) fn start(seconds: f64) -> Event {
    Event::Start(RunStart { time: at(seconds), ..RunStart::default() })
}

pub(crate) fn config(json: &str) -> Event {
    Event::Config { time: at(0.0), json: json.to_owned(), rank: 0 }
}

pub(crate) fn row(seconds: f64, step: i64, metrics: &[(&str, f64)]) -> Event {
    let metrics = metrics.iter().map(|(key, value)| ((*key).to_owned(), Value::Float(*value))).collect();
    Event::Row(Row { log_id: None, time: at(seconds), step: Some(step), metrics })
}

pub(crate) fn end(seconds: f64, state: RunState, exit_code: Option<i32>, failure: Option<&str>) -> Event {
    Event::End(RunEnd {
        time: at(seconds),
        state,
        exit_code,
        exit_signal: None,
        failure: failure.map(str::to_owned),
        leaving: false,
        rank: 0,
        of_start: None,
    })
}
