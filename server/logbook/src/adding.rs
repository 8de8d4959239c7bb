//! Cells that are added, pinned and taken away.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::cell::{CellKind, blocks, cells, fenced, rendered};
use crate::fault::LogbookFault;
use crate::folder::{Logbook, failed, in_logbook};
use crate::json::Json;
use crate::moment;
use crate::pages::Page;
use crate::words::{escaped, pattern, size};

const ARTIFACT_ADDRESS: &str = "trackio-artifact://";
const FILE_ADDRESS: &str = "trackio-local-path://";
const DASHBOARD_ADDRESS: &str = "trackio-local-dashboard://";
/// The most characters of a file of code that are kept.
const LONGEST_CODE: usize = 200_000;
/// The largest file that a cell takes whole.
const LARGEST_FILE: u64 = 64 << 20;
/// A block of a script that is longer and names Plotly is its library, not a figure.
const LIBRARY_BYTES: usize = 200_000;
/// Where a library does not say its version.
const PLOTLY_VERSION: &str = "2.35.2";
/// A figure of more characters is told of.
const LARGE_FIGURE: usize = 1_000_000;

/// Pictures that a page shows, by the ending of their name.
const PICTURES: [(&str, &str); 8] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("bmp", "image/bmp"),
    ("avif", "image/avif"),
    ("svg", "image/svg+xml"),
];
/// Languages of code, by the ending of a file's name.
pub(crate) const LANGUAGES: [(&str, &str); 11] = [
    ("py", "python"),
    ("sh", "bash"),
    ("bash", "bash"),
    ("json", "json"),
    ("yaml", "yaml"),
    ("yml", "yaml"),
    ("js", "javascript"),
    ("ts", "typescript"),
    ("sql", "sql"),
    ("toml", "toml"),
    ("md", "markdown"),
];

/// A cell that is to be added.
#[derive(Debug, Clone)]
pub enum NewCell {
    /// Text.
    Markdown {
        /// Markdown.
        body: String,
    },
    /// Code and what it printed.
    Code {
        /// Files of code.
        files: Vec<PathBuf>,
        /// Code.
        code: Option<String>,
        /// Language of the code.
        language: Option<String>,
        /// What it printed.
        output: String,
    },
    /// A figure.
    Figure {
        /// HTML to look at.
        html: String,
        /// The numbers behind it; empty for none.
        raw: String,
        /// Leave Plotly's library inside.
        keep_library: bool,
    },
    /// A version of an artifact.
    Artifact {
        /// As `project/name:v0`.
        name: String,
        /// What kind of artifact it is.
        kind: Option<String>,
    },
    /// A project to watch.
    Dashboard {
        /// Its name.
        project: String,
        /// The Space that shows it; none for this machine.
        space: Option<String>,
    },
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Slug of the page.
    pub page: String,
    /// Kind of the cell, as its header says.
    pub kind: String,
}

/// What of a figure is worth a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// Plotly's library was left out; the page loads it from where it is published.
    LibraryLeftOut,
    /// So many characters stand in the page.
    Large(usize),
}

