//! Agents that read skills, and the folders they look into.

use std::path::{Path, PathBuf};

/// An agent that reads skills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// Claude Code.
    Claude,
    /// Codex.
    Codex,
    /// Gemini CLI.
    Gemini,
    /// Cursor.
    Cursor,
    /// opencode.
    Opencode,
    /// Pi.
    Pi,
}

/// For whom skills are put in their place.
#[derive(Debug, Clone)]
pub enum Scope {
    /// For a project: below this folder.
    Project(PathBuf),
    /// For everything that a person does: below this home folder.
    Person(PathBuf),
}

impl Scope {
    fn base(&self) -> &Path {
        match self {
            Self::Project(base) | Self::Person(base) => base,
        }
    }

    /// The folder that holds skills for all agents; those of each agent link to it.
    #[must_use]
    pub fn shared_folder(&self) -> PathBuf {
        self.base().join(".agents/skills")
    }

    /// The folder that an agent looks into.
    #[must_use]
    pub fn folder_of(&self, agent: Agent) -> PathBuf {
        let inside = match (self, agent) {
            (_, Agent::Claude) => ".claude/skills",
            (_, Agent::Codex) => ".codex/skills",
            (_, Agent::Gemini) => ".gemini/skills",
            (_, Agent::Cursor) => ".cursor/skills",
            (_, Agent::Opencode) => ".opencode/skills",
            (Self::Project(_), Agent::Pi) => ".pi/skills",
            (Self::Person(_), Agent::Pi) => ".pi/agent/skills",
        };
        self.base().join(inside)
    }
}
