//! Measures what SQLite itself can take and what [`Store`] makes of it: the same rows, ten float metrics
//! each, in transactions of 1,000, into the same tables and indexes, in turn, the latter also as a server that
//! keeps the series index up with them. Prints one JSON line for each with the median.
//!
//! `cargo run --release -p paceline-storage --example ceiling [rows]`

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use paceline_schema::ddl::{PEER_INDEXES, PEER_TABLES};
use paceline_schema::event::RunKey;
use paceline_schema::values::write_metrics;
use paceline_schema::{Event, ProjectName, Row, Timestamp, Value};
use paceline_storage::{Batch, Durability, SeriesSettings, Store};
use rusqlite::{Connection, params};

const ROWS_PER_TRANSACTION: usize = 1_000;
const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let rows: usize = std::env::args().nth(1).map_or(Ok(200_000), |text| text.parse())?;
    let (mut raw, mut appended, mut served) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let scratch = tempfile::tempdir()?;
        raw.push(raw_loop(&scratch.path().join("raw.db"), rows)?);
        appended.push(append(&scratch.path().join("store"), false, rows)?);
        served.push(append(&scratch.path().join("server"), true, rows)?);
    }
    let (raw, appended, served) = (median(raw), median(appended), median(served));
    let mut out = std::io::stdout();
    writeln!(out, "{{\"what\":\"ceiling\",\"rows\":{rows},\"rows_per_second\":{raw:.0}}}")?;
    for (what, figure) in [("append", appended), ("append_with_series_index", served)] {
        writeln!(
            out,
            "{{\"what\":\"{what}\",\"rows\":{rows},\"rows_per_second\":{figure:.0},\"of_ceiling\":{:.3}}}",
            figure / raw
        )?;
    }
    Ok(())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn row(number: usize) -> Row {
    let metrics = (0..10)
        .map(|key| (format!("train/metric_{key}"), Value::Float(((number * 10 + key) as f64).sin())))
        .collect();
    let number = i64::try_from(number).expect("rows are counted in memory");
    Row {
        log_id: Some(format!("{number:016x}7000800000000000")),
        time: Timestamp(1_795_400_272_070_297 + number * 7_919),
        step: Some(number),
        metrics,
    }
}

/// Rows a second of prepared bytes through one prepared statement.
fn raw_loop(path: &Path, rows: usize) -> Result<f64, Box<dyn Error>> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -8000",
    )?;
    for table in PEER_TABLES {
        connection.execute_batch(table.create)?;
    }
    for index in PEER_INDEXES {
        connection.execute_batch(index.create)?;
    }
    let prepared: Vec<_> = (0..rows)
        .map(|number| {
            let row = row(number);
            let mut json = Vec::new();
            write_metrics(row.metrics.iter().map(|(key, value)| (key.as_str(), value)), &mut json);
            (row.time.to_string(), row.step, json, row.log_id)
        })
        .collect();
    let mut insert = connection.prepare(
        "INSERT OR IGNORE INTO metrics (run_id, run_name, timestamp, step, metrics, log_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let began = Instant::now();
    for chunk in prepared.chunks(ROWS_PER_TRANSACTION) {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for (time, step, json, log_id) in chunk {
            insert.execute(params!["0123456789abcdef0123456789abcdef", "run", time, step, json, log_id])?;
        }
        connection.execute_batch("COMMIT")?;
    }
    Ok(rows as f64 / began.elapsed().as_secs_f64())
}

/// Rows a second through one caller of `append`, the making of the rows left out.
fn append(directory: &Path, keeps_up: bool, rows: usize) -> Result<f64, Box<dyn Error>> {
    let series = SeriesSettings { keeps_up, ..SeriesSettings::default() };
    let store = Store::open_with(directory, Durability::Process, series)?;
    let project =
        store.project_for_writing(&ProjectName::new("ceiling").map_err(|error| error.to_string())?)?;
    let run = RunKey { id: "0123456789abcdef0123456789abcdef".into(), name: "run".into() };
    let batches: Vec<Batch> = (0..rows)
        .collect::<Vec<_>>()
        .chunks(ROWS_PER_TRANSACTION)
        .map(|numbers| Batch {
            run: run.clone(),
            events: numbers.iter().map(|&number| Event::Row(row(number))).collect(),
        })
        .collect();
    project.append(Vec::new())?;
    let began = Instant::now();
    for batch in batches {
        project.append(vec![batch])?;
    }
    Ok(rows as f64 / began.elapsed().as_secs_f64())
}
