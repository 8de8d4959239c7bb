//! Files back into a project: those of an export, of a snapshot, of a Dataset, or of the peer.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use paceline_schema::ProjectName;
use paceline_schema::artifact::BlobDigest;
use paceline_storage::{Cell, NewTables, Store};
use serde::Serialize;

use super::digest;
use super::error::ParquetError;
use super::manifest::{FileOfTable, Manifest};
use super::media::{folder_of_media, media_below, take_in_media};
use super::parts::MANIFEST;
use super::publish::{Staging, is_inside, is_unfinished};
use super::reader;
use super::tables::{SNAPSHOT_FOLDER, TABLES, Table, folder_of_ours, project_of_file, table};

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The project that was made.
    pub project: String,
    /// The one that the files are of.
    pub source: String,
    /// Rows of each table that has some.
    pub rows: BTreeMap<String, u64>,
    /// Media files.
    pub media: usize,
    /// Files of artifacts.
    pub blobs: usize,
}

/// What a static page reads first, and the rows it shows.
const CONFIG: &str = "config.json";
const METRICS: &str = "metrics.parquet";
const BLOBS: &str = "artifacts/blobs/sha256";
/// More than that is no configuration of a page.
const LARGEST_CONFIG_BYTES: u64 = 1 << 20;

/// A project as files.
#[derive(Default)]
struct Found {
    files: Vec<(&'static Table, FileOfFound)>,
    media: Vec<MediaOfFound>,
    blobs: Vec<(BlobDigest, PathBuf)>,
}

struct MediaOfFound {
    path: PathBuf,
    /// Below the media of the project.
    name: String,
    /// What the manifest says of it; the peer writes none.
    sha256: Option<String>,
}

struct FileOfFound {
    path: PathBuf,
    /// What the manifest says of it; the peer writes none.
    expected: Option<FileOfTable>,
}

/// Which project the files in `folder` are of: the one called `wanted`, or the only one. An export that was cut off
/// between two files is finished first.
///
/// # Errors
/// `NotOneProject` when it is not clear which one, or when the folder cannot be read.
pub fn project_of(folder: &Path, wanted: Option<&str>) -> Result<String, ParquetError> {
    if is_unfinished(folder) {
        // Beginning another one finishes it.
        drop(Staging::begin(folder)?);
    }
    let mut projects = projects(folder)?;
    if is_snapshot(folder) {
        match (project_of_snapshot(folder)?, wanted) {
            (Some(project), _) => projects = vec![project],
            // What the peer leaves in a bucket or a Dataset says nowhere which project it was.
            (None, Some(wanted)) => projects = vec![wanted.to_owned()],
            (None, None) => {
                let name =
                    folder.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
                projects = name.into_iter().collect();
            }
        }
    }
    if let Some(wanted) = wanted {
        if projects.iter().any(|project| project == wanted) {
            return Ok(wanted.to_owned());
        }
    } else if projects.len() == 1
        && let Some(only) = projects.pop()
    {
        return Ok(only);
    }
    Err(ParquetError::NotOneProject { path: folder.to_owned(), projects })
}

/// Makes the project `name` with the rows and media of a project in `folder`, chosen as by [`project_of`]. It is whole or
/// not there. Under another name than it had, its rows name its own media.
///
/// # Errors
/// As [`project_of`]; `Storage` with `ProjectExists` when there is one of that name;
/// otherwise what is wrong with the files.
pub fn import(
    folder: &Path,
    source: Option<&str>,
    store: &Store,
    name: &ProjectName,
) -> Result<Imported, ParquetError> {
    let source = project_of(folder, source)?;
    let found = find(folder, &source)?;
    let mut rows = BTreeMap::new();
    let moved_from = (source != name.as_str()).then_some(source.as_str());
    store.make_project(name, |tables| {
        for (table, file) in &found.files {
            let taken = take_in(tables, table, file, moved_from)?;
            *rows.entry(table.name.to_owned()).or_default() += taken;
        }
        for MediaOfFound { path, name, sha256 } in &found.media {
            take_in_media(tables, path, name, sha256.as_deref())?;
        }
        let blobs = store.blobs(name.as_str());
        found.blobs.iter().try_for_each(|(digest, path)| blobs.copy_in(digest, path))?;
        Ok::<_, ParquetError>(())
    })?;
    let (media, blobs) = (found.media.len(), found.blobs.len());
    Ok(Imported { project: name.as_str().to_owned(), source, rows, media, blobs })
}

/// Whether a folder is what a static page reads: of `freeze`, or of the peer's static Spaces.
fn is_snapshot(folder: &Path) -> bool {
    let is_there = |name: &str| folder.join(name).is_file();
    // A project may be called `metrics`.
    (is_there(METRICS) || is_there(&format!("{SNAPSHOT_FOLDER}/{MANIFEST}")))
        && (is_there(CONFIG) || is_there("runs.json"))
}

/// The project of a snapshot, where it says so.
fn project_of_snapshot(folder: &Path) -> Result<Option<String>, ParquetError> {
    let path = folder.join(CONFIG);
    let reading = ParquetError::reading(&path);
    let json = match fs::metadata(&path) {
        Ok(metadata) if metadata.len() <= LARGEST_CONFIG_BYTES => fs::read(&path).map_err(reading)?,
        Ok(_) | Err(_) => return Ok(None),
    };
    let config: serde_json::Value = serde_json::from_slice(&json).unwrap_or_default();
    Ok(config["project"].as_str().map(str::to_owned))
}

/// The projects whose files lie in a folder.
fn projects(folder: &Path) -> Result<Vec<String>, ParquetError> {
    let reading = ParquetError::reading(folder);
    let mut projects = Vec::new();
    for entry in fs::read_dir(folder).map_err(&reading)? {
        let entry = entry.map_err(&reading)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let manifest = entry.path().join(MANIFEST);
        if let Some(project) = project_of_file(&name) {
            projects.push(project.to_owned());
        } else if manifest.is_file() {
            projects.extend(project_of_folder(&name, &manifest));
        }
    }
    projects.sort_unstable();
    projects.dedup();
    Ok(projects)
}

/// The project of a folder with a manifest: `x_paceline` is that of an export of `x`, and of the parts of a project of that
/// name, which the manifest tells apart. Of one that cannot be read it is the first, so that somebody hears why not.
fn project_of_folder(name: &str, manifest: &Path) -> Option<String> {
    match Manifest::load(manifest) {
        Ok(manifest) => {
            let project = manifest?.project;
            (project == name || folder_of_ours(&project) == name).then_some(project)
        }
        Err(_) => Some(name.strip_suffix("_paceline").unwrap_or(name).to_owned()),
    }
}

/// The files of a project, by its manifest where it has one, else by their names.
fn find(folder: &Path, project: &str) -> Result<Found, ParquetError> {
    if is_snapshot(folder) {
        return of_snapshot(folder);
    }
    let manifests =
        [folder.join(project).join(MANIFEST), folder.join(folder_of_ours(project)).join(MANIFEST)];
    for path in manifests {
        if let Some(manifest) = Manifest::load(&path)?.filter(|manifest| manifest.project == project) {
            return of_manifest(folder, &path, &manifest);
        }
    }
    let of_peer = TABLES.iter().filter(|table| table.is_of_peer);
    let files = of_peer.map(|table| (table, folder.join(table.file(project, "parquet"))));
    let files = files.filter(|(_, path)| path.is_file());
    let files = files.map(|(table, path)| (table, FileOfFound { path, expected: None })).collect();
    let media = media_of_found(folder, &folder_of_media(project))?;
    Ok(Found { files, media, ..Found::default() })
}

/// Media that no manifest tells of.
fn media_of_found(folder: &Path, inside: &str) -> Result<Vec<MediaOfFound>, ParquetError> {
    let (root, media) = (folder.join(inside), media_below(folder, inside)?.into_iter());
    Ok(media.map(|name| MediaOfFound { path: root.join(&name), name, sha256: None }).collect())
}

/// The files of a snapshot, ours or the peer's: where a page looks for them.
fn of_snapshot(folder: &Path) -> Result<Found, ParquetError> {
    let path = folder.join(SNAPSHOT_FOLDER).join(MANIFEST);
    let mut found = match Manifest::load(&path)? {
        Some(manifest) => of_manifest(folder, &path, &manifest)?,
        None => {
            let files = TABLES.iter().map(|table| (table, folder.join(table.file_of_snapshot())));
            let files = files.filter(|(table, path)| table.is_of_peer && path.is_file());
            let files = files.map(|(table, path)| (table, FileOfFound { path, expected: None })).collect();
            Found { files, ..Found::default() }
        }
    };
    found.media = media_of_found(folder, "media")?;
    let root = folder.join(BLOBS);
    for name in media_below(folder, BLOBS)? {
        let digest = name.rsplit('/').next().and_then(|digest| BlobDigest::new(digest.to_owned()).ok());
        found.blobs.extend(digest.map(|digest| (digest, root.join(&name))));
    }
    Ok(found)
}

/// The files that an import by this manifest reads, each with its size and SHA-256; `path` is the manifest's own.
///
/// # Errors
/// `Unexpected` when it names one that does not lie below its folder.
pub(crate) fn files_of_import<'a>(
    manifest: &'a Manifest,
    path: &Path,
) -> Result<BTreeMap<&'a str, (u64, &'a str)>, ParquetError> {
    let tables = manifest.files().filter(|(name, _)| table(name).is_some());
    let tables = tables.map(|(_, file)| (file.path.as_str(), file.bytes, file.sha256.as_str()));
    let media = manifest.media.iter().map(|file| (file.path.as_str(), file.bytes, file.sha256.as_str()));
    tables
        .chain(media)
        .map(|(name, bytes, sha256)| expect_inside(name, path).map(|()| (name, (bytes, sha256))))
        .collect()
}

