//! Puts skills where agents look for them. What is no skill is never taken away.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::fault::SkillFault;
use crate::skill::{SKILL_FILE, Skill};

/// Writes a skill as a folder of `folder`; where one is already, only if `force` says so.
///
/// # Errors
/// When one is there already, or something that is none, or it cannot be written.
pub fn install(skill: &Skill, folder: &Path, force: bool) -> Result<PathBuf, SkillFault> {
    fs::create_dir_all(folder).map_err(SkillFault::io(folder))?;
    let place = folder.join(&skill.folder);
    check_free(&place, force)?;
    // Made whole beside its place, so that no agent reads half of it.
    let fresh = folder.join(format!(".{}.new", skill.folder));
    remove(&fresh)?;
    skill.write(&fresh)?;
    remove(&place)?;
    fs::rename(&fresh, &place).map_err(SkillFault::io(&place))?;
    Ok(place)
}

/// Makes a skill that was installed known in another folder as well: by a link that stays right when both are
/// moved together, else by a copy. Where the other folder is a link to the one that holds it, it is there already.
///
/// # Errors
/// As [`install`].
pub fn link(installed: &Path, folder: &Path, force: bool) -> Result<PathBuf, SkillFault> {
    fs::create_dir_all(folder).map_err(SkillFault::io(folder))?;
    let name = installed.file_name().unwrap_or_default();
    let place = folder.join(name);
    // The folder itself may be a link, and what a link says counts from where it really lies.
    let folder = folder.canonicalize().map_err(SkillFault::io(folder))?;
    let installed = installed.canonicalize().map_err(SkillFault::io(installed))?;
    if folder.join(name) == installed {
        return Ok(place);
    }
    check_free(&place, force)?;
    remove(&place)?;
    if make_link(&way(&folder, &installed), &place).is_err() {
        Skill::read(&installed)?.write(&place)?;
    }
    Ok(place)
}

#[cfg(unix)]
fn make_link(target: &Path, place: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, place)
}

#[cfg(not(unix))]
fn make_link(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// The way from a folder to a path, both of them whole.
fn way(folder: &Path, path: &Path) -> PathBuf {
    let common = folder.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common)).collect()
}

/// Refuses a place that is taken, and with `force` only one that holds something else than a skill.
fn check_free(place: &Path, force: bool) -> Result<(), SkillFault> {
    let Ok(found) = fs::symlink_metadata(place) else { return Ok(()) };
    if !force {
        return Err(SkillFault::Exists { path: place.to_owned() });
    }
    if found.is_symlink() || place.join(SKILL_FILE).is_file() {
        return Ok(());
    }
    Err(SkillFault::NotOurs { path: place.to_owned() })
}

fn remove(place: &Path) -> Result<(), SkillFault> {
    let removed = match fs::symlink_metadata(place) {
        Err(_) => return Ok(()),
        Ok(found) if found.is_dir() => fs::remove_dir_all(place),
        Ok(_) => fs::remove_file(place),
    };
    removed.map_err(SkillFault::io(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::{Agent, Scope};
    use crate::embedded::embedded;

    #[test]
    fn a_skill_is_installed_once_and_linked() {
        let folder = tempfile::tempdir().expect("a folder");
        let scope = Scope::Project(folder.path().to_owned());
        let skill = &embedded()[0];
        let place = install(skill, &scope.shared_folder(), false).expect("installs");
        assert_eq!(Skill::read(&place).expect("reads").files.len(), skill.files.len());
        let linked = link(&place, &scope.folder_of(Agent::Claude), false).expect("links");
        assert!(linked.join(SKILL_FILE).is_file());
        #[cfg(unix)]
        assert_eq!(
            fs::read_link(&linked).expect("a link"),
            Path::new("../../.agents/skills").join(&skill.folder)
        );

        let again = install(skill, &scope.shared_folder(), false).expect_err("is there");
        assert!(matches!(again, SkillFault::Exists { .. }));
        fs::write(place.join("old.md"), "old").expect("writes");
        install(skill, &scope.shared_folder(), true).expect("takes its place");
        assert!(!place.join("old.md").exists());
        link(&place, &scope.folder_of(Agent::Claude), true).expect("takes its place");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_a_link_to_the_shared_one_has_it_already() {
        let folder = tempfile::tempdir().expect("a folder");
        let scope = Scope::Project(folder.path().to_owned());
        let (shared, of_agent) = (scope.shared_folder(), scope.folder_of(Agent::Claude));
        fs::create_dir_all(&shared).expect("is made");
        fs::create_dir_all(of_agent.parent().expect("one")).expect("is made");
        std::os::unix::fs::symlink("../.agents/skills", &of_agent).expect("is linked");
        for force in [false, true] {
            let place = install(&embedded()[0], &shared, force).expect("installs");
            let linked = link(&place, &of_agent, force).expect("it is there");
            assert!(linked.join(SKILL_FILE).is_file() && !place.is_symlink(), "{force}");
        }
    }

    #[test]
    fn what_is_no_skill_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let skill = &embedded()[0];
        let place = folder.path().join(&skill.folder);
        fs::create_dir_all(&place).expect("is made");
        fs::write(place.join("thesis.txt"), "years").expect("writes");
        let refused = install(skill, folder.path(), true).expect_err("is none");
        assert!(matches!(refused, SkillFault::NotOurs { .. }));
        assert!(place.join("thesis.txt").exists());
    }
}
