//! What is new of a project since a manifest was made, as files that join those that are there.
//!
//! Rows of a table that grows at its end lie in files by their numbers, each range in one file that is never changed.
//! New rows make a new file; where four of about one size lie at the end, they become one, so that there are few files
//! and no row is written often. Rows that changed where they are (a run that was renamed, deleted or moved) are noticed
//! by the first and last row of each run in each file and by some rows between; the files they lie in are written anew.
//! Small tables are one file, written when a row differs.

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use paceline_storage::{Cell, Project, Tables};

use super::chunk::Secrets;
use super::digest::RowMark;
use super::error::ParquetError;
use super::export::contents;
use super::manifest::{FileOfTable, Manifest, RunOfFile, TableOfManifest};
use super::media::{MediaUpdate, stage_media, update_media};
use super::pass::{Form, write_rows};
use super::publish::Staging;
use super::shape::Member;
use super::tables::{Growth, TABLES, Table};

/// A file with more rows is never joined with others.
const MOST_ROWS: u64 = 1_048_576;
/// Files with fewer rows are of one size.
const LEAST_ROWS: u64 = 1_024;
/// So many files of one size become one.
const FAN_IN: usize = 4;
/// The manifest's name in the project's folder.
pub(crate) const MANIFEST: &str = "manifest.json";

/// Files that bring a Dataset, or a folder, to the present state of a project.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// What is there afterwards.
    pub manifest: Manifest,
    /// Files that are new, relative to the folder they were written into, which is also their place.
    pub written: Vec<String>,
    /// Files that are not needed any more.
    pub removed: Vec<String>,
}

impl Update {
    /// Whether everything is there already.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.written.is_empty() && self.removed.is_empty()
    }

    fn add(&mut self, media: MediaUpdate) {
        self.manifest.media = media.files;
        self.written.extend(media.written);
        self.removed.extend(media.removed);
    }

    /// Where the manifest belongs.
    #[must_use]
    pub fn manifest_path(&self) -> String {
        format!("{}/{MANIFEST}", self.manifest.project)
    }
}

/// Writes into `folder` the files of tables and media that a Dataset with `before` lacks, without the secrets of configs.
/// Files of the manifest itself are not looked at, and its text is not written: it belongs into the same commit as the
/// files.
///
/// # Errors
/// What keeps the project from being read or the files from being written.
pub fn update(project: &Project, before: Option<&Manifest>, folder: &Path) -> Result<Update, ParquetError> {
    let place = |relative: &str| {
        let path = folder.join(relative);
        let parent = path.parent().unwrap_or(folder).to_owned();
        fs::create_dir_all(&parent).map_err(ParquetError::writing(&parent))?;
        // An attempt before this one may have been cut off.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(ParquetError::writing(&path)(error))
            }
            _ => Ok(path),
        }
    };
    let mut update =
        Work { project: project.name(), place: &place, secrets: Secrets::LeftOut }.update(project, before)?;
    let known = before.map_or(&[][..], |before| &before.media);
    update.add(update_media(project, known, &|_| true, &place)?);
    Ok(update)
}

/// Brings a folder to the present state of a project and its media, all at once: a crash leaves the old state or the new
/// one.
///
/// # Errors
/// As [`update`]; then the folder is as it was.
pub fn update_folder(project: &Project, folder: &Path) -> Result<Update, ParquetError> {
    let staging = Staging::begin(folder)?;
    let before = Manifest::load_earlier(&folder.join(project.name()).join(MANIFEST), project.name())?;
    let place = |relative: &str| staging.path(relative);
    let mut update = Work { project: project.name(), place: &place, secrets: Secrets::Kept }
        .update(project, before.as_ref())?;
    let known = before.as_ref().map_or(&[][..], |before| &before.media);
    update.add(stage_media(project, known, folder, &staging)?);
    if !update.is_empty() || before.as_ref() != Some(&update.manifest) {
        staging.write(&update.manifest_path(), &update.manifest.to_json())?;
        let put = update.written.iter().cloned().chain([update.manifest_path()]).collect();
        staging.commit(put, update.removed.clone())?;
    }
    Ok(update)
}

struct Work<'a> {
    project: &'a str,
    /// Where to write the file that is to lie at a place.
    place: &'a (dyn Fn(&str) -> Result<PathBuf, ParquetError> + Sync),
    secrets: Secrets,
}

/// What becomes of the rows with some numbers.
enum Segment {
    Keep(FileOfTable),
    Write {
        after: i64,
        through: i64,
        /// How many they may be.
        rows: u64,
    },
}

