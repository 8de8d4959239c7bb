//! Whether a skill is as the specification wants it, and as those that serve skills load it.

use std::fmt;

use serde_json::Value;

use crate::front_matter;
use crate::skill::{SKILL_FILE, Skill, SkillFile};

const LONGEST_NAME: usize = 64;
const LONGEST_DESCRIPTION: usize = 1_024;
const LONGEST_COMPATIBILITY: usize = 500;
/// An agent reads all of `SKILL.md`, so it is short; the rest is read on demand.
const MOST_LINES: usize = 500;
const MOST_FILES: usize = 512;
const LARGEST_FILE_BYTES: usize = 25 << 20;
const LARGEST_SKILL_BYTES: usize = 16 << 20;
const FIELDS: [&str; 6] = ["name", "description", "license", "compatibility", "metadata", "allowed-tools"];

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file it is in, as a path below the skill.
    pub file: String,
    /// What is wrong, as a sentence without its stop.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.message)
    }
}

/// What is wrong with a skill; nothing where all is well.
#[must_use]
pub fn problems(skill: &Skill) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut say = |message: String| found.push(Problem { file: SKILL_FILE.to_owned(), message });
    check_fields(skill, &mut say);
    let text = skill.file(SKILL_FILE).and_then(SkillFile::text).unwrap_or_default();
    let lines = text.lines().count();
    if lines >= MOST_LINES {
        say(format!(
            "it has {lines} lines, and fewer than {MOST_LINES} are allowed; move some to `references/`"
        ));
    }
    if front_matter::body(text).trim().is_empty() {
        say("nothing stands under its header".to_owned());
    }
    if skill.files.len() > MOST_FILES {
        say(format!("the skill has {} files, more than {MOST_FILES}", skill.files.len()));
    }
    let bytes: usize = skill.files.iter().map(|file| file.contents.len()).sum();
    if bytes > LARGEST_SKILL_BYTES {
        say(format!("the skill has {bytes} bytes, more than {LARGEST_SKILL_BYTES}"));
    }
    for file in &skill.files {
        let mut say = |message: String| found.push(Problem { file: file.path.clone(), message });
        if file.contents.len() > LARGEST_FILE_BYTES {
            say(format!("it has {} bytes, more than {LARGEST_FILE_BYTES}", file.contents.len()));
        }
        if file.path.contains(['\\', '\0']) || file.path.chars().any(char::is_control) {
            say("its name holds characters that not every system allows".to_owned());
        }
        check_links(skill, file, &mut say);
    }
    found
}

/// Why a name is none that a skill can have.
pub(crate) fn fault_of_name(name: &str) -> Option<String> {
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > LONGEST_NAME {
        return Some(format!("it has {} characters, and 1 to {LONGEST_NAME} are allowed", name.len()));
    }
    if let Some(other) = name.chars().find(|c| !is_allowed(*c)) {
        return Some(format!("it holds `{other}`, and only a to z, digits and hyphens are allowed"));
    }
    let is_odd = name.starts_with('-') || name.ends_with('-') || name.contains("--");
    is_odd.then(|| "a hyphen stands at an end of it, or beside another".to_owned())
}

fn check_fields(skill: &Skill, say: &mut impl FnMut(String)) {
    let fields = &skill.front_matter;
    for field in fields.keys().filter(|field| !FIELDS.contains(&field.as_str())) {
        say(format!("`{field}` is no field of a skill; put it under `metadata`"));
    }
    match fields.get("name").map(Value::as_str) {
        None => say("`name` is missing".to_owned()),
        Some(None) => say("`name` is no text".to_owned()),
        Some(Some(name)) => {
            if let Some(fault) = fault_of_name(name) {
                say(format!("`name` is `{name}`: {fault}"));
            }
            if name != skill.folder {
                say(format!("`name` is `{name}` and the folder `{}`; they are to be the same", skill.folder));
            }
        }
    }
    check_text(fields.get("description"), "description", LONGEST_DESCRIPTION, say);
    if !fields.contains_key("description") {
        say("`description` is missing; it says what the skill does and when to use it".to_owned());
    }
    check_text(fields.get("compatibility"), "compatibility", LONGEST_COMPATIBILITY, say);
    check_text(fields.get("license"), "license", usize::MAX, say);
    check_text(fields.get("allowed-tools"), "allowed-tools", usize::MAX, say);
    if let Some(metadata) = fields.get("metadata") {
        let is_plain = |fields: &serde_json::Map<String, Value>| fields.values().all(Value::is_string);
        if !metadata.as_object().is_some_and(is_plain) {
            say("`metadata` is no list of texts; write numbers in quotes".to_owned());
        }
    }
}

