//! Where syncs keep what they know: `.paceline/datasets/` of the data directory.
//!
//! `<project>.target.json` says where a project goes and is written by whoever chooses it, `<project>.state.json` how far
//! it has come and is written by the sync that holds `<project>.lock`. Files on their way lie in `<project>.files/`.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use paceline_journal::layout::{create_private_folder, own_folder};
use paceline_schema::dataset_sync::SyncError;
use paceline_schema::{SyncTarget, Timestamp, canonical_project};
use paceline_storage::StorageError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::fault::SyncFault;
use crate::remote::RepositoryId;

const TARGET: &str = ".target.json";

/// What is known of the syncs of a project.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    /// The Dataset that the rest is about, with its owner.
    pub(crate) dataset: String,
    pub(crate) url: Option<String>,
    pub(crate) last_commit: Option<String>,
    pub(crate) last_sync_at: Option<Timestamp>,
    pub(crate) rows: u64,
    /// The newest row of metrics that is there.
    pub(crate) through: i64,
    /// SHA-256 of the manifests that were made here or brought here, the newest last. A commit may be made long after its
    /// answer was given up, so each stays known from before its commit is asked for.
    pub(crate) manifests: Vec<String>,
    pub(crate) next_try_at: Option<Timestamp>,
    pub(crate) failures: u32,
    pub(crate) error: Option<SyncError>,
    /// The same of other Datasets that the project was brought to, by their names: whoever comes back to one finds it as
    /// it was left.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) others: BTreeMap<String, Record>,
}

/// Manifests that stay known.
const MOST_MANIFESTS: usize = 32;

impl Record {
    /// From here on it is about that Dataset.
    pub(crate) fn turn_to(&mut self, dataset: &str) {
        if self.dataset == dataset {
            return;
        }
        let mut left = std::mem::take(self);
        let mut others = std::mem::take(&mut left.others);
        *self = others.remove(dataset).unwrap_or_default();
        dataset.clone_into(&mut self.dataset);
        if !left.dataset.is_empty() {
            others.insert(left.dataset.clone(), left);
        }
        self.others = others;
    }

    /// A manifest of this sum is in the Dataset, or may come to be there.
    pub(crate) fn know(&mut self, sum: &str) {
        self.manifests.retain(|known| known != sum);
        self.manifests.push(sum.to_owned());
        let surplus = self.manifests.len().saturating_sub(MOST_MANIFESTS);
        self.manifests.drain(..surplus);
    }

    /// Whether a manifest of this sum came from here.
    pub(crate) fn knows(&self, sum: &str) -> bool {
        self.manifests.iter().any(|known| known == sum)
    }
}

/// Held by whoever syncs a project.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Whether its file is still there.
    fn stands(&self) -> bool {
        self.0.metadata().is_ok_and(|metadata| metadata.nlink() > 0)
    }
}

/// The place of one project.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    folder: PathBuf,
    project: String,
}

impl Place {
    pub(crate) fn new(directory: &Path, project: &str) -> Self {
        Self { folder: folder(directory), project: canonical_project(project) }
    }

