//! A skill as a folder: read from one, written as one.

use std::fs;
use std::path::Path;

use crate::fault::SkillFault;
use crate::skill::{SKILL_FILE, Skill, SkillFile};

/// What tools leave in folders, and nobody means to give away.
const LEFT_OUT: [&str; 4] = [".git", ".DS_Store", "__pycache__", "node_modules"];

impl Skill {
    /// Reads the skill in a folder.
    ///
    /// # Errors
    /// When there is none, it holds a link, or cannot be read.
    pub fn read(folder: &Path) -> Result<Self, SkillFault> {
        let place = folder.display().to_string();
        if !folder.join(SKILL_FILE).is_file() {
            return Err(SkillFault::NoSkillFile { place });
        }
        // `.` has no name of its own.
        let whole = folder.canonicalize().map_err(SkillFault::io(folder))?;
        let name = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut files = Vec::new();
        read_below(&whole, "", &mut files)?;
        Self::of_files(&name, &place, files)
    }

    /// The skills in the folders of a folder, by name; the folder's own, where it is one.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn read_all(folder: &Path) -> Result<Vec<Self>, SkillFault> {
        if folder.join(SKILL_FILE).is_file() {
            return Ok(vec![Self::read(folder)?]);
        }
        let mut skills = Vec::new();
        for entry in fs::read_dir(folder).map_err(SkillFault::io(folder))? {
            let path = entry.map_err(SkillFault::io(folder))?.path();
            if path.join(SKILL_FILE).is_file() {
                skills.push(Self::read(&path)?);
            }
        }
        if skills.is_empty() {
            return Err(SkillFault::NoSkillFile { place: folder.display().to_string() });
        }
        skills.sort_by(|a, b| a.folder.cmp(&b.folder));
        Ok(skills)
    }

    /// Writes the files into a folder, which is made.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), SkillFault> {
        for file in &self.files {
            let path = folder.join(&file.path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(SkillFault::io(parent))?;
            }
            fs::write(&path, &file.contents).map_err(SkillFault::io(&path))?;
        }
        Ok(())
    }
}

fn read_below(folder: &Path, inside: &str, files: &mut Vec<SkillFile>) -> Result<(), SkillFault> {
    for entry in fs::read_dir(folder).map_err(SkillFault::io(folder))? {
        let entry = entry.map_err(SkillFault::io(folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        let path = entry.path();
        let kind = entry.file_type().map_err(SkillFault::io(&path))?;
        let inside = if inside.is_empty() { name } else { format!("{inside}/{name}") };
        if kind.is_symlink() {
            return Err(SkillFault::Link { path });
        }
        if kind.is_dir() {
            read_below(&path, &inside, files)?;
        } else {
            let contents = fs::read(&path).map_err(SkillFault::io(&path))?;
            files.push(SkillFile { path: inside, contents: contents.into() });
        }
    }
    Ok(())
}
