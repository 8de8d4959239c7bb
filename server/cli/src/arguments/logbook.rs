//! Options of the commands about logbooks.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub(crate) enum LogbookCommand {
    /// Start the logbook of the working folder, or go on with the one that is there, and show it in the browser.
    #[command(after_help = "Examples:\n  paceline logbook open --title \"Warm-up study\"\n  \
        paceline logbook open --no-serve\n\nIt lies in `.trackio/logbook`, as Markdown. Every other command finds it from \
        any folder below.")]
    Open(LogbookOpenArguments),
    /// Add a cell to a page, or remove one.
    #[command(
        subcommand,
        after_help = "Examples:\n  paceline logbook cell markdown \"Longer warm-up helps.\" --page \"Warm-up\"\n  \
        paceline logbook cell figure --image loss.png --title \"Loss\"\n  \
        paceline logbook cell remove cell_0123456789ab\n\nWithout `--page` a cell goes to the page used last; a page that is \
        not there is made."
    )]
    Cell(CellCommand),
    /// Run a command and record it: what it was, its scripts, what it printed, how it ended, the files it left.
    #[command(after_help = "Examples:\n  paceline logbook run -- python train.py --lr 3e-4\n  \
        paceline logbook run --page \"Warm-up\" --title \"Longer\" -- python train.py\n\nWhat it prints is seen as it \
        comes, and the exit status is that of the command. Models and data that it leaves become artifact cells.")]
    Run(LogbookRunArguments),
    /// Make or choose the page that cells go to from now on.
    #[command(after_help = "Example:\n  paceline logbook page \"Baseline\"")]
    Page(LogbookPageArguments),
    /// Attach the session of an agent.
    #[command(
        subcommand,
        after_help = "Example:\n  paceline logbook attach trace ~/.claude/projects/my-project/session.jsonl"
    )]
    Attach(AttachCommand),
    /// Take the session of an agent away again.
    #[command(subcommand, after_help = "Example:\n  paceline logbook remove trace 2f6c1c1e")]
    Remove(RemoveCommand),
    /// Read it: all of it in short, a page, a cell whole.
    #[command(after_help = "Examples:\n  paceline logbook read\n  paceline logbook read pages --json\n  \
        paceline logbook read page Baseline --tail 20\n  paceline logbook read cell cell_0123456789ab --full\n  \
        paceline logbook read ../other\n  paceline logbook read .#/view/trace\n\nCode is shown by its first lines, output by \
        its last ones, which is what an agent needs to know where things stand.")]
    Read(LogbookReadArguments),
    /// Show it in the browser, on this machine alone, until Ctrl-C.
    #[command(
        after_help = "Examples:\n  paceline logbook serve\n  paceline logbook serve ../other --port 8000 --no-browser"
    )]
    Serve(LogbookServeArguments),
    /// Bring it to a static Space of Hugging Face. Not there yet.
    #[command(after_help = "Example:\n  paceline logbook publish alice/warm-up-study --private")]
    Publish(LogbookPublishArguments),
    /// Show a cell on the first page, or no longer.
    #[command(
        after_help = "Examples:\n  paceline logbook pin\n  paceline logbook pin cell_0123456789ab --unpin\n\n\
        Without an id it is the last cell of the page used last."
    )]
    Pin(PinArguments),
    /// Bring up to date what is derived from the pages, after they were edited by hand.
    #[command(after_help = "Example:\n  paceline logbook sync")]
    Sync,
    /// Make a page of each task that an agent wrote down; its hook sends them on standard input.
    #[command(
        after_help = "Example:\n  echo '{\"tool_input\": {\"todos\": [{\"content\": \"Baseline\", \"status\": \"completed\"}]}}' | \
        paceline logbook sync-todos"
    )]
    SyncTodos,
}

#[derive(Args)]
pub(crate) struct LogbookOpenArguments {
    /// Space that it is to be published to, as user/name.
    pub(crate) space_id: Option<String>,
    /// Title of a new logbook; the name of the folder when absent.
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Do not show it.
    #[arg(long)]
    pub(crate) no_serve: bool,
    /// First port to try.
    #[arg(long, default_value_t = 7861)]
    pub(crate) port: u16,
    /// Do not open the browser.
    #[arg(long)]
    pub(crate) no_browser: bool,
}

