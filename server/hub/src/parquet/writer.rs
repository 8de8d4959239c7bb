//! Rows of a table into one file, row groups by run, in bounded memory.
//!
//! The thread that calls takes rows apart; another one encodes and compresses them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender};
use std::thread::JoinHandle;

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_writer::ArrowWriterOptions;
use ::parquet::basic::{Compression, Encoding};
use ::parquet::errors::ParquetError as FormatError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use ::parquet::schema::types::ColumnPath;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use serde::{Deserialize, Serialize};

use super::chunk::{Chunk, RowOfChunk};
use super::digest::DigestedFile;
use super::error::ParquetError;
use super::manifest::{FileOfTable, RunOfFile};
use super::row::RowWriter;
use super::shape::{Member, SeenMembers, Shape};
use super::tables::{Kind, Table};

/// Rows that are encoded together, and how many cells they have at most.
const ROWS_PER_BATCH: usize = 4_096;
const CELLS_PER_BATCH: usize = 262_144;
/// Bytes of text after which a batch is encoded with fewer rows.
const TEXT_PER_BATCH: usize = 2 << 20;
/// A row group ends where another run begins, but not with fewer rows than this …
const LEAST_ROWS_PER_GROUP: usize = 8_192;
/// … and at the latest after so many rows, or so many bytes as they are encoded.
const MOST_ROWS_PER_GROUP: usize = 131_072;
const MOST_BYTES_PER_GROUP: usize = 12 << 20;
/// A file has so many marked rows at most, and half as many at least, where it has so many rows.
const MOST_MARKS: usize = 64;
/// The key of our note in the file.
pub(crate) const NOTE: &str = "paceline";

/// What a file says of itself, for whoever puts its rows together again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) format: u32,
    pub(crate) table: String,
    pub(crate) columns: Vec<Member>,
}

/// What is to be encoded.
enum Piece {
    Batch(RecordBatch),
    EndOfGroup,
}

type Encoded = Result<(u64, String), FormatError>;

/// A file on its way.
pub(crate) struct TableWriter {
    table: &'static Table,
    path: PathBuf,
    rows: RowWriter,
    rows_per_batch: usize,
    rows_in_group: usize,
    /// The run of the newest row, by its place in `runs`.
    run: Option<usize>,
    written: u64,
    runs: Vec<RunOfFile>,
    places: HashMap<(Vec<u8>, Vec<u8>), usize>,
    marks: BTreeMap<i64, String>,
    rows_per_mark: u64,
    pieces: Option<SyncSender<Piece>>,
    encoder: Option<JoinHandle<Encoded>>,
}

impl TableWriter {
    /// Begins the file at `path`; there must be none.
    pub(crate) fn create(
        table: &'static Table,
        members: &[Member],
        path: &Path,
        compression: Compression,
    ) -> Result<Self, ParquetError> {
        let rows = RowWriter::new(table, members);
        let writing = ParquetError::writing(path);
        let file = DigestedFile::create(path).map_err(&writing)?;
        let (schema, properties) = (rows.schema(), properties(table, members, compression));
        let note = Note { format: 1, table: table.name.to_owned(), columns: members.to_vec() };
        let (pieces, received) = mpsc::sync_channel(1);
        let encode = move || encode(file, schema, properties, &note, &received);
        let encoder = std::thread::Builder::new().name("parquet".into()).spawn(encode).map_err(&writing)?;
        Ok(Self {
            table,
            path: path.to_owned(),
            rows,
            rows_per_batch: (CELLS_PER_BATCH / (members.len() + 1)).clamp(64, ROWS_PER_BATCH),
            rows_in_group: 0,
            run: None,
            written: 0,
            runs: Vec::new(),
            places: HashMap::new(),
            marks: BTreeMap::new(),
            rows_per_mark: 1,
            pieces: Some(pieces),
            encoder: Some(encoder),
        })
    }

    /// Rows taken so far.
    pub(crate) fn row_count(&self) -> u64 {
        self.written
    }

