//! The skills that the program brings along.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rust_embed::RustEmbed;

use crate::skill::{Skill, SkillFile};

#[derive(RustEmbed)]
#[folder = "../../skills"]
struct Files;

/// The skills that the program brings along, by name.
#[must_use]
pub fn embedded() -> &'static [Skill] {
    static SKILLS: LazyLock<Vec<Skill>> = LazyLock::new(read);
    &SKILLS
}

fn read() -> Vec<Skill> {
    let mut folders: BTreeMap<String, Vec<SkillFile>> = BTreeMap::new();
    for path in Files::iter() {
        let Some((folder, inside)) = path.split_once('/') else { continue };
        let Some(file) = Files::get(&path) else { continue };
        let file = SkillFile { path: inside.to_owned(), contents: file.data };
        folders.entry(folder.to_owned()).or_default().push(file);
    }
    // One that cannot be read would not have passed the test below.
    folders.into_iter().filter_map(|(folder, files)| Skill::of_files(&folder, &folder, files).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::problems;

    #[test]
    fn every_folder_is_a_sound_skill() {
        let names: Vec<&str> = embedded().iter().map(Skill::name).collect();
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../skills");
        let mut folders: Vec<String> = std::fs::read_dir(root)
            .expect("is there")
            .map(|entry| entry.expect("listed").file_name().to_string_lossy().into_owned())
            .collect();
        folders.sort();
        assert_eq!(names, folders);
        for skill in embedded() {
            assert_eq!(problems(skill), [], "{}", skill.name());
        }
    }
}
