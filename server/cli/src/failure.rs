//! Why a command did not do what it was asked, and how that ends the process.

use std::io;
use std::process::ExitCode;

use paceline_http::ServeError;
use paceline_hub::parquet::ParquetError;
use paceline_hub::remote::HubFault;
use paceline_hub::sync::SyncFault;
use paceline_jobs::JobFault;
use paceline_planner::PlanError;
use paceline_query::QueryError;
use paceline_schema::ErrorCode;
use paceline_storage::{StorageError, TokenFileError};

use crate::output;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An error with a way out.
    Error { message: String, hint: Option<String> },
    /// The answer is no, and was given on standard output.
    AnsweredNo,
    /// Everything is said; this is how it ends.
    Exit(u8),
    /// Nobody reads the output any more, as after `| head`. Not an error.
    OutputClosed,
}

impl Failure {
    /// An error with a way out.
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Error { message: message.into(), hint: Some(hint.into()) }
    }

    /// Says it on standard error and gives the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Self::OutputClosed => ExitCode::SUCCESS,
            Self::AnsweredNo => ExitCode::FAILURE,
            Self::Exit(status) => ExitCode::from(*status),
            Self::Error { message, hint } => {
                output::error(message, hint.as_deref());
                ExitCode::FAILURE
            }
        }
    }
}

/// The way out, told in commands where the API's own hint tells it in addresses.
pub(crate) fn hint(code: ErrorCode, told: String) -> String {
    let command = match code {
        ErrorCode::ProjectNotFound => "`paceline list projects` shows what is there",
        ErrorCode::RunNotFound => "`paceline list runs --project PROJECT` shows what is there",
        ErrorCode::MetricNotFound => {
            "`paceline list metrics --project PROJECT --run RUN` shows what is there"
        }
        ErrorCode::JobNotFound => "`paceline jobs ps --all` shows what is there",
        ErrorCode::InvalidRequest
        | ErrorCode::SqlRefused
        | ErrorCode::SqlTooExpensive
        | ErrorCode::InvalidName
        | ErrorCode::Unauthorized
        | ErrorCode::ForbiddenScope
        | ErrorCode::TooManyAttempts
        | ErrorCode::ForbiddenOrigin
        | ErrorCode::FileNotFound
        | ErrorCode::ArtifactNotFound
        | ErrorCode::RouteNotFound
        | ErrorCode::MethodNotAllowed
        | ErrorCode::NameTaken
        | ErrorCode::BodyTooLarge
        | ErrorCode::UnsupportedMediaType
        | ErrorCode::ProjectDamaged
        | ErrorCode::Internal
        | ErrorCode::Busy
        | ErrorCode::StorageUnavailable
        | ErrorCode::JobsOff
        | ErrorCode::JobNotStarted
        | ErrorCode::NotSupported => return told,
    };
    // Something more particular, as a name that looks alike, is better.
    if told == code.hint() { command.to_owned() } else { told }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        Self::new(error.to_string(), hint(error.code(), error.hint()))
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::new(error.to_string(), hint(error.code(), error.code().hint().to_owned()))
    }
}

impl From<ParquetError> for Failure {
    fn from(error: ParquetError) -> Self {
        let hint = match error {
            ParquetError::Storage(StorageError::ProjectExists { .. }) => {
                "`--project PROJECT` names another one"
            }
            ParquetError::Storage(error) => return error.into(),
            ParquetError::NotOneProject { ref projects, .. } if projects.is_empty() => {
                "name the folder that `paceline export` wrote, or one with Trackio's Parquet files"
            }
            ParquetError::NotOneProject { .. } => "`--from PROJECT` says which one",
            ParquetError::Taken { .. } => "`--out DIR` names another folder",
            ParquetError::Damaged { .. } | ParquetError::Unexpected { .. } => {
                "export again, or fetch the files again"
            }
            ParquetError::File { .. } | ParquetError::Encode { .. } => {
                return Self::Error { message: error.to_string(), hint: None };
            }
        };
        Self::new(error.to_string(), hint)
    }
}

impl From<SyncFault> for Failure {
    fn from(fault: SyncFault) -> Self {
        match fault {
            SyncFault::Storage(error) => error.into(),
            SyncFault::Files(error) => error.into(),
            SyncFault::Hub(_)
            | SyncFault::Foreign { .. }
            | SyncFault::NothingThere { .. }
            | SyncFault::Name(_)
            | SyncFault::NoDataset { .. } => Self::new(fault.to_string(), fault.hint()),
        }
    }
}

impl From<HubFault> for Failure {
    fn from(fault: HubFault) -> Self {
        SyncFault::from(fault).into()
    }
}

impl From<JobFault> for Failure {
    fn from(fault: JobFault) -> Self {
        Self::new(fault.to_string(), fault.hint())
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Self::new(error.to_string(), error.hint())
    }
}

impl From<TokenFileError> for Failure {
    fn from(error: TokenFileError) -> Self {
        Self::Error { message: error.to_string(), hint: None }
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        Self::Error { message: error.to_string(), hint: None }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::OutputClosed
        } else {
            Self::Error { message: format!("the output cannot be written: {error}"), hint: None }
        }
    }
}
