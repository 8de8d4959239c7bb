//! What can go wrong with the files of a project, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use paceline_schema::ErrorCode;
use paceline_schema::artifact::InvalidArtifact;
use rusqlite::ffi;

use crate::registry::RegistryError;

/// Why a project could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// There is no file of that name.
    #[error("project `{project}` is not in the data directory")]
    ProjectNotFound {
        /// Canonical name asked for.
        project: String,
    },
    /// The project has no such run.
    #[error("run `{run}` is not in project `{project}`")]
    RunNotFound {
        /// Canonical project name.
        project: String,
        /// Id or name asked for.
        run: String,
        /// Names of runs that look like it, most alike first, at most 3.
        similar: Vec<String>,
    },
    /// Another run of the project has the name.
    #[error("project `{project}` has a run `{run}` already")]
    RunNameTaken {
        /// Canonical project name.
        project: String,
        /// The name.
        run: String,
    },
    /// There is no such file.
    #[error("there is no file `{path}`")]
    FileNotFound {
        /// As it was asked for.
        path: String,
    },
    /// A name or path that cannot be that of a file.
    #[error("`{path}` {reason}")]
    InvalidPath {
        /// The beginning of it.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file that was to replace a project's is not one, or holds something else too.
    #[error("the file for project `{project}` is refused: {reason}; upload the `.db` file of a project")]
    UploadRefused {
        /// Canonical project name.
        project: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A project was to be made under a name that one has already.
    #[error("project `{project}` is in the data directory already")]
    ProjectExists {
        /// Canonical project name.
        project: String,
    },
    /// A project was to be made, and something of an earlier one of that name would become part of it.
    #[error("`{}` is left of an earlier project `{project}`: move it away first", path.display())]
    Leftover {
        /// Canonical project name.
        project: String,
        /// What is left.
        path: PathBuf,
    },
    /// Rows from elsewhere that a table does not take.
    #[error("table `{table}` of project `{project}` does not take a row: {reason}")]
    RowsRefused {
        /// Canonical project name.
        project: String,
        /// The table.
        table: &'static str,
        /// SQLite's words.
        reason: String,
    },
    /// The project has no such version of an artifact.
    #[error("artifact `{artifact}` is not in project `{project}`")]
    ArtifactNotFound {
        /// Canonical project name.
        project: String,
        /// Name asked for, with its version or alias.
        artifact: String,
        /// Names of artifacts that look like it, most alike first, at most 3.
        similar: Vec<String>,
    },
    /// Something about an artifact breaks a rule.
    #[error(transparent)]
    InvalidArtifact(#[from] InvalidArtifact),
    /// A registry does not allow it, or is not there.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// All versions of an artifact are of one type.
    #[error("artifact `{artifact}` cannot be of type `{given}`: {}", match recorded {
        Some(recorded) => format!("it is of type `{recorded}`; choose another name or that type"),
        None => "a type is needed".to_owned(),
    })]
    ArtifactType {
        /// Name of the artifact.
        artifact: String,
        /// The type it has.
        recorded: Option<String>,
        /// The type it was to have.
        given: String,
    },
    /// A manifest names files that were not uploaded.
    #[error("{} blobs of the manifest are not on the server, the first is `{}`; upload them first", digests.len(), digests.first().map_or("", String::as_str))]
    BlobsMissing {
        /// Their digests.
        digests: Vec<String>,
    },
    /// A blob is not what it was said to be.
    #[error("the blob has digest `{actual}`, not `{claimed}`; upload it again")]
    DigestDiffers {
        /// The digest it was to have.
        claimed: String,
        /// The digest it has.
        actual: String,
    },
    /// The file is not a sound SQLite database. Other projects are not concerned.
    #[error(
        "file `{project}.db` is damaged: {reason}; the other projects work, restore this one from a copy"
    )]
    Damaged {
        /// Canonical project name.
        project: String,
        /// SQLite's words.
        reason: String,
    },
    /// A later version of the tables than this program knows; the file is read but not written.
    #[error(
        "file `{project}.db` has tables of version {version}, newer than {supported}; update this program to write it"
    )]
    SchemaTooNew {
        /// Canonical project name.
        project: String,
        /// `user_version` of the file.
        version: i64,
        /// Newest version this program writes.
        supported: i64,
    },
    /// Another program kept the file locked. Nothing was stored.
    #[error("file `{project}.db` is locked by another program for too long; try again shortly")]
    Busy {
        /// Canonical project name.
        project: String,
    },
    /// No room is left. Nothing was stored.
    #[error("no room is left on the disk for `{}`; make room, then try again", path.display())]
    DiskFull {
        /// What could not be written.
        path: PathBuf,
    },
    /// The file or its file system takes no writes.
    #[error("`{}` is read-only; make it writable or choose another data directory", path.display())]
    ReadOnly {
        /// What could not be written.
        path: PathBuf,
    },
    /// The file or its directory cannot be made or written.
    #[error("`{}` cannot be written: {reason}; check its permissions or choose another data directory", path.display())]
    NotWritable {
        /// What could not be written.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The file or its directory is there and cannot be read.
    #[error("`{}` cannot be read: {reason}; check its permissions", path.display())]
    NotReadable {
        /// What could not be read.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The thread that writes the project could not be started or ended early.
    #[error("the writer of project `{project}` does not run: {reason}; try again")]
    WriterStopped {
        /// Canonical project name.
        project: String,
        /// The system's words.
        reason: String,
    },
    /// A statement of a stranger that does more than read, or that SQLite does not understand.
    #[error("{reason}")]
    SqlRefused {
        /// Why, as a sentence.
        reason: String,
    },
    /// A statement of a stranger that takes too much time or memory.
    #[error("{reason}")]
    SqlTooExpensive {
        /// Of what, as a sentence.
        reason: String,
    },
    /// SQLite refused for a reason that is none of the above.
    #[error("SQLite could not {context} in `{project}.db`")]
    Sqlite {
        /// Canonical project name.
        project: String,
        /// What was being done.
        context: &'static str,
        /// SQLite's words.
        source: rusqlite::Error,
    },
}

impl StorageError {
    /// The code of the API.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::ProjectNotFound { .. } => ErrorCode::ProjectNotFound,
            Self::RunNotFound { .. } => ErrorCode::RunNotFound,
            Self::UploadRefused { .. } | Self::RowsRefused { .. } => ErrorCode::InvalidRequest,
            Self::RunNameTaken { .. } | Self::ProjectExists { .. } | Self::Leftover { .. } => {
                ErrorCode::NameTaken
            }
            Self::FileNotFound { .. } => ErrorCode::FileNotFound,
            Self::InvalidPath { .. } => ErrorCode::InvalidName,
            Self::ArtifactNotFound { .. } => ErrorCode::ArtifactNotFound,
            Self::Registry(error) => error.code(),
            Self::InvalidArtifact(_)
            | Self::ArtifactType { .. }
            | Self::BlobsMissing { .. }
            | Self::DigestDiffers { .. } => ErrorCode::InvalidRequest,
            Self::Damaged { .. } => ErrorCode::ProjectDamaged,
            Self::Busy { .. } => ErrorCode::Busy,
            Self::SchemaTooNew { .. }
            | Self::DiskFull { .. }
            | Self::ReadOnly { .. }
            | Self::NotWritable { .. }
            | Self::NotReadable { .. } => ErrorCode::StorageUnavailable,
            Self::SqlRefused { .. } => ErrorCode::SqlRefused,
            Self::SqlTooExpensive { .. } => ErrorCode::SqlTooExpensive,
            Self::WriterStopped { .. } | Self::Sqlite { .. } => ErrorCode::Internal,
        }
    }

    /// The same failure for somebody who only wanted to read.
    pub(crate) fn while_reading(self) -> Self {
        if let Self::NotWritable { path, reason } = self { Self::NotReadable { path, reason } } else { self }
    }

    /// From a failed system call that should have made or written `path`.
    pub(crate) fn from_write(path: &Path, error: &io::Error) -> Self {
        let path = path.to_owned();
        let is = |kinds: &[io::ErrorKind]| kinds.contains(&error.kind());
        if is(&[io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded]) {
            Self::DiskFull { path }
        } else if is(&[io::ErrorKind::ReadOnlyFilesystem]) {
            Self::ReadOnly { path }
        } else {
            Self::NotWritable { path, reason: error.to_string() }
        }
    }
}

