//! A skill in memory: what its header says, and its files.

use std::borrow::Cow;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::fault::SkillFault;
use crate::front_matter;

/// The file that makes a folder a skill.
pub(crate) const SKILL_FILE: &str = "SKILL.md";

/// A skill with its files.
#[derive(Debug, Clone)]
pub struct Skill {
    /// Name of its folder.
    pub folder: String,
    /// Every field of the header of `SKILL.md`, as JSON.
    pub front_matter: Map<String, Value>,
    /// All files, `SKILL.md` first, the others by path.
    pub files: Vec<SkillFile>,
}

/// A file of a skill.
#[derive(Debug, Clone)]
pub struct SkillFile {
    /// Path below the folder of the skill, with `/` between its parts.
    pub path: String,
    /// What is in it.
    pub contents: Cow<'static, [u8]>,
}

impl Skill {
    /// A skill of these files; `place` names it in errors.
    ///
    /// # Errors
    /// When there is no `SKILL.md`, or its header cannot be read.
    pub(crate) fn of_files(folder: &str, place: &str, mut files: Vec<SkillFile>) -> Result<Self, SkillFault> {
        // Whoever reads them in order begins where an agent does.
        files.sort_by(|a, b| (a.path != SKILL_FILE, &a.path).cmp(&(b.path != SKILL_FILE, &b.path)));
        let first = files.first().filter(|file| file.path == SKILL_FILE);
        let first = first.ok_or_else(|| SkillFault::NoSkillFile { place: place.to_owned() })?;
        let front_matter = front_matter::parse(&first.contents)
            .map_err(|reason| SkillFault::Header { place: place.to_owned(), reason })?;
        Ok(Self { folder: folder.to_owned(), front_matter, files })
    }

    /// The name it goes by: that of the header, else of the folder.
    #[must_use]
    pub fn name(&self) -> &str {
        self.front_matter.get("name").and_then(Value::as_str).unwrap_or(&self.folder)
    }

    /// What it is for and when to read it.
    #[must_use]
    pub fn description(&self) -> &str {
        self.front_matter.get("description").and_then(Value::as_str).unwrap_or_default()
    }

    /// The file with this path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&SkillFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

impl SkillFile {
    /// `sha256:` and the digest of the contents in hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        let digits = Sha256::digest(&self.contents);
        digits.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }

    /// The contents, where they are text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.contents).ok()
    }

    /// What kind of file it is, by the end of its name.
    #[must_use]
    pub fn mime_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map(|(_, end)| end) {
            Some("md") => "text/markdown",
            Some("json") => "application/json",
            Some("py") => "text/x-python",
            Some("txt" | "sh" | "toml" | "yaml" | "yml" | "csv") => "text/plain",
            _ if self.text().is_some() => "text/plain",
            _ => "application/octet-stream",
        }
    }
}