impl Logbook {
    /// Adds a cell at the end of a page; the page used last where none is named. Tells its slug.
    ///
    /// # Errors
    /// When the page cannot be found or made, a file cannot be read, or nothing can be written.
    pub fn add(
        &self,
        page: Option<&str>,
        title: Option<&str>,
        cell: NewCell,
    ) -> Result<(String, Vec<Remark>), LogbookFault> {
        let _lock = self.lock()?;
        let slug = self.page_for_cell(page)?;
        let title = title.map(str::to_owned);
        let mut remarks = Vec::new();
        match cell {
            NewCell::Markdown { body } => self.append(&slug, CellKind::Markdown, title, &body, &[])?,
            NewCell::Code { files, code, language, output } => {
                let mut body: String =
                    files.iter().map(|file| code_of(file)).collect::<Result<Vec<_>, _>>()?.concat();
                if let Some(code) = code.filter(|code| !code.is_empty()) {
                    body.push_str(&fenced(language.as_deref().unwrap_or_default().trim_end(), &code));
                }
                if !output.is_empty() {
                    body.push_str(&fenced("output", &output));
                }
                self.append(&slug, CellKind::Code, title, &body, &[("language", language.into())])?;
            }
            NewCell::Figure { html, raw, keep_library } => {
                if html.is_empty() {
                    return Err(LogbookFault::EmptyFigure);
                }
                let without = if keep_library { None } else { without_library(&html) };
                if without.is_some() {
                    remarks.push(Remark::LibraryLeftOut);
                }
                let html = without.unwrap_or(html);
                let length = html.chars().count();
                if length > LARGE_FIGURE {
                    remarks.push(Remark::Large(length));
                }
                let mut body = fenced("html", &html);
                if !raw.is_empty() {
                    body.push_str(fenced("raw", &raw).trim_start_matches('\n'));
                }
                self.append(&slug, CellKind::Figure, title, &body, &[])?;
            }
            NewCell::Artifact { name, kind } => self.add_artifact(&slug, title, &name, kind)?,
            NewCell::Dashboard { project, space } => self.add_dashboard(&slug, title, &project, space)?,
        }
        Ok((slug, remarks))
    }

    fn add_artifact(
        &self,
        slug: &str,
        title: Option<String>,
        name: &str,
        kind: Option<String>,
    ) -> Result<(), LogbookFault> {
        let mut metadata = self.metadata()?;
        let known = metadata.entry("local_artifacts");
        let mut names = known.items().to_vec();
        if !names.contains(&name.into()) {
            names.push(name.into());
        }
        *known = Json::List(names);
        self.write_metadata(&metadata)?;
        let shown = kind.as_deref().filter(|kind| !kind.is_empty() && *kind != "artifact");
        let shown = shown.map(|kind| format!(" · {kind}")).unwrap_or_default();
        let body = format!("**📦 Artifact** `{name}`{shown}\n\n{ARTIFACT_ADDRESS}{name}");
        let title = filled(title).unwrap_or_else(|| format!("Artifact: {name}"));
        let more = [("artifact", name.into()), ("artifact_type", kind.into())];
        self.append(slug, CellKind::Artifact, Some(title), &body, &more)
    }

    fn add_dashboard(
        &self,
        slug: &str,
        title: Option<String>,
        project: &str,
        space: Option<String>,
    ) -> Result<(), LogbookFault> {
        let link = if let Some(space) = filled(space) {
            format!("https://huggingface.co/spaces/{space}")
        } else {
            let mut metadata = self.metadata()?;
            let known = metadata.entry("local_dashboards");
            if known.find(project).is_none() {
                known.set(project, Json::Null);
            }
            self.write_metadata(&metadata)?;
            format!("{DASHBOARD_ADDRESS}{project}")
        };
        let body = format!("**🎯 Trackio dashboard** `{project}`\n\n{link}");
        let title = filled(title).unwrap_or_else(|| format!("Dashboard: {project}"));
        self.append(slug, CellKind::Dashboard, Some(title), &body, &[("dashboard_project", project.into())])
    }

    /// A file that a command left, as a cell; it is sought again by its whole path.
    pub(crate) fn add_file(
        &self,
        slug: &str,
        shown: &str,
        path: &Path,
        bytes: u64,
        kind: &str,
    ) -> Result<(), LogbookFault> {
        let absolute = path.canonicalize().map_err(failed(path))?;
        let mut metadata = self.metadata()?;
        let known = metadata.entry("local_path_artifacts");
        let mut files: Vec<Json> =
            known.items().iter().filter(|file| file.get("path").as_text() != Some(shown)).cloned().collect();
        files.push(Json::object([
            ("path", shown.into()),
            ("abs_path", absolute.display().to_string().into()),
            ("size", bytes.into()),
            ("artifact_type", kind.into()),
        ]));
        *known = Json::List(files);
        self.write_metadata(&metadata)?;
        let quoted = if shown.contains('`') { shown.to_owned() } else { format!("`{shown}`") };
        let body = format!("**📦 Artifact** {quoted} · {kind}{}\n\n{FILE_ADDRESS}{shown}", size(bytes));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let more = [
            ("path", shown.into()),
            ("size", bytes.into()),
            ("artifact_type", kind.into()),
            ("auto", true.into()),
        ];
        self.append(slug, CellKind::Artifact, Some(format!("Artifact: {name}")), &body, &more)
    }

