//! The embedded skills as resources: `skill://<name>/<path>`.

use paceline_skills::{Skill as Bundle, SkillFile, embedded};
use rmcp::model::{
    DIRECTORY_MIME_TYPE, Resource, ResourceContents, SKILL_MD, Skill, SkillFrontmatter, SkillResource,
    SkillResources,
};

/// Every skill with the digests of its files.
pub(crate) fn list() -> Vec<Skill> {
    embedded().iter().map(manifest).collect()
}

fn manifest(skill: &Bundle) -> Skill {
    let front = SkillFrontmatter::new(skill.name(), skill.description());
    let others =
        skill.front_matter.iter().filter(|(key, _)| !["name", "description"].contains(&key.as_str()));
    let front = others.fold(front, |front, (key, value)| front.with_field(key.clone(), value.clone()));
    let resource = |file: &SkillFile| {
        SkillResource::new(address(skill, &file.path), file.digest(), file.contents.len() as u64)
    };
    let files = skill.files.iter().map(resource).collect();
    Skill::new(address(skill, SKILL_MD), front, SkillResources::Files(files))
}

fn address(skill: &Bundle, path: &str) -> String {
    format!("skill://{}/{path}", skill.name())
}

/// Every file of every skill.
pub(crate) fn resources() -> Vec<Resource> {
    let of_skill = |skill: &'static Bundle| skill.files.iter().map(move |file| resource(skill, file));
    embedded().iter().flat_map(of_skill).collect()
}

fn resource(skill: &Bundle, file: &SkillFile) -> Resource {
    let is_main = file.path == SKILL_MD;
    let name = if is_main { skill.name().to_owned() } else { format!("{}/{}", skill.name(), file.path) };
    let resource = Resource::new(address(skill, &file.path), name)
        .with_mime_type(file.mime_type())
        .with_size(file.contents.len() as u64);
    if is_main { resource.with_description(skill.description()) } else { resource }
}

/// The contents of one file.
pub(crate) fn read(address: &str) -> Option<ResourceContents> {
    let (name, path) = address.strip_prefix("skill://")?.split_once('/')?;
    let skill = embedded().iter().find(|skill| skill.name() == name)?;
    let file = skill.file(path)?;
    Some(ResourceContents::text(file.text()?, address).with_mime_type(file.mime_type()))
}

/// What lies in a folder of a skill, folders first; `None` where there is no such folder.
pub(crate) fn directory(address: &str) -> Option<Vec<Resource>> {
    let place = address.strip_prefix("skill://")?.trim_end_matches('/');
    let (name, folder) = place.split_once('/').unwrap_or((place, ""));
    let skill = embedded().iter().find(|skill| skill.name() == name)?;
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let (mut folders, mut files): (Vec<Resource>, Vec<Resource>) = Default::default();
    for file in &skill.files {
        let Some(rest) = file.path.strip_prefix(&prefix) else { continue };
        match rest.split_once('/') {
            None => files.push(resource(skill, file)),
            Some((below, _)) => {
                let path = format!("{prefix}{below}");
                let uri = self::address(skill, &path);
                if folders.iter().all(|known| known.uri != uri) {
                    folders.push(Resource::new(uri, below).with_mime_type(DIRECTORY_MIME_TYPE));
                }
            }
        }
    }
    folders.append(&mut files);
    Some(folders).filter(|found| !found.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_skills_are_what_the_protocol_wants() {
        let skills = list();
        assert!(!skills.is_empty());
        for skill in skills {
            skill.validate().expect("it is valid");
            assert!(read(&skill.uri).is_some());
        }
        assert!(directory("skill://trackio").is_some_and(|found| !found.is_empty()));
        assert_eq!(read("skill://trackio/../Cargo.toml"), None);
        assert_eq!(directory("skill://nothing"), None);
    }
}
