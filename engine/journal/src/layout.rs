//! Where the journal's files stand under the data directory.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Everything of ours that is not a table stands below this folder of the data directory.
const OWN_FOLDER: &str = ".paceline";
const SEGMENT_SUFFIX: &str = ".seg";
/// A journal under construction; it gets its final name once its lock is held.
pub(crate) const UNFINISHED_PREFIX: &str = ".new-";

/// `<data directory>/.paceline`.
#[must_use]
pub fn own_folder(directory: &Path) -> PathBuf {
    directory.join(OWN_FOLDER)
}

/// The folder of all journals.
#[must_use]
pub fn journals(directory: &Path) -> PathBuf {
    own_folder(directory).join("journal")
}

/// The folder of one project's journals.
#[must_use]
pub fn project_journals(directory: &Path, project: &str) -> PathBuf {
    journals(directory).join(project)
}

/// The lock of the process that drains the directory.
#[must_use]
pub fn companion_lock(directory: &Path) -> PathBuf {
    own_folder(directory).join("companion.lock")
}

/// What a companion has to say; nobody reads its terminal.
#[must_use]
pub fn companion_log(directory: &Path) -> PathBuf {
    own_folder(directory).join("companion.log")
}

/// The counter that a waiting trainer moves.
#[must_use]
pub fn wake_file(directory: &Path) -> PathBuf {
    own_folder(directory).join("wake")
}

/// A journal directory with the project it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JournalPath {
    /// Canonical project name.
    pub project: String,
    /// The journal's own directory.
    pub path: PathBuf,
}

/// All journals of a data directory; a directory without any has none.
///
/// # Errors
/// When a folder that exists cannot be read.
pub fn find_journals(directory: &Path) -> io::Result<Vec<JournalPath>> {
    let mut found = Vec::new();
    for project in entries(&journals(directory))? {
        let Some(name) = project.file_name().and_then(|name| name.to_str()).map(str::to_owned) else {
            continue;
        };
        for path in entries(&project)? {
            let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if !hidden {
                found.push(JournalPath { project: name.clone(), path });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(entries.filter_map(Result::ok).map(|entry| entry.path()).collect()),
        // Folders vanish while others drain; a plain file in their place is not ours.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

/// Makes a folder and its parents, readable by the user alone.
///
/// # Errors
/// When the file system refuses.
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Opens a file of ours to read and write, made when missing, readable by the user alone.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

pub(crate) fn segment_path(journal: &Path, number: u32) -> PathBuf {
    journal.join(format!("{number:08}{SEGMENT_SUFFIX}"))
}

/// Numbers of the segments in a journal directory, ascending.
pub(crate) fn segment_numbers(journal: &Path) -> io::Result<Vec<u32>> {
    let mut numbers: Vec<u32> = entries(journal)?
        .iter()
        .filter_map(|path| path.file_name()?.to_str()?.strip_suffix(SEGMENT_SUFFIX)?.parse().ok())
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}
