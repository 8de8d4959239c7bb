//! `paceline skills`: the skill of this program for agents, and any others.

use std::fs;
use std::path::Path;

use paceline_skills::{
    Agent, Problem, Scope, Skill, SkillFault, SkillFile, create, embedded, index, install, link, manifests,
    pack, problems,
};
use serde_json::{Value, json};

use crate::arguments::{
    SkillsAddArguments, SkillsCommand, SkillsFoldersArguments, SkillsManifestsArguments, SkillsPackArguments,
};
use crate::failure::Failure;
use crate::output;

/// Does what is asked about skills.
pub(crate) fn run(command: &SkillsCommand) -> Result<(), Failure> {
    match command {
        SkillsCommand::Add(arguments) => add(arguments),
        SkillsCommand::New(arguments) => {
            let place = create(&arguments.name, &arguments.folder)?;
            output::line(&format!(
                "Made '{}'; fill '{}'.",
                place.display(),
                place.join("SKILL.md").display()
            ))?;
            Ok(())
        }
        SkillsCommand::Validate(arguments) => validate(arguments),
        SkillsCommand::Pack(arguments) => pack_one(arguments),
        SkillsCommand::Index(arguments) => {
            Ok(output::json_indented(&index(&sound_skills(&arguments.folder)?))?)
        }
        SkillsCommand::Manifests(arguments) => write_manifests(arguments),
    }
}

fn add(arguments: &SkillsAddArguments) -> Result<(), Failure> {
    let mut installed = Vec::new();
    let mut linked = Vec::new();
    for skill in embedded() {
        if let Some(folder) = &arguments.dest {
            installed.push(install(skill, folder, arguments.force)?);
            continue;
        }
        let scope = scope(arguments.global)?;
        let place = install(skill, &scope.shared_folder(), arguments.force)?;
        for agent in agents(arguments) {
            linked.push(link(&place, &scope.folder_of(agent), arguments.force)?);
        }
        installed.push(place);
    }
    if arguments.json {
        return Ok(output::json_indented(&json!({ "installed": installed, "linked": linked }))?);
    }
    for place in &installed {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        output::line(&format!("Installed '{name}' to {}", place.display()))?;
    }
    for place in &linked {
        output::line(&format!("Linked {}", place.display()))?;
    }
    Ok(())
}

fn agents(arguments: &SkillsAddArguments) -> impl Iterator<Item = Agent> {
    let named = [
        (arguments.claude, Agent::Claude),
        (arguments.codex, Agent::Codex),
        (arguments.gemini, Agent::Gemini),
        (arguments.cursor, Agent::Cursor),
        (arguments.opencode, Agent::Opencode),
        (arguments.pi, Agent::Pi),
    ];
    named.into_iter().filter(|(is_named, _)| *is_named).map(|(_, agent)| agent)
}

fn scope(global: bool) -> Result<Scope, Failure> {
    if !global {
        return Ok(Scope::Project(std::env::current_dir()?));
    }
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    let home =
        home.ok_or_else(|| Failure::new("your home folder is not known", "set HOME, or give `--dest DIR`"))?;
    Ok(Scope::Person(home))
}

fn validate(arguments: &SkillsFoldersArguments) -> Result<(), Failure> {
    let skills = Skill::read_all(&arguments.folder)?;
    let checked: Vec<(&Skill, Vec<Problem>)> = skills.iter().map(|skill| (skill, problems(skill))).collect();
    let is_sound = checked.iter().all(|(_, problems)| problems.is_empty());
    if arguments.json {
        let skills: Vec<Value> = checked
            .iter()
            .map(|(skill, found)| {
                let found =
                    found.iter().map(|problem| json!({ "file": problem.file, "message": problem.message }));
                json!({ "skill": skill.folder, "problems": found.collect::<Vec<_>>() })
            })
            .collect();
        output::json_indented(&json!({ "valid": is_sound, "skills": skills }))?;
    } else {
        for (skill, found) in &checked {
            if found.is_empty() {
                output::line(&format!("{}: sound, {} files", skill.folder, skill.files.len()))?;
            }
            for problem in found {
                output::line(&format!("{}: {problem}", skill.folder))?;
            }
        }
    }
    if is_sound { Ok(()) } else { Err(Failure::AnsweredNo) }
}

/// The skills of a folder, all of them sound.
fn sound_skills(folder: &Path) -> Result<Vec<Skill>, Failure> {
    let skills = Skill::read_all(folder)?;
    match skills.iter().find_map(|skill| Some((skill, problems(skill).into_iter().next()?))) {
        None => Ok(skills),
        Some((skill, problem)) => Err(Failure::new(
            format!("skill `{}` is not sound: {problem}", skill.folder),
            "`paceline skills validate FOLDER` tells all that is wrong",
        )),
    }
}

fn pack_one(arguments: &SkillsPackArguments) -> Result<(), Failure> {
    // A folder of several is none.
    Skill::read(&arguments.folder)?;
    let skills = sound_skills(&arguments.folder)?;
    for skill in &skills {
        let packed = SkillFile { path: format!("{}.zip", skill.folder), contents: pack(skill)?.into() };
        let out = arguments.out.clone().unwrap_or_else(|| packed.path.clone().into());
        fs::write(&out, &packed.contents).map_err(|error| {
            Failure::new(
                format!("`{}` cannot be written: {error}", out.display()),
                "`--out FILE` names another file",
            )
        })?;
        if arguments.json {
            output::json_indented(&json!({
                "skill": skill.folder, "file": out, "bytes": packed.contents.len(), "digest": packed.digest(),
                "files": skill.files.len(),
            }))?;
        } else {
            output::line(&format!(
                "Packed {} files of '{}' to '{}'",
                skill.files.len(),
                skill.folder,
                out.display()
            ))?;
            output::line(&packed.digest())?;
        }
    }
    Ok(())
}

fn write_manifests(arguments: &SkillsManifestsArguments) -> Result<(), Failure> {
    for (path, text) in manifests(embedded()) {
        let path = arguments.folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, text)?;
        output::line(&path.display().to_string())?;
    }
    Ok(())
}

impl From<SkillFault> for Failure {
    fn from(fault: SkillFault) -> Self {
        Self::new(fault.to_string(), fault.hint())
    }
}
