//! The list of skills with the digests of their files, `skills.json`, as servers of skills load it.

use serde_json::{Value, json};

use crate::skill::{SKILL_FILE, Skill};

/// The list, by which whoever fetched the files can tell that they are whole.
#[must_use]
pub fn index(skills: &[Skill]) -> Value {
    json!({ "skills": skills.iter().map(entry).collect::<Vec<_>>() })
}

fn entry(skill: &Skill) -> Value {
    let uri = |path: &str| format!("skill://{}/{}", skill.folder, encoded(path));
    let resources = skill
        .files
        .iter()
        .map(|file| json!({ "uri": uri(&file.path), "digest": file.digest(), "size": file.contents.len() }));
    json!({
        "uri": uri(SKILL_FILE),
        "frontmatter": skill.front_matter,
        "resources": resources.collect::<Vec<_>>(),
    })
}

/// A path as part of an address; its slashes stay.
fn encoded(path: &str) -> String {
    let keep = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(byte);
    path.bytes()
        .map(|byte| if keep(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::embedded;

    #[test]
    fn every_file_stands_in_it_with_its_digest() {
        let list = index(embedded());
        let entry = &list["skills"][0];
        assert_eq!(entry["uri"], format!("skill://{}/SKILL.md", embedded()[0].folder));
        assert_eq!(entry["frontmatter"]["name"], embedded()[0].name());
        let resources = entry["resources"].as_array().expect("a list");
        assert_eq!(resources.len(), embedded()[0].files.len());
        assert_eq!(resources[0]["uri"], entry["uri"]);
        assert!(resources.iter().all(|file| file["digest"].as_str().is_some_and(|text| text.len() == 71)));
        assert_eq!(encoded("a b/ü.md"), "a%20b/%C3%BC.md");
    }
}
