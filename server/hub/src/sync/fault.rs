//! Why a sync did not come to its end.

use std::fmt;
use std::io;
use std::path::Path;

use paceline_schema::names::InvalidName;
use paceline_storage::StorageError;

use crate::parquet::ParquetError;
use crate::remote::{HubFault, HubFaultKind};

/// Why a sync did not come to its end, and what to do about it.
#[derive(Debug)]
pub enum SyncFault {
    /// The Hub did not do what it was asked.
    Hub(HubFault),
    /// Rows could not become files, or files rows.
    Files(ParquetError),
    /// The project cannot be read.
    Storage(StorageError),
    /// The Dataset holds something that a sync would take away.
    Foreign {
        /// The project.
        project: String,
        /// The Dataset.
        dataset: String,
    },
    /// The Dataset has nothing that could become a project.
    NothingThere {
        /// The Dataset.
        dataset: String,
        /// What was looked for.
        project: Option<String>,
    },
    /// A project cannot be called so here.
    Name(InvalidName),
    /// No Dataset is known for a project.
    NoDataset {
        /// The project.
        project: String,
    },
}

impl SyncFault {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Hub(fault) => fault.hint.clone(),
            Self::Files(_) => "see what is wrong with the file; the Dataset is as it was".to_owned(),
            Self::Storage(error) => error.code().hint().to_owned(),
            Self::Foreign { dataset, .. } => format!(
                "sync to another Dataset, or bring that project here first: `paceline pull {dataset} --as NAME`; \
                 `paceline sync --replace` puts this machine's rows in its place"
            ),
            Self::Name(_) => "choose another with `--as`".to_owned(),
            Self::NothingThere { .. } => "`paceline sync` fills a Dataset".to_owned(),
            Self::NoDataset { project } => {
                format!("say which: `paceline sync --project {project} --dataset OWNER/NAME`")
            }
        }
    }

    /// Whether another attempt may go through without anybody's hand.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Hub(fault) => matches!(fault.kind, HubFaultKind::Away | HubFaultKind::Conflict),
            Self::Files(_) | Self::Storage(_) => true,
            Self::Foreign { .. } | Self::NothingThere { .. } | Self::NoDataset { .. } | Self::Name(_) => {
                false
            }
        }
    }

    /// A file of our own that cannot be used.
    pub(crate) fn local(path: &Path, error: &io::Error) -> Self {
        Self::Hub(HubFault::local(path, error))
    }
}

impl fmt::Display for SyncFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub(fault) => f.write_str(&fault.message),
            Self::Files(error) => error.fmt(f),
            Self::Storage(error) => error.fmt(f),
            Self::Name(error) => error.fmt(f),
            Self::Foreign { project, dataset } => {
                write!(
                    f,
                    "Dataset `{dataset}` holds files of a project `{project}` that did not come from here"
                )
            }
            Self::NothingThere { dataset, project: Some(project) } => {
                write!(f, "Dataset `{dataset}` holds no project `{project}`")
            }
            Self::NothingThere { dataset, project: None } => {
                write!(f, "Dataset `{dataset}` holds no project")
            }
            Self::NoDataset { project } => write!(f, "project `{project}` has no Dataset"),
        }
    }
}

impl std::error::Error for SyncFault {}

impl From<HubFault> for SyncFault {
    fn from(fault: HubFault) -> Self {
        Self::Hub(fault)
    }
}

impl From<ParquetError> for SyncFault {
    fn from(error: ParquetError) -> Self {
        Self::Files(error)
    }
}

impl From<StorageError> for SyncFault {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}