/// Whether a file is one that an import of that project reads where there is no manifest, as the peer leaves them.
pub(crate) fn is_file_of_peer(path: &str, project: &str) -> bool {
    let is_media = path.strip_prefix(&folder_of_media(project)).is_some_and(|rest| rest.starts_with('/'));
    let is_table = || TABLES.iter().any(|table| table.is_of_peer && table.file(project, "parquet") == path);
    is_inside(path) && (is_media || is_table())
}

fn expect_inside(name: &str, path: &Path) -> Result<(), ParquetError> {
    let reason = || format!("names `{name}`, which is not below its folder");
    if is_inside(name) { Ok(()) } else { Err(ParquetError::unexpected(path, reason())) }
}

fn of_manifest(folder: &Path, path: &Path, manifest: &Manifest) -> Result<Found, ParquetError> {
    let check = |name: &str| expect_inside(name, path);
    let mut files = Vec::new();
    for (name, file) in manifest.files() {
        // Tables of a later version are of no use here.
        let Some(table) = table(name) else { continue };
        check(&file.path)?;
        files.push((table, FileOfFound { path: folder.join(&file.path), expected: Some(file.clone()) }));
    }
    let root = format!("{}/", folder_of_media(&manifest.project));
    let mut media = Vec::new();
    for file in &manifest.media {
        check(&file.path)?;
        let name = file.path.strip_prefix(&root).ok_or_else(|| {
            ParquetError::unexpected(path, format!("names `{}`, which is not below `{root}`", file.path))
        })?;
        let (path, sha256) = (folder.join(&file.path), Some(file.sha256.clone()));
        media.push(MediaOfFound { path, name: name.to_owned(), sha256 });
    }
    Ok(Found { files, media, ..Found::default() })
}

