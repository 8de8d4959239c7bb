//! A logbook as agents and people read it in a terminal, and as data.

use crate::cell::{Cell, CellKind, cells, prose};
use crate::fault::LogbookFault;
use crate::folder::{Logbook, in_logbook};
use crate::json::Json;
use crate::moment::short;
use crate::pages::{INDEX, Page};
use crate::summary::figure_parts;

/// How much of a cell is shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// Lines of code.
    pub head: usize,
    /// Lines of output.
    pub tail: usize,
    /// Characters of the numbers behind a figure; longer ones are left out.
    pub raw_limit: usize,
}

impl Default for Shown {
    fn default() -> Self {
        Self { head: 3, tail: 3, raw_limit: 500 }
    }
}

/// What of one cell is told whole.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Everything.
    pub full: bool,
    /// The numbers behind a figure.
    pub raw: bool,
    /// The HTML of a figure.
    pub html: bool,
}

const NOTE: &str = "> Cells are shortened here: code by its head, output by its tail, figures to small data. \
    `trackio logbook read cell ID` with `--full`, `--raw` or `--html` has the rest.";

impl Logbook {
    /// All of it as one Markdown text.
    ///
    /// # Errors
    /// When a page cannot be read.
    pub fn agent_view(&self, shown: Shown) -> Result<String, LogbookFault> {
        let mut out = Vec::new();
        for page in self.pages()? {
            let text = self.page_text(&page.file)?;
            let found = cells(&text, &page.slug, &page.title);
            if page.slug == INDEX {
                out.extend([prose(&text), String::new()]);
                out.extend(found.iter().flat_map(|cell| cell_lines(cell, shown)));
                out.extend([NOTE.to_owned(), String::new()]);
                continue;
            }
            let mut lines = vec![format!("## {} · `{}`", page.title, page.slug), String::new()];
            if found.is_empty() {
                lines.push("No cells.".to_owned());
            }
            lines.extend(found.iter().flat_map(|cell| cell_lines(cell, shown)));
            out.extend([lines.join("\n").trim().to_owned(), String::new()]);
        }
        Ok(out.join("\n"))
    }

    /// All of it as data.
    ///
    /// # Errors
    /// When a page cannot be read.
    pub fn data(&self, shown: Shown) -> Result<Json, LogbookFault> {
        let manifest = self.manifest()?;
        let mut pages = Vec::new();
        for page in self.pages()? {
            let mut told = self.page_told(&page, shown)?;
            if page.slug == INDEX {
                told.set("markdown", prose(&self.page_text(&page.file)?));
            }
            pages.push(told);
        }
        Ok(Json::object([
            ("title", manifest.get("title").clone()),
            ("space_id", manifest.get("space_id").clone()),
            ("updated_at", manifest.get("updated_at").clone()),
            ("pages", Json::List(pages)),
        ]))
    }

    /// One page with its cells in short.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn page_told(&self, page: &Page, shown: Shown) -> Result<Json, LogbookFault> {
        let cells = self.cells_of(page)?;
        Ok(Json::object([
            ("slug", page.slug.as_str().into()),
            ("title", page.title.as_str().into()),
            ("file", page.file.as_str().into()),
            ("cells", Json::List(cells.iter().map(|cell| cell.summary(shown)).collect())),
        ]))
    }

    /// The cells of a page.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn cells_of(&self, page: &Page) -> Result<Vec<Cell>, LogbookFault> {
        Ok(cells(&self.page_text(&page.file)?, &page.slug, &page.title))
    }

    /// The text of a page around its cells.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn prose_of(&self, page: &Page) -> Result<String, LogbookFault> {
        Ok(prose(&self.page_text(&page.file)?))
    }

    /// A file of the folder `media`; nothing where there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn media(&self, path: &str) -> Result<Option<Vec<u8>>, LogbookFault> {
        self.bytes(&in_logbook(&format!("media/{path}")))
    }

    /// One cell, its file told as well.
    ///
    /// # Errors
    /// When there is none of this id.
    pub fn cell_told(&self, id: &str, wanted: Wanted) -> Result<Json, LogbookFault> {
        let (page, cell) = self.cell(id)?;
        let mut told = Json::object([
            ("id", cell.id.as_str().into()),
            ("type", cell.kind.as_str().into()),
            ("title", cell.title.as_str().into()),
            ("created_at", cell.metadata.get("created_at").clone()),
            ("page", page.slug.into()),
            ("page_title", page.title.into()),
            ("file", page.file.into()),
            ("metadata", cell.metadata.clone()),
        ]);
        match cell.kind {
            CellKind::Code if !wanted.full => {}
            CellKind::Figure => {
                let (html, raw) = figure_parts(&cell.body);
                told.set("has_html", !html.is_empty());
                told.set("has_raw", !raw.is_empty());
                if wanted.full || wanted.html {
                    told.set("html", html);
                }
                if wanted.full || wanted.raw {
                    told.set("raw", raw);
                }
            }
            CellKind::Markdown | CellKind::Artifact | CellKind::Dashboard | CellKind::Code => {
                told.set("body", cell.body.as_str());
            }
        }
        Ok(told)
    }

    /// A cell and its page.
    ///
    /// # Errors
    /// When there is none of this id.
    pub fn cell(&self, id: &str) -> Result<(Page, Cell), LogbookFault> {
        for page in self.pages()? {
            if let Some(cell) = self.cells_of(&page)?.into_iter().find(|cell| cell.id == id) {
                return Ok((page, cell));
            }
        }
        Err(LogbookFault::NoCell { id: id.to_owned() })
    }
}

fn cell_lines(cell: &Cell, shown: Shown) -> Vec<String> {
    let mut heading = format!("### {} · {} · `{}`", cell.title, cell.kind.as_str(), cell.id);
    if let Some(created) = cell.created_at.as_deref().filter(|created| !created.is_empty()) {
        heading.push_str(&format!(" · {}", short(created)));
    }
    let mut lines = vec![heading, String::new()];
    if let Some(preview) = cell.summary(shown).get("preview").as_filled() {
        lines.extend([preview.to_owned(), String::new()]);
    }
    lines
}
