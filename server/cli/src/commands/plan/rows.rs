//! The first rows of a dataset that lies in a file: Parquet, JSON lines, a JSON list or CSV.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use paceline_hub::parquet::first_rows;
use paceline_planner::Sample;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// Endings of files that can be read.
pub(super) const ENDINGS: &[&str] = &["parquet", "jsonl", "ndjson", "json", "csv", "tsv"];
/// Rows that are looked at.
const LOOKED_AT: usize = 1_000;
/// A JSON list is read whole.
const LARGEST_LIST_BYTES: u64 = 256 << 20;
/// What some programs begin a text with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// First bytes of a Parquet file.
const PARQUET: &[u8] = b"PAR1";

/// Reads them, and sees that they can be a dataset.
pub(super) fn sample(path: &Path) -> Result<Sample, Failure> {
    let sample = read(path)?;
    sample.check()?;
    Ok(sample)
}

fn read(path: &Path) -> Result<Sample, Failure> {
    let unreadable = |reason: &dyn std::fmt::Display| {
        let hint = "a dataset is a file of Parquet, JSON lines, a JSON list of objects, or CSV with a first line of names";
        Failure::new(format!("'{}' cannot be read as a dataset: {reason}", path.display()), hint)
    };
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if is_parquet(path).map_err(|error| unreadable(&error))? {
        let read = first_rows(path, LOOKED_AT).map_err(|error| unreadable(&error))?;
        return Ok(Sample { columns: read.columns, rows: read.rows, total_rows: Some(read.total_rows) });
    }
    match ending.as_str() {
        "csv" | "tsv" => {
            separated(path, if ending == "tsv" { b'\t' } else { b',' }).map_err(|error| unreadable(&error))
        }
        "jsonl" | "ndjson" | "json" => json(path).map_err(|reason| unreadable(&reason)),
        _ => Err(unreadable(&"its form is not known")),
    }
}

/// By what it begins with, whatever its name says.
fn is_parquet(path: &Path) -> io::Result<bool> {
    let mut first = Vec::new();
    File::open(path)?.take(PARQUET.len() as u64).read_to_end(&mut first)?;
    Ok(first == PARQUET)
}

/// The form of a file that was read, as `datasets` names it.
pub(super) fn form(path: &Path) -> &'static str {
    if is_parquet(path).unwrap_or(false) {
        return "parquet";
    }
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match ending.as_str() {
        "csv" | "tsv" => "csv",
        "jsonl" | "ndjson" | "json" => "json",
        _ => "parquet",
    }
}

/// JSON lines, or one list of objects.
fn json(path: &Path) -> Result<Sample, String> {
    let mut reader = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    let begin = reader.fill_buf().map_err(|error| error.to_string())?;
    if begin.starts_with(BYTE_ORDER_MARK) {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    let begin = reader.fill_buf().map_err(|error| error.to_string())?;
    if begin.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        let list = serde_json::from_reader(reader.take(LARGEST_LIST_BYTES));
        let list: Vec<Map<String, Value>> = list.map_err(|error| error.to_string())?;
        let total = list.len() as u64;
        return Ok(of_objects(list.into_iter().take(LOOKED_AT).collect(), total));
    }
    let (mut rows, mut total) = (Vec::new(), 0);
    for (number, line) in reader.lines().enumerate() {
        let line = line.map_err(|error| format!("line {}: {error}", number + 1))?;
        if line.trim().is_empty() {
            continue;
        }
        total += 1;
        if rows.len() < LOOKED_AT {
            let row = serde_json::from_str(&line);
            rows.push(row.map_err(|error| format!("line {} is no JSON object: {error}", number + 1))?);
        }
    }
    Ok(of_objects(rows, total))
}

fn of_objects(rows: Vec<Map<String, Value>>, total: u64) -> Sample {
    let names: BTreeSet<&String> = rows.iter().flat_map(Map::keys).collect();
    let columns = names.into_iter().cloned().collect();
    Sample { columns, rows, total_rows: Some(total) }
}

/// Values with a separator between them; a column of numbers, or of true and false, is that.
fn separated(path: &Path, separator: u8) -> Result<Sample, csv::Error> {
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_path(path)?;
    let columns: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let (mut records, mut total) = (Vec::new(), 0);
    for record in reader.records() {
        let record = record?;
        total += 1;
        if records.len() < LOOKED_AT {
            records.push(record);
        }
    }
    let column = |place: usize| records.iter().map(move |record| record.get(place).unwrap_or_default());
    let typed: Vec<fn(&str) -> Option<Value>> = (0..columns.len())
        .map(|place| {
            let all = |read: fn(&str) -> Option<Value>| {
                column(place).filter(|cell| !cell.is_empty()).all(|cell| read(cell).is_some())
            };
            [truth, number].into_iter().find(|read| all(*read)).unwrap_or(text)
        })
        .collect();
    let row = |record: &csv::StringRecord| -> Map<String, Value> {
        let cell = |place: usize| record.get(place).filter(|cell| !cell.is_empty());
        let value = |place: usize| cell(place).and_then(typed[place]).unwrap_or(Value::Null);
        columns.iter().enumerate().map(|(place, name)| (name.clone(), value(place))).collect()
    };
    let rows = records.iter().map(row).collect();
    Ok(Sample { columns, rows, total_rows: Some(total) })
}

fn truth(cell: &str) -> Option<Value> {
    cell.to_ascii_lowercase().parse().ok().map(Value::Bool)
}

fn number(cell: &str) -> Option<Value> {
    cell.parse().ok().map(Value::Number)
}

#[expect(clippy::unnecessary_wraps, reason = "it stands beside readers that may refuse")]
fn text(cell: &str) -> Option<Value> {
    Some(Value::String(cell.to_owned()))
}