    fn path(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}{ending}", self.project))
    }

    /// Waits until nobody else syncs the project; it is let go with the lock.
    pub(crate) fn lock(&self) -> Result<Lock, SyncFault> {
        loop {
            let (path, file) = self.lock_file()?;
            file.lock().map_err(|error| SyncFault::local(&path, &error))?;
            let lock = Lock(file);
            // The project may have been deleted while it was waited for, and there be another one.
            if lock.stands() {
                return Ok(lock);
            }
        }
    }

    /// The same without waiting; `None` while somebody else syncs it.
    pub(crate) fn try_lock(&self) -> Result<Option<Lock>, SyncFault> {
        let (path, file) = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(SyncFault::local(&path, &error)),
        }
    }

    fn lock_file(&self) -> Result<(PathBuf, File), SyncFault> {
        let path = self.path(".lock");
        let opened = create_private_folder(&self.folder).and_then(|()| private(&path));
        match opened {
            Ok(file) => Ok((path, file)),
            Err(error) => Err(SyncFault::local(&path, &error)),
        }
    }

    /// Whether somebody syncs the project now.
    pub(crate) fn is_busy(&self) -> bool {
        File::open(self.path(".lock"))
            .is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// What is known of the syncs; nothing of those to another Dataset.
    pub(crate) fn record(&self) -> Record {
        read(&self.path(".state.json")).unwrap_or_default()
    }

    /// Writes it down, unless the project was deleted since it was locked: its deletion takes the lock away before all
    /// else, and a later project of that name is to find nothing of it.
    pub(crate) fn keep(&self, record: &Record, lock: &Lock) -> Result<(), SyncFault> {
        let path = self.path(".state.json");
        let gone = || StorageError::ProjectNotFound { project: self.project.clone() }.into();
        if !lock.stands() {
            return Err(gone());
        }
        write(&path, record)?;
        if lock.stands() {
            return Ok(());
        }
        // It went in this very moment; what a later project has written down stays.
        if read::<Record>(&path).as_ref() == Some(record) {
            let _ = fs::remove_file(&path);
        }
        Err(gone())
    }

    /// An empty folder for files on their way.
    pub(crate) fn files(&self) -> Result<PathBuf, SyncFault> {
        let path = self.path(".files");
        self.remove_files();
        create_private_folder(&path).map_err(|error| SyncFault::local(&path, &error))?;
        Ok(path)
    }

    pub(crate) fn remove_files(&self) {
        // There may be none, and what cannot be removed is replaced by the next one.
        let _ = fs::remove_dir_all(self.path(".files"));
    }
}

/// Says that a project goes to a Dataset from now on.
///
/// # Errors
/// When no Dataset has that name, or it cannot be written down.
pub fn follow(directory: &Path, project: &str, target: &SyncTarget) -> Result<(), SyncFault> {
    let _: RepositoryId = target.dataset.parse()?;
    let place = Place::new(directory, project);
    create_private_folder(&place.folder).map_err(|error| SyncFault::local(&place.folder, &error))?;
    write(&place.path(TARGET), target)
}

/// Where a project goes, if anywhere.
#[must_use]
pub fn target(directory: &Path, project: &str) -> Option<SyncTarget> {
    read(&Place::new(directory, project).path(TARGET))
}

/// Every project that goes somewhere.
#[must_use]
pub fn targets(directory: &Path) -> Vec<(String, SyncTarget)> {
    let Ok(entries) = fs::read_dir(folder(directory)) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let projects = names.filter_map(|name| name.strip_suffix(TARGET).map(str::to_owned));
    projects.filter_map(|project| target(directory, &project).map(|target| (project, target))).collect()
}

fn folder(directory: &Path) -> PathBuf {
    own_folder(directory).join("datasets")
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Writes a file whole or not at all.
fn write(path: &Path, value: &impl Serialize) -> Result<(), SyncFault> {
    let partial = path.with_extension(format!("{:08x}.partial", fastrand::u32(..)));
    let written = || {
        let mut file = private(&partial)?;
        file.write_all(&serde_json::to_vec(value)?)?;
        file.sync_all()?;
        fs::rename(&partial, path)
    };
    written().map_err(|error| {
        let _ = fs::remove_file(&partial);
        SyncFault::local(path, &error)
    })
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_back_to_a_dataset_finds_it_as_it_was_left() {
        let old = r#"{"dataset": "a/one", "manifests": ["m"], "rows": 3}"#;
        let mut record: Record = serde_json::from_str(old).expect("it is read");
        record.turn_to("a/two");
        assert!(!record.knows("m") && record.rows == 0 && record.dataset == "a/two");
        record.know("n");
        let kept = serde_json::to_vec(&record).expect("JSON");
        let mut record: Record = serde_json::from_slice(&kept).expect("it is read");
        record.turn_to("a/one");
        assert!(record.knows("m") && !record.knows("n") && record.rows == 3);
        record.turn_to("a/two");
        assert!(record.knows("n") && record.others.len() == 1);
    }
}
