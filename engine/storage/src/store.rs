//! A data directory: which projects it holds.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use paceline_journal::layout::find_journals;
use paceline_schema::registry::REGISTRY_PREFIX;
use paceline_schema::{ProjectName, canonical_project};

use crate::blobs::Blobs;
use crate::connection::create_file;
use crate::error::{Location, StorageError};
use crate::project::Project;
use crate::series_index::{SeriesMemory, SeriesOfStore};

/// What acknowledged rows survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// The death of this process: `synchronous = NORMAL`.
    #[default]
    Process,
    /// Loss of power as well: `synchronous = FULL`.
    Power,
}

/// How the series index is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesSettings {
    /// Rows are taken in as they are committed, as a server does; others take in what they are asked for.
    pub keeps_up: bool,
    /// Memory for rows that are in no block yet, of all projects together.
    pub memory_bytes: usize,
}

impl Default for SeriesSettings {
    fn default() -> Self {
        Self { keeps_up: false, memory_bytes: 64 << 20 }
    }
}

/// A data directory, shared with training processes and with other programs.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    directory: PathBuf,
    durability: Durability,
    series: SeriesOfStore,
    projects: Mutex<HashMap<String, Arc<Project>>>,
}

impl Store {
    /// Names a data directory; touches nothing on disk.
    ///
    /// # Errors
    /// None at present: what is wrong with the directory shows when it is read or written.
    pub fn open(directory: impl Into<PathBuf>, durability: Durability) -> Result<Self, StorageError> {
        Self::open_with(directory, durability, SeriesSettings::default())
    }

    /// The same with other settings of the series index.
    ///
    /// # Errors
    /// None at present.
    pub fn open_with(
        directory: impl Into<PathBuf>,
        durability: Durability,
        series: SeriesSettings,
    ) -> Result<Self, StorageError> {
        let series = SeriesOfStore {
            keeps_up: series.keeps_up,
            memory: Arc::new(SeriesMemory::new(series.memory_bytes)),
        };
        let inner = Inner { directory: directory.into(), durability, series, projects: Mutex::default() };
        Ok(Self(Arc::new(inner)))
    }

    /// The data directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.0.directory
    }

    /// Journals that stand below the directory: one for each process that logs a run, and one for each that
    /// ended and left rows which are not stored yet.
    #[must_use]
    pub fn journal_count(&self) -> usize {
        find_journals(&self.0.directory).map_or(0, |found| found.len())
    }

    /// Canonical names of all projects, sorted; none where the directory is missing.
    ///
    /// # Errors
    /// `NotReadable` when the directory cannot be listed.
    pub fn projects(&self) -> Result<Vec<String>, StorageError> {
        let mut names = self.file_stems()?;
        names.retain(|name| !name.starts_with(REGISTRY_PREFIX));
        Ok(names)
    }

    /// Names of the files that may be registries, sorted, without their common beginning.
    ///
    /// # Errors
    /// `NotReadable` when the directory cannot be listed.
    pub fn registries(&self) -> Result<Vec<String>, StorageError> {
        let names = self.file_stems()?;
        Ok(names.iter().filter_map(|name| name.strip_prefix(REGISTRY_PREFIX)).map(str::to_owned).collect())
    }

    /// Names of all files of SQLite that carry a canonical name, sorted, without their ending.
    fn file_stems(&self) -> Result<Vec<String>, StorageError> {
        let directory = &self.0.directory;
        let unreadable = |error: io::Error| StorageError::NotReadable {
            path: directory.clone(),
            reason: error.to_string(),
        };
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let file_name = entry.map_err(unreadable)?.file_name();
            let stem = file_name.to_str().and_then(|name| name.strip_suffix(".db"));
            names.extend(stem.filter(|stem| canonical_project(stem) == **stem).map(str::to_owned));
        }
        names.sort_unstable();
        Ok(names)
    }

    /// A project by any spelling of its name.
    ///
    /// # Errors
    /// `ProjectNotFound` when there is no file for it.
    pub fn project(&self, name: &str) -> Result<Arc<Project>, StorageError> {
        let name = canonical_project(name);
        if !self.path_of(&name).is_file() {
            self.forget(&name);
            return Err(StorageError::ProjectNotFound { project: name });
        }
        Ok(self.known(name))
    }

    /// Looks whether a project of that name could be made, as [`Store::make_project`] does at its begin.
    ///
    /// # Errors
    /// `ProjectExists` when there is one; `Leftover` when there was one, and the new one would take in what is left of it.
    pub fn expect_no_project(&self, name: &ProjectName) -> Result<(), StorageError> {
        let project = name.as_str().to_owned();
        let path = self.path_of(&project);
        if path.exists() {
            return Err(StorageError::ProjectExists { project });
        }
        // SQLite plays what it finds in them into whatever file has the name.
        let logs = ["wal", "journal"].map(|ending| path.with_extension(format!("db-{ending}")));
        let holds_something = |path: &PathBuf| fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0);
        let mut left = logs.into_iter().find(holds_something);
        if left.is_none() && self.has_media(&project)? {
            left = Some(self.media_folder().join(&project));
        }
        left.map_or(Ok(()), |path| Err(StorageError::Leftover { project, path }))
    }

    /// A project to write to; its directory (0700) and file (0600) are made where they are missing.
    ///
    /// # Errors
    /// What keeps them from being made.
    pub fn project_for_writing(&self, name: &ProjectName) -> Result<Arc<Project>, StorageError> {
        create_file(&self.path_of(name.as_str()))?;
        Ok(self.known(name.as_str().to_owned()))
    }

    /// The file of a registry, made where it is missing: it becomes a registry by a mark in it. `name` is checked.
    pub(crate) fn registry_for_writing(&self, name: &str) -> Result<Arc<Project>, StorageError> {
        let file = format!("{REGISTRY_PREFIX}{name}");
        create_file(&self.path_of(&file))?;
        Ok(self.known(file))
    }

    /// Closes a project that is not there any more.
    pub(crate) fn forget(&self, name: &str) {
        // The last reference joins its writer, so it goes after the lock.
        let deleted = self.0.projects.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        drop(deleted);
    }

    /// The blobs of a project by any spelling of its name; there need be none, and no project.
    #[must_use]
    pub fn blobs(&self, project: &str) -> Blobs {
        Blobs::new(&self.0.directory, &canonical_project(project))
    }

    /// Closes the files of all projects, as the end of a process should: SQLite then moves what stands in the
    /// logs beside them into the files. They open again where somebody asks.
    pub fn close(&self) {
        let projects = std::mem::take(&mut *self.0.projects.lock().unwrap_or_else(PoisonError::into_inner));
        projects.values().for_each(|project| project.close());
    }

    fn known(&self, name: String) -> Arc<Project> {
        let mut projects = self.0.projects.lock().unwrap_or_else(PoisonError::into_inner);
        let project = projects.entry(name).or_insert_with_key(|name| {
            let location = Location { project: name.clone(), path: self.path_of(name) };
            Arc::new(Project::new(location, self.0.durability, &self.0.series))
        });
        Arc::clone(project)
    }

    /// Canonical names hold no separator, so this stays in the directory.
    fn path_of(&self, name: &str) -> PathBuf {
        self.0.directory.join(format!("{name}.db"))
    }
}