/// Why a [change](crate::Project::change) is not made; `?` takes both kinds.
#[derive(Debug)]
pub(crate) enum ChangeError {
    /// SQLite could not do it.
    Sql(rusqlite::Error),
    /// The rows do not allow it.
    Refused(StorageError),
}

impl From<rusqlite::Error> for ChangeError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StorageError> for ChangeError {
    fn from(error: StorageError) -> Self {
        Self::Refused(error)
    }
}

/// A project's name and file, for the words of an error.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    pub(crate) project: String,
    pub(crate) path: PathBuf,
}

impl Location {
    /// Says what `error` means for somebody who was to `context`.
    pub(crate) fn explain(&self, context: &'static str, error: rusqlite::Error) -> StorageError {
        let (project, path) = (self.project.clone(), self.path.clone());
        let Some(failure) = error.sqlite_error() else {
            return StorageError::Sqlite { project, context, source: error };
        };
        let reason = error.to_string();
        match (failure.extended_code, failure.code) {
            (ffi::SQLITE_IOERR_SHORT_READ | ffi::SQLITE_IOERR_CORRUPTFS, _)
            | (_, ffi::ErrorCode::NotADatabase | ffi::ErrorCode::DatabaseCorrupt) => {
                StorageError::Damaged { project, reason }
            }
            (_, ffi::ErrorCode::DatabaseBusy | ffi::ErrorCode::DatabaseLocked) => {
                StorageError::Busy { project }
            }
            (_, ffi::ErrorCode::DiskFull) => StorageError::DiskFull { path },
            (_, ffi::ErrorCode::ReadOnly) => StorageError::ReadOnly { path },
            (ffi::SQLITE_IOERR_READ, _) => StorageError::NotReadable { path, reason },
            (
                _,
                ffi::ErrorCode::CannotOpen
                | ffi::ErrorCode::SystemIoFailure
                | ffi::ErrorCode::PermissionDenied,
            ) => StorageError::NotWritable { path, reason },
            _ => StorageError::Sqlite { project, context, source: error },
        }
    }
}

