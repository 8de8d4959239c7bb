//! Rows of a table that are in memory together, so that those of one run can be written side by side.

use std::collections::HashMap;

use paceline_schema::redact::{redact_json, redact_source};
use paceline_storage::{Cell, StorageError, TableRow};

use super::digest::RowMark;
use super::json;
use super::shape::SeenMembers;
use super::tables::Table;

/// A chunk is full with so many rows, or so many bytes in them; with fewer rows where all of them are few, so that those
/// who read, take apart and encode work at one time.
const MOST_ROWS: usize = 16_384;
const LEAST_ROWS: usize = 1_024;
const CHUNKS: u64 = 8;
const BYTES: usize = 6 << 20;

/// A cell whose text lies in the chunk.
#[derive(Debug, Clone, Copy)]
enum Kept {
    Null,
    Integer(i64),
    Real(f64),
    Text(u32, u32),
    Blob(u32, u32),
}

/// What becomes of secrets in configs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrets {
    /// The files stay on the machine.
    Kept,
    /// The files leave it.
    LeftOut,
}

/// Rows of a table, in the order of their numbers.
pub(crate) struct Chunk {
    table: &'static Table,
    most_rows: usize,
    width: usize,
    /// The column whose secrets are left out.
    redacted: Option<usize>,
    run_columns: Option<(usize, usize)>,
    bytes: Vec<u8>,
    cells: Vec<Kept>,
    rows: Vec<RowOfChunk>,
    /// Runs by what stands in their columns of id and name.
    runs: Vec<(Vec<u8>, Vec<u8>)>,
    places: HashMap<(Vec<u8>, Vec<u8>), u32>,
}

/// A row: its number and the place of its run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowOfChunk {
    pub(crate) number: i64,
    pub(crate) run: u32,
}

impl Chunk {
    /// For a table of which so many rows are read at most.
    pub(crate) fn new(table: &'static Table, rows: u64, secrets: Secrets) -> Self {
        let most_rows = usize::try_from(rows / CHUNKS).unwrap_or(MOST_ROWS).clamp(LEAST_ROWS, MOST_ROWS);
        let width = table.selected().len();
        let is_redacted = secrets == Secrets::LeftOut && table.name == "configs";
        Self {
            table,
            most_rows,
            width,
            redacted: is_redacted.then(|| width - 1),
            run_columns: table.place("run_id").zip(table.place("run_name").or(table.place("run_id"))),
            bytes: Vec::new(),
            cells: Vec::new(),
            rows: Vec::new(),
            runs: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// Takes a row in.
    pub(crate) fn push(&mut self, row: &TableRow<'_>) -> Result<(), StorageError> {
        let number = row.number()?;
        for place in 0..self.width {
            let kept = match row.cell(place)? {
                Cell::Null => Kept::Null,
                Cell::Integer(number) => Kept::Integer(number),
                Cell::Real(number) => Kept::Real(number),
                Cell::Text(text) => {
                    let (start, length) = self.keep(place, text);
                    Kept::Text(start, length)
                }
                Cell::Blob(bytes) => {
                    let (start, length) = self.keep(place, bytes);
                    Kept::Blob(start, length)
                }
            };
            self.cells.push(kept);
        }
        let run = self.run_of_last_cells();
        self.rows.push(RowOfChunk { number, run });
        Ok(())
    }

    /// Where it lies and how long it is. A chunk is full long before that needs more bits, and SQLite's longest value,
    /// of 1 GB, does not change that.
    fn keep(&mut self, place: usize, bytes: &[u8]) -> (u32, u32) {
        let start = self.bytes.len();
        match (self.redacted == Some(place)).then(|| redacted(bytes)).flatten() {
            Some(text) => self.bytes.extend_from_slice(text.as_bytes()),
            None => self.bytes.extend_from_slice(bytes),
        }
        (start as u32, (self.bytes.len() - start) as u32)
    }

    fn run_of_last_cells(&mut self) -> u32 {
        let Some((id, name)) = self.run_columns else { return 0 };
        let row = self.cells.len() - self.width;
        let (id, name) = (self.bytes_at(row + id), self.bytes_at(row + name));
        if let Some(last) = self.rows.last() {
            let (known_id, known_name) = &self.runs[last.run as usize];
            if known_id == id && known_name == name {
                return last.run;
            }
        }
        let key = (id.to_vec(), name.to_vec());
        if let Some(run) = self.places.get(&key) {
            return *run;
        }
        let run = self.runs.len() as u32;
        self.places.insert(key.clone(), run);
        self.runs.push(key);
        run
    }

    /// Text or bytes of a cell; nothing for other ones.
    fn bytes_at(&self, cell: usize) -> &[u8] {
        match self.cells[cell] {
            Kept::Text(start, length) | Kept::Blob(start, length) => {
                &self.bytes[start as usize..][..length as usize]
            }
            Kept::Null | Kept::Integer(_) | Kept::Real(_) => &[],
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= self.most_rows || self.bytes.len() >= BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The number of the newest row.
    pub(crate) fn last_number(&self) -> Option<i64> {
        self.rows.last().map(|row| row.number)
    }

    /// The numbers of its rows.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = i64> {
        self.rows.iter().map(|row| row.number)
    }

    /// The rows with their places, those of one run side by side, each run in the order of its rows.
    pub(crate) fn by_run(&self) -> Vec<(usize, RowOfChunk)> {
        let mut rows: Vec<(usize, RowOfChunk)> = self.rows.iter().copied().enumerate().collect();
        rows.sort_by_key(|(_, row)| row.run);
        rows
    }

    /// Id and name of a run; `None` in a table without runs.
    pub(crate) fn run(&self, run: u32) -> Option<(&[u8], &[u8])> {
        self.runs.get(run as usize).map(|(id, name)| (id.as_slice(), name.as_slice()))
    }

    /// The cell of the row at `place`.
    pub(crate) fn cell(&self, place: usize, column: usize) -> Cell<'_> {
        let at = place * self.width + column;
        match self.cells[at] {
            Kept::Null => Cell::Null,
            Kept::Integer(number) => Cell::Integer(number),
            Kept::Real(number) => Cell::Real(number),
            Kept::Text(..) => Cell::Text(self.bytes_at(at)),
            Kept::Blob(..) => Cell::Blob(self.bytes_at(at)),
        }
    }

    /// What tells the row at `place` from another one.
    pub(crate) fn mark(&self, place: usize) -> RowMark {
        RowMark::of(self.table, |column| self.cell(place, column))
    }

    /// Takes the keys of all rows in.
    pub(crate) fn count(&self, seen: &mut SeenMembers) {
        let Some(object) = self.table.object.map(|_| self.width - 1) else { return };
        for place in 0..self.rows.len() {
            let json = std::str::from_utf8(self.bytes_at(place * self.width + object)).ok();
            if let Some(entries) = json.and_then(json::entries) {
                seen.add(&entries);
            }
        }
    }

    /// Forgets the rows and keeps the room for them.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.cells.clear();
        self.rows.clear();
        self.runs.clear();
        self.places.clear();
    }
}

/// A config without its secrets; `None` where it has none. What is no JSON is looked at as text.
fn redacted(config: &[u8]) -> Option<String> {
    let Ok(before) = serde_json::from_slice::<serde_json::Value>(config) else {
        let text = String::from_utf8_lossy(config);
        let after = redact_source(&text);
        return (*text != after).then_some(after);
    };
    let mut after = before.clone();
    redact_json(&mut after);
    (before != after).then(|| after.to_string())
}
