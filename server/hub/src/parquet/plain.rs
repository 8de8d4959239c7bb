//! Every table of a project as CSV or JSON lines, for programs that read neither Parquet nor SQLite.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use paceline_schema::values::{write_float, write_string};
use paceline_storage::{Cell, Project, TableRow, Tables};

use super::columns::columns;
use super::digest::DigestedFile;
use super::error::ParquetError;
use super::export::Exported;
use super::json::{self, Kind as JsonKind};
use super::media::stage_media;
use super::publish::Staging;
use super::tables::{EXTRA, TABLES, Table};

/// A form of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainFormat {
    /// Comma-separated values: a line of names, then a line a row, each key of a row in its column.
    Csv,
    /// A JSON object a line, the keys of a row inside it as they were logged.
    JsonLines,
}

impl PlainFormat {
    fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }
}

/// Writes every table of a project that has rows into `folder`, one file each, under the names that Parquet files have
/// but for their ending, and its media. They are put in their places together.
///
/// # Errors
/// What keeps the project from being read or the files from being written; then the folder is as it was.
pub fn export_plain(project: &Project, format: PlainFormat, folder: &Path) -> Result<Exported, ParquetError> {
    let staging = Staging::begin(folder)?;
    let name = project.name();
    let mut exported = Exported { project: name.to_owned(), files: Vec::new(), rows: 0, bytes: 0, media: 0 };
    let mut missing = Vec::new();
    project.tables(|tables| {
        for table in TABLES {
            let relative = table.file(name, format.ending());
            if tables.numbers(table.name)?.is_none() {
                missing.push(relative);
                continue;
            }
            let path = staging.path(&relative)?;
            let (rows, bytes) = write_table(tables, table, format, &path)?;
            exported.rows += rows;
            exported.bytes += bytes;
            exported.files.push(relative);
        }
        Ok::<_, ParquetError>(())
    })?;
    let media = stage_media(project, &[], folder, &staging)?;
    exported.media = media.written.len();
    let put = exported.files.iter().cloned().chain(media.written).collect();
    // Tables that have no rows any more have no file any more.
    staging.commit(put, missing)?;
    Ok(exported)
}

fn write_table(
    tables: &Tables<'_>,
    table: &'static Table,
    format: PlainFormat,
    path: &Path,
) -> Result<(u64, u64), ParquetError> {
    let writing = ParquetError::writing(path);
    let mut file = DigestedFile::create(path).map_err(&writing)?;
    let all = i64::MIN..=i64::MAX;
    let keys: Vec<String> = match format {
        PlainFormat::Csv => {
            columns(tables, table, all.clone())?.into_iter().map(|member| member.name).collect()
        }
        PlainFormat::JsonLines => Vec::new(),
    };
    let mut line = Vec::new();
    if format == PlainFormat::Csv {
        csv_names(table, &keys, &mut line);
        file.write_all(&line).map_err(&writing)?;
    }
    let mut rows = 0;
    tables.for_each(table.name, &table.selected(), all, |row| {
        line.clear();
        match format {
            PlainFormat::Csv => csv_line(table, &keys, &row, &mut line)?,
            PlainFormat::JsonLines => json_line(table, &row, &mut line)?,
        }
        line.push(b'\n');
        rows += 1;
        file.write_all(&line).map_err(&writing)
    })?;
    let (bytes, _) = file.finish().map_err(&writing)?;
    Ok((rows, bytes))
}

fn csv_names(table: &Table, keys: &[String], line: &mut Vec<u8>) {
    let structural = table.columns.iter().map(|(name, _)| *name);
    let beside = table.object.map(|_| EXTRA);
    for (place, name) in structural.chain(keys.iter().map(String::as_str)).chain(beside).enumerate() {
        if place > 0 {
            line.push(b',');
        }
        csv_text(name, line);
    }
    line.push(b'\n');
}

