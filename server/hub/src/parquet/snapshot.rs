//! A project as a folder that any web server shows as it is: its tables where the peer's page of a static Space looks
//! for them, and beside them the page and what it shows at once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use ::parquet::basic::Compression;
use paceline_storage::Project;

use super::chunk::Secrets;
use super::error::ParquetError;
use super::export::{Exported, whole_table};
use super::manifest::{Manifest, TableOfManifest};
use super::pass::Form;
use super::publish::Staging;
use super::tables::{SNAPSHOT_FOLDER, TABLES};

/// What a browser unpacks without help, and the peer's page too.
const FORM: Form = Form { most_rows: u64::MAX, compression: Compression::SNAPPY };
/// The page itself: in a folder that has one and is no snapshot, it is somebody else's.
const PAGE: &str = "index.html";

/// A file that belongs to a snapshot beside its tables.
#[derive(Debug)]
pub struct SnapshotFile {
    /// Where it is to lie, relative to the folder, with `/` between its parts.
    pub path: String,
    /// What is in it.
    pub contents: Contents,
    /// It is the user's from then on: one that is there already is left as it is.
    pub once: bool,
}

/// What is in a file.
#[derive(Debug)]
pub enum Contents {
    /// These bytes.
    Bytes(Vec<u8>),
    /// What this file holds.
    CopyOf(PathBuf),
}

/// Writes a snapshot of a project into `folder`: its tables, but for those that are `left_out` by their names, and
/// `others`. What an earlier snapshot had and this one has not is taken away; all of it happens together.
///
/// # Errors
/// What keeps the project from being read or the files from being written, or `Unexpected` when the folder holds a
/// page that is no snapshot; then the folder is as it was.
pub fn snapshot(
    project: &Project,
    folder: &Path,
    left_out: &[&str],
    others: Vec<SnapshotFile>,
) -> Result<Exported, ParquetError> {
    let staging = Staging::begin(folder)?;
    let list_path = format!("{SNAPSHOT_FOLDER}/files.json");
    let before = earlier_files(folder, &list_path)?;
    let mut manifest = Manifest::new(project.name());
    project.tables(|tables| {
        for table in TABLES.iter().filter(|table| !left_out.contains(&table.name)) {
            let relative = table.file_of_snapshot();
            let written = whole_table(tables, table, Secrets::LeftOut, &staging.path(&relative)?, FORM)?;
            if let Some((columns, mut file)) = written {
                file.path = relative;
                let of_table = TableOfManifest { through: file.through, columns, files: vec![file] };
                manifest.tables.insert(table.name.to_owned(), of_table);
            }
        }
        Ok::<_, ParquetError>(())
    })?;
    let mut bytes = manifest.bytes();
    let mut put: Vec<String> = manifest.files().map(|(_, file)| file.path.clone()).collect();
    let manifest_path = format!("{SNAPSHOT_FOLDER}/manifest.json");
    let of_manifest =
        SnapshotFile { path: manifest_path, contents: Contents::Bytes(manifest.to_json()), once: false };
    let mut put_once = Vec::new();
    for SnapshotFile { path, contents, once } in others.into_iter().chain([of_manifest]) {
        if once && folder.join(&path).exists() {
            continue;
        }
        bytes += match contents {
            Contents::Bytes(contents) => {
                staging.write(&path, &contents)?;
                contents.len() as u64
            }
            Contents::CopyOf(source) => copy(&source, &staging.path(&path)?)?,
        };
        if once { put_once.push(path) } else { put.push(path) }
    }
    put.push(list_path.clone());
    // Names are all there is, so this cannot fail.
    staging.write(&list_path, &serde_json::to_vec(&put).unwrap_or_default())?;
    let is_foreign = |path: &&String| !before.contains(*path) && folder.join(path.as_str()).exists();
    if let Some(path) = put.iter().find(is_foreign) {
        let reason = "is of no snapshot and would be written over; another folder is needed";
        return Err(ParquetError::unexpected(&folder.join(path), reason));
    }
    let remove = before.into_iter().filter(|path| !put.contains(path)).collect();
    let exported = Exported {
        project: project.name().to_owned(),
        files: put.clone(),
        rows: manifest.rows(),
        bytes,
        media: 0,
    };
    put.extend(put_once);
    staging.commit(put, remove)?;
    Ok(exported)
}

/// What the snapshot in a folder consists of; nothing where there is none.
fn earlier_files(folder: &Path, list: &str) -> Result<Vec<String>, ParquetError> {
    let path = folder.join(list);
    if path.is_file() {
        let json = fs::read(&path).map_err(ParquetError::reading(&path))?;
        return serde_json::from_slice(&json)
            .map_err(|error| ParquetError::unexpected(&path, format!("is no list of files: {error}")));
    }
    if folder.join(PAGE).exists() {
        let reason = format!("holds an `{PAGE}` that is no snapshot; another folder is needed");
        return Err(ParquetError::unexpected(folder, reason));
    }
    Ok(Vec::new())
}

/// Copies a file and brings it to the disk; its bytes.
fn copy(source: &Path, target: &Path) -> Result<u64, ParquetError> {
    let mut from = File::open(source).map_err(ParquetError::reading(source))?;
    let copied = File::create(target).and_then(|mut to| {
        let bytes = std::io::copy(&mut from, &mut to)?;
        to.sync_all()?;
        Ok(bytes)
    });
    copied.map_err(ParquetError::writing(target))
}