impl Work<'_> {
    fn update(&self, project: &Project, before: Option<&Manifest>) -> Result<Update, ParquetError> {
        let mut manifest = Manifest::new(self.project);
        let mut written = Vec::new();
        project.tables(|tables| {
            for table in TABLES {
                let known = before.and_then(|before| before.tables.get(table.name));
                let of_table = match table.growth {
                    Growth::AtItsEnd => self.growing(tables, table, known, &mut written)?,
                    Growth::Anywhere => self.small(tables, table, known, &mut written)?,
                };
                if let Some(of_table) = of_table {
                    manifest.tables.insert(table.name.to_owned(), of_table);
                }
            }
            Ok::<_, ParquetError>(())
        })?;
        let is_there = |path: &String| manifest.files().any(|(_, file)| file.path == *path);
        let old = before.into_iter().flat_map(Manifest::files).map(|(_, file)| file.path.clone());
        let removed = old.filter(|path| !is_there(path)).collect();
        // The same rows may have been written into the same file.
        if let Some(before) = before {
            let digest = |manifest: &Manifest, path: &str| {
                manifest.files().find(|(_, file)| file.path == path).map(|(_, file)| file.sha256.clone())
            };
            written.retain(|path| digest(before, path) != digest(&manifest, path));
        }
        Ok(Update { manifest, written, removed })
    }

    /// A table whose new rows come at its end.
    fn growing(
        &self,
        tables: &Tables<'_>,
        table: &'static Table,
        known: Option<&TableOfManifest>,
        written: &mut Vec<String>,
    ) -> Result<Option<TableOfManifest>, ParquetError> {
        let Some(numbers) = tables.numbers(table.name)? else { return Ok(None) };
        let newest = *numbers.end();
        let segments = segments(tables, table, known, &numbers)?;
        let mut columns_now = known.map(|known| known.columns.clone()).unwrap_or_default();
        let mut files = Vec::new();
        for segment in segments {
            match segment {
                Segment::Keep(file) => files.push(file),
                Segment::Write { after, through, .. } => {
                    let range = (after, through);
                    files.extend(self.write(tables, table, range, &mut columns_now, written)?);
                }
            }
        }
        Ok((!files.is_empty()).then_some(TableOfManifest { through: newest, columns: columns_now, files }))
    }

    /// A table of one file.
    fn small(
        &self,
        tables: &Tables<'_>,
        table: &'static Table,
        known: Option<&TableOfManifest>,
        written: &mut Vec<String>,
    ) -> Result<Option<TableOfManifest>, ParquetError> {
        let contents = contents(tables, table)?;
        if let Some(known) = known
            && let [file] = known.files.as_slice()
            && file.contents.as_ref() == Some(&contents)
        {
            return Ok(Some(known.clone()));
        }
        let Some(numbers) = tables.numbers(table.name)? else { return Ok(None) };
        let through = *numbers.end();
        let path = format!("{}/{}.parquet", self.project, table.label);
        let mut begin = || (self.place)(&path);
        let (members, mut files) =
            write_rows(tables, table, self.secrets, &numbers, &[], Form::dense(u64::MAX), &mut begin)?;
        Ok(files.pop().map(|(_, file)| {
            written.push(path.clone());
            let file = FileOfTable {
                path,
                contents: Some(contents),
                marks: BTreeMap::new(),
                runs: Vec::new(),
                ..file
            };
            TableOfManifest { through, columns: members, files: vec![file] }
        }))
    }

    /// Writes the rows with numbers after the first and up to the second, under names that tell them from all others.
    fn write(
        &self,
        tables: &Tables<'_>,
        table: &'static Table,
        (after, through): (i64, i64),
        members: &mut Vec<Member>,
        written: &mut Vec<String>,
    ) -> Result<Vec<FileOfTable>, ParquetError> {
        let numbers = after.saturating_add(1)..=through;
        let folder = format!("{}/{}", self.project, table.label);
        let mut count = 0;
        let mut begin = || {
            count += 1;
            (self.place)(&format!("{folder}/{after}-{count}.partial"))
        };
        let (columns, files) =
            write_rows(tables, table, self.secrets, &numbers, members, Form::dense(MOST_ROWS), &mut begin)?;
        *members = columns;
        let mut named = Vec::with_capacity(files.len());
        for (partial, file) in files {
            let digest: String = file.sha256.chars().take(8).collect();
            let path = format!("{folder}/{:012}-{:012}-{digest}.parquet", file.after + 1, file.through);
            let place = (self.place)(&path)?;
            fs::rename(&partial, &place).map_err(ParquetError::writing(&place))?;
            written.push(path.clone());
            named.push(FileOfTable { path, ..file });
        }
        Ok(named)
    }
}

/// Which files stay, and which rows are written, in the order of their numbers.
fn segments(
    tables: &Tables<'_>,
    table: &'static Table,
    known: Option<&TableOfManifest>,
    numbers: &RangeInclusive<i64>,
) -> Result<Vec<Segment>, ParquetError> {
    let mut segments: Vec<Segment> = Vec::new();
    let newest = *numbers.end();
    let mut through = numbers.start().saturating_sub(1);
    let push_rows = |segments: &mut Vec<Segment>, after: i64, through: i64, rows: u64| {
        if let Some(Segment::Write { through: before, rows: rows_before, .. }) = segments.last_mut() {
            (*before, *rows_before) = (through, *rows_before + rows);
        } else {
            segments.push(Segment::Write { after, through, rows });
        }
    };
    for file in known.iter().flat_map(|known| &known.files) {
        // Numbers after the newest may be given again.
        if file.through <= newest && stands(tables, table, file)? {
            segments.push(Segment::Keep(file.clone()));
        } else if file.after < newest {
            push_rows(&mut segments, file.after, file.through.min(newest), file.rows);
        }
        through = file.through;
    }
    if newest > through {
        let rows = u64::try_from(newest - through).unwrap_or_default();
        push_rows(&mut segments, through, newest, rows);
        join_last(&mut segments);
    }
    Ok(segments)
}