    /// Takes the rows of a chunk, those of one run side by side, and counts their keys.
    pub(crate) fn write(&mut self, chunk: &Chunk, seen: &mut SeenMembers) -> Result<(), ParquetError> {
        self.mark_some_rows(chunk);
        let mut run_of_chunk = None;
        let mut last_place = 0;
        for (place, row) in chunk.by_run() {
            if run_of_chunk != Some(row.run) {
                self.mark_last_row(chunk, run_of_chunk.map(|_| last_place));
                run_of_chunk = Some(row.run);
                self.change_run(chunk, place, row)?;
            }
            last_place = place;
            self.rows.append(|column| chunk.cell(place, column), seen);
            self.rows_in_group += 1;
            self.written += 1;
            if let Some(run) = self.run.and_then(|run| self.runs.get_mut(run)) {
                run.rows += 1;
                run.last = row.number;
            }
            let many = self.rows.rows() >= self.rows_per_batch;
            if many || (self.rows.rows().is_multiple_of(64) && self.rows.text_bytes() >= TEXT_PER_BATCH) {
                self.send_batch()?;
                if self.rows_in_group >= MOST_ROWS_PER_GROUP {
                    self.end_group()?;
                }
            }
        }
        self.mark_last_row(chunk, run_of_chunk.map(|_| last_place));
        Ok(())
    }

    /// The next row is of this run; the row group ends if it is another one than before.
    fn change_run(&mut self, chunk: &Chunk, place: usize, row: RowOfChunk) -> Result<(), ParquetError> {
        let Some((id, name)) = chunk.run(row.run) else { return Ok(()) };
        let key = (id.to_vec(), name.to_vec());
        let run = match self.places.get(&key) {
            Some(run) => *run,
            None => {
                let mark = chunk.mark(place).0;
                self.runs.push(RunOfFile {
                    run_id: String::from_utf8_lossy(id).into_owned(),
                    run_name: String::from_utf8_lossy(name).into_owned(),
                    rows: 0,
                    first: row.number,
                    last: row.number,
                    marks: [mark.clone(), mark],
                });
                self.places.insert(key, self.runs.len() - 1);
                self.runs.len() - 1
            }
        };
        if self.run.is_some_and(|before| before != run) && self.rows_in_group >= LEAST_ROWS_PER_GROUP {
            self.end_group()?;
        }
        self.run = Some(run);
        Ok(())
    }

    /// Notes of some rows, evenly by their numbers, what tells them from others; where there are many such notes, every
    /// second goes.
    fn mark_some_rows(&mut self, chunk: &Chunk) {
        for (place, number) in chunk.numbers().enumerate() {
            if !(self.written + place as u64).is_multiple_of(self.rows_per_mark) {
                continue;
            }
            self.marks.insert(number, chunk.mark(place).0);
            if self.marks.len() > MOST_MARKS {
                let mut is_kept = false;
                self.marks.retain(|_, _| {
                    is_kept = !is_kept;
                    is_kept
                });
                self.rows_per_mark *= 2;
            }
        }
    }

    /// Notes what tells the newest row of the present run from another one under its number.
    fn mark_last_row(&mut self, chunk: &Chunk, place: Option<usize>) {
        if let Some((run, place)) = self.run.and_then(|run| self.runs.get_mut(run)).zip(place) {
            run.marks[1] = chunk.mark(place).0;
        }
    }

    fn send_batch(&mut self) -> Result<(), ParquetError> {
        if self.rows.rows() == 0 {
            return Ok(());
        }
        let table = self.table.name;
        let batch = self.rows.take();
        let batch = batch.map_err(|error| ParquetError::Encode { table, source: error.into() })?;
        self.send(Piece::Batch(batch))
    }

    fn end_group(&mut self) -> Result<(), ParquetError> {
        self.send_batch()?;
        self.rows_in_group = 0;
        self.send(Piece::EndOfGroup)
    }

    fn send(&mut self, piece: Piece) -> Result<(), ParquetError> {
        let is_sent = self.pieces.as_ref().is_some_and(|pieces| pieces.send(piece).is_ok());
        if is_sent { Ok(()) } else { self.join().map(drop) }
    }

