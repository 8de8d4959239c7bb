//! Pages: where they lie, which one is meant, and the table of them on the first page.

use crate::cell::cells;
use crate::fault::LogbookFault;
use crate::folder::{INDEX_FILE, Logbook, in_logbook, one_line};
use crate::json::Json;
use crate::words::{pattern, slug};

/// Slug of the first page.
pub const INDEX: &str = "index";
/// The rows that stand in an empty table name one of these commands.
const PLACEHOLDERS: [&str; 3] = ["logbook note", "logbook cell markdown", "logbook page"];

/// A page of a logbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its name in addresses and folders.
    pub slug: String,
    /// Its first heading.
    pub title: String,
    /// Its file inside the logbook.
    pub file: String,
}

impl Logbook {
    /// The first page and all others, in the order of the table.
    ///
    /// # Errors
    /// When a page cannot be read.
    pub fn pages(&self) -> Result<Vec<Page>, LogbookFault> {
        let first = self.page_text(INDEX_FILE)?;
        let mut order: Vec<&str> = Vec::new();
        for linked in pattern!(r"\(#/([A-Za-z0-9._-]+)\)").captures_iter(&first) {
            let linked = linked.get(1).map_or("", |linked| linked.as_str());
            if !order.contains(&linked) {
                order.push(linked);
            }
        }
        let mut others: Vec<_> = self
            .slugs()
            .into_iter()
            .map(|slug| {
                let place = order.iter().position(|linked| *linked == slug).unwrap_or(order.len());
                let file = format!("pages/{slug}/page.md");
                (place, self.changed_at(&in_logbook(&file)), slug, file)
            })
            .collect();
        others.sort();
        let mut pages = vec![Page {
            slug: INDEX.to_owned(),
            title: title_of(&first).unwrap_or_else(|| "Logbook".to_owned()),
            file: INDEX_FILE.to_owned(),
        }];
        for (_, _, slug, file) in others {
            let title = title_of(&self.page_text(&file)?).unwrap_or_else(|| slug.clone());
            pages.push(Page { slug, title, file });
        }
        Ok(pages)
    }

