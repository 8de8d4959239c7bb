//! How much an answer tells.

use serde::{Deserialize, Serialize};

/// How much an answer tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    /// What decides; figures to four digits.
    Brief,
    /// What is known; figures to six digits.
    Normal,
    /// Everything, as it is stored.
    Full,
}

impl Detail {
    /// Every one, the shortest first.
    pub const ALL: [Self; 3] = [Self::Brief, Self::Normal, Self::Full];

    /// Its name on the wire and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Brief => "brief",
            Self::Normal => "normal",
            Self::Full => "full",
        }
    }
}
