//! A new skill to begin with.

use std::fs;
use std::path::{Path, PathBuf};

use crate::check::fault_of_name;
use crate::fault::SkillFault;
use crate::skill::{SKILL_FILE, Skill, SkillFile};

/// Makes a folder of this name in `folder` with a `SKILL.md` that is sound and is to be filled.
///
/// # Errors
/// When the name is none for a skill, or the folder is there already.
pub fn create(name: &str, folder: &Path) -> Result<PathBuf, SkillFault> {
    if let Some(reason) = fault_of_name(name) {
        return Err(SkillFault::Name { name: name.to_owned(), reason });
    }
    let place = folder.join(name);
    if fs::symlink_metadata(&place).is_ok() {
        return Err(SkillFault::Exists { path: place });
    }
    let text = format!(
        "---\nname: {name}\ndescription: What this skill does. Use it when the task is about … or the user names ….\n\
         license: MIT\nmetadata:\n  version: \"0.1.0\"\n---\n\n# {name}\n\nWhat to do first, then the usual way, one \
         step a line. Keep it short: an agent reads all of it.\n\n## More\n\n- [Details](references/details.md): read \
         when the usual way is not enough.\n"
    );
    let file =
        |path: &str, text: String| SkillFile { path: path.to_owned(), contents: text.into_bytes().into() };
    let details = format!("# Details of {name}\n\nWhat is needed now and then.\n");
    let files = vec![file(SKILL_FILE, text), file("references/details.md", details)];
    Skill::of_files(name, name, files)?.write(&place)?;
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::problems;

    #[test]
    fn a_new_skill_is_sound() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = create("my-skill", folder.path()).expect("is made");
        assert_eq!(problems(&Skill::read(&place).expect("reads")), []);
        assert!(matches!(create("my-skill", folder.path()), Err(SkillFault::Exists { .. })));
        assert!(matches!(create("My Skill", folder.path()), Err(SkillFault::Name { .. })));
    }
}
