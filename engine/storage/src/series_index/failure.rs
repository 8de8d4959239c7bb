//! Why the series index could not do something. The rows can always answer in its place.

use std::{fmt, io};

use paceline_series::columns::Damaged;
use rusqlite::ffi;

use crate::error::{StorageError, is_busy};

/// What went wrong, for deciding what is to be mended.
#[derive(Debug)]
pub(crate) enum IndexFailure {
    /// The side file could not be read or written.
    Sql(rusqlite::Error),
    /// It could not be made or removed.
    File(io::Error),
    /// What it holds of a run is not what was stored.
    Damaged(Damaged),
    /// Somebody else changed the run, or the file, meanwhile.
    Moved,
    /// Somebody else is writing, or the file could not be written shortly before.
    Busy,
    /// The rows themselves could not be read.
    Rows(StorageError),
}

impl IndexFailure {
    /// A part of the file is not what was written.
    pub(crate) fn damage(reason: &'static str) -> Self {
        Self::Damaged(Damaged { reason })
    }

    /// Something is damaged: the file, or what it holds of a run.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged(_)) || self.is_damage_of_file()
    }

    /// The file is no sound SQLite file any more.
    pub(crate) fn is_damage_of_file(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        let Some(failure) = error.sqlite_error() else {
            // A value of another type than was stored, or a table that is not there.
            return true;
        };
        matches!(
            failure.code,
            ffi::ErrorCode::NotADatabase | ffi::ErrorCode::DatabaseCorrupt | ffi::ErrorCode::Unknown
        ) || failure.extended_code == ffi::SQLITE_IOERR_SHORT_READ
    }

    /// The file cannot be used, though nothing is wrong with what it holds: no right, no room.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Sql(_) => !self.is_busy() && !self.is_damage_of_file(),
            Self::File(_) => true,
            Self::Damaged(_) | Self::Moved | Self::Busy | Self::Rows(_) => false,
        }
    }

    /// Another connection is writing.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Busy) || matches!(self, Self::Sql(error) if is_busy(error))
    }
}

impl From<rusqlite::Error> for IndexFailure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<io::Error> for IndexFailure {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl From<Damaged> for IndexFailure {
    fn from(damaged: Damaged) -> Self {
        Self::Damaged(damaged)
    }
}

impl From<StorageError> for IndexFailure {
    fn from(error: StorageError) -> Self {
        Self::Rows(error)
    }
}

/// The series index cannot answer now; the rows can.
#[derive(Debug, thiserror::Error)]
#[error("the series index cannot answer: {reason}")]
pub struct SeriesUnavailable {
    reason: String,
    is_nonsense: bool,
}

impl SeriesUnavailable {
    /// The index gave what was stored, and it made no sense to who read it: see `SeriesSnapshot::distrust`.
    #[must_use]
    pub fn is_nonsense(&self) -> bool {
        self.is_nonsense
    }
}

impl fmt::Display for IndexFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sql(error) => error.fmt(f),
            Self::File(error) => error.fmt(f),
            Self::Damaged(damaged) => damaged.fmt(f),
            Self::Moved => f.write_str("the run changes too quickly"),
            Self::Busy => f.write_str("its file cannot be written"),
            Self::Rows(error) => error.fmt(f),
        }
    }
}

impl From<IndexFailure> for SeriesUnavailable {
    fn from(failure: IndexFailure) -> Self {
        Self { reason: failure.to_string(), is_nonsense: false }
    }
}

impl From<Damaged> for SeriesUnavailable {
    fn from(damaged: Damaged) -> Self {
        Self { reason: damaged.to_string(), is_nonsense: true }
    }
}

impl From<StorageError> for SeriesUnavailable {
    fn from(error: StorageError) -> Self {
        IndexFailure::Rows(error).into()
    }
}
