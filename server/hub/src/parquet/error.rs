//! Why tables could not become files, or files tables.

use std::io;
use std::path::{Path, PathBuf};

use paceline_storage::StorageError;

/// Why tables could not become files, or files tables.
#[derive(Debug, thiserror::Error)]
pub enum ParquetError {
    /// The project cannot be read or made.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A file cannot be read or written.
    #[error("`{}` cannot be {}: {source}", path.display(), if *writing { "written" } else { "read" })]
    File {
        /// The file.
        path: PathBuf,
        /// It was to be written.
        writing: bool,
        /// The system's words.
        source: io::Error,
    },
    /// A file is no sound Parquet.
    #[error("`{}` is no sound Parquet file: {source}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ::parquet::errors::ParquetError,
    },
    /// A file is not what the manifest or its name says.
    #[error("`{}` {reason}", path.display())]
    Unexpected {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another project's manifest lies where a project's own is to lie.
    #[error("`{}` is that of project `{other}`, so files of project `{project}` cannot lie beside it", path.display())]
    Taken {
        /// The manifest.
        path: PathBuf,
        /// The project it is of.
        other: String,
        /// The project that was to be written.
        project: String,
    },
    /// Rows could not be encoded.
    #[error("rows of table `{table}` cannot be written as Parquet: {source}")]
    Encode {
        /// The table.
        table: &'static str,
        /// What is wrong with them.
        source: ::parquet::errors::ParquetError,
    },
    /// A folder holds no project, or several.
    #[error("`{}` holds {}", path.display(), match projects.as_slice() {
        [] => "no exported project".to_owned(),
        [only] => format!("the project `{only}` and no other"),
        several => format!("several projects: `{}`", several.join("`, `")),
    })]
    NotOneProject {
        /// The folder.
        path: PathBuf,
        /// Those it holds.
        projects: Vec<String>,
    },
}

impl ParquetError {
    pub(crate) fn reading(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::File { path: path.to_owned(), writing: false, source }
    }

    pub(crate) fn writing(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::File { path: path.to_owned(), writing: true, source }
    }

    pub(crate) fn damaged(path: &Path) -> impl Fn(::parquet::errors::ParquetError) -> Self {
        move |source| Self::Damaged { path: path.to_owned(), source }
    }

    pub(crate) fn unexpected(path: &Path, reason: impl Into<String>) -> Self {
        Self::Unexpected { path: path.to_owned(), reason: reason.into() }
    }
}
