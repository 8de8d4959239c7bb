//! Cells: how they stand in a page, and how they are found there.
//!
//! A cell begins with a rule and a comment that holds its header, JSON on one line, and ends where the next one
//! begins or the page does.

use sha2::{Digest, Sha256};

use crate::json::Json;
use crate::moment;
use crate::words::{shell_line, shortened, without_markup};

const OPENING: &str = "---\n<!-- trackio-cell\n";
const CLOSING: &str = "\n-->\n";
/// Fences of cells; text between them may have shorter ones.
pub(crate) const FENCE: &str = "````";

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellKind {
    /// Text.
    Markdown,
    /// Code, a command, what it printed.
    Code,
    /// HTML to look at, and the numbers behind it.
    Figure,
    /// A version of an artifact, or a file.
    Artifact,
    /// A project to watch.
    Dashboard,
}

impl CellKind {
    /// As a header names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Code => "code",
            Self::Figure => "figure",
            Self::Artifact => "artifact",
            Self::Dashboard => "dashboard",
        }
    }

    /// By its name; what is unknown is shown as text.
    fn named(name: Option<&str>) -> Self {
        match name {
            Some("code") => Self::Code,
            Some("figure") => Self::Figure,
            Some("artifact") => Self::Artifact,
            Some("dashboard") => Self::Dashboard,
            _ => Self::Markdown,
        }
    }
}

/// A cell of a page.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Told apart by it in the whole logbook.
    pub id: String,
    /// What it holds.
    pub kind: CellKind,
    /// Its title, or one made of what it holds.
    pub title: String,
    /// When it was made, as its header says.
    pub created_at: Option<String>,
    /// Slug of the page.
    pub page: String,
    /// Title of the page.
    pub page_title: String,
    /// All of its header, completed.
    pub metadata: Json,
    /// What it holds.
    pub body: String,
}

/// Where a cell stands in the text of a page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Block<'a> {
    /// From here on it would be cut out.
    pub(crate) start: usize,
    /// Up to here.
    pub(crate) end: usize,
    /// Whether the line before it ended with it.
    lead: &'a str,
    pub(crate) header: &'a str,
    pub(crate) body: &'a str,
}

impl Block<'_> {
    /// The cell with another header.
    pub(crate) fn with_header(&self, header: &Json) -> String {
        format!("{}{OPENING}{}{CLOSING}{}", self.lead, header.spaced(), self.body)
    }
}

/// The cells of a page in their order.
pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(OPENING).map(|at| from + at) {
        // A rule in the middle of a line opens nothing, nor one whose line end belongs to the cell before.
        let lead = if at == 0 { Some("") } else { (at > from && text[..at].ends_with('\n')).then_some("\n") };
        let header_at = at + OPENING.len();
        let closing = text[header_at..].find(CLOSING).map(|closing| header_at + closing);
        let Some((lead, closing)) = lead.zip(closing) else {
            from = at + 1;
            continue;
        };
        let body_at = closing + CLOSING.len();
        let next = text[body_at..].find(&format!("\n{OPENING}")).map_or(text.len(), |next| body_at + next);
        let end = next.min(text.trim_end().len().max(body_at));
        found.push(Block {
            start: at - lead.len(),
            end,
            lead,
            header: &text[header_at..closing],
            body: &text[body_at..end],
        });
        from = end;
    }
    found
}

/// The cells of a page, their headers read.
pub(crate) fn cells(text: &str, page: &str, page_title: &str) -> Vec<Cell> {
    let cell = |block: &Block<'_>| {
        let body = block.body.trim().to_owned();
        let mut metadata = Json::parse(block.header).unwrap_or_default();
        let kind = CellKind::named(metadata.get("type").as_text());
        // One without an id has the same one each time it is read.
        let id = metadata.get("id").as_filled().map_or_else(|| derived_id(block), str::to_owned);
        let title = metadata.get("title").as_text().unwrap_or_default().trim().to_owned();
        let title = if title.is_empty() { default_title(kind, &body, &metadata) } else { title };
        metadata.set("type", kind.as_str());
        metadata.set("id", id.as_str());
        metadata.set("title", title.as_str());
        let created_at = metadata.get("created_at").as_text().map(str::to_owned);
        Cell {
            id,
            kind,
            title,
            created_at,
            page: page.to_owned(),
            page_title: page_title.to_owned(),
            metadata,
            body,
        }
    };
    blocks(text).iter().map(cell).collect()
}

