//! The media of a project beside its tables: in `media/<project>/…`, where rows name them and the peer looks for them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use paceline_storage::{NewTables, Project};

use super::digest::{DigestedFile, DigestingReader};
use super::error::ParquetError;
use super::manifest::FileOfMedia;
use super::publish::Staging;

/// Bytes copied at a time.
const CHUNK_BYTES: usize = 1 << 18;

/// What brings the media in a folder to the present state of a project.
#[derive(Debug, Default)]
pub(super) struct MediaUpdate {
    /// What is there afterwards.
    pub(super) files: Vec<FileOfMedia>,
    /// Paths of those that are new or changed, relative to the folder.
    pub(super) written: Vec<String>,
    /// Paths of those that are not the project's any more.
    pub(super) removed: Vec<String>,
}

/// Where the media of a project lie in a folder of files.
pub(super) fn folder_of_media(project: &str) -> String {
    format!("media/{project}")
}

/// Stages what `folder` lacks of the media; `before` is what an earlier time left there.
pub(super) fn stage_media(
    project: &Project,
    before: &[FileOfMedia],
    folder: &Path,
    staging: &Staging,
) -> Result<MediaUpdate, ParquetError> {
    let is_there = |file: &FileOfMedia| {
        fs::metadata(folder.join(&file.path)).is_ok_and(|copy| copy.is_file() && copy.len() == file.bytes)
    };
    update_media(project, before, &is_there, &|path| staging.path(path))
}

/// Writes what is lacking of the media, each file where `place` says; of those in `before` the present ones are kept.
pub(super) fn update_media(
    project: &Project,
    before: &[FileOfMedia],
    is_there: &dyn Fn(&FileOfMedia) -> bool,
    place: &dyn Fn(&str) -> Result<PathBuf, ParquetError>,
) -> Result<MediaUpdate, ParquetError> {
    let known: BTreeMap<&str, &FileOfMedia> = before.iter().map(|file| (file.path.as_str(), file)).collect();
    let root = folder_of_media(project.name());
    let mut update = MediaUpdate::default();
    for file in project.media_files()? {
        let path = format!("{root}/{}", file.path);
        if let Some(known) = known.get(path.as_str())
            && (known.bytes, known.modified_us) == (file.bytes, since_epoch_us(file.modified))
            && is_there(known)
        {
            update.files.push((*known).clone());
            continue;
        }
        // It may have gone with its run.
        let Some(content) = project.open_media(&file.path)? else { continue };
        let target = place(&path)?;
        let copied = DigestedFile::create(&target).and_then(|mut copy| {
            copy_all(content, &mut copy)?;
            copy.finish()
        });
        let (bytes, sha256) = copied.map_err(ParquetError::writing(&target))?;
        update.written.push(path.clone());
        update.files.push(FileOfMedia { path, bytes, sha256, modified_us: since_epoch_us(file.modified) });
    }
    let present: BTreeSet<&str> = update.files.iter().map(|file| file.path.as_str()).collect();
    let gone = known.keys().filter(|path| !present.contains(*path));
    update.removed = gone.map(|path| (*path).to_owned()).collect();
    Ok(update)
}

fn since_epoch_us(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

fn copy_all(mut from: impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            read => to.write_all(&buffer[..read])?,
        }
    }
}

/// The files that lie in a folder below `inside` and of which no manifest tells, as the peer leaves its media: their paths
/// below that. What comes from elsewhere may hold links; none leads out of the folder.
pub(super) fn media_below(folder: &Path, inside: &str) -> Result<Vec<String>, ParquetError> {
    let root = &folder.join(inside);
    let leads_out = || Ok::<_, io::Error>(!root.canonicalize()?.starts_with(folder.canonicalize()?));
    if root.is_dir() && leads_out().map_err(ParquetError::reading(root))? {
        return Err(ParquetError::unexpected(root, "is a link that leads out of its folder"));
    }
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        let reading = ParquetError::reading(&folder);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(reading(error)),
        };
        for entry in entries {
            let entry = entry.map_err(&reading)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(&reading)?);
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file()
                && let Some(path) = path.strip_prefix(root).ok().and_then(Path::to_str)
            {
                found.push(path.to_owned());
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Gives a project that is being made a file of its media, by its path below them; with the digest that is expected of
/// it, where there is one.
pub(super) fn take_in_media(
    tables: &NewTables<'_>,
    from: &Path,
    path: &str,
    expected: Option<&str>,
) -> Result<(), ParquetError> {
    let reading = ParquetError::reading(from);
    let mut content = DigestingReader::new(File::open(from).map_err(&reading)?);
    let mut copy = tables.create_media(path)?;
    copy_all(&mut content, &mut copy)
        .and_then(|()| copy.sync_all())
        .map_err(ParquetError::writing(&PathBuf::from(path)))?;
    if expected.is_some_and(|expected| expected != content.finish()) {
        return Err(ParquetError::unexpected(from, "is not the file that its manifest tells of"));
    }
    Ok(())
}
