//! Why the Hub did not do what it was asked, what to do about it, and whether it passes by itself.

use std::fmt;
use std::time::Duration;

/// A request that was not answered as hoped, with a way out.
#[derive(Debug, Clone)]
pub struct HubFault {
    /// What it means for another attempt.
    pub kind: HubFaultKind,
    /// What happened, in one sentence without its full stop.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// The Hub asked to be left alone for this long.
    pub retry_after: Option<Duration>,
}

/// What a fault says about the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HubFaultKind {
    /// No answer, or one that says to come again: it passes by itself.
    Away,
    /// It needs a hand: a token, a permission, a name.
    Refused,
    /// An address that the Hub gave for an upload is not taken any more: another one is asked for.
    Expired,
    /// There is no such repository, or none that the token may see.
    NotFound,
    /// Somebody else made a commit first.
    Conflict,
    /// The Hub does not take what it was sent, or its answer has no meaning here.
    Unusable,
    /// A file on this machine cannot be read or written.
    Local,
}

impl HubFault {
    pub(crate) fn new(kind: HubFaultKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: hint.into(), retry_after: None }
    }

    /// An answer that is not in the Hub's form.
    pub(crate) fn strange(doing: &str) -> Self {
        Self::new(
            HubFaultKind::Unusable,
            format!("{doing} was answered, and not as the Hub does"),
            "HF_ENDPOINT names the Hub; leave it unset for huggingface.co",
        )
    }

    /// An address that is not taken any more, where the same request leads to a new one: it passes by itself.
    pub(crate) fn once_more(self) -> Self {
        match self.kind {
            HubFaultKind::Expired => Self { kind: HubFaultKind::Away, ..self },
            HubFaultKind::Away
            | HubFaultKind::Refused
            | HubFaultKind::NotFound
            | HubFaultKind::Conflict
            | HubFaultKind::Unusable
            | HubFaultKind::Local => self,
        }
    }

    /// A file on this machine that cannot be used.
    pub(crate) fn local(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(
            HubFaultKind::Local,
            format!("`{}` cannot be used: {error}", path.display()),
            "make room on the disk, or make the file readable",
        )
    }
}

impl fmt::Display for HubFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.hint)
    }
}

impl std::error::Error for HubFault {}
