//! Why a skill cannot be read, made or put in its place.

use std::io;
use std::path::{Path, PathBuf};

/// Why a skill cannot be read, made or put in its place.
#[derive(Debug, thiserror::Error)]
pub enum SkillFault {
    /// The folder has no `SKILL.md`.
    #[error("`{place}` has no `SKILL.md`")]
    NoSkillFile {
        /// The folder.
        place: String,
    },
    /// The header of `SKILL.md` cannot be read.
    #[error("the header of `{place}/SKILL.md` cannot be read: {reason}")]
    Header {
        /// The folder.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A skill is files alone; a link leads out of it, or nowhere where it is copied to.
    #[error("`{}` is a link, which a skill cannot hold", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// Something is in the place already.
    #[error("a skill is already at `{}`", path.display())]
    Exists {
        /// The place.
        path: PathBuf,
    },
    /// Something that is no skill is in the place.
    #[error("`{}` is no skill, so it is left as it is", path.display())]
    NotOurs {
        /// The place.
        path: PathBuf,
    },
    /// The name is none that a skill can have.
    #[error("`{name}` cannot be the name of a skill: {reason}")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        reason: String,
    },
    /// The file system says no.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
}

impl SkillFault {
    /// A way out.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoSkillFile { .. } => "name the folder of a skill; `paceline skills new NAME` makes one",
            Self::Header { .. } => {
                "it is to begin with `---`, `name: …`, `description: …`, `---`, each on its line"
            }
            Self::Link { .. } => "put a copy of the file in its place",
            Self::Exists { .. } => "`--force` puts the new one in its place",
            Self::NotOurs { .. } => "move it away, or choose another place",
            Self::Name { .. } => "use up to 64 letters a to z, digits and single hyphens, as `my-skill`",
            Self::Io { .. } => "see that the folder exists and may be read and written",
        }
    }

    /// With the path that an operation was about.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
