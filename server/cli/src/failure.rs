//! Why a command did not do what it was asked, and how that ends the process.

use std::io;
use std::process::ExitCode;

use paceline_http::ServeError;
use paceline_query::QueryError;
use paceline_storage::StorageError;

use crate::output;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An error with a way out.
    Error { message: String, hint: Option<String> },
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
            Self::Error { message, hint } => {
                output::error(message, hint.as_deref());
                ExitCode::FAILURE
            }
        }
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        Self::new(error.to_string(), error.hint())
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::new(error.to_string(), error.code().hint())
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
