//! The tasks of an agent as pages: what its hook sends when it writes them down.

use std::path::Path;

use crate::fault::LogbookFault;
use crate::folder::Logbook;
use crate::json::Json;

/// Makes a page of each task and brings its status into the table. A hook is not to disturb who calls it: what is no
/// message of one, or of a folder without a logbook, is passed over.
///
/// # Errors
/// When the logbook that is there cannot be read or written.
pub fn sync_todos(message: &str, here: &Path) -> Result<(), LogbookFault> {
    let Ok(message) = Json::parse(message) else { return Ok(()) };
    let todos = message.get("tool_input").get("todos").items();
    let folder = message.get("cwd").as_filled().map_or(here, Path::new);
    let Ok(Some(logbook)) = Logbook::find(folder) else { return Ok(()) };
    if todos.is_empty() {
        return Ok(());
    }
    let _lock = logbook.lock()?;
    for todo in todos {
        let name = todo.get("content").as_filled().or_else(|| todo.get("activeForm").as_filled());
        let status = match todo.get("status").as_text() {
            Some("in_progress") => "in-progress",
            Some("completed") => "done",
            _ => "planned",
        };
        if let Some(name) =
            name.map(str::trim).filter(|name| !name.is_empty() && *name != crate::pages::INDEX)
        {
            logbook.ensure_page(name, Some(status))?;
        }
    }
    logbook.refresh()
}
