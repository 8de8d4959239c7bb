//! Options of the commands that write a project as files, and of the one that reads what lies in files.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, ValueEnum};

use super::{Arguments, DirectoryArgument};

#[derive(Args)]
pub(crate) struct ExportArguments {
    /// Project to export.
    #[arg(long)]
    pub(crate) project: String,
    /// Form of the files.
    #[arg(long, value_enum, default_value = "parquet")]
    pub(crate) format: ExportFormat,
    /// Folder to write them into; made where it is missing.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Write what is new since the last time, as further files in folders, instead of one file for each table.
    #[arg(long)]
    pub(crate) parts: bool,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

#[derive(Args)]
pub(crate) struct FreezeArguments {
    /// Project to freeze.
    #[arg(long)]
    pub(crate) project: String,
    /// Folder to write it into; made where it is missing.
    #[arg(long, value_name = "DIR", required_unless_present_any = ["space_id", "new_space_id"])]
    pub(crate) out: Option<PathBuf>,
    /// Static Space to bring it to in the place of a folder, as OWNER/NAME.
    #[arg(long, value_name = "SPACE", conflicts_with = "out")]
    pub(crate) new_space_id: Option<String>,
    /// Space whose name, with `_static` behind it, is that of the static one.
    #[arg(long, value_name = "SPACE", conflicts_with = "out")]
    pub(crate) space_id: Option<String>,
    /// Make a Space that is not there for everybody to see; else it is private.
    #[arg(long, conflicts_with = "out")]
    pub(crate) public: bool,
    /// Make it private, as without.
    #[arg(long, conflicts_with_all = ["out", "public"])]
    pub(crate) private: bool,
    /// Write over files of a Space that did not come from here.
    #[arg(long, conflicts_with = "out")]
    pub(crate) replace: bool,
    /// Another page for a Space; not supported.
    #[arg(long, value_name = "DIR", hide = true)]
    pub(crate) frontend: Option<PathBuf>,
    /// What to leave out, by commas.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PARTS")]
    pub(crate) without: Vec<PartOfSnapshot>,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

/// What a snapshot can do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PartOfSnapshot {
    /// What trainings printed.
    Console,
    /// Hosts, command lines, packages, and changes of code that were not committed.
    Environment,
    /// The files of artifacts.
    Artifacts,
    /// Pictures, sound, videos and saved files.
    Media,
}

/// Forms of exported files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Every value as it is.
    Parquet,
    /// For spreadsheets.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

#[derive(Args)]
pub(crate) struct ImportArguments {
    /// What recorded it (wandb, tensorboard, csv or parquet) and the folder or file to read; a path alone is one of
    /// Parquet files. Of wandb it is the folder `wandb`, one of its runs, or a `.wandb` file.
    #[arg(value_names = ["SOURCE", "PATH"], num_args = 1..=2, required = true)]
    what: Vec<OsString>,
    /// Project to bring it into; needed for TensorBoard and CSV. Parquet files make a new one, called as the one that
    /// was exported unless another name is given.
    #[arg(long)]
    pub(crate) project: Option<String>,
    /// Name of the run, or what names of runs begin with; not for Parquet files, whose runs have names.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Which project of the Parquet files, where they are of several.
    #[arg(long, value_name = "PROJECT")]
    pub(crate) from: Option<String>,
    /// Answer in JSON; for Parquet files.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

impl ImportArguments {
    /// What to read, and where it lies.
    pub(crate) fn source(&self) -> (ImportSource, PathBuf) {
        match self.what.as_slice() {
            [source, path] => (named_source(source).unwrap_or(ImportSource::Parquet), path.into()),
            rest => (ImportSource::Parquet, rest.first().map(PathBuf::from).unwrap_or_default()),
        }
    }

    /// What the definition alone cannot tell: a source that is none, options of another source.
    pub(super) fn check(&self) -> Result<(), clap::Error> {
        let wrong = |kind, message: String| Err(Arguments::command().error(kind, message));
        if let [source, _] = self.what.as_slice()
            && named_source(source).is_none()
        {
            let source = source.to_string_lossy();
            let message =
                format!("`{source}` is no source; choose `wandb`, `tensorboard`, `csv` or `parquet`");
            return wrong(ErrorKind::InvalidValue, message);
        }
        if let [source] = self.what.as_slice()
            && named_source(source).is_some()
        {
            let message = "no path is named; `paceline import SOURCE PATH`".to_owned();
            return wrong(ErrorKind::MissingRequiredArgument, message);
        }
        if self.project.is_none() && matches!(self.source().0, ImportSource::Tensorboard | ImportSource::Csv)
        {
            let message = "no project is named; `--project PROJECT` says where the runs belong".to_owned();
            return wrong(ErrorKind::MissingRequiredArgument, message);
        }
        let of_parquet = [("--from", self.from.is_some()), ("--json", self.json)];
        let others: &[(&str, bool)] = match self.source().0 {
            ImportSource::Parquet => &[("--name", self.name.is_some())],
            ImportSource::Wandb | ImportSource::Tensorboard | ImportSource::Csv => &of_parquet,
        };
        match others.iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => {
                wrong(ErrorKind::ArgumentConflict, format!("`{option}` is not for this source"))
            }
            None => Ok(()),
        }
    }
}

fn named_source(name: &OsStr) -> Option<ImportSource> {
    name.to_str().and_then(|name| ImportSource::from_str(name, false).ok())
}

/// Trackers whose records can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportSource {
    /// Offline runs of wandb.
    Wandb,
    /// Scalars in event files of TensorBoard.
    Tensorboard,
    /// A CSV file.
    Csv,
    /// Parquet files of an export, ours or Trackio's.
    Parquet,
}
