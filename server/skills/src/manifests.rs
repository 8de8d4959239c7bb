//! The files by which agents find the skills and the MCP server of this tree. They are made, not written.

use serde_json::{Value, json};

use crate::skill::{SKILL_FILE, Skill};

const NAME: &str = "paceline";
const OWNER: &str = "The Paceline authors";
const DESCRIPTION: &str = "Experiment tracking that answers at a glance: log from training scripts, ask how a run is going, wait, compare.";
const LICENCE: &str = "MIT OR Apache-2.0";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Path below the tree and contents of each file.
#[must_use]
pub fn manifests(skills: &[Skill]) -> Vec<(&'static str, String)> {
    // An agent starts it with the working folder anywhere, so it is named as it is installed.
    let server = json!({ "command": "paceline", "args": ["mcp"] });
    vec![
        (".claude-plugin/plugin.json", text(&plugin())),
        (".claude-plugin/marketplace.json", text(&marketplace(skills))),
        (".mcp.json", text(&json!({ "mcpServers": { NAME: server } }))),
        (
            "gemini-extension.json",
            text(&json!({
                "name": NAME,
                "version": VERSION,
                "description": DESCRIPTION,
                "contextFileName": "AGENTS.md",
                "mcpServers": { NAME: server },
            })),
        ),
        ("AGENTS.md", agents(skills)),
    ]
}

fn plugin() -> Value {
    json!({
        "name": NAME,
        "description": DESCRIPTION,
        "version": VERSION,
        "author": { "name": OWNER },
        "license": LICENCE,
        "keywords": ["experiment-tracking", "training", "metrics", "trackio", "mcp"],
    })
}

fn marketplace(skills: &[Skill]) -> Value {
    let plugins = skills.iter().map(|skill| {
        json!({
            "name": skill.name(),
            "source": format!("./skills/{}", skill.folder),
            "skills": "./",
            "description": skill.description(),
        })
    });
    json!({
        "name": NAME,
        "owner": { "name": OWNER },
        "metadata": { "description": DESCRIPTION, "version": VERSION },
        "plugins": plugins.collect::<Vec<_>>(),
    })
}

fn agents(skills: &[Skill]) -> String {
    let mut text = "<!-- Made by `paceline skills manifests`; do not edit. -->\n\n# Skills\n\nThese skills tell how to \
        use this program. Before a task that one of them describes, read its file; what it refers to is read on \
        demand.\n\n"
        .to_owned();
    for skill in skills {
        text += &format!(
            "- [`{}`](skills/{}/{SKILL_FILE}): {}\n",
            skill.name(),
            skill.folder,
            skill.description().trim()
        );
    }
    text += "\nTheir commands need the program `paceline`, which the wheel of that name installs; `paceline mcp` is the \
        same as an MCP server.\n";
    text
}

fn text(value: &Value) -> String {
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::embedded;

    #[test]
    fn the_committed_files_are_fresh() {
        let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        for (path, fresh) in manifests(embedded()) {
            let committed = std::fs::read_to_string(root.join(path)).unwrap_or_default();
            assert!(committed == fresh, "`{path}` is stale; `paceline skills manifests .` writes it");
        }
    }
}
