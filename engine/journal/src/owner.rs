//! Who writes a journal: a file that says it and a lock that says whether they still do.

use std::io::Write;
use std::path::{Path, PathBuf};

use paceline_schema::event::RunKey;
use paceline_schema::{Destination, ProcessIdentity, RunStart};
use serde::{Deserialize, Serialize};

use crate::error::{At, JournalError};
use crate::file_lock::FileLock;
use crate::fork::CloseInChild;
use crate::layout::{UNFINISHED_PREFIX, create_private_folder, project_journals};
use crate::process;

const OWNER_FILE: &str = "owner";

/// What stands in the `owner` file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Owner {
    /// The run the journal belongs to.
    pub run: RunKey,
    /// The process that writes.
    pub process: ProcessIdentity,
    /// Tells the journal apart from every other.
    pub nonce: u64,
    /// How the run began, in the process whose end is the run's end; absent in forked children, which only
    /// add rows.
    pub start: Option<RunStart>,
    /// Server the records go to; absent when they go to the tables of the data directory.
    #[serde(default)]
    pub destination: Option<Destination>,
}

impl Owner {
    /// Reads who writes a journal; `None` when the file is missing or cannot be understood.
    #[must_use]
    pub fn read(journal: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(journal.join(OWNER_FILE)).ok()?).ok()
    }

    /// Nobody writes the journal any more: its process ended, or closed it.
    #[must_use]
    pub fn is_gone(journal: &Path) -> bool {
        !FileLock::is_held(&journal.join(OWNER_FILE))
    }
}

/// A journal directory of this process, its lock held.
#[derive(Debug)]
pub(crate) struct OwnedFolder {
    pub(crate) path: PathBuf,
    pub(crate) nonce: u64,
    _lock: FileLock,
    _close_in_child: CloseInChild,
}

impl OwnedFolder {
    /// Makes the directory of a new journal. It appears under its name with the lock already held.
    pub(crate) fn create(
        directory: &Path,
        project: &str,
        run: &RunKey,
        start: Option<&RunStart>,
        destination: Option<&Destination>,
    ) -> Result<Self, JournalError> {
        let parent = project_journals(directory, project);
        create_private_folder(&parent).at("create", &parent)?;
        let nonce = random_nonce();
        let unfinished = parent.join(format!("{UNFINISHED_PREFIX}{nonce:016x}"));
        let path = parent.join(format!("{nonce:016x}"));
        create_private_folder(&unfinished).at("create", &unfinished)?;
        let owner = Owner {
            run: run.clone(),
            process: process::current(),
            nonce,
            start: start.cloned(),
            destination: destination.cloned(),
        };
        let result = Self::fill(&unfinished, &path, &owner);
        if result.is_err() {
            // Best effort: an empty folder with a dot in front is never read.
            let _ = std::fs::remove_dir_all(&unfinished);
        }
        result
    }

    fn fill(unfinished: &Path, path: &Path, owner: &Owner) -> Result<Self, JournalError> {
        let owner_file = unfinished.join(OWNER_FILE);
        let mut lock = FileLock::try_acquire(&owner_file)
            .at("lock", &owner_file)?
            .ok_or_else(|| JournalError::new("lock", &owner_file, std::io::ErrorKind::WouldBlock.into()))?;
        let text = serde_json::to_vec(owner).map_err(std::io::Error::other).at("write", &owner_file)?;
        lock.file().write_all(&text).at("write", &owner_file)?;
        std::fs::rename(unfinished, path).at("create", path)?;
        let close_in_child = CloseInChild::new(lock.descriptor());
        Ok(Self { path: path.to_owned(), nonce: owner.nonce, _lock: lock, _close_in_child: close_in_child })
    }
}

/// A number no other journal has. Without a random source the clock and the pid tell journals apart.
fn random_nonce() -> u64 {
    getrandom::u64().unwrap_or_else(|_| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        now.as_nanos() as u64 ^ u64::from(std::process::id()) << 40
    })
}
