//! What a training printed, line by line, where it wants that kept.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Newest lines of a run that are kept.
pub const MOST_LINES: u32 = 100_000;
/// Longest line, in characters; the rest is cut.
pub const LONGEST_LINE_CHARACTERS: usize = 2_000;

/// Where a line was printed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// The word in the table and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }

    /// Reads the word of the table.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Stdout, Self::Stderr].into_iter().find(|stream| stream.as_str() == text)
    }
}

/// One line that was printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsoleLine {
    /// Makes the line storable once only.
    #[serde(default)]
    pub log_id: Option<String>,
    /// When it was printed.
    #[serde(rename = "timestamp")]
    pub time: Timestamp,
    /// Where to.
    pub stream: Stream,
    /// Which of the processes that share the run printed it.
    #[cfg_attr(feature = "openapi", schema(format = Int64, maximum = 4294967295u32))]
    #[serde(default, deserialize_with = "crate::whole::required")]
    pub rank: u32,
    /// What, without the end of the line; of a progress bar its last state.
    pub text: String,
}

/// Lines of one run, as its process reports them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsoleReport {
    /// In the order printed.
    #[cfg_attr(feature = "openapi", schema(max_items = 10_000))]
    pub lines: Vec<ConsoleLine>,
}

/// One line as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoredLine {
    /// Position in the project, ascending; the cursor of a page.
    pub id: i64,
    /// When it was printed.
    pub timestamp: Timestamp,
    /// Where to.
    pub stream: Stream,
    /// Which of the processes that share the run printed it.
    pub rank: u32,
    /// What.
    pub text: String,
}

/// One page of what a run printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsolePage {
    /// The lines of this page, in the order printed.
    pub items: Vec<StoredLine>,
    /// Give it back as `after` for the next page; null on the last one.
    pub next: Option<i64>,
    /// Lines that are kept of the run.
    pub total: u64,
}
