//! `paceline logbook read`: all of it, a page or a cell, for people and agents.

use std::path::Path;

use paceline_logbook::{Json, Logbook, Shown, Wanted};

use super::folder;
use crate::arguments::{LogbookReadArguments, ReadCellArguments, ReadTarget};
use crate::failure::Failure;
use crate::output;

/// What of a logbook an address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Pages,
    Sessions,
    Workspace,
}

/// Reads what is asked.
pub(super) fn run(arguments: &LogbookReadArguments) -> Result<(), Failure> {
    let (source, view) = arguments.source().map_or((None, View::Pages), split);
    let logbook = find(source)?;
    let usual = Shown::default();
    let shown = Shown {
        head: arguments.head.unwrap_or(usual.head),
        tail: arguments.tail.unwrap_or(usual.tail),
        raw_limit: arguments.raw_limit.unwrap_or(usual.raw_limit),
    };
    match &arguments.target {
        None if view == View::Pages && arguments.json => Ok(output::json_indented(&logbook.data(shown)?)?),
        None if view == View::Pages => Ok(output::line(&logbook.agent_view(shown)?)?),
        None => {
            let (name, text) = if view == View::Sessions {
                ("trace", logbook.sessions_view())
            } else {
                ("workspace", logbook.workspace_view())
            };
            if arguments.json {
                let told = Json::object([("view", name.into()), ("text", text.into())]);
                return Ok(output::json_indented(&told)?);
            }
            Ok(output::line(&text)?)
        }
        Some(ReadTarget::Pages) => pages(&logbook, arguments.json),
        Some(ReadTarget::Page(page)) => {
            let page = logbook.page(page.page.as_deref())?;
            let told = logbook.page_told(&page, shown)?;
            if arguments.json { Ok(output::json_indented(&told)?) } else { tell_page(&told) }
        }
        Some(ReadTarget::Cell(cell)) => read_cell(&logbook, cell, arguments.json),
    }
}

/// The folder of an address, and the view that is named after `#`.
fn split(source: &str) -> (Option<&str>, View) {
    let (folder, view) = source.split_once('#').unwrap_or((source, ""));
    let view = match view.trim_start_matches('/') {
        view if view.starts_with("view/trace") => View::Sessions,
        view if view.starts_with("view/workspace") || view.starts_with("view/tree") => View::Workspace,
        _ => View::Pages,
    };
    (Some(folder).filter(|folder| !folder.is_empty()), view)
}

fn find(source: Option<&str>) -> Result<Logbook, Failure> {
    let Some(source) = source else { return Ok(Logbook::require(&folder(None)?)?) };
    if Path::new(source).exists() {
        return Ok(Logbook::require(Path::new(source))?);
    }
    let name = source.trim_start_matches("https://huggingface.co/spaces/").trim_end_matches('/');
    let is_elsewhere = source.contains("://") || name.split('/').count() == 2;
    let message = format!("there is no folder `{source}`");
    Err(if is_elsewhere {
        let hint = format!(
            "a logbook of a Space is read once it is here: `hf download {name} --repo-type space --local-dir \
             copy/.trackio/logbook`, then `paceline logbook read copy`"
        );
        Failure::new(message, hint)
    } else {
        Failure::new(message, "name the folder that has a logbook, or leave it out for the working folder")
    })
}

fn text<'a>(told: &'a Json, name: &str) -> &'a str {
    told.get(name).as_text().unwrap_or_default()
}

fn pages(logbook: &Logbook, as_json: bool) -> Result<(), Failure> {
    let told = logbook.pages_told()?;
    if as_json {
        return Ok(output::json_indented(&Json::object([("pages", told)]))?);
    }
    output::line("Pages:")?;
    for page in told.items() {
        let count = page.get("cell_count").as_whole().unwrap_or(0);
        let plural = if count == 1 { "" } else { "s" };
        output::line(&format!("- {} · {} · {count} cell{plural}", text(page, "slug"), text(page, "title")))?;
    }
    Ok(())
}

fn tell_page(page: &Json) -> Result<(), Failure> {
    output::line(&format!("Page: {} ({})", text(page, "title"), text(page, "slug")))?;
    let cells = page.get("cells").items();
    if cells.is_empty() {
        return Ok(output::line("No cells.")?);
    }
    for cell in cells {
        let created: String = text(cell, "created_at").replace('T', " ").chars().take(16).collect();
        let created = if created.is_empty() { created } else { format!(" · {created}") };
        let (title, kind, id) = (text(cell, "title"), text(cell, "type"), text(cell, "id"));
        output::line(&format!("\n### {title} · {kind} · {id}{created}"))?;
        let preview = text(cell, "preview");
        if !preview.is_empty() {
            output::line(preview.trim_end())?;
        }
    }
    Ok(output::line("\nThe whole of one: trackio logbook read cell ID [--full|--raw|--html]")?)
}

fn read_cell(logbook: &Logbook, arguments: &ReadCellArguments, as_json: bool) -> Result<(), Failure> {
    let wanted = Wanted { full: arguments.full, raw: arguments.raw, html: arguments.html };
    let cell = logbook.cell_told(&arguments.cell_id, wanted)?;
    if as_json {
        return Ok(output::json_indented(&cell)?);
    }
    output::line(&format!("Cell: {} ({})", text(&cell, "title"), text(&cell, "id")))?;
    output::line(&format!("Page: {} ({})", text(&cell, "page_title"), text(&cell, "page")))?;
    output::line(&format!("Type: {}", text(&cell, "type")))?;
    if !text(&cell, "created_at").is_empty() {
        output::line(&format!("Created: {}", text(&cell, "created_at")))?;
    }
    let parts = ["body", "raw", "html"].into_iter().filter(|name| cell.find(name).is_some());
    let parts: Vec<&str> = parts.collect();
    if parts.is_empty() {
        match text(&cell, "type") {
            "code" => output::line("\nCode and output are left out; --full has them.")?,
            "figure" => output::line("\nThe figure is left out; --raw, --html or --full has it.")?,
            _ => {}
        }
    }
    for part in parts {
        output::line(&format!("\n--- {} ---\n", part.to_uppercase()))?;
        output::line(text(&cell, part))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_folder_and_a_view() {
        assert_eq!(split("../other"), (Some("../other"), View::Pages));
        assert_eq!(split(".#/view/trace"), (Some("."), View::Sessions));
        assert_eq!(split("#view/tree"), (None, View::Workspace));
        assert_eq!(split("x#/pages/a"), (Some("x"), View::Pages));
    }
}
