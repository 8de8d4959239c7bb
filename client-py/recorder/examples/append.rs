//! Appends rows of ten floats to a journal that nobody drains, for counting the instructions of one:
//! `append DIRECTORY ROWS`. The work outside the rows is always the same.

use std::error::Error;
use std::path::PathBuf;

use paceline_recorder::{Body, Companion, Recorder, RunOptions, Written};
use paceline_schema::event::{RunKey, RunStart};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, rows] = arguments.as_slice() else { return Err("usage: append DIRECTORY ROWS".into()) };
    let (directory, rows) = (PathBuf::from(directory), rows.parse::<u64>()?);
    let keys: Vec<String> = (0..10).map(|number| format!("train/metric_{number}")).collect();
    let mut recorder = Recorder::start(RunOptions {
        companion: Companion::new(&directory, None),
        directory,
        project: "bench".into(),
        run: RunKey { id: "0".repeat(32), name: "run".into() },
        next_step: 0,
        rank: 0,
        start: Some(RunStart::default()),
        destination: None,
    });
    let mut body = Body::default();
    for row in 0..rows {
        body.clear();
        for (number, key) in keys.iter().enumerate() {
            body.push_float(key, row as f64 * 0.001 + number as f64);
        }
        let (step, written) = recorder.log(None, body.as_bytes());
        if written != Written::Journaled {
            return Err(format!("row {step} is not in the journal: {written:?}").into());
        }
    }
    Ok(())
}
