//! Every table of a project into one file, named as the peer names them.

use std::path::Path;

use paceline_storage::{Project, Tables};
use serde::Serialize;

use super::chunk::Secrets;
use super::digest::ContentsDigest;
use super::error::ParquetError;
use super::manifest::{FileOfTable, Manifest, TableOfManifest};
use super::media::stage_media;
use super::pass::{Form, write_rows};
use super::publish::Staging;
use super::shape::Member;
use super::tables::{TABLES, Table, folder_of_ours};

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// The project.
    pub project: String,
    /// The files that were written, relative to the folder.
    pub files: Vec<String>,
    /// Rows of all of them.
    pub rows: u64,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Media files that were copied beside them; what lay there already was not.
    pub media: usize,
}

/// Writes every table of a project into `folder`, one file each: the peer's names for the peer's tables, and what the
/// peer leaves out in a folder beside them; and its media. Files of an earlier export are replaced, all together.
///
/// # Errors
/// What keeps the project from being read or the files from being written; then the folder is as it was.
pub fn export(project: &Project, folder: &Path) -> Result<Exported, ParquetError> {
    let staging = Staging::begin(folder)?;
    let name = project.name();
    let manifest_path = format!("{}/manifest.json", folder_of_ours(name));
    let before = Manifest::load_earlier(&folder.join(&manifest_path), name)?;
    let mut manifest = Manifest::new(name);
    project.tables(|tables| {
        for table in TABLES {
            let relative = table.file(name, "parquet");
            if let Some(written) =
                whole_table(tables, table, Secrets::Kept, &staging.path(&relative)?, Form::dense(u64::MAX))?
            {
                let (columns, mut file) = written;
                file.path = relative;
                let of_table = TableOfManifest { through: file.through, columns, files: vec![file] };
                manifest.tables.insert(table.name.to_owned(), of_table);
            }
        }
        Ok::<_, ParquetError>(())
    })?;
    let known = before.as_ref().map_or(&[][..], |before| &before.media);
    let media = stage_media(project, known, folder, &staging)?;
    manifest.media = media.files;
    staging.write(&manifest_path, &manifest.to_json())?;
    let mut put: Vec<String> = manifest.files().map(|(_, file)| file.path.clone()).collect();
    let mut remove: Vec<String> =
        before.iter().flat_map(Manifest::files).map(|(_, file)| file.path.clone()).collect();
    remove.retain(|path| !put.contains(path));
    let exported = Exported {
        project: name.to_owned(),
        files: put.clone(),
        rows: manifest.rows(),
        bytes: manifest.bytes(),
        media: media.written.len(),
    };
    put.push(manifest_path);
    put.extend(media.written);
    remove.extend(media.removed);
    staging.commit(put, remove)?;
    Ok(exported)
}

/// Writes a table into one file; its columns and the file, `None` where it has no rows.
pub(super) fn whole_table(
    tables: &Tables<'_>,
    table: &'static Table,
    secrets: Secrets,
    path: &Path,
    form: Form,
) -> Result<Option<(Vec<Member>, FileOfTable)>, ParquetError> {
    let Some(numbers) = tables.numbers(table.name)? else { return Ok(None) };
    let mut begin = || Ok(path.to_owned());
    let (members, mut files) = write_rows(tables, table, secrets, &numbers, &[], form, &mut begin)?;
    Ok(files.pop().map(|(_, file)| (members, file)))
}

/// A digest of all rows of a table.
pub(super) fn contents(tables: &Tables<'_>, table: &'static Table) -> Result<String, ParquetError> {
    let selected = table.selected();
    let mut digest = ContentsDigest::default();
    tables.for_each(table.name, &selected, i64::MIN..=i64::MAX, |row| {
        (0..selected.len()).try_for_each(|place| {
            digest.add(row.cell(place)?);
            Ok::<_, ParquetError>(())
        })
    })?;
    Ok(digest.finish())
}