    /// The text of a page's file.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn page_text(&self, file: &str) -> Result<String, LogbookFault> {
        let text = self.text(&in_logbook(file))?;
        text.ok_or_else(|| LogbookFault::NoFile { path: self.root().join(file) })
    }

    /// The folders that are pages.
    fn slugs(&self) -> Vec<String> {
        let folders = self.entries(&in_logbook("pages")).into_iter();
        let folders = folders.filter_map(|(name, is_folder)| is_folder.then_some(name));
        folders.filter(|name| self.exists(&in_logbook(&format!("pages/{name}/page.md")))).collect()
    }

    /// The file of a page, where there is one with this slug.
    pub(crate) fn file_of(&self, slug: &str) -> Option<String> {
        if slug == INDEX {
            return Some(INDEX_FILE.to_owned());
        }
        // Only a name that is listed is one: nothing in a text leads anywhere else.
        self.slugs().contains(&slug.to_owned()).then(|| format!("pages/{slug}/page.md"))
    }

    /// The slug of the page with this slug or title, made where there is none; it is the one that is meant from now on.
    ///
    /// # Errors
    /// When the title is empty or that of the first page, or something cannot be written.
    pub fn select_page(&self, title: &str) -> Result<String, LogbookFault> {
        let _lock = self.lock()?;
        self.ensure_page(title, None)
    }

    /// The same for who holds the lock; a status is put into the table where that has a column for it.
    pub(crate) fn ensure_page(&self, title: &str, status: Option<&str>) -> Result<String, LogbookFault> {
        let title = one_line(title);
        if title.is_empty() {
            return Err(LogbookFault::EmptyTitle);
        }
        if title == INDEX {
            return Err(LogbookFault::IndexPage);
        }
        if self.file_of(&title).is_some() {
            self.remember_page(&title)?;
            return Ok(title);
        }
        let base = slug(&title);
        // The first page has no folder, and its name is taken all the same.
        if self.file_of(&base).is_some() {
            if let Some(status) = status {
                self.set_status(&base, status)?;
            }
            self.remember_page(&base)?;
            return Ok(base);
        }
        self.write(&in_logbook(&format!("pages/{base}/page.md")), format!("# {title}\n").as_bytes())?;
        let first = with_row(&self.page_text(INDEX_FILE)?, &title, &base, status);
        self.write(&in_logbook(INDEX_FILE), first.as_bytes())?;
        self.remember_page(&base)?;
        self.refresh()?;
        Ok(base)
    }

    pub(crate) fn remember_page(&self, slug: &str) -> Result<(), LogbookFault> {
        if slug == INDEX || self.file_of(slug).is_none() {
            return Ok(());
        }
        let mut metadata = self.metadata()?;
        metadata.set("last_page", slug);
        self.write_metadata(&metadata)
    }

    /// The slug of the page that was used last.
    ///
    /// # Errors
    /// When what the logbook keeps about itself cannot be read.
    pub fn last_page(&self) -> Result<Option<String>, LogbookFault> {
        let known = self.metadata()?;
        Ok(known.get("last_page").as_filled().filter(|slug| self.file_of(slug).is_some()).map(str::to_owned))
    }

    /// The page that a cell goes to: the one named, made where it is missing, else the one used last.
    pub(crate) fn page_for_cell(&self, page: Option<&str>) -> Result<String, LogbookFault> {
        match page.filter(|page| !page.is_empty()) {
            Some(page) => self.ensure_page(page, None),
            None => self.last_page()?.ok_or(LogbookFault::NoDefaultPage),
        }
    }

    /// The page that is read: the one named, else the one used last, else the first one.
    ///
    /// # Errors
    /// When none is named so.
    pub fn page(&self, named: Option<&str>) -> Result<Page, LogbookFault> {
        let pages = self.pages()?;
        let of_slug = |slug: &str| pages.iter().find(|page| page.slug == slug).cloned();
        let Some(named) = named.filter(|named| !named.is_empty()) else {
            let last = self.last_page()?;
            let found = last.and_then(|slug| of_slug(&slug)).or_else(|| of_slug(INDEX));
            return found.ok_or_else(|| LogbookFault::NoPage { page: INDEX.to_owned() });
        };
        let by_title = || {
            let wanted = named.trim().to_lowercase();
            pages.iter().find(|page| page.title.trim().to_lowercase() == wanted).cloned()
        };
        let found = of_slug(named).or_else(|| of_slug(&slug(named))).or_else(by_title);
        found.ok_or_else(|| LogbookFault::NoPage { page: named.to_owned() })
    }

    /// How many cells a page has.
    pub(crate) fn count_cells(&self, page: &Page) -> Result<usize, LogbookFault> {
        Ok(cells(&self.page_text(&page.file)?, &page.slug, &page.title).len())
    }

    fn set_status(&self, slug: &str, status: &str) -> Result<(), LogbookFault> {
        let first = self.page_text(INDEX_FILE)?;
        match with_status(&first, slug, status) {
            Some(changed) => self.write(&in_logbook(INDEX_FILE), changed.as_bytes()),
            None => Ok(()),
        }
    }

    /// The pages with how many cells each has, as the command that lists them answers.
    ///
    /// # Errors
    /// When a page cannot be read.
    pub fn pages_told(&self) -> Result<Json, LogbookFault> {
        let mut told = Vec::new();
        for page in self.pages()? {
            let count = self.count_cells(&page)?;
            told.push(Json::object([
                ("slug", page.slug.into()),
                ("title", page.title.into()),
                ("file", page.file.into()),
                ("cell_count", count.into()),
            ]));
        }
        Ok(Json::List(told))
    }
}

/// The first heading of a page.
fn title_of(text: &str) -> Option<String> {
    let heading = |line: &str| {
        let rest = line.trim().strip_prefix('#')?;
        let title = rest.trim();
        (rest.starts_with(char::is_whitespace) && !title.is_empty()).then(|| title.to_owned())
    };
    text.lines().find_map(heading)
}

fn columns(row: &str) -> Vec<&str> {
    let row = row.trim();
    let row = row.strip_prefix('|').unwrap_or(row);
    let row = row.strip_suffix('|').unwrap_or(row);
    row.split('|').map(str::trim).collect()
}

fn is_row(line: &str) -> bool {
    line.trim().starts_with('|')
}

fn is_status(header: &str) -> bool {
    pattern!(r"(?i)\b(status|state)\b").is_match(header)
}

/// A row of the table for a page, in the columns that the table has.
fn row(headers: &[&str], title: &str, slug: &str, status: Option<&str>) -> String {
    // A bar would begin a further column.
    let link = format!("[{}](#/{slug})", title.replace('|', "\\|"));
    let names = pattern!(r"(?i)\b(page|experiment|name|title)\b");
    let of_link = headers.iter().position(|header| !is_status(header) && names.is_match(header));
    let of_link = of_link.or_else(|| headers.iter().position(|header| !is_status(header))).unwrap_or(0);
    let cell = |(place, header): (usize, &&str)| {
        if place == of_link {
            link.clone()
        } else if is_status(header) {
            status.unwrap_or("planned").to_owned()
        } else {
            String::new()
        }
    };
    let cells: Vec<String> = headers.iter().enumerate().map(cell).collect();
    format!("| {} |", cells.join(" | "))
}