/// Another connection holds a lock that was needed; trying again can help.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ffi::ErrorCode::DatabaseBusy | ffi::ErrorCode::DatabaseLocked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_keep_their_cause() {
        let path = Path::new("data/x.db");
        let of = |code| StorageError::from_write(path, &io::Error::from_raw_os_error(code));
        assert!(matches!(of(28), StorageError::DiskFull { .. }), "ENOSPC");
        assert!(matches!(of(30), StorageError::ReadOnly { .. }), "EROFS");
        assert!(matches!(of(13), StorageError::NotWritable { .. }), "EACCES");
    }

    #[test]
    fn errors_of_sqlite_keep_their_cause() {
        let location = Location { project: "x".into(), path: "data/x.db".into() };
        let of = |code| location.explain("read", rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        assert!(matches!(of(ffi::SQLITE_NOTADB), StorageError::Damaged { .. }));
        assert!(matches!(of(ffi::SQLITE_IOERR_SHORT_READ), StorageError::Damaged { .. }));
        assert!(matches!(of(ffi::SQLITE_BUSY_RECOVERY), StorageError::Busy { .. }));
        assert!(matches!(of(ffi::SQLITE_FULL), StorageError::DiskFull { .. }));
        assert!(matches!(of(ffi::SQLITE_READONLY_DBMOVED), StorageError::ReadOnly { .. }));
        assert!(matches!(of(ffi::SQLITE_IOERR_WRITE), StorageError::NotWritable { .. }));
        assert!(matches!(of(ffi::SQLITE_ERROR), StorageError::Sqlite { context: "read", .. }));
    }
}
