//! Logbooks of experiments: the folder `.trackio/logbook`, in the form that the peer reads and writes.
//!
//! A logbook is Markdown pages with cells in them (`cell`, `pages`), and what is derived from those (`manifest`).
//! Cells are added by hand (`adding`) or by running a command (`recording`); sessions of agents are attached
//! (`trace`) without their secrets (`scrub`); all of it is read as text or data (`view`, `summary`). Every file goes
//! through `folder`, which never leaves its folder. Nothing here starts a process, serves or asks a network.

mod adding;
mod cell;
mod fault;
mod fence;
mod folder;
mod json;
mod manifest;
mod moment;
mod pages;
mod recording;
mod references;
mod scrub;
mod summary;
mod todos;
mod trace;
mod view;
mod words;
mod workspace;

pub use adding::{Changed, NewCell, Remark, payload, picture_html, picture_kind};
pub use cell::{Cell, CellKind};
pub use fault::LogbookFault;
pub use folder::Logbook;
pub use json::Json;
pub use pages::{INDEX, Page};
pub use recording::{FilesBefore, Printed, Ran, scripts_of};
pub use scrub::{PLACEHOLDER, scrub};
pub use summary::figure_parts;
pub use todos::sync_todos;
pub use trace::Attached;
pub use view::{Shown, Wanted};
pub use words::escaped;
