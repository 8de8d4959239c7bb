//! A project deleted with everything that belongs to it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use paceline_schema::canonical_project;
use paceline_schema::names::RESERVED_SUFFIXES;

use crate::error::StorageError;
use crate::series_index::remove_side_file;
use crate::store::Store;

/// Folders of the data directory that have one for each project; the peer's names.
const FOLDERS: [&str; 3] = ["media", "artifacts", "traces"];

impl Store {
    /// Deletes a project: its media, artifacts and files made from it, and its tables last, so that what was
    /// cut off can be repeated. A process that still logs into it begins it anew.
    ///
    /// # Errors
    /// `ProjectNotFound`, or what keeps a file from being removed.
    pub fn delete_project(&self, name: &str) -> Result<(), StorageError> {
        // Fails where there is none.
        drop(self.project(name)?);
        let name = canonical_project(name);
        let at = |file: String| self.directory().join(file);
        // First of all: a later project of that name goes nowhere unasked. A sync that runs sees its lock gone, and writes
        // nothing down after it.
        for ending in ["lock", "target.json", "state.json", "files"] {
            remove(&at(format!(".paceline/datasets/{name}.{ending}")))?;
        }
        for folder in FOLDERS {
            remove(&at(format!("{folder}/{name}")))?;
        }
        for suffix in [""].into_iter().chain(RESERVED_SUFFIXES) {
            remove(&at(format!("{name}{suffix}.parquet")))?;
        }
        for ending in ["hash", "lock"] {
            remove(&at(format!("{name}.{ending}")))?;
        }
        remove(&at(format!(".paceline/names/{name}")))?;
        self.forget(&name);
        let own = at(".paceline".to_owned());
        remove_side_file(self.directory(), &name).map_err(|error| StorageError::from_write(&own, &error))?;
        // A log that was left alone would be played into the next file of that name.
        for ending in ["db-wal", "db-journal", "db-shm", "db"] {
            remove(&at(format!("{name}.{ending}")))?;
        }
        Ok(())
    }
}

/// Removes a file, or a folder with all that is in it; a symbolic link goes, what it leads to stays.
fn remove(path: &Path) -> Result<(), StorageError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StorageError::from_write(&PathBuf::from(path), &error))
        }
        _ => Ok(()),
    }
}
