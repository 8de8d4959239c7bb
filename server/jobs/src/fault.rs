//! Why a job could not be started, found or ended, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use paceline_hub::remote::HubFault;
use paceline_schema::ErrorCode;

/// Why a job could not be started, found or ended.
#[derive(Debug, thiserror::Error)]
pub enum JobFault {
    /// No job of that id.
    #[error("there is no job `{id}`")]
    NotFound {
        /// The id asked for.
        id: String,
    },
    /// What was ordered cannot be run anywhere.
    #[error("{reason}")]
    Unusable {
        /// What is wrong with it.
        reason: String,
    },
    /// What was ordered can be run elsewhere only.
    #[error("jobs on this machine have no {what}")]
    Missing {
        /// What they have not.
        what: &'static str,
        /// What to do in its place.
        instead: &'static str,
    },
    /// What it was ordered with is not kept.
    #[error("job `{id}` cannot be run again: {reason}")]
    NotAgain {
        /// The job.
        id: String,
        /// What is not there any more.
        reason: &'static str,
    },
    /// Hugging Face did not do it.
    #[error("{}", .0.message)]
    Hub(#[from] HubFault),
    /// The supervisor did not begin.
    #[error("the job could not be started: {reason}")]
    NotStarted {
        /// Why.
        reason: String,
    },
    /// A file of the job is not what this program writes.
    #[error("`{}` cannot be understood: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
    /// The system refuses.
    #[error("`{}` cannot be used: {source}", path.display())]
    System {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

impl JobFault {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NotFound { .. } => "`paceline jobs ps --all` shows those there are".to_owned(),
            Self::Unusable { .. } => {
                "a job has a `command`, a list of words, as `[\"python\", \"train.py\"]`".to_owned()
            }
            Self::Missing { instead, .. } => (*instead).to_owned(),
            Self::NotAgain { .. } => "submit it anew, with all that it needs".to_owned(),
            Self::Hub(fault) => fault.hint.clone(),
            Self::NotStarted { .. } => {
                "make room on the disk and for processes, or start the server anew where its program was replaced; then submit \
                 it again"
                    .to_owned()
            }
            Self::Damaged { path, .. } => {
                let folder = path.parent().unwrap_or(path).display();
                format!("remove the folder `{folder}`; the other jobs work")
            }
            Self::System { .. } => {
                "make room on the disk or make the data directory writable, then try again".to_owned()
            }
        }
    }

    /// The code it is answered with.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound { .. } => ErrorCode::JobNotFound,
            Self::Unusable { .. } | Self::NotAgain { .. } => ErrorCode::InvalidRequest,
            Self::Missing { .. } => ErrorCode::NotSupported,
            Self::NotStarted { .. } => ErrorCode::JobNotStarted,
            Self::System { .. } => ErrorCode::StorageUnavailable,
            Self::Damaged { .. } | Self::Hub(_) => ErrorCode::Internal,
        }
    }

    /// For `map_err` of what is done to a path.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::System { path: path.to_owned(), source }
    }

    /// What was ordered makes no sense.
    pub(crate) fn unusable(reason: impl Into<String>) -> Self {
        Self::Unusable { reason: reason.into() }
    }
}
