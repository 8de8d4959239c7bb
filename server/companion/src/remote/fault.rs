//! Why a server did not do what it was asked, and what that means for trying again.

use std::fmt;
use std::time::Duration;

/// A request that was not answered with success.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// In words, with the address.
    pub(super) message: String,
    /// The server asked to be left alone for this long.
    pub(crate) retry_after: Option<Duration>,
}

/// What a fault says about the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// No answer, or one that says to come again: it passes by itself.
    Away,
    /// It needs somebody's hand: a token, an address.
    Refused,
    /// The request itself was not taken; `row` where the server named one.
    Request {
        /// Position of the entry that was refused.
        row: Option<usize>,
    },
    /// The peer fails where a row is at fault, and where something else is.
    Unclear,
    /// The server has no such call.
    Missing,
}

impl Fault {
    pub(crate) fn new(kind: FaultKind, message: String) -> Self {
        Self { kind, message, retry_after: None }
    }

    /// Another request may go through: the rows of this one may be what the server cannot take.
    pub(crate) fn may_be_a_row(&self) -> bool {
        match self.kind {
            FaultKind::Request { .. } | FaultKind::Unclear => true,
            FaultKind::Away | FaultKind::Refused | FaultKind::Missing => false,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}