    /// Puts a cell at the end of a page, as it is there, for who holds the lock.
    pub(crate) fn append(
        &self,
        slug: &str,
        kind: CellKind,
        title: Option<String>,
        body: &str,
        more: &[(&str, Json)],
    ) -> Result<(), LogbookFault> {
        let missing = || LogbookFault::NoPage { page: slug.to_owned() };
        let file = in_logbook(&self.file_of(slug).ok_or_else(missing)?);
        // Line ends of others stay as they are.
        let mut text = self.bytes(&file)?.ok_or_else(missing)?;
        text.extend_from_slice(rendered(kind, title.as_deref(), body, more).as_bytes());
        self.write(&file, &text)?;
        self.remember_page(slug)?;
        self.refresh()
    }

    /// The last cell of a page, or of the one used last.
    ///
    /// # Errors
    /// When no page is named so, or it cannot be read.
    pub fn last_cell(&self, page: Option<&str>) -> Result<Option<String>, LogbookFault> {
        let page = match page.filter(|page| !page.is_empty()) {
            Some(page) => self.page(Some(page))?,
            None => match self.last_page()? {
                Some(slug) => self.page(Some(&slug))?,
                None => return Ok(None),
            },
        };
        Ok(self.cells_of(&page)?.pop().map(|cell| cell.id))
    }

    /// Shows a cell on the first page of a viewer, or no longer.
    ///
    /// # Errors
    /// When there is no such cell, or the page cannot be written.
    pub fn pin(&self, id: &str, page: Option<&str>, is_pinned: bool) -> Result<Changed, LogbookFault> {
        self.change(id, page, |block, header| {
            let mut header = header.clone();
            if is_pinned {
                header.set("pinned", true);
                if header.find("pinned_at").is_none() {
                    header.set("pinned_at", moment::now());
                }
            } else {
                header.remove("pinned");
                header.remove("pinned_at");
            }
            Some(block.with_header(&header))
        })
    }

    /// Takes a cell away.
    ///
    /// # Errors
    /// When there is no such cell, or the page cannot be written.
    pub fn remove(&self, id: &str, page: Option<&str>) -> Result<Changed, LogbookFault> {
        self.change(id, page, |_, _| None)
    }

