//! Many files put in the place of others as if they were one.
//!
//! They are written beside the old ones and brought to the disk; then one file is written that says which take whose
//! place. From then on the new state holds: whoever comes next finishes what a crash left undone.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::ParquetError;

/// The folder for what is not in its place yet.
pub(crate) const FOLDER: &str = ".paceline-export";
/// The file that says what is to be done.
const COMMIT: &str = "commit.json";

/// What is to be done.
#[derive(Debug, Serialize, Deserialize)]
struct Commit {
    put: Vec<String>,
    remove: Vec<String>,
}

/// Files on their way into a folder, which nobody else changes meanwhile.
pub(crate) struct Staging {
    target: PathBuf,
    /// Holds the lock.
    _lock: File,
}

impl Staging {
    /// Makes the folder where it is missing, waits for whoever else writes into it, and finishes what was left undone.
    pub(crate) fn begin(target: &Path) -> Result<Self, ParquetError> {
        let writing = ParquetError::writing(target);
        fs::create_dir_all(target).map_err(&writing)?;
        let lock = File::open(target).and_then(|folder| folder.lock().map(|()| folder)).map_err(&writing)?;
        settle(target)?;
        let folder = target.join(FOLDER);
        remove_folder(&folder)
            .and_then(|()| fs::create_dir(&folder))
            .map_err(ParquetError::writing(&folder))?;
        Ok(Self { target: target.to_owned(), _lock: lock })
    }

    /// Where to write a file that is to lie at `relative`.
    pub(crate) fn path(&self, relative: &str) -> Result<PathBuf, ParquetError> {
        let path = self.target.join(FOLDER).join(relative);
        let folder = path.parent().unwrap_or(&self.target);
        fs::create_dir_all(folder).map_err(ParquetError::writing(folder))?;
        Ok(path)
    }

    /// Writes a small file.
    pub(crate) fn write(&self, relative: &str, contents: &[u8]) -> Result<(), ParquetError> {
        let path = self.path(relative)?;
        write_synced(&path, contents).map_err(ParquetError::writing(&path))
    }

    /// Puts the files in their places and takes others away.
    pub(crate) fn commit(self, put: Vec<String>, remove: Vec<String>) -> Result<(), ParquetError> {
        let folder = self.target.join(FOLDER);
        let commit = Commit { put, remove };
        // Names are all there is, so this cannot fail.
        let json = serde_json::to_vec(&commit).unwrap_or_default();
        let (partial, path) = (folder.join("commit.partial"), folder.join(COMMIT));
        let written = sync_folders(&folder, &commit.put)
            .and_then(|()| write_synced(&partial, &json))
            .and_then(|()| fs::rename(&partial, &path))
            .and_then(|()| sync_folder(&folder))
            .and_then(|()| sync_folder(&self.target));
        written.map_err(ParquetError::writing(&path))?;
        settle(&self.target)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What was committed stays for whoever comes next, should it not be finished.
        if !is_unfinished(&self.target) {
            let _ = remove_folder(&self.target.join(FOLDER));
        }
    }
}

/// Whether a commit to a folder was not finished.
pub(crate) fn is_unfinished(target: &Path) -> bool {
    target.join(FOLDER).join(COMMIT).exists()
}

/// Finishes what was committed and not done; returns with the folder as the last commit says.
fn settle(target: &Path) -> Result<(), ParquetError> {
    let folder = target.join(FOLDER);
    let path = folder.join(COMMIT);
    let json = match fs::read(&path) {
        Ok(json) => json,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(());
        }
        Err(error) => return Err(ParquetError::reading(&path)(error)),
    };
    let commit: Commit = serde_json::from_slice(&json)
        .map_err(|error| ParquetError::unexpected(&path, format!("is no list of files: {error}")))?;
    let names = commit.put.iter().chain(&commit.remove);
    if let Some(name) = names.clone().find(|name| !is_inside(name)) {
        return Err(ParquetError::unexpected(
            &path,
            format!("names `{name}`, which is not below its folder"),
        ));
    }
    let done = || -> io::Result<()> {
        for name in &commit.put {
            let place = target.join(name);
            if let Some(parent) = place.parent() {
                fs::create_dir_all(parent)?;
            }
            ignore_missing(fs::rename(folder.join(name), place))?;
        }
        for name in &commit.remove {
            let place = target.join(name);
            ignore_missing(fs::remove_file(&place))?;
            // Folders go with the last file in them.
            let folders = place.ancestors().skip(1).take_while(|folder| *folder != target);
            let _ = folders.map(fs::remove_dir).find(Result::is_err);
        }
        sync_folders(target, &commit.put)?;
        fs::remove_file(&path)?;
        remove_folder(&folder)
    };
    done().map_err(ParquetError::writing(target))
}