/// Where a cell goes, and what it is called.
#[derive(Args)]
pub(crate) struct CellPlace {
    /// Title of the cell; made of what it holds when absent.
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Title or slug of the page; the one used last when absent.
    #[arg(long)]
    pub(crate) page: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum CellCommand {
    /// Add text.
    #[command(
        after_help = "Example:\n  paceline logbook cell markdown 'Loss falls.\\n\\n- next: warm-up' --page Baseline"
    )]
    Markdown(MarkdownCellArguments),
    /// Add a version of an artifact.
    #[command(after_help = "Example:\n  paceline logbook cell artifact digits/weights:v3 --type model")]
    Artifact(ArtifactCellArguments),
    /// Add code and what it printed.
    #[command(after_help = "Examples:\n  paceline logbook cell code --code train.py --code config.yaml\n  \
        paceline logbook cell code --code-text 'print(1)' --language python --output 1")]
    Code(CodeCellArguments),
    /// Add a figure: HTML or a picture, with the numbers behind it.
    #[command(after_help = "Examples:\n  paceline logbook cell figure --image loss.png\n  \
        paceline logbook cell figure --html loss.html --raw loss.csv --title \"Loss\"")]
    Figure(FigureCellArguments),
    /// Add the page of a project, as it is while it runs.
    #[command(after_help = "Example:\n  paceline logbook cell dashboard digits")]
    Dashboard(DashboardCellArguments),
    /// Remove a cell.
    #[command(after_help = "Example:\n  paceline logbook cell remove cell_0123456789ab")]
    Remove(RemoveCellArguments),
}

#[derive(Args)]
pub(crate) struct MarkdownCellArguments {
    /// Markdown; `\n` is a line break.
    #[arg(allow_hyphen_values = true)]
    pub(crate) body: String,
    #[command(flatten)]
    pub(crate) place: CellPlace,
}

#[derive(Args)]
pub(crate) struct ArtifactCellArguments {
    /// As project/name:v0.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) place: CellPlace,
    /// What kind of artifact it is, as model or dataset.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) artifact_type: Option<String>,
}

#[derive(Args)]
pub(crate) struct CodeCellArguments {
    #[command(flatten)]
    pub(crate) place: CellPlace,
    /// File of code; can be given more than once.
    #[arg(long = "code", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Code.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) code_text: Option<String>,
    /// Language of the code given as text.
    #[arg(long)]
    pub(crate) language: Option<String>,
    /// What it printed.
    #[arg(long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    pub(crate) output: String,
}

#[derive(Args)]
pub(crate) struct FigureCellArguments {
    #[command(flatten)]
    pub(crate) place: CellPlace,
    /// File with HTML or a picture, or HTML itself.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<String>,
    /// HTML.
    #[arg(long, value_name = "HTML")]
    pub(crate) html_text: Option<String>,
    /// Picture: PNG, JPEG, GIF, WebP, BMP, AVIF or SVG.
    #[arg(long, value_name = "FILE")]
    pub(crate) image: Option<PathBuf>,
    /// File with the numbers behind it, or where they are, or the numbers.
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    pub(crate) raw: Option<String>,
    /// The numbers behind it.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) raw_text: Option<String>,
    /// Keep Plotly's library inside, which is several megabytes; else the page loads it from where it is published.
    #[arg(long)]
    pub(crate) inline_plotlyjs: bool,
}

#[derive(Args)]
pub(crate) struct DashboardCellArguments {
    /// Name of the project.
    pub(crate) project: String,
    /// Space that shows it, as user/name.
    #[arg(long = "space", value_name = "SPACE")]
    pub(crate) space_id: Option<String>,
    #[command(flatten)]
    pub(crate) place: CellPlace,
}

#[derive(Args)]
pub(crate) struct RemoveCellArguments {
    /// Id of the cell.
    pub(crate) cell_id: String,
    /// Title or slug of the page to look in; all when absent.
    #[arg(long)]
    pub(crate) page: Option<String>,
}

#[derive(Args)]
pub(crate) struct LogbookRunArguments {
    /// Title or slug of the page; the one used last when absent.
    #[arg(long)]
    pub(crate) page: Option<String>,
    /// Title of the cell.
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Make no cells of models and data that it leaves.
    #[arg(long)]
    pub(crate) no_artifacts: bool,
    /// The command and its arguments, after `--`.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

#[derive(Args)]
pub(crate) struct LogbookPageArguments {
    /// Title or slug.
    pub(crate) title: String,
}

#[derive(Subcommand)]
pub(crate) enum AttachCommand {
    /// A session of Claude Code, Codex, Pi or another agent: JSON or JSON lines.
    #[command(
        after_help = "Examples:\n  paceline logbook attach trace session.jsonl --title \"First try\"\n\n\
        Tokens, keys and passwords in it are replaced before anything of it is kept. The file is read again whenever it \
        has grown."
    )]
    Trace(AttachTraceArguments),
}

