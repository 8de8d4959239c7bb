//! Does one thing so many times over, for counting the instructions of one: `repeat WHAT DIRECTORY TIMES`.
//! The work outside the times is always the same.
//!
//! `store` appends 1,000 rows of ten floats to the project `stored`; `chart` and `status` ask about the run
//! `sweep-0000` of the project `bench`, as the example `generate` of `paceline-storage` writes it.

use std::error::Error;
use std::hint::black_box;

use paceline_query::Engine;
use paceline_schema::event::RunKey;
use paceline_schema::series::SeriesRequest;
use paceline_schema::{Event, ProjectName, Row, Timestamp, Value};
use paceline_storage::{Batch, Durability, Store};

const ROWS_PER_BATCH: u64 = 1_000;
const PROJECT: &str = "bench";
const RUN: &str = "sweep-0000";

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, directory, times] = arguments.as_slice() else {
        return Err("usage: repeat store|chart|status DIRECTORY TIMES".into());
    };
    let times = times.parse::<u64>()?;
    let store = Store::open(directory, Durability::Process)?;
    match what.as_str() {
        "store" => append(&store, times)?,
        "chart" => {
            let engine = Engine::new(store.clone());
            let request: SeriesRequest = serde_json::from_value(serde_json::json!({
                "runs": [RUN], "keys": ["train/loss"], "pixels": 1_500
            }))?;
            for _ in 0..times {
                let answer = engine.series(PROJECT, &request)?;
                if answer.series.len() != 1 {
                    return Err("there is nothing to draw".into());
                }
                black_box(answer);
            }
        }
        "status" => {
            let engine = Engine::new(store.clone());
            for _ in 0..times {
                black_box(engine.status(PROJECT, RUN)?);
            }
        }
        _ => return Err(format!("`{what}` is none of `store`, `chart`, `status`").into()),
    }
    store.close();
    Ok(())
}

fn append(store: &Store, times: u64) -> Result<(), Failure> {
    let project =
        store.project_for_writing(&ProjectName::new("stored").map_err(|error| error.to_string())?)?;
    let run = RunKey { id: "0".repeat(32), name: "run".into() };
    for batch in 0..times {
        let first = batch * ROWS_PER_BATCH;
        let events = (first..first + ROWS_PER_BATCH).map(|number| Event::Row(row(number))).collect();
        let stored = project.append(vec![Batch { run: run.clone(), events }])?.rows_stored;
        if stored != ROWS_PER_BATCH {
            return Err(format!("{stored} of {ROWS_PER_BATCH} rows were stored").into());
        }
    }
    Ok(())
}

fn row(number: u64) -> Row {
    let metrics = (0..10)
        .map(|key| (format!("train/metric_{key}"), Value::Float(((number * 10 + key) as f64).sin())))
        .collect();
    Row {
        log_id: Some(format!("{number:016x}7000800000000000")),
        time: Timestamp(1_795_400_272_070_297 + number as i64 * 7_919),
        step: Some(number as i64),
        metrics,
    }
}
