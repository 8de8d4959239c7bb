//! `paceline logbook`: the logbook of the working folder.

mod preview;
mod reading;
mod run;

use std::env::current_dir;
use std::io::Read;
use std::path::{Path, PathBuf};

use paceline_logbook::{
    Logbook, LogbookFault, NewCell, Remark, payload, picture_html, picture_kind, sync_todos,
};

use crate::arguments::{
    AttachCommand, CellCommand, FigureCellArguments, LogbookCommand, LogbookOpenArguments,
    LogbookPublishArguments, PinArguments, RemoveCommand,
};
use crate::failure::Failure;
use crate::output;

/// The longest message of a hook.
const LONGEST_MESSAGE: u64 = 16 << 20;

/// Does what is asked about a logbook.
pub(crate) fn run(command: &LogbookCommand) -> Result<(), Failure> {
    match command {
        LogbookCommand::Open(arguments) => open(arguments),
        LogbookCommand::Cell(command) => cell(command),
        LogbookCommand::Run(arguments) => run::run(arguments),
        LogbookCommand::Page(arguments) => {
            let slug = here()?.select_page(&arguments.title)?;
            Ok(output::line(&format!("Selected page '{slug}' as default."))?)
        }
        LogbookCommand::Attach(AttachCommand::Trace(arguments)) => {
            let scrubs = !arguments.no_scrub;
            let found = here()?.attach_session(&arguments.filepath, arguments.title.as_deref(), scrubs)?;
            output::line(&format!(
                "Attached {} trace '{}' ({} events).",
                found.provider, found.id, found.events
            ))?;
            if scrubs {
                let plural = if found.redactions == 1 { "" } else { "s" };
                let count = found.redactions;
                output::line(&format!("Scrubbed secrets before storing: {count} redaction{plural}."))?;
            } else {
                output::line("Warning: secrets in it are kept as they are (--no-scrub).")?;
            }
            Ok(())
        }
        LogbookCommand::Remove(RemoveCommand::Trace(arguments)) => {
            here()?.remove_session(&arguments.session_id)?;
            Ok(output::line(&format!("Removed attached trace '{}'.", arguments.session_id))?)
        }
        LogbookCommand::Read(arguments) => reading::run(arguments),
        LogbookCommand::Serve(arguments) => preview::serve(arguments),
        LogbookCommand::Publish(arguments) => publish(arguments),
        LogbookCommand::Pin(arguments) => pin(arguments),
        LogbookCommand::Sync => {
            let logbook = here()?;
            logbook.sync()?;
            Ok(output::line(&format!("Synced logbook site files at {}.", logbook.place()))?)
        }
        LogbookCommand::SyncTodos => {
            let mut message = Vec::new();
            std::io::stdin().lock().take(LONGEST_MESSAGE).read_to_end(&mut message)?;
            Ok(sync_todos(&String::from_utf8_lossy(&message), &current_dir()?)?)
        }
    }
}

/// The logbook of the working folder.
fn here() -> Result<Logbook, Failure> {
    Ok(Logbook::require(&current_dir()?)?)
}

fn open(arguments: &LogbookOpenArguments) -> Result<(), Failure> {
    let folder = current_dir()?;
    let space = arguments.space_id.as_deref();
    let logbook = if let Some(logbook) = Logbook::find(&folder)? {
        if let Some(space) = space {
            logbook.set_space(space)?;
        }
        output::line(&format!("Attached to existing logbook at {}", logbook.place()))?;
        if arguments.title.is_some() {
            let first = logbook.root().join("pages/index.md");
            output::note(&format!(
                "it has its title already; to change it, edit the first heading of `{}`",
                first.display()
            ));
        }
        logbook
    } else {
        let logbook = Logbook::create(&folder, arguments.title.as_deref(), space)?;
        output::line(&format!("Opened logbook at {}", logbook.place()))?;
        if let Some(space) = space {
            output::line(&format!("Will publish to: {space}"))?;
        }
        logbook
    };
    if arguments.no_serve { Ok(()) } else { preview::start(&logbook, arguments.port, !arguments.no_browser) }
}

