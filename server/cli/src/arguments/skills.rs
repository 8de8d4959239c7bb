//! Options of the commands about agent skills.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub(crate) enum SkillsCommand {
    /// Put the skill of this program where agents find it; nothing is fetched from anywhere.
    #[command(
        after_help = "Examples:\n  paceline skills add --claude\n  paceline skills add --claude --codex --global\n  \
        paceline skills add --dest ./my-agent/skills --force\n\nThe files go to `.agents/skills`, which several agents read; \
        the folder of each agent that is named gets a link to them."
    )]
    Add(SkillsAddArguments),
    /// Make a new skill to fill.
    #[command(after_help = "Example:\n  paceline skills new release-notes --in ./skills")]
    New(SkillsNewArguments),
    /// Check skills by the Agent Skills specification, and that what they refer to is there.
    #[command(
        after_help = "Examples:\n  paceline skills validate ./skills/trackio\n  paceline skills validate ./skills --json\n\n\
        The exit status is 1 where one has a problem."
    )]
    Validate(SkillsFoldersArguments),
    /// Make one file of a skill, a ZIP archive, and print its digest.
    #[command(
        after_help = "Examples:\n  paceline skills pack ./skills/trackio --out trackio.zip\n\nEqual skills make equal bytes."
    )]
    Pack(SkillsPackArguments),
    /// Print the list of skills with the digest of each file, as servers of skills read it (`skills.json`).
    #[command(after_help = "Examples:\n  paceline skills index ./skills > ./skills/skills.json")]
    Index(SkillsIndexArguments),
    /// Write the files by which agents find the skills in a tree of ours.
    #[command(hide = true)]
    Manifests(SkillsManifestsArguments),
}

#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct SkillsAddArguments {
    /// Link it for Claude Code.
    #[arg(long)]
    pub(crate) claude: bool,
    /// Link it for Codex.
    #[arg(long)]
    pub(crate) codex: bool,
    /// Link it for Gemini CLI.
    #[arg(long)]
    pub(crate) gemini: bool,
    /// Link it for Cursor.
    #[arg(long)]
    pub(crate) cursor: bool,
    /// Link it for opencode.
    #[arg(long)]
    pub(crate) opencode: bool,
    /// Link it for Pi.
    #[arg(long)]
    pub(crate) pi: bool,
    /// For everything you do, in your home folder, instead of for the project in the working folder.
    #[arg(long)]
    pub(crate) global: bool,
    /// Write it into this folder of skills, and nowhere else.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["claude", "codex", "gemini", "cursor", "opencode", "pi", "global"])]
    pub(crate) dest: Option<PathBuf>,
    /// Put it in the place of one that is there.
    #[arg(long)]
    pub(crate) force: bool,
    /// Taken for scripts that say it; there is no further command to leave out.
    #[arg(long, hide = true)]
    pub(crate) no_command: bool,
    /// Taken for scripts that say it; there is no hook to leave out.
    #[arg(long, hide = true)]
    pub(crate) no_hook: bool,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct SkillsNewArguments {
    /// Its name: letters a to z, digits, single hyphens.
    pub(crate) name: String,
    /// Folder to make it in.
    #[arg(long = "in", value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
}

#[derive(Args)]
pub(crate) struct SkillsFoldersArguments {
    /// Folder of a skill, or of several.
    pub(crate) folder: PathBuf,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct SkillsPackArguments {
    /// Folder of the skill.
    pub(crate) folder: PathBuf,
    /// File to write; NAME.zip when absent.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct SkillsIndexArguments {
    /// Folder of a skill, or of several.
    pub(crate) folder: PathBuf,
}

#[derive(Args)]
pub(crate) struct SkillsManifestsArguments {
    /// Root of the tree.
    pub(crate) folder: PathBuf,
}