fn check_text(value: Option<&Value>, field: &str, longest: usize, say: &mut impl FnMut(String)) {
    match value.map(Value::as_str) {
        None => {}
        Some(None) => say(format!("`{field}` is no text")),
        Some(Some(text)) if text.trim().is_empty() => say(format!("`{field}` is empty")),
        Some(Some(text)) => {
            let length = text.chars().count();
            if length > longest {
                say(format!("`{field}` has {length} characters, and up to {longest} are allowed"));
            }
        }
    }
}

/// What a text of the skill refers to is there, and not far away.
fn check_links(skill: &Skill, file: &SkillFile, say: &mut impl FnMut(String)) {
    let is_markdown = file.mime_type() == "text/markdown";
    let Some(text) = file.text().filter(|_| is_markdown) else { return };
    for target in link_targets(text) {
        let path = target.split(['#', '?']).next().unwrap_or_default();
        let is_elsewhere = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
        if is_elsewhere {
            continue;
        }
        match resolved(&file.path, path) {
            None => say(format!("the link `{target}` leads out of the skill")),
            Some(path) if skill.file(&path).is_none() => {
                say(format!("the link `{target}` leads to `{path}`, which is not there"));
            }
            Some(path) if path.matches('/').count() > 1 => {
                say(format!("the link `{target}` leads to `{path}`, more than one folder deep"));
            }
            Some(_) => {}
        }
    }
}

/// What stands in the round brackets of `[text](target)`, but in blocks of code.
fn link_targets(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    });
    lines.flat_map(targets_of_line).collect()
}

fn targets_of_line(line: &str) -> Vec<&str> {
    let after = line.split("](").skip(1);
    after.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.trim()).collect()
}

/// The path that a link of the file at `from` leads to; none where it leads out.
fn resolved(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!link.starts_with('/')).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skill(folder: &str, texts: &[(&str, &str)]) -> Skill {
        let file = |(path, text): &(&str, &str)| SkillFile {
            path: (*path).to_owned(),
            contents: text.as_bytes().to_vec().into(),
        };
        Skill::of_files(folder, folder, texts.iter().map(file).collect()).expect("reads")
    }

    fn said(header: &str, body: &str) -> String {
        let text = format!("---\n{header}\n---\n{body}\n");
        let found =
            problems(&skill("a-b", &[("SKILL.md", &text), ("references/x.md", "[back](../SKILL.md)")]));
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_sound_skill_has_no_problem() {
        let header =
            "name: a-b\ndescription: d\nlicense: MIT\nmetadata:\n  version: \"1\"\nallowed-tools: Bash Read";
        assert_eq!(
            said(header, "[x](references/x.md#part) and [y](https://example.org)\n```\n[n](no.md)\n```"),
            ""
        );
    }

    #[test]
    fn each_problem_is_told() {
        let long = "x".repeat(1_025);
        let many = "line\n".repeat(500);
        for (header, body, told) in [
            ("name: a-c\ndescription: d", "b", "`name` is `a-c` and the folder `a-b`"),
            ("name: A\ndescription: d", "b", "it holds `A`"),
            ("name: a--b\ndescription: d", "b", "a hyphen stands"),
            ("name: 3\ndescription: d", "b", "`name` is no text"),
            ("description: d", "b", "`name` is missing"),
            ("name: a-b", "b", "`description` is missing"),
            ("name: a-b\ndescription: \"\"", "b", "`description` is empty"),
            (&format!("name: a-b\ndescription: {long}"), "b", "1025 characters"),
            ("name: a-b\ndescription: d\nversion: 1", "b", "`version` is no field"),
            ("name: a-b\ndescription: d\nmetadata:\n  version: 1", "b", "`metadata` is no list of texts"),
            ("name: a-b\ndescription: d\nallowed-tools: [a]", "b", "`allowed-tools` is no text"),
            ("name: a-b\ndescription: d", "", "nothing stands under"),
            ("name: a-b\ndescription: d", &many, "fewer than 500"),
            ("name: a-b\ndescription: d", "[x](y.md)", "which is not there"),
            ("name: a-b\ndescription: d", "[x](../y.md)", "leads out of the skill"),
            ("name: a-b\ndescription: d", "[x](/etc/passwd)", "leads out of the skill"),
        ] {
            let found = said(header, body);
            assert!(found.contains(told), "{header}: {found}");
        }
    }
}