/// The first page with a further row in its table, which is made where there is none.
fn with_row(first: &str, title: &str, slug: &str, status: Option<&str>) -> String {
    let is_placeholder = |line: &&str| is_row(line) && PLACEHOLDERS.iter().any(|token| line.contains(token));
    let mut lines: Vec<String> =
        first.split('\n').filter(|line| !is_placeholder(line)).map(str::to_owned).collect();
    let heading = lines
        .iter()
        .position(|line| matches!(line.trim().to_lowercase().as_str(), "## pages" | "## experiments"));
    let table = |row: String| ["", "| Page |", "| --- |", &row, ""].map(str::to_owned);
    let plain = || row(&["Page"], title, slug, status);
    if let Some(heading) = heading {
        let below = lines.iter().enumerate().skip(heading + 1);
        let mut below = below.take_while(|(_, line)| !line.trim().starts_with('#'));
        if let Some((at, _)) = below.find(|(_, line)| is_row(line)) {
            let new = row(&columns(&lines[at]), title, slug, status);
            let end = lines[at..].iter().position(|line| !is_row(line)).map_or(lines.len(), |rows| at + rows);
            lines.insert(end, new);
        } else {
            lines.splice(heading + 1..heading + 1, table(plain()));
        }
        return lines.join("\n");
    }
    let at = lines.iter().position(|line| line.trim().starts_with("# ")).map_or(lines.len(), |at| at + 1);
    let section = ["", "## Pages"].map(str::to_owned).into_iter().chain(table(plain()));
    lines.splice(at..at, section);
    lines.join("\n")
}

/// The first page with another status of a page; nothing where its table has no place for one.
fn with_status(first: &str, slug: &str, status: &str) -> Option<String> {
    let mut lines: Vec<String> = first.split('\n').map(str::to_owned).collect();
    let at = lines.iter().position(|line| is_row(line) && line.contains(&format!("(#/{slug})")))?;
    let top = at - lines[..at].iter().rev().take_while(|line| is_row(line)).count();
    let column = columns(&lines[top]).iter().position(|header| is_status(header))?;
    let mut cells: Vec<String> = columns(&lines[at]).into_iter().map(str::to_owned).collect();
    status.clone_into(cells.get_mut(column)?);
    lines[at] = format!("| {} |", cells.join(" | "));
    Some(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_takes_the_place_of_the_hint() {
        let first =
            "# T\n\n## Pages\n\n| Page |\n| --- |\n| Add a page with `trackio logbook page \"...\"` |\n";
        let once = with_row(first, "One", "one", None);
        assert_eq!(once, "# T\n\n## Pages\n\n| Page |\n| --- |\n| [One](#/one) |\n");
        let twice = with_row(&once, "A | b", "a-b", None);
        assert!(twice.ends_with("| [One](#/one) |\n| [A \\| b](#/a-b) |\n"), "{twice}");
    }

    #[test]
    fn a_table_is_made_where_there_is_none() {
        assert_eq!(
            with_row("# T\n\ntext\n", "One", "one", None),
            "# T\n\n## Pages\n\n| Page |\n| --- |\n| [One](#/one) |\n\n\ntext\n"
        );
        let below = with_row("# T\n## Experiments\ntext\n# Next\n| a |", "One", "one", None);
        assert!(
            below.starts_with("# T\n## Experiments\n\n| Page |\n| --- |\n| [One](#/one) |\n\ntext"),
            "{below}"
        );
    }

    #[test]
    fn columns_for_a_status_are_filled_and_changed() {
        let first = "# T\n\n## Experiments\n| Status | Experiment | Notes |\n| --- | --- | --- |\n\nend";
        let planned = with_row(first, "One", "one", None);
        assert!(planned.contains("| planned | [One](#/one) |  |"), "{planned}");
        let done = with_status(&planned, "one", "done").expect("a column");
        assert!(done.contains("| done | [One](#/one) |  |"), "{done}");
        assert_eq!(with_status(&planned, "two", "done"), None);
        assert_eq!(with_status("| Page |\n| --- |\n| [One](#/one) |", "one", "done"), None);
    }

    #[test]
    fn titles_are_first_headings() {
        assert_eq!(title_of("text\n  #  A title  \n# B"), Some("A title".to_owned()));
        assert_eq!(title_of("#no\n## no"), None);
    }
}