/// Takes files of about the size of the newest rows together with them.
fn join_last(segments: &mut Vec<Segment>) {
    while let Some(Segment::Write { through, rows, .. }) = segments.last() {
        let (through, rows) = (*through, *rows);
        let joins = |segment: &&Segment| matches!(segment, Segment::Keep(file) if file.rows < MOST_ROWS && size(file.rows) <= size(rows));
        let others = &segments[..segments.len() - 1];
        let small = others.iter().rev().take_while(joins).count();
        if small + 1 < FAN_IN {
            return;
        }
        let from = segments.len() - 1 - small;
        let joined = segments.split_off(from);
        let Some(Segment::Keep(first)) = joined.first() else { return };
        let rows_of = |segment: &Segment| match segment {
            Segment::Keep(file) => file.rows,
            Segment::Write { rows, .. } => *rows,
        };
        let rows = joined.iter().map(rows_of).sum();
        segments.push(Segment::Write { after: first.after, through, rows });
    }
}

/// Files of one size differ in their rows by less than the number that become one.
fn size(rows: u64) -> u32 {
    (rows / LEAST_ROWS).checked_ilog(FAN_IN as u64).map_or(0, |size| size + 1)
}

/// Whether the rows of a file are still those of the table, as far as their marks tell: the first and the last row of each
/// run, and some between.
fn stands(tables: &Tables<'_>, table: &'static Table, file: &FileOfTable) -> Result<bool, ParquetError> {
    let ends = file.runs.iter().flat_map(|RunOfFile { first, last, marks: [of_first, of_last], .. }| {
        let last = (first != last).then_some((*last, of_last));
        std::iter::once((*first, of_first)).chain(last)
    });
    for (number, mark) in ends.chain(file.marks.iter().map(|(number, mark)| (*number, mark))) {
        if row_mark(tables, table, number)?.is_none_or(|found| found.0 != *mark) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What tells the row under a number from others.
fn row_mark(
    tables: &Tables<'_>,
    table: &'static Table,
    number: i64,
) -> Result<Option<RowMark>, ParquetError> {
    let selected = table.selected();
    let mut mark = None;
    tables.for_each(table.name, &selected, number..=number, |row| {
        let cells: Vec<Cell<'_>> =
            (0..selected.len()).map(|place| row.cell(place)).collect::<Result<_, _>>()?;
        mark = Some(RowMark::of(table, |place| cells[place]));
        Ok::<_, ParquetError>(())
    })?;
    Ok(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(after: i64, rows: u64) -> Segment {
        let through = after + i64::try_from(rows).expect("few");
        let (path, sha256) = (String::new(), String::new());
        Segment::Keep(FileOfTable {
            path,
            rows,
            after,
            through,
            bytes: 0,
            sha256,
            contents: None,
            marks: BTreeMap::new(),
            runs: Vec::new(),
        })
    }

    /// Rows of the files after syncs of so many rows each, and how many rows each sync wrote.
    fn syncs(first: u64, each: u64, count: usize) -> (Vec<u64>, Vec<u64>) {
        let mut segments = vec![keep(0, first)];
        let mut written = Vec::new();
        let mut newest = i64::try_from(first).expect("few");
        for _ in 0..count {
            let after = newest;
            newest += i64::try_from(each).expect("few");
            segments.push(Segment::Write { after, through: newest, rows: each });
            join_last(&mut segments);
            let Some(Segment::Write { after, rows, .. }) = segments.pop() else { panic!("rows are written") };
            written.push(rows);
            segments.push(keep(after, rows));
        }
        let rows = segments.iter().map(|segment| match segment {
            Segment::Keep(file) => file.rows,
            Segment::Write { rows, .. } => *rows,
        });
        (rows.collect(), written)
    }

    #[test]
    fn a_sync_of_one_percent_writes_little_and_files_stay_few() {
        let (files, written) = syncs(100_000, 1_000, 400);
        assert_eq!(files.iter().sum::<u64>(), 500_000);
        assert!(files.len() <= 16, "{files:?}");
        assert!(written[..3].iter().all(|rows| *rows == 1_000), "{written:?}");
        assert!(written[..12].iter().all(|rows| *rows <= 5_000), "{written:?}");
        // On the whole each row is written a few times.
        assert!(written.iter().sum::<u64>() <= 400_000 * 6, "{}", written.iter().sum::<u64>());
    }
}