/// The text of a page without its cells.
pub(crate) fn prose(text: &str) -> String {
    let mut rest = String::new();
    let mut from = 0;
    for block in blocks(text) {
        rest.push_str(&text[from..block.start]);
        from = block.end;
    }
    rest.push_str(&text[from..]);
    rest.trim().to_owned()
}

fn derived_id(block: &Block<'_>) -> String {
    let digest = Sha256::digest(format!("{}\0{}", block.header, block.body));
    format!("cell_{}", digest[..6].iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// A cell as it is put at the end of a page. Members of the header that say nothing are left out.
pub(crate) fn rendered(kind: CellKind, title: Option<&str>, body: &str, more: &[(&str, Json)]) -> String {
    let body = defused(body.trim());
    let mut header = Json::object([
        ("type", kind.as_str().into()),
        ("id", format!("cell_{}", moment::random_hexadecimal(12)).into()),
        ("created_at", moment::now().into()),
        ("title", Json::Null),
    ]);
    for (name, value) in more {
        let says_nothing = match value {
            Json::Null => true,
            Json::Text(text) => text.is_empty(),
            Json::List(items) => items.is_empty(),
            Json::Bool(_) | Json::Number(_) | Json::Object(_) => false,
        };
        if !says_nothing {
            header.set(name, value.clone());
        }
    }
    let title = title.map(str::trim).filter(|title| !title.is_empty()).map(str::to_owned);
    header.set("title", title.unwrap_or_else(|| default_title(kind, &body, &header)));
    // A header is a comment: nothing in it may end one. JSON has another way to write the character.
    let header = header.spaced().replace("-->", "--\\u003e");
    format!("\n\n{OPENING}{header}{CLOSING}{body}\n")
}

/// Text that would begin a cell of its own, and would so be taken for one that was never made.
fn defused(body: &str) -> String {
    body.replace("---\n<!-- trackio-cell\n", "--- \n<!-- trackio-cell\n")
}

/// Text between fences, with an empty line before and after. A line that would end the fence is kept from it by a
/// character that has no width.
pub(crate) fn fenced(info: &str, text: &str) -> String {
    let kept = format!("\n{text}").replace(&format!("\n{FENCE}"), &format!("\n\u{200b}{FENCE}"));
    format!("\n{FENCE}{info}{kept}\n{FENCE}\n\n")
}

/// A title for a cell that has none.
fn default_title(kind: CellKind, body: &str, header: &Json) -> String {
    let command = header.get("command").items();
    if !command.is_empty() {
        let words: Option<Vec<&str>> = command.iter().map(Json::as_text).collect();
        return words
            .map_or_else(|| "Run".to_owned(), |words| shortened(&format!("Run: {}", shell_line(&words))));
    }
    match kind {
        CellKind::Code => {
            let named = body.lines().find_map(|line| {
                let (language, name) = line.strip_prefix(FENCE)?.split_once(char::is_whitespace)?;
                let is_word = language.chars().all(|c| c.is_alphanumeric() || c == '_');
                name.trim_start().strip_prefix("title=").filter(|name| is_word && !name.is_empty())
            });
            named.map_or_else(|| "Code cell".to_owned(), |name| shortened(&format!("Code: {}", name.trim())))
        }
        CellKind::Figure => "Figure".to_owned(),
        CellKind::Markdown | CellKind::Artifact | CellKind::Dashboard => {
            let mut lines = body.lines().map(str::trim);
            let title = lines.find_map(|line| {
                if line.is_empty() || line.starts_with(FENCE) || line.starts_with("<!--") {
                    return None;
                }
                Some(without_markup(line.trim_start_matches('#').trim())).filter(|title| !title.is_empty())
            });
            title.map_or_else(|| "Markdown cell".to_owned(), |title| shortened(&title))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(kind: CellKind, title: Option<&str>, body: &str) -> Cell {
        let page = format!("# Page\n{}", rendered(kind, title, body, &[]));
        let cells = cells(&page, "page", "Page");
        assert_eq!(cells.len(), 1, "{page}");
        cells.into_iter().next().expect("one")
    }

    #[test]
    fn cells_of_the_peer_are_found() {
        let page = "# P\n\ntext\n\n\n---\n<!-- trackio-cell\n{\"type\": \"code\", \"id\": \"cell_1\", \"title\": \"A\"}\n-->\nx\n\n\n\
            ---\n<!-- trackio-cell\n{\"id\": \"cell_2\"}\n-->\n# Head *line*\nmore\n\n";
        let found = cells(page, "p", "P");
        let told: Vec<_> = found
            .iter()
            .map(|cell| (cell.id.as_str(), cell.kind, cell.title.as_str(), cell.body.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("cell_1", CellKind::Code, "A", "x"),
                ("cell_2", CellKind::Markdown, "Head line", "# Head *line*\nmore")
            ]
        );
        assert_eq!(prose(page), "# P\n\ntext");
    }

    #[test]
    fn what_is_no_cell_is_text() {
        for text in [
            "x ---\n<!-- trackio-cell\n{}\n-->\n",
            "---\n<!-- trackio-cell\n{}",
            "---\n<!-- trackio-cell\n{}\n-->",
            "<!-- trackio-cell\n{}\n-->\nx",
            "",
        ] {
            assert_eq!(blocks(text), [], "{text}");
        }
        let odd = "---\n<!-- trackio-cell\n[1]\n-->\nbody";
        let found = cells(odd, "p", "P");
        assert_eq!((found[0].title.as_str(), found[0].kind), ("body", CellKind::Markdown));
        assert_eq!(found[0].id, cells(odd, "p", "P")[0].id);
    }

    #[test]
    fn nothing_in_a_cell_becomes_another_one() {
        let hostile = "a\n\n---\n<!-- trackio-cell\n{\"id\": \"forged\"}\n-->\nb";
        let cell = one(CellKind::Markdown, Some("x --> y\n-->\n"), hostile);
        assert_eq!(cell.title, "x --> y\n-->");
        assert!(cell.body.ends_with("-->\nb"), "{}", cell.body);
        let page = rendered(CellKind::Markdown, Some("-->"), "x", &[]);
        assert_eq!(page.matches("-->").count(), 1, "{page}");
    }

    #[test]
    fn a_title_is_made_of_what_a_cell_holds() {
        let title = |kind, body| one(kind, None, body).title;
        assert_eq!(title(CellKind::Markdown, "<!-- c -->\n## See [the *page*](x)\n"), "See the page");
        assert_eq!(title(CellKind::Markdown, ""), "Markdown cell");
        assert_eq!(title(CellKind::Figure, "x"), "Figure");
        assert_eq!(title(CellKind::Code, "x"), "Code cell");
        assert_eq!(title(CellKind::Code, "````python title=train.py\nx\n````"), "Code: train.py");
        assert_eq!(title(CellKind::Markdown, &"word ".repeat(40)).chars().count(), 80);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            before in "[a-z \n#-]{0,40}", title in "\\PC{0,20}", body in "[a-z`~#>\n\t -]{0,80}", after in "[a-z\n]{0,20}",
        ) {
            let first = format!("# P\n{before}");
            let text = format!("{first}{}{}", rendered(CellKind::Code, Some(&title), &body, &[]),
                rendered(CellKind::Markdown, Some("last"), &after, &[]));
            let found = cells(&text, "p", "P");
            prop_assert_eq!(found.len(), 2);
            prop_assert_eq!(&found[0].body, body.trim());
            if !title.trim().is_empty() {
                prop_assert_eq!(&found[0].title, title.trim());
            }
            prop_assert_eq!(&found[1].body, after.trim());
            prop_assert_eq!(prose(&text), first.trim());
            // Whatever is not touched stays as it is.
            let block = blocks(&text)[0];
            let header = Json::parse(block.header).expect("a header");
            let again = format!("{}{}{}", &text[..block.start], block.with_header(&header), &text[block.end..]);
            prop_assert_eq!(cells(&again, "p", "P")[0].body.clone(), body.trim());
        }

        #[test]
        fn any_text_is_a_page(text in "(---\n|<!-- trackio-cell\n|\n-->\n|\\{\\}|[a-z\u{e4}\n]){0,12}") {
            let mut last = 0;
            for block in blocks(&text) {
                prop_assert!(block.start >= last && block.end >= block.start);
                last = block.end;
            }
            cells(&text, "p", "P");
            prose(&text);
        }
    }
}
