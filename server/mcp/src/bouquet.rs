//! Which tools a caller is offered: all of them, or a set that takes less of its attention.

/// A set of tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bouquet {
    /// The peer's tools and ours.
    #[default]
    All,
    /// Ours.
    Tracker,
    /// The peer's.
    Trackio,
    /// What the skills name.
    Skills,
}

/// The tools that the skills name.
const OF_THE_SKILLS: [&str; 12] = [
    "hf_jobs",
    "get_run_status",
    "wait_for_run",
    "get_findings",
    "compare_runs",
    "explain_difference",
    "list_projects",
    "list_runs",
    "inspect_dataset",
    "plan_training",
    "submit_training",
    "publish_model",
];

impl Bouquet {
    /// Every set.
    pub const ALL: [Self; 4] = [Self::All, Self::Tracker, Self::Trackio, Self::Skills];

    /// The word in an address and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Tracker => "tracker",
            Self::Trackio => "trackio",
            Self::Skills => "skills",
        }
    }

    /// The set of that name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bouquet| bouquet.as_str() == word)
    }

    /// Whether a tool of ours is in it.
    pub(crate) fn has_own(self, name: &str) -> bool {
        match self {
            Self::All | Self::Tracker => true,
            Self::Trackio => false,
            Self::Skills => OF_THE_SKILLS.contains(&name),
        }
    }

    /// Whether the peer's tools are in it.
    pub(crate) fn has_peers(self) -> bool {
        matches!(self, Self::All | Self::Trackio)
    }
}
