//! Calls of the peer's wire answered without one: for commands beside the data directory.

use std::time::SystemTime;

use paceline_query::Engine;
use paceline_schema::{ErrorCode, Operation, Timestamp};
use serde_json::Value;

use super::arguments::Arguments;
use super::call::{Call, Handler};
use super::dispatch::handler;
use crate::error::ApiError;

/// Why a call was not answered.
#[derive(Debug)]
pub struct Refusal {
    /// Which kind of error it is.
    pub code: ErrorCode,
    /// What went wrong.
    pub message: String,
    /// The way out.
    pub hint: String,
}

/// Answers a call that reads, with its arguments by name, as a server of this directory would.
///
/// # Errors
/// As on the wire; calls that write are refused.
pub fn answer_call(engine: &Engine, operation: Operation, arguments: &Value) -> Result<Value, Refusal> {
    Ok(answer(engine, operation, arguments)?)
}

fn answer(engine: &Engine, operation: Operation, arguments: &Value) -> Result<Value, ApiError> {
    let body = arguments.to_string();
    let call = Call {
        operation,
        arguments: Arguments::parse(body.as_bytes()),
        arrived: Timestamp::from(SystemTime::now()),
        state: None,
        may_change_runs: false,
    };
    call.check_required()?;
    let reply = match handler(operation) {
        Handler::Read(read) | Handler::Sql(read) => read(&call, engine)?,
        Handler::Write(_) => {
            return Err(ApiError::invalid(format!("`{}` changes something", operation.name())));
        }
    };
    serde_json::from_slice(reply.data()).map_err(|error| ApiError::internal(error.to_string()))
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { code: error.code(), message: error.message().to_owned(), hint: error.hint().to_owned() }
    }
}