/// Inserts the rows of a file; `moved_from` is the old name of a project that changes it.
fn take_in(
    tables: &NewTables<'_>,
    table: &'static Table,
    file: &FileOfFound,
    moved_from: Option<&str>,
) -> Result<u64, ParquetError> {
    if let Some(expected) = &file.expected
        && digest::of_file(&file.path)? != expected.sha256
    {
        return Err(ParquetError::unexpected(&file.path, "is not the file that its manifest tells of"));
    }
    let selected = table.selected();
    reader::for_each_row(table, &file.path, |cells| {
        let moved = moved_from.and_then(|from| with_media_moved(tables, table, cells, from));
        match moved {
            Some(moved) => {
                let cells: Vec<Cell<'_>> = cells
                    .iter()
                    .zip(&moved)
                    .map(|(cell, json)| json.as_ref().map_or(*cell, |json| Cell::Blob(json.as_bytes())))
                    .collect();
                Ok(tables.insert(table.name, &selected, &cells)?)
            }
            None => Ok(tables.insert(table.name, &selected, cells)?),
        }
    })
}

/// The JSON of cells that name media of the project, with their new names; `None` where none does.
fn with_media_moved(
    tables: &NewTables<'_>,
    table: &Table,
    cells: &[Cell<'_>],
    from: &str,
) -> Option<Vec<Option<String>>> {
    let moved: Vec<Option<String>> = cells
        .iter()
        .enumerate()
        .map(|(place, cell)| match cell {
            Cell::Blob(json) | Cell::Text(json) if table.is_json(place) => {
                tables.with_own_media(std::str::from_utf8(json).ok()?, from)
            }
            Cell::Null | Cell::Integer(_) | Cell::Real(_) | Cell::Text(_) | Cell::Blob(_) => None,
        })
        .collect();
    moved.iter().any(Option::is_some).then_some(moved)
}
