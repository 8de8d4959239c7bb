//! Media and project files below `media/`, under the names the peer gives them.
//!
//! `media/<project>/<run>/<step>/<name>` and `media/<project>/files/<path>`. Everything is opened through a
//! handle of the folder `media`, so that no name and no symbolic link leads out of it.

mod of_project;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Component, Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata};
use paceline_schema::{ProjectName, canonical_project};

use crate::error::StorageError;
use crate::store::Store;
pub(crate) use of_project::NewMedia;

/// The folder in the data directory.
const MEDIA: &str = "media";
/// The folder of a project's files beside those of its runs; the peer's name.
pub(crate) const FILES: &str = "files";
/// Bytes of one part of a path that every file system takes.
const LONGEST_PART_BYTES: usize = 255;
/// Names that are devices on some systems, whatever their ending.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Where a file belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaPlace<'a> {
    /// Media of a run, where the rows of the run name it.
    Run {
        /// Name of the run.
        run: &'a str,
        /// Step of the row.
        step: Option<i64>,
        /// File name.
        name: &'a str,
    },
    /// A file of the project.
    Project {
        /// Path below the project's files, with `/` between its parts.
        path: &'a str,
    },
}

/// A file that was saved beside the runs of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFile {
    /// Path below the project's files.
    pub name: String,
    /// Where it stands on this machine.
    pub path: PathBuf,
    /// Size in bytes.
    pub bytes: u64,
}

impl Store {
    /// The folder that media paths are relative to, as an absolute path.
    #[must_use]
    pub fn media_folder(&self) -> PathBuf {
        let folder = self.directory().join(MEDIA);
        // Fails only where the working directory is gone.
        std::path::absolute(&folder).unwrap_or(folder)
    }

    /// Moves a file that was uploaded to where it belongs, replacing one of the same name.
    ///
    /// # Errors
    /// `InvalidPath` for a name that could mean another place, here or on another system; otherwise what keeps
    /// the file from being written.
    pub fn put_media(
        &self,
        project: &ProjectName,
        place: MediaPlace<'_>,
        staged: &Path,
    ) -> Result<(), StorageError> {
        let target = match place {
            MediaPlace::Run { run, step, name } => {
                let mut folder = run_folder(project.as_str(), run)?;
                if let Some(step) = step {
                    folder.push(step.to_string());
                }
                folder.join(one_part(name)?)
            }
            MediaPlace::Project { path } => Path::new(project.as_str()).join(FILES).join(new_path(path)?),
        };
        let media = MediaFolder::create(self.directory())?;
        media
            .take_in(staged, &target)
            .map_err(|error| StorageError::from_write(&self.media_folder().join(target), &error))
    }

    /// Opens a media file for reading by its path below the media folder, as typed values hold it.
    ///
    /// # Errors
    /// `FileNotFound` for whatever is no regular file in there.
    pub fn open_media(&self, path: &str) -> Result<File, StorageError> {
        let missing = || StorageError::FileNotFound { path: path.to_owned() };
        let inside = inner_path(path).ok_or_else(missing)?;
        let media = MediaFolder::open(self.directory())?.ok_or_else(missing)?;
        media.open_file(inside).ok().flatten().ok_or_else(missing)
    }

    /// The files saved beside the runs of a project, by name; none where there is no such project.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn project_files(&self, project: &str) -> Result<Vec<ProjectFile>, StorageError> {
        self.files_in(&Path::new(&canonical_project(project)).join(FILES))
    }

    /// Whether a file was saved beside the runs of a project.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn has_project_files(&self, project: &str) -> Result<bool, StorageError> {
        self.has_files_in(&Path::new(&canonical_project(project)).join(FILES))
    }

    /// Everything in the media folder of a project: what its runs have logged, and the files saved beside them.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn media_files(&self, project: &str) -> Result<Vec<ProjectFile>, StorageError> {
        self.files_in(Path::new(&canonical_project(project)))
    }

    /// Whether anything lies in the media folder of a project, which there need not be.
    pub(crate) fn has_media(&self, project: &str) -> Result<bool, StorageError> {
        self.has_files_in(Path::new(project))
    }

    fn has_files_in(&self, folder: &Path) -> Result<bool, StorageError> {
        let Some(media) = MediaFolder::open(self.directory())? else { return Ok(false) };
        let found = media.files_below(folder).map_err(|error| media.unreadable(&error))?;
        Ok(!found.is_empty())
    }

    /// The files below a folder of the media folder, named from there.
    fn files_in(&self, folder: &Path) -> Result<Vec<ProjectFile>, StorageError> {
        let Some(media) = MediaFolder::open(self.directory())? else { return Ok(Vec::new()) };
        let found = media.files_below(folder).map_err(|error| media.unreadable(&error))?;
        let mut files = Vec::with_capacity(found.len());
        for path in found {
            let metadata = media.dir.metadata(&path).map_err(|error| media.unreadable(&error))?;
            let name = path.strip_prefix(folder).unwrap_or(&path);
            files.push(ProjectFile {
                name: name.to_string_lossy().into_owned(),
                path: self.media_folder().join(&path),
                bytes: metadata.len(),
            });
        }
        Ok(files)
    }
}

