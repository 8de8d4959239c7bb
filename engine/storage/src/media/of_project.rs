//! All media of a project together, for whoever carries it elsewhere and back.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::StorageError;
use crate::media::{MediaFolder, inner_path};
use crate::project::Project;

/// A file among the media of a project: one that a row names, or one that was saved beside the runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaFile {
    /// Path below the project's media, with `/` between its parts.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// When it was last written.
    pub modified: SystemTime,
}

impl Project {
    /// All of them, by path. A name that is no Unicode text is left out: no row can say it.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn media_files(&self) -> Result<Vec<MediaFile>, StorageError> {
        let Some(media) = MediaFolder::open(self.directory())? else { return Ok(Vec::new()) };
        let unreadable = |error| media.unreadable(&error);
        let folder = Path::new(self.name());
        let mut files = Vec::new();
        for inside in media.files_below(folder).map_err(unreadable)? {
            let Some(path) = inside.strip_prefix(folder).ok().and_then(Path::to_str) else { continue };
            // It may have gone with its run.
            let Some(metadata) = media.metadata(&inside).map_err(unreadable)? else { continue };
            let modified = metadata.modified().map_err(unreadable)?.into_std();
            files.push(MediaFile { path: path.to_owned(), bytes: metadata.len(), modified });
        }
        Ok(files)
    }

    /// Opens one of them; `None` where it is gone.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn open_media(&self, path: &str) -> Result<Option<File>, StorageError> {
        let Some(media) = MediaFolder::open(self.directory())? else { return Ok(None) };
        let Some(inside) = inner_path(path) else { return Ok(None) };
        media.open_file(&Path::new(self.name()).join(inside)).map_err(|error| media.unreadable(&error))
    }
}

/// Media of a project that is being made: in a folder of their own until the project is complete.
pub(crate) struct NewMedia {
    /// The folder; only there once a file is.
    folder: PathBuf,
}

impl NewMedia {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// A new file for the path below the project's media.
    pub(crate) fn create(&self, path: &str) -> Result<File, StorageError> {
        let inside = inner_path(path).ok_or_else(|| StorageError::InvalidPath {
            path: path.chars().take(80).collect(),
            reason: "leads out of the media of its project",
        })?;
        let target = self.folder.join(inside);
        let parent = target.parent().unwrap_or(&self.folder);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(parent);
        made.and_then(|()| File::create(&target)).map_err(|error| StorageError::from_write(&target, &error))
    }

    /// Moves them to where the rows of the project name them.
    pub(crate) fn put_in_place(&self, directory: &Path, project: &str) -> Result<(), StorageError> {
        if !self.folder.is_dir() {
            return Ok(());
        }
        let media = MediaFolder::create(directory)?;
        let mut folders = vec![(self.folder.clone(), PathBuf::from(project))];
        let mut moved = || -> io::Result<()> {
            while let Some((folder, place)) = folders.pop() {
                for entry in fs::read_dir(&folder)? {
                    let entry = entry?;
                    let (path, place) = (entry.path(), place.join(entry.file_name()));
                    if entry.file_type()?.is_dir() {
                        folders.push((path, place));
                    } else {
                        // One by one: the media may lie on another disk.
                        media.take_in(&path, &place)?;
                    }
                }
            }
            Ok(())
        };
        moved().map_err(|error| media.unwritable(&error))
    }
}

impl Drop for NewMedia {
    fn drop(&mut self) {
        // Nothing is left where all of it is in its place.
        let _: io::Result<()> = fs::remove_dir_all(&self.folder);
    }
}
