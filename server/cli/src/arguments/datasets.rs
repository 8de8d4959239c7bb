//! Options of the commands that speak to the Hugging Face Hub.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{DirectoryArgument, PartOfSnapshot};

#[derive(Args)]
pub(crate) struct SyncArguments {
    /// Project to sync; every one that has a Dataset when absent.
    #[arg(long)]
    pub(crate) project: Option<String>,
    /// Sync every project that has a Dataset, as without `--project`.
    #[arg(long, conflicts_with = "project")]
    pub(crate) all: bool,
    /// Dataset it goes to from now on, as OWNER/NAME; the one it has when absent.
    #[arg(long, alias = "dataset-id", value_name = "DATASET", requires = "project")]
    pub(crate) dataset: Option<String>,
    /// Space to make or bring up to date, as OWNER/NAME, with `--sdk static`; one of the project's own when absent.
    #[arg(long, value_name = "SPACE", requires = "project", conflicts_with_all = ["dataset", "once", "every"])]
    pub(crate) space_id: Option<String>,
    /// Bring a snapshot of the project, as `paceline freeze` makes it, to a Space of this kind, now.
    #[arg(long, value_enum, value_name = "KIND", requires = "project", conflicts_with_all = ["dataset", "once", "every"])]
    pub(crate) sdk: Option<SpaceKind>,
    /// What to leave out of the snapshot, by commas.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PARTS", requires = "sdk")]
    pub(crate) without: Vec<PartOfSnapshot>,
    /// Bring it to that Dataset now, and let it go where it went.
    #[arg(long, requires = "dataset", conflicts_with = "every")]
    pub(crate) once: bool,
    /// Make a Dataset or Space that is not there for everybody to see; else it is private. One that is there stays as it is.
    #[arg(long)]
    pub(crate) public: bool,
    /// Make it private, as without.
    #[arg(long, conflicts_with = "public")]
    pub(crate) private: bool,
    /// Ask nothing before it begins, as without.
    #[arg(long)]
    pub(crate) force: bool,
    /// Another page for a Space; not supported.
    #[arg(long, value_name = "DIR", hide = true)]
    pub(crate) frontend: Option<PathBuf>,
    /// Sync again every so many minutes while something serves the data directory; 0 for not.
    #[arg(long, value_name = "MINUTES")]
    pub(crate) every: Option<u32>,
    /// Put the rows of this machine in the place of those in the Dataset, wherever they came from; write over files of a
    /// Space that did not come from here.
    #[arg(long)]
    pub(crate) replace: bool,
    /// Tell how far it is, and sync nothing.
    #[arg(long, conflicts_with_all = ["dataset", "space_id", "sdk", "once", "public", "every", "replace"])]
    pub(crate) status: bool,
    /// Answer in JSON, a line for each project.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

/// Kinds of Spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SpaceKind {
    /// With a server; not made yet.
    Gradio,
    /// Files that are shown as they are.
    Static,
}

#[derive(Args)]
pub(crate) struct PullArguments {
    /// The Dataset, as OWNER/NAME.
    pub(crate) dataset: String,
    /// Project to bring; all of them when absent.
    #[arg(long)]
    pub(crate) project: Option<String>,
    /// Name of the project here.
    #[arg(long = "as", value_name = "NAME", requires = "project")]
    pub(crate) name: Option<String>,
    /// Answer in JSON, a line for each project.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}