/// The folder of a run's media below the media folder. A name with `/` leads to folders within each other, as
/// with the peer.
pub(crate) fn run_folder(project: &str, run: &str) -> Result<PathBuf, StorageError> {
    let inside = inner_path(run).ok_or_else(|| invalid(run, "is no name of a folder"))?;
    Ok(Path::new(project).join(inside))
}

/// A path that stays below where it begins; lenient, since files that stand there have their names already.
pub(crate) fn inner_path(path: &str) -> Option<&Path> {
    let stays = |component: Component<'_>| matches!(component, Component::Normal(_));
    let plain = !path.is_empty() && !path.contains(['\0', '\\']);
    Some(Path::new(path)).filter(|path| plain && path.components().all(stays))
}

/// A path for a new file: its parts, none of which means anything else on another system.
fn new_path(path: &str) -> Result<PathBuf, StorageError> {
    path.split('/').map(one_part).collect()
}

/// The one check of a name that a client chose for a new file or folder.
fn one_part(name: &str) -> Result<&str, StorageError> {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let is_port = |prefix| stem.strip_prefix(prefix).is_some_and(|rest| rest.chars().count() == 1);
    let fault = if name.is_empty() {
        "has an empty part"
    } else if matches!(name, "." | "..") {
        "has a part that means another folder"
    } else if name.contains(['/', '\\', ':']) || name.chars().any(char::is_control) {
        "holds a separator, a colon or a control character"
    } else if name.ends_with(['.', ' ']) {
        "has a part that ends with a dot or a space"
    } else if DEVICES.contains(&stem.as_str()) || is_port("com") || is_port("lpt") {
        "has a part that is a device on some systems"
    } else if name.len() > LONGEST_PART_BYTES {
        "has a part that is longer than 255 bytes"
    } else {
        return Ok(name);
    };
    Err(invalid(name, fault))
}

fn invalid(path: &str, reason: &'static str) -> StorageError {
    StorageError::InvalidPath { path: path.chars().take(80).collect(), reason }
}

/// The folder `media` of a data directory. Paths are relative to it.
pub(crate) struct MediaFolder {
    dir: Dir,
    path: PathBuf,
}

impl MediaFolder {
    /// `None` where there is none.
    pub(crate) fn open(directory: &Path) -> Result<Option<Self>, StorageError> {
        let path = directory.join(MEDIA);
        match Dir::open_ambient_dir(&path, ambient_authority()) {
            Ok(dir) => Ok(Some(Self { dir, path })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StorageError::NotReadable { path, reason: error.to_string() }),
        }
    }

    pub(crate) fn create(directory: &Path) -> Result<Self, StorageError> {
        let path = directory.join(MEDIA);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        let opened = made.and_then(|()| Dir::open_ambient_dir(&path, ambient_authority()));
        let dir = opened.map_err(|error| StorageError::from_write(&path, &error))?;
        Ok(Self { dir, path })
    }

    pub(crate) fn unreadable(&self, error: &io::Error) -> StorageError {
        StorageError::NotReadable { path: self.path.clone(), reason: error.to_string() }
    }

    pub(crate) fn unwritable(&self, error: &io::Error) -> StorageError {
        StorageError::from_write(&self.path, error)
    }

