//! Agent skills: those of the program, and any folder that is one.
//!
//! A skill is a folder with a `SKILL.md`, which an agent reads when its description fits the task; see
//! <https://agentskills.io/specification>. [`embedded()`] are the ones that the program brings along; the rest
//! checks, packs and lists any others, puts skills where agents look for them, and writes the files by which
//! agents find this tree.

mod agents;
mod archive;
mod check;
mod embedded;
mod fault;
mod folder;
mod front_matter;
mod index;
mod install;
mod manifests;
mod skill;
mod template;

pub use agents::{Agent, Scope};
pub use archive::pack;
pub use check::{Problem, problems};
pub use embedded::embedded;
pub use fault::SkillFault;
pub use index::index;
pub use install::{install, link};
pub use manifests::manifests;
pub use skill::{Skill, SkillFile};
pub use template::create;
