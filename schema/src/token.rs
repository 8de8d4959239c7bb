//! Tokens as they are listed: what each is for, never its secret.

use serde::{Deserialize, Serialize};

use crate::{Scope, Timestamp};

/// A token of a data directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenInfo {
    /// Names it where its secret must not stand, as in `paceline token revoke ID`.
    pub id: String,
    /// What a person called it.
    pub name: Option<String>,
    /// What it permits.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it permits nothing; never when absent.
    pub expires_at: Option<Timestamp>,
    /// The hour in which a server last let it in.
    pub last_used_at: Option<Timestamp>,
}

impl TokenInfo {
    /// Whether it permits nothing any more.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
    }
}