    pub(crate) fn take_in(&self, staged: &Path, target: &Path) -> io::Result<()> {
        let (Some(from), Some(name)) = (staged.parent(), staged.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let from = Dir::open_ambient_dir(from, ambient_authority())?;
        self.make_parent(target)?;
        match from.rename(name, &self.dir, target) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                // Under another name until it is whole: who reads meanwhile sees the old file or the new one.
                let partial = with_ending(target, ".partial");
                from.copy(name, &self.dir, &partial)?;
                self.dir.rename(&partial, &self.dir, target)?;
                from.remove_file(name)
            }
            renamed => renamed,
        }
    }

    /// Opens a regular file for reading; `None` where there is none.
    pub(crate) fn open_file(&self, path: &Path) -> io::Result<Option<File>> {
        let file = match self.dir.open(path) {
            Ok(file) => file,
            Err(error) if is_missing(&error) || is_too_long(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(file.metadata()?.is_file().then(|| file.into_std()))
    }

    /// Size and time of a file; `None` where there is none.
    pub(crate) fn metadata(&self, path: &Path) -> io::Result<Option<Metadata>> {
        match self.dir.metadata(path) {
            Ok(metadata) => Ok(Some(metadata)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn make_parent(&self, path: &Path) -> io::Result<()> {
        path.parent().map_or(Ok(()), |parent| self.dir.create_dir_all(parent))
    }

    /// Every regular file below `folder`, sorted by the parts of its path; symbolic links are left out.
    pub(crate) fn files_below(&self, folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
        let (mut files, mut folders) = (BTreeSet::new(), vec![folder.to_owned()]);
        while let Some(folder) = folders.pop() {
            let entries = match self.dir.read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if is_missing(&error) || is_too_long(&error) => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                let (path, kind) = (folder.join(entry.file_name()), entry.file_type()?);
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file() {
                    files.insert(path);
                }
            }
        }
        Ok(files)
    }

    /// Gives a file a second name, or a copy where the file system knows no second names. One that has the
    /// new name already stays.
    pub(crate) fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.make_parent(to)?;
        match self.dir.hard_link(from, &self.dir, to) {
            Err(error) if is_missing(&error) || error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(_) => self.dir.copy(from, &self.dir, to).map(drop),
            linked => linked,
        }
    }

    /// Removes files, and the folders that are empty then up to the project's.
    pub(crate) fn remove(&self, files: &BTreeSet<PathBuf>) -> io::Result<()> {
        for file in files {
            match self.dir.remove_file(file) {
                Err(error) if !is_missing(&error) => return Err(error),
                _ => {}
            }
            for folder in file.ancestors().skip(1).take_while(|folder| folder.components().count() > 1) {
                if self.dir.remove_dir(folder).is_err() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Removes a whole folder.
    pub(crate) fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        match self.dir.remove_dir_all(folder) {
            Err(error) if is_missing(&error) || is_too_long(&error) => Ok(()),
            removed => removed,
        }
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The name of no file there could be.
fn is_too_long(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidFilename
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_mean_another_place_are_refused() {
        for name in [
            "", ".", "..", "a/b", "/", "a\\b", "c:x", "a\0b", "a\nb", "a.", "a ", "CON", "nul.txt", "com1",
            "LPT9.log", "aux .png",
        ] {
            assert!(matches!(one_part(name), Err(StorageError::InvalidPath { .. })), "{name:?}");
        }
        assert!(one_part(&"x".repeat(256)).is_err());
        for name in ["a.png", ".hidden", "ü b", "a..b", "comet", "console.log", "com10"] {
            assert_eq!(one_part(name).expect("a good name"), name);
        }
    }

    #[test]
    fn paths_stay_inside() {
        for path in ["", "/etc/passwd", "../x", "a/../b", "a\\b", "a\0b", "./a"] {
            assert_eq!(inner_path(path), None, "{path:?}");
        }
        assert_eq!(inner_path("p/run 1./0/a.png"), Some(Path::new("p/run 1./0/a.png")));
        assert!(new_path("a//b").is_err() && new_path("/a").is_err() && new_path("a/").is_err());
        assert_eq!(new_path("a/b.txt").expect("a good path"), Path::new("a/b.txt"));
    }
}