    /// Waits for the encoder; its bytes and digest, or why it stopped.
    fn join(&mut self) -> Result<(u64, String), ParquetError> {
        self.pieces = None;
        let stopped = || FormatError::General("the encoder stopped".into());
        let encoded = match self.encoder.take().map(JoinHandle::join) {
            Some(Ok(encoded)) => encoded,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Err(stopped()),
        };
        encoded.map_err(|source| {
            let table = self.table.name;
            let FormatError::External(error) = source else { return ParquetError::Encode { table, source } };
            match error.downcast::<std::io::Error>() {
                Ok(error) => ParquetError::writing(&self.path)(*error),
                Err(error) => ParquetError::Encode { table, source: FormatError::External(error) },
            }
        })
    }

    /// Completes the file and brings it to the disk. Its path is empty yet.
    pub(crate) fn finish(mut self, after: i64, through: i64) -> Result<FileOfTable, ParquetError> {
        self.send_batch()?;
        let (bytes, sha256) = self.join()?;
        let (marks, runs) = (std::mem::take(&mut self.marks), std::mem::take(&mut self.runs));
        let (path, contents) = (String::new(), None);
        Ok(FileOfTable { path, rows: self.written, after, through, bytes, sha256, contents, marks, runs })
    }
}

impl Drop for TableWriter {
    fn drop(&mut self) {
        self.pieces = None;
        if let Some(encoder) = self.encoder.take() {
            // Whoever did not finish the file has an error of their own.
            let _ = encoder.join();
        }
    }
}

fn encode(
    file: DigestedFile,
    schema: SchemaRef,
    properties: WriterProperties,
    note: &Note,
    pieces: &mpsc::Receiver<Piece>,
) -> Encoded {
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(file, schema, options)?;
    while let Ok(piece) = pieces.recv() {
        match piece {
            Piece::Batch(batch) => {
                writer.write(&batch)?;
                if writer.in_progress_size() >= MOST_BYTES_PER_GROUP {
                    writer.flush()?;
                }
            }
            Piece::EndOfGroup => writer.flush()?,
        }
    }
    // Names and types are all there is, so this cannot fail.
    let json = serde_json::to_string(note).unwrap_or_default();
    writer.append_key_value_metadata(KeyValue::new(NOTE.to_owned(), json));
    Ok(writer.into_inner()?.finish()?)
}

/// How each column is encoded: numbers and what is different in each row without a dictionary.
fn properties(table: &Table, members: &[Member], compression: Compression) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(format!("paceline {}", env!("CARGO_PKG_VERSION")))
        .set_compression(compression)
        .set_max_row_group_row_count(None)
        .set_data_page_row_count_limit(20_000);
    if compression == Compression::SNAPPY {
        // For browsers: the peer's page knows no newer encodings.
        return properties.build();
    }
    for (name, kind) in table.columns {
        let path = ColumnPath::new(vec![(*name).to_owned()]);
        let plain = match (*name, *kind) {
            ("id" | "step", Kind::Integer) => Some(Encoding::DELTA_BINARY_PACKED),
            ("timestamp" | "log_id" | "alert_id" | "id", Kind::Text) => Some(Encoding::DELTA_BYTE_ARRAY),
            ("line" | "search_text", _) | (_, Kind::Json) => Some(Encoding::PLAIN),
            _ => None,
        };
        if let Some(encoding) = plain {
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, encoding);
        }
    }
    for member in members {
        properties = encode_numbers(properties, &member.shape, vec![member.name.clone()]);
    }
    properties.build()
}

fn encode_numbers(
    mut properties: ::parquet::file::properties::WriterPropertiesBuilder,
    shape: &Shape,
    mut path: Vec<String>,
) -> ::parquet::file::properties::WriterPropertiesBuilder {
    match shape {
        Shape::Number { .. } => {
            let path = ColumnPath::new(path);
            properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT)
        }
        Shape::List(item) => {
            path.extend(["list".to_owned(), "element".to_owned()]);
            encode_numbers(properties, item, path)
        }
        Shape::Object(members) => {
            for member in members {
                let mut path = path.clone();
                path.push(member.name.clone());
                properties = encode_numbers(properties, &member.shape, path);
            }
            properties
        }
        Shape::Bool | Shape::Text | Shape::Json => properties,
    }
}