#[derive(Args)]
pub(crate) struct AttachTraceArguments {
    /// The session file.
    pub(crate) filepath: PathBuf,
    /// Title of the session; the name of the file when absent.
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Keep secrets as they are.
    #[arg(long)]
    pub(crate) no_scrub: bool,
}

#[derive(Subcommand)]
pub(crate) enum RemoveCommand {
    /// A session that was attached.
    #[command(
        after_help = "Example:\n  paceline logbook remove trace 2f6c1c1e\n\n`paceline logbook read .#/view/trace` shows the ids."
    )]
    Trace(RemoveTraceArguments),
}

#[derive(Args)]
pub(crate) struct RemoveTraceArguments {
    /// Its id.
    pub(crate) session_id: String,
}

#[derive(Args)]
#[command(subcommand_precedence_over_arg = true)]
pub(crate) struct LogbookReadArguments {
    /// Folder of the logbook; the working folder when absent. `#/view/trace` after it shows sessions, `#/view/workspace` files.
    #[arg(value_name = "PATH")]
    source: Option<String>,
    /// The same as an option.
    #[arg(long, conflicts_with = "source")]
    path: Option<String>,
    /// Answer in JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Lines of code of each cell; 3 when absent.
    #[arg(long, global = true, value_name = "LINES")]
    pub(crate) head: Option<usize>,
    /// Lines of output of each cell; 3 when absent.
    #[arg(long, global = true, value_name = "LINES")]
    pub(crate) tail: Option<usize>,
    /// Show numbers behind a figure up to so many characters; 500 when absent.
    #[arg(long, global = true, value_name = "CHARACTERS")]
    pub(crate) raw_limit: Option<usize>,
    #[command(subcommand)]
    pub(crate) target: Option<ReadTarget>,
}

impl LogbookReadArguments {
    /// What is read, however it was said.
    pub(crate) fn source(&self) -> Option<&str> {
        self.source.as_deref().or(self.path.as_deref())
    }
}

#[derive(Subcommand)]
pub(crate) enum ReadTarget {
    /// List the pages.
    #[command(after_help = "Example:\n  paceline logbook read pages")]
    Pages,
    /// Read a page.
    #[command(after_help = "Example:\n  paceline logbook read page Baseline --head 10")]
    Page(ReadPageArguments),
    /// Read a cell.
    #[command(after_help = "Example:\n  paceline logbook read cell cell_0123456789ab --full")]
    Cell(ReadCellArguments),
}

#[derive(Args)]
pub(crate) struct ReadPageArguments {
    /// Title or slug; the page used last when absent.
    pub(crate) page: Option<String>,
}

#[derive(Args)]
pub(crate) struct ReadCellArguments {
    /// Id of the cell.
    pub(crate) cell_id: String,
    /// All of it.
    #[arg(long)]
    pub(crate) full: bool,
    /// The numbers behind a figure.
    #[arg(long)]
    pub(crate) raw: bool,
    /// The HTML of a figure.
    #[arg(long)]
    pub(crate) html: bool,
}

#[derive(Args)]
pub(crate) struct LogbookServeArguments {
    /// Folder of the logbook; the working folder when absent.
    pub(crate) path: Option<PathBuf>,
    /// First port to try; 0 for any.
    #[arg(long, default_value_t = 7861)]
    pub(crate) port: u16,
    /// Do not open the browser.
    #[arg(long)]
    pub(crate) no_browser: bool,
}

#[derive(Args)]
pub(crate) struct LogbookPublishArguments {
    /// The Space, as user/name.
    pub(crate) space_id: Option<String>,
    /// Nobody else sees the Space.
    #[arg(long)]
    pub(crate) private: bool,
    /// Everybody sees sessions and files too.
    #[arg(long)]
    pub(crate) public: bool,
}

#[derive(Args)]
pub(crate) struct PinArguments {
    /// Id of the cell; the last one of the page when absent.
    pub(crate) cell_id: Option<String>,
    /// Title or slug of the page.
    #[arg(long)]
    pub(crate) page: Option<String>,
    /// Show it there no longer.
    #[arg(long)]
    pub(crate) unpin: bool,
}