    /// Replaces the cell of an id; by nothing, it is cut out.
    fn change(
        &self,
        id: &str,
        page: Option<&str>,
        new: impl Fn(&crate::cell::Block<'_>, &Json) -> Option<String>,
    ) -> Result<Changed, LogbookFault> {
        let _lock = self.lock()?;
        let pages: Vec<Page> = match page.filter(|page| !page.is_empty()) {
            Some(page) => vec![self.page(Some(page))?],
            None => self.pages()?,
        };
        for page in pages {
            let text = self.page_text(&page.file)?;
            let found = blocks(&text).into_iter().zip(cells(&text, &page.slug, &page.title));
            let mut changed = String::new();
            let mut from = 0;
            let mut kind = None;
            let mut is_cut = false;
            for (block, cell) in found.filter(|(_, cell)| cell.id == id) {
                changed.push_str(&text[from..block.start]);
                // Only what its header says itself is written back.
                let header = Json::parse(block.header).unwrap_or_default();
                let put = new(&block, &header);
                is_cut |= put.is_none();
                changed.push_str(&put.unwrap_or_default());
                from = block.end;
                kind = kind.or(Some(cell.kind));
            }
            if let Some(kind) = kind {
                changed.push_str(&text[from..]);
                if is_cut {
                    changed.truncate(changed.trim_end().len());
                    changed.push('\n');
                }
                self.write(&in_logbook(&page.file), changed.as_bytes())?;
                self.refresh()?;
                return Ok(Changed { page: page.slug, kind: kind.as_str().to_owned() });
            }
        }
        Err(LogbookFault::NoCell { id: id.to_owned() })
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// The ending of a file's name, in small letters.
pub(crate) fn ending(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// The media type of a picture that a page shows, by its name; nothing for other files.
pub fn picture_kind(path: &Path) -> Option<&'static str> {
    PICTURES.iter().find_map(|(known, kind)| (*known == ending(path)).then_some(*kind))
}

/// The HTML that shows a picture, which is all inside it.
///
/// # Errors
/// When it is of another kind, or cannot be read.
pub fn picture_html(path: &Path) -> Result<String, LogbookFault> {
    let kind = picture_kind(path).ok_or_else(|| LogbookFault::PictureKind { path: path.to_owned() })?;
    let bytes = file_bytes(path)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok(format!(
        "<img src=\"data:{kind};base64,{}\" alt=\"{}\" style=\"max-width:100%;height:auto;\" />",
        STANDARD.encode(bytes),
        escaped(&name)
    ))
}

/// The text of a file that a cell takes.
///
/// # Errors
/// When it is too large, cannot be read, or is no text.
pub fn payload(path: &Path) -> Result<String, LogbookFault> {
    let text = String::from_utf8(file_bytes(path)?);
    text.map_err(|_| LogbookFault::Damaged {
        path: path.to_owned(),
        reason: "it is not text in UTF-8".to_owned(),
    })
}

fn file_bytes(path: &Path) -> Result<Vec<u8>, LogbookFault> {
    if !path.is_file() {
        return Err(LogbookFault::NoFile { path: path.to_owned() });
    }
    let file = File::open(path).map_err(failed(path))?;
    let length = file.metadata().map_err(failed(path))?.len();
    if length > LARGEST_FILE {
        return Err(LogbookFault::TooLarge { path: path.to_owned(), bytes: length, limit: LARGEST_FILE });
    }
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE).read_to_end(&mut bytes).map_err(failed(path))?;
    Ok(bytes)
}

/// A file of code as a fenced part.
pub(crate) fn code_of(path: &Path) -> Result<String, LogbookFault> {
    let text = String::from_utf8_lossy(&file_bytes(path)?).replace("\r\n", "\n").replace('\r', "\n");
    let text = match text.char_indices().nth(LONGEST_CODE) {
        Some((at, _)) => format!("{}\n# … truncated …", &text[..at]),
        None => text,
    };
    let language = LANGUAGES.iter().find_map(|(known, name)| (*known == ending(path)).then_some(*name));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(fenced(&format!("{} title={name}", language.unwrap_or_default()), &text))
}

/// HTML in which Plotly's library is no longer written out but loaded from where it is published; nothing where there
/// was none.
fn without_library(html: &str) -> Option<String> {
    let mut is_changed = false;
    let script = pattern!(r"(?is)<script\b[^>]*>(.*?)</script>");
    let changed = script.replace_all(html, |found: &regex::Captures<'_>| {
        let (whole, code) = (&found[0], &found[1]);
        if code.len() < LIBRARY_BYTES || !code.contains("Plotly") {
            return whole.to_owned();
        }
        is_changed = true;
        let version = pattern!(r"(?i)plotly(?:\.js|\.min\.js)?\s+v?(\d+\.\d+\.\d+)").captures(code);
        let version =
            version.as_ref().and_then(|found| found.get(1)).map_or(PLOTLY_VERSION, |text| text.as_str());
        format!("<script charset=\"utf-8\" src=\"https://cdn.plot.ly/plotly-{version}.min.js\"></script>")
    });
    is_changed.then(|| changed.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_loaded_instead() {
        let small = "<script>Plotly.newPlot()</script>";
        let library =
            format!("<script type=\"x\">/* plotly.js v2.1.0 */{}</script>", " ".repeat(LIBRARY_BYTES));
        let library = library.replace("/* ", "/* Plotly ");
        assert_eq!(without_library(small), None);
        assert_eq!(
            without_library(&format!("<p>{library}{small}")),
            Some(format!(
                "<p><script charset=\"utf-8\" src=\"https://cdn.plot.ly/plotly-2.1.0.min.js\"></script>{small}"
            ))
        );
    }
}