fn cell(command: &CellCommand) -> Result<(), Failure> {
    let logbook = here()?;
    let (kind, place, new) = match command {
        CellCommand::Remove(arguments) => {
            let gone = logbook.remove(&arguments.cell_id, arguments.page.as_deref())?;
            let id = &arguments.cell_id;
            return Ok(output::line(&format!("Removed {} cell {id} from page '{}'.", gone.kind, gone.page))?);
        }
        CellCommand::Markdown(arguments) => {
            // Agents send line breaks in the form that JSON has for them.
            let body = arguments.body.replace("\\r\\n", "\n").replace("\\n", "\n");
            ("markdown", &arguments.place, NewCell::Markdown { body })
        }
        CellCommand::Artifact(arguments) => {
            let (name, kind) = (arguments.name.clone(), arguments.artifact_type.clone());
            ("artifact", &arguments.place, NewCell::Artifact { name, kind })
        }
        CellCommand::Code(arguments) => {
            let (code, language) = (arguments.code_text.clone(), arguments.language.clone());
            let (files, output) = (arguments.files.clone(), arguments.output.clone());
            ("code", &arguments.place, NewCell::Code { files, code, language, output })
        }
        CellCommand::Figure(arguments) => ("figure", &arguments.place, figure(arguments)?),
        CellCommand::Dashboard(arguments) => {
            let (project, space) = (arguments.project.clone(), arguments.space_id.clone());
            ("dashboard", &arguments.place, NewCell::Dashboard { project, space })
        }
    };
    let (slug, remarks) = logbook.add(place.page.as_deref(), place.title.as_deref(), new)?;
    for remark in remarks {
        match remark {
            Remark::LibraryLeftOut => output::note(
                "Plotly's library was left out, the page loads it from where it is published; `--inline-plotlyjs` keeps it",
            ),
            Remark::Large(characters) => output::note(&format!(
                "the figure has {characters} characters, all of them in the page; Plotly writes less with \
                 `include_plotlyjs=\"cdn\"`"
            )),
        }
    }
    Ok(output::line(&format!("Logged {kind} cell to page '{slug}'."))?)
}

fn figure(arguments: &FigureCellArguments) -> Result<NewCell, Failure> {
    let as_picture = arguments
        .html
        .as_deref()
        .map(Path::new)
        .filter(|path| path.is_file() && picture_kind(path).is_some());
    let html = match (&arguments.image, &arguments.html_text, as_picture) {
        (Some(image), _, _) => picture_html(image)?,
        (None, None, Some(picture)) => picture_html(picture)?,
        (None, text, _) => text_or_file(arguments.html.as_deref(), text.as_deref())?,
    };
    let raw = text_or_file(arguments.raw.as_deref(), arguments.raw_text.as_deref())?;
    Ok(NewCell::Figure { html, raw, keep_library: arguments.inline_plotlyjs })
}

/// A text, else what is in a file of this name, else the name itself.
fn text_or_file(named: Option<&str>, text: Option<&str>) -> Result<String, LogbookFault> {
    match (text, named) {
        (Some(text), _) => Ok(text.to_owned()),
        (None, Some(name)) if Path::new(name).is_file() => payload(Path::new(name)),
        (None, named) => Ok(named.unwrap_or_default().to_owned()),
    }
}

fn pin(arguments: &PinArguments) -> Result<(), Failure> {
    let logbook = here()?;
    let page = arguments.page.as_deref();
    let id = match &arguments.cell_id {
        Some(id) => Some(id.clone()),
        None => logbook.last_cell(page)?,
    };
    let id = id.ok_or_else(|| {
        Failure::new(
            "there is no cell to pin",
            "name one, or add one first: `paceline logbook cell markdown TEXT`",
        )
    })?;
    let pinned = logbook.pin(&id, page, !arguments.unpin)?;
    let done = if arguments.unpin { "Unpinned" } else { "Pinned" };
    Ok(output::line(&format!("{done} cell {id} on page '{}'.", pinned.page))?)
}

/// What is to be published is there for others to publish until it is done here.
fn publish(arguments: &LogbookPublishArguments) -> Result<(), Failure> {
    let logbook = here()?;
    let space = arguments.space_id.as_deref().unwrap_or("USER/NAME");
    let visibility = if arguments.private { " --private" } else { "" };
    // Whoever asks for sessions and files as well would get less than that.
    let more = if arguments.public { "; sessions and files stay on this machine" } else { "" };
    Err(Failure::new(
        "a logbook cannot be published from here yet",
        format!(
            "Trackio publishes this folder as it is: `uvx trackio logbook publish {space}{visibility}` in `{}`{more}",
            logbook.workspace().display()
        ),
    ))
}

/// The folder that a path names, for commands that take one.
fn folder(path: Option<&PathBuf>) -> Result<PathBuf, Failure> {
    Ok(match path {
        Some(path) => path.clone(),
        None => current_dir()?,
    })
}

impl From<LogbookFault> for Failure {
    fn from(fault: LogbookFault) -> Self {
        Self::Error { message: fault.to_string(), hint: fault.hint().map(str::to_owned) }
    }
}
