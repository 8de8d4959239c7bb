//! One pass over rows of a table: read on the thread that calls, taken apart on a second one, encoded on a third.
//!
//! What columns there are is guessed before and counted on the way. Where the guess was wrong, which it seldom is, the
//! rows are written a second time.

use std::fs;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};

use ::parquet::basic::{Compression, ZstdLevel};
use paceline_storage::{StorageError, Tables};

use super::chunk::{Chunk, Secrets};
use super::columns::{are_alike, chosen, guess};
use super::error::ParquetError;
use super::manifest::FileOfTable;
use super::shape::{Member, SeenMembers};
use super::tables::Table;
use super::writer::TableWriter;

/// Says where the next file is to be written.
pub(super) type Begin<'a> = &'a mut (dyn FnMut() -> Result<PathBuf, ParquetError> + Send);

/// How files are to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// Another one begins after about so many rows.
    pub(super) most_rows: u64,
    /// How they are packed.
    pub(super) compression: Compression,
}

impl Form {
    /// As small as it goes at a good pace.
    pub(super) fn dense(most_rows: u64) -> Self {
        Self { most_rows, compression: Compression::ZSTD(ZstdLevel::default()) }
    }
}

/// A file that was written, and where.
pub(super) type Written = (PathBuf, FileOfTable);

/// Writes the rows with these numbers into files of this form, each at the path that `begin` says. No
/// rows make no file. The files, and their columns: those that are `known`, then those of new keys.
pub(super) fn write_rows(
    tables: &Tables<'_>,
    table: &'static Table,
    secrets: Secrets,
    numbers: &RangeInclusive<i64>,
    known: &[Member],
    form: Form,
    begin: Begin<'_>,
) -> Result<(Vec<Member>, Vec<Written>), ParquetError> {
    let guess = guess(tables, table, numbers, known)?;
    let work = Work::new(table, &guess.members, guess.seen, numbers, form, begin);
    let (seen, files) = pass(tables, secrets, work, numbers)?;
    let counted = chosen(table, &seen, known);
    if let Some(files) = files {
        if are_alike(&guess.members, &counted) {
            return Ok((guess.members, files));
        }
        for (path, _) in files {
            fs::remove_file(&path).map_err(ParquetError::writing(&path))?;
        }
    }
    let names = SeenMembers::of_names(counted.iter().map(|member| member.name.as_str()));
    let mut work = Work::new(table, &counted, names, numbers, form, begin);
    work.is_certain = true;
    let (_, files) = pass(tables, secrets, work, numbers)?;
    Ok((counted, files.unwrap_or_default()))
}

/// Why reading stopped.
enum Halt {
    Fault(ParquetError),
    /// The other thread takes no more, and knows why.
    NotTaken,
}

impl From<StorageError> for Halt {
    fn from(error: StorageError) -> Self {
        Self::Fault(error.into())
    }
}

type Outcome = (SeenMembers, Option<Vec<Written>>);

fn pass(
    tables: &Tables<'_>,
    secrets: Secrets,
    work: Work<'_>,
    numbers: &RangeInclusive<i64>,
) -> Result<Outcome, ParquetError> {
    let table = work.table;
    std::thread::scope(|scope| {
        // One chunk is read while another one is taken apart.
        let (full, received) = mpsc::sync_channel(0);
        let (emptied, empty) = mpsc::channel();
        let worker = scope.spawn(move || work.run(&received, &emptied));
        let rows = numbers.end().abs_diff(*numbers.start());
        let mut chunk = Chunk::new(table, rows, secrets);
        let read = tables.for_each(table.name, &table.selected(), numbers.clone(), |row| {
            chunk.push(&row)?;
            if chunk.is_full() {
                let next = empty.try_recv().unwrap_or_else(|_| Chunk::new(table, rows, secrets));
                let full_chunk = std::mem::replace(&mut chunk, next);
                full.send(full_chunk).map_err(|_| Halt::NotTaken)?;
            }
            Ok::<_, Halt>(())
        });
        if read.is_ok() && !chunk.is_empty() {
            // Who does not take it says why below.
            let _ = full.send(chunk);
        }
        drop(full);
        let outcome = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        match read {
            Err(Halt::Fault(fault)) => Err(fault),
            Ok(()) | Err(Halt::NotTaken) => outcome,
        }
    })
}

/// What is done with chunks of rows.
struct Work<'a> {
    table: &'static Table,
    members: &'a [Member],
    /// Counts the keys of the rows; how many of them the guess knew.
    seen: SeenMembers,
    expected: usize,
    /// The columns are right, whatever is seen.
    is_certain: bool,
    form: Form,
    begin: Begin<'a>,
    open: Option<(PathBuf, TableWriter)>,
    files: Vec<Written>,
    after: i64,
    through: i64,
}

impl<'a> Work<'a> {
    fn new(
        table: &'static Table,
        members: &'a [Member],
        seen: SeenMembers,
        numbers: &RangeInclusive<i64>,
        form: Form,
        begin: Begin<'a>,
    ) -> Self {
        let expected = seen.len();
        let (after, through) = (numbers.start().saturating_sub(1), *numbers.end());
        let (open, files) = (None, Vec::new());
        Self { table, members, seen, expected, is_certain: false, form, begin, open, files, after, through }
    }

    /// The files, or none where the columns were found wrong; and what was seen in all rows.
    fn run(mut self, chunks: &Receiver<Chunk>, emptied: &Sender<Chunk>) -> Result<Outcome, ParquetError> {
        let mut is_right = true;
        while let Ok(mut chunk) = chunks.recv() {
            if is_right {
                self.write(&chunk)?;
                is_right = self.is_certain || self.seen.len() == self.expected;
                if !is_right {
                    // The rows that are left are only counted.
                    self.discard()?;
                }
            } else {
                chunk.count(&mut self.seen);
            }
            chunk.clear();
            // Who reads may be done.
            let _ = emptied.send(chunk);
        }
        if let Some((path, open)) = self.open.take() {
            self.files.push((path, open.finish(self.after, self.through)?));
        }
        Ok((self.seen, is_right.then_some(self.files)))
    }

    fn write(&mut self, chunk: &Chunk) -> Result<(), ParquetError> {
        let (_, open) = match &mut self.open {
            Some(open) => open,
            None => {
                let path = (self.begin)()?;
                let created = TableWriter::create(self.table, self.members, &path, self.form.compression)?;
                self.open.insert((path, created))
            }
        };
        open.write(chunk, &mut self.seen)?;
        if open.row_count() >= self.form.most_rows
            && let Some((path, open)) = self.open.take()
        {
            let end = chunk.last_number().unwrap_or(self.through);
            self.files.push((path, open.finish(self.after, end)?));
            self.after = end;
        }
        Ok(())
    }

    /// Takes back what was written.
    fn discard(&mut self) -> Result<(), ParquetError> {
        let open = self.open.take().map(|(path, writer)| {
            drop(writer);
            path
        });
        for path in self.files.drain(..).map(|(path, _)| path).chain(open) {
            fs::remove_file(&path).map_err(ParquetError::writing(&path))?;
        }
        Ok(())
    }
}