/// Whether a path leads to a place below the folder it is relative to.
pub(crate) fn is_inside(relative: &str) -> bool {
    let mut parts = Path::new(relative).components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

fn ignore_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn remove_folder(folder: &Path) -> io::Result<()> {
    ignore_missing(fs::remove_dir_all(folder))
}

fn write_synced(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(contents)?;
    file.sync_all()
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Brings the entries of all folders of these files to the disk.
fn sync_folders(root: &Path, names: &[String]) -> io::Result<()> {
    let mut folders: Vec<&Path> = names.iter().filter_map(|name| Path::new(name).parent()).collect();
    folders.sort_unstable();
    folders.dedup();
    folders.into_iter().try_for_each(|folder| sync_folder(&root.join(folder)))?;
    sync_folder(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(folder: &Path) -> Vec<(String, String)> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).expect("it is read") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                files.push((name, fs::read_to_string(path).expect("it is read")));
            }
        }
        files.sort();
        files
    }

    fn staged(target: &Path) -> Staging {
        let staging = Staging::begin(target).expect("it begins");
        for (name, text) in [("a", "new a"), ("c", "new c")] {
            staging.write(name, text.as_bytes()).expect("it is written");
        }
        staging
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn old_state() -> tempfile::TempDir {
        let target = tempfile::tempdir().expect("a scratch directory");
        fs::write(target.path().join("a"), "old a").expect("it is written");
        fs::write(target.path().join("b"), "old b").expect("it is written");
        target
    }

    const NEW: [(&str, &str); 2] = [("a", "new a"), ("c", "new c")];

    #[test]
    fn before_the_commit_nothing_has_changed() {
        let target = old_state();
        std::mem::forget(staged(target.path()));
        settle(target.path()).expect("nothing is to be done");
        assert_eq!(contents(target.path()).len(), 2);
        assert_eq!(contents(target.path())[0].1, "old a");
    }

    #[test]
    fn whatever_was_done_of_a_commit_it_is_finished() {
        // As many of its steps were done before the crash.
        for done in 0..=3 {
            let target = old_state();
            let staging = staged(target.path());
            let commit = Commit { put: names(&["a", "c"]), remove: names(&["b"]) };
            let folder = target.path().join(FOLDER);
            fs::write(folder.join(COMMIT), serde_json::to_vec(&commit).expect("JSON"))
                .expect("it is written");
            if done > 0 {
                fs::rename(folder.join("a"), target.path().join("a")).expect("it is moved");
            }
            if done > 1 {
                fs::rename(folder.join("c"), target.path().join("c")).expect("it is moved");
            }
            if done > 2 {
                fs::remove_file(target.path().join("b")).expect("it is removed");
            }
            drop(staging);
            settle(target.path()).expect("it is finished");
            let found = contents(target.path());
            let found: Vec<_> = found.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            assert_eq!(found, NEW);
            assert!(!folder.exists());
        }
    }

    #[test]
    fn a_commit_leads_nowhere_else() {
        let target = old_state();
        let staging = staged(target.path());
        let refused = staging.commit(names(&["a"]), names(&["../b"]));
        assert!(matches!(refused, Err(ParquetError::Unexpected { .. })), "{refused:?}");
        assert_eq!(contents(target.path())[0].1, "old a");
    }
}