fn csv_line(
    table: &Table,
    keys: &[String],
    row: &TableRow<'_>,
    line: &mut Vec<u8>,
) -> Result<(), ParquetError> {
    for place in 0..table.columns.len() {
        if place > 0 {
            line.push(b',');
        }
        match row.cell(place)? {
            Cell::Null => {}
            Cell::Integer(number) => line.extend_from_slice(number.to_string().as_bytes()),
            Cell::Real(number) => line.extend_from_slice(number.to_string().as_bytes()),
            Cell::Text(bytes) | Cell::Blob(bytes) => csv_text(&String::from_utf8_lossy(bytes), line),
        }
    }
    if table.object.is_none() {
        return Ok(());
    }
    let object = text_of(row.cell(table.columns.len())?);
    let entries = json::entries(&object).unwrap_or_default();
    for (place, key) in keys.iter().enumerate() {
        line.push(b',');
        let found = match entries.get(place) {
            Some((name, value)) if name == key => Some(*value),
            _ => entries.iter().rev().find(|(name, _)| name == key).map(|(_, value)| *value),
        };
        csv_value(found.unwrap_or("null"), line);
    }
    // Keys without a column of their own.
    let mut beside = Vec::new();
    for (key, value) in entries.iter().filter(|(key, _)| keys.iter().all(|known| known != key)) {
        beside.push(if beside.is_empty() { b'{' } else { b',' });
        write_string(key, &mut beside);
        beside.push(b':');
        beside.extend_from_slice(value.as_bytes());
    }
    line.push(b',');
    if !beside.is_empty() {
        beside.push(b'}');
        csv_text(&String::from_utf8_lossy(&beside), line);
    }
    Ok(())
}

fn csv_value(value: &str, line: &mut Vec<u8>) {
    match json::kind(value) {
        JsonKind::Null => {}
        JsonKind::Bool | JsonKind::Number => line.extend_from_slice(value.as_bytes()),
        JsonKind::Text => csv_text(&json::text(value).unwrap_or(Cow::Borrowed(value)), line),
        JsonKind::List | JsonKind::Object => csv_text(value, line),
    }
}

/// In quotes where it needs them.
fn csv_text(text: &str, line: &mut Vec<u8>) {
    if text.contains(['"', ',', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
        line.push(b'"');
        line.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        line.push(b'"');
    } else {
        line.extend_from_slice(text.as_bytes());
    }
}

fn json_line(table: &Table, row: &TableRow<'_>, line: &mut Vec<u8>) -> Result<(), ParquetError> {
    use super::tables::Kind;
    line.push(b'{');
    let kinds = table.columns.iter().map(|(_, kind)| *kind).chain(table.object.map(|_| Kind::Json));
    for (place, (name, kind)) in table.selected().into_iter().zip(kinds).enumerate() {
        if place > 0 {
            line.push(b',');
        }
        write_string(name, line);
        line.push(b':');
        match (row.cell(place)?, kind) {
            (Cell::Null, _) => line.extend_from_slice(b"null"),
            (Cell::Integer(number), _) => line.extend_from_slice(number.to_string().as_bytes()),
            (Cell::Real(number), _) => write_float(number, line),
            (cell, Kind::Json) => embed(&text_of(cell), line),
            (cell, _) => write_string(&text_of(cell), line),
        }
    }
    line.push(b'}');
    Ok(())
}

fn text_of(cell: Cell<'_>) -> Cow<'_, str> {
    match cell {
        Cell::Text(bytes) | Cell::Blob(bytes) => String::from_utf8_lossy(bytes),
        Cell::Null | Cell::Integer(_) | Cell::Real(_) => Cow::Borrowed(""),
    }
}

/// JSON as it stands, on one line; as a string where it is none.
fn embed(text: &str, line: &mut Vec<u8>) {
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return write_string(text, line);
    }
    // Between its parts only: inside a string they are written in another way.
    line.extend(text.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }));
}
