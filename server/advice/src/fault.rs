//! Why there is no advice.

use std::fmt;

use paceline_hub::remote::HubFault;
use paceline_planner::PlanError;
use paceline_query::QueryError;
use paceline_schema::ErrorCode;

use crate::adviser::in_fields;

/// Why there is no advice.
#[derive(Debug)]
pub enum AdviceFault {
    /// The planner's reason.
    Plan(PlanError),
    /// The Hub's.
    Hub(HubFault),
    /// Something in the request does not mean what is needed.
    Request {
        /// What it is.
        message: String,
        /// The way out.
        hint: String,
    },
    /// The tracker's.
    Query(QueryError),
}

impl AdviceFault {
    /// Of a request that cannot be taken.
    pub(crate) fn request(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Request { message: message.into(), hint: hint.into() }
    }

    /// Which kind it is, for the answer of a server.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            // What the Hub said is told as it is; the codes of a server's own troubles tell nothing.
            Self::Plan(_) | Self::Request { .. } | Self::Hub(_) => ErrorCode::InvalidRequest,
            Self::Query(error) => error.code(),
        }
    }

    /// What to do about it, as options of a command.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Plan(error) => error.hint(),
            Self::Hub(fault) => fault.hint.clone(),
            Self::Request { hint, .. } => hint.clone(),
            Self::Query(error) => error.hint(),
        }
    }

    /// The same as fields of a request.
    #[must_use]
    pub fn hint_of_fields(&self) -> String {
        in_fields(&self.hint())
    }
}

impl fmt::Display for AdviceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan(error) => error.fmt(f),
            Self::Hub(fault) => f.write_str(&fault.message),
            Self::Request { message, .. } => f.write_str(message),
            Self::Query(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AdviceFault {}

impl From<PlanError> for AdviceFault {
    fn from(error: PlanError) -> Self {
        Self::Plan(error)
    }
}

impl From<HubFault> for AdviceFault {
    fn from(fault: HubFault) -> Self {
        Self::Hub(fault)
    }
}

impl From<QueryError> for AdviceFault {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}
