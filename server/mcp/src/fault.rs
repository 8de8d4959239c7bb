//! Why a tool has no answer: a sentence and a way out, for whoever asked.

use std::fmt;

use paceline_advice::AdviceFault;
use paceline_query::QueryError;
use paceline_schema::ErrorCode;

/// Why a tool has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    message: String,
    hint: String,
}

impl Fault {
    /// With a way out.
    #[must_use]
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }

    /// Of a code; what went wrong inside is not told.
    #[must_use]
    pub fn of(code: ErrorCode, message: String, hint: String) -> Self {
        let tool = match (hint == code.hint(), code.as_str()) {
            (true, "project_not_found") => Some("`list_projects` shows what is there"),
            (true, "run_not_found") => Some("`list_runs` shows what is there"),
            (true, "metric_not_found") => Some("`get_run` shows what it logged"),
            (true, "invalid_request") => Some("`tools/list` tells what each tool takes"),
            _ => None,
        };
        match code.outside() {
            Some(outside) => Self::new(outside, code.hint()),
            None => Self::new(message, tool.map_or(hint, str::to_owned)),
        }
    }

    /// An argument that does not mean what is needed.
    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::new(message, "`tools/list` tells what each tool takes")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. Hint: {}.", self.message.trim_end_matches('.'), self.hint.trim_end_matches('.'))
    }
}

impl std::error::Error for Fault {}

impl From<AdviceFault> for Fault {
    fn from(fault: AdviceFault) -> Self {
        Self::of(fault.code(), fault.to_string(), fault.hint_of_fields())
    }
}

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        Self::of(error.code(), error.to_string(), error.hint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_a_sentence_with_a_way_out_and_tells_nothing_of_the_inside() {
        let told = Fault::of(
            ErrorCode::RunNotFound,
            "run `a` is not in project `b`".into(),
            ErrorCode::RunNotFound.hint().into(),
        );
        assert_eq!(told.to_string(), "run `a` is not in project `b`. Hint: `list_runs` shows what is there.");
        let inside = Fault::of(ErrorCode::Internal, "/secret/path".into(), "x".into()).to_string();
        assert!(!inside.contains("secret"), "{inside}");
    }
}
