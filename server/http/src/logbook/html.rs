//! Pages of a logbook as HTML. Whatever HTML stands in their Markdown is shown as text.

use paceline_logbook::{Cell, CellKind, INDEX, Logbook, LogbookFault, Page, escaped, figure_parts};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html::push_html};

/// A page with its cells.
pub(super) fn page(logbook: &Logbook, slug: &str) -> Result<String, LogbookFault> {
    let pages = logbook.pages()?;
    let page = pages.iter().find(|page| page.slug == slug);
    let page = page.ok_or_else(|| LogbookFault::NoPage { page: slug.to_owned() })?;
    let mut body = markdown(&logbook.prose_of(page)?);
    if slug == INDEX {
        body.push_str(&pinned(logbook, &pages)?);
    }
    logbook.cells_of(page)?.iter().for_each(|cell| body.push_str(&cell_html(cell)));
    Ok(framed(&pages, Some(page), &page.title, &body))
}

/// A page of plain text.
pub(super) fn text(logbook: &Logbook, title: &str, text: &str) -> Result<String, LogbookFault> {
    let body = format!("<pre>{}</pre>\n", escaped(text));
    Ok(framed(&logbook.pages()?, None, title, &body))
}

/// What stands around every page: its head and the list of all.
fn framed(pages: &[Page], shown: Option<&Page>, title: &str, body: &str) -> String {
    let mut list = String::new();
    for page in pages {
        let here = if shown == Some(page) { " aria-current=\"page\"" } else { "" };
        let address =
            if page.slug == INDEX { "/".to_owned() } else { format!("/pages/{}", encoded(&page.slug)) };
        list.push_str(&format!("<li><a href=\"{address}\"{here}>{}</a></li>\n", escaped(&page.title)));
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n\
         <link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n<nav aria-label=\"Pages\">\n<ul>\n{list}</ul>\n\
         <ul>\n<li><a href=\"/sessions\">Sessions</a></li>\n<li><a href=\"/files\">Files</a></li>\n</ul>\n</nav>\n\
         <main>\n{body}</main>\n</body>\n</html>\n",
        escaped(title)
    )
}

/// Links to the cells that are pinned.
fn pinned(logbook: &Logbook, pages: &[Page]) -> Result<String, LogbookFault> {
    let mut list = String::new();
    for page in pages {
        for cell in logbook.cells_of(page)?.iter().filter(|cell| cell.metadata.get("pinned").is_truthy()) {
            let place =
                if page.slug == INDEX { "/".to_owned() } else { format!("/pages/{}", encoded(&page.slug)) };
            let (id, title) = (encoded(&cell.id), escaped(&cell.title));
            list.push_str(&format!("<li><a href=\"{place}#{id}\">{title}</a></li>\n"));
        }
    }
    Ok(if list.is_empty() { list } else { format!("<h2>Pinned</h2>\n<ul>\n{list}</ul>\n") })
}

fn cell_html(cell: &Cell) -> String {
    let body = match cell.kind {
        CellKind::Figure => figure(cell),
        CellKind::Markdown | CellKind::Code | CellKind::Artifact | CellKind::Dashboard => {
            markdown(&cell.body)
        }
    };
    let made = cell.created_at.as_deref().map(|made| format!(" · {}", escaped(made))).unwrap_or_default();
    format!(
        "<section class=\"cell\" id=\"{id}\">\n<h2>{}</h2>\n<p class=\"about\">{} · <code>{id}</code>{made}</p>\n{body}</section>\n",
        escaped(&cell.title),
        cell.kind.as_str(),
        id = escaped(&cell.id),
    )
}

fn figure(cell: &Cell) -> String {
    let (html, raw) = figure_parts(&cell.body);
    let mut out = String::new();
    if !html.is_empty() {
        out.push_str(&format!(
            "<iframe sandbox=\"allow-scripts\" loading=\"lazy\" title=\"{}\" src=\"/figures/{}\"></iframe>\n",
            escaped(&cell.title),
            encoded(&cell.id)
        ));
    }
    if !raw.is_empty() {
        out.push_str(&format!("<details><summary>Data</summary><pre>{}</pre></details>\n", escaped(raw)));
    }
    out
}

/// Markdown as HTML; addresses lead to pages, pictures of the logbook, and other sites.
fn markdown(text: &str) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES;
    let events = Parser::new_ext(text, options).map(|event| {
        if let Event::Html(text) | Event::InlineHtml(text) = event {
            return Event::Text(text);
        }
        if let Event::Start(Tag::Link { link_type, dest_url, title, id }) = event {
            return Event::Start(Tag::Link { link_type, dest_url: address(dest_url, false), title, id });
        }
        if let Event::Start(Tag::Image { link_type, dest_url, title, id }) = event {
            return Event::Start(Tag::Image { link_type, dest_url: address(dest_url, true), title, id });
        }
        event
    });
    let mut out = String::new();
    push_html(&mut out, events);
    out
}

/// Where a link leads; nowhere where it would be a script or something unknown.
fn address(written: CowStr<'_>, is_picture: bool) -> CowStr<'_> {
    if let Some(slug) = written.strip_prefix("#/") {
        return if slug == INDEX { "/".into() } else { format!("/pages/{slug}").into() };
    }
    if let Some(at) =
        written.find("media/").filter(|at| matches!(&written[..*at], "" | "/" | "./" | "../" | "../../"))
    {
        return format!("/{}", &written[at..]).into();
    }
    let small = written.to_ascii_lowercase();
    let is_known = ["http://", "https://", "mailto:"].iter().any(|scheme| small.starts_with(scheme));
    let is_inside = small.starts_with('#') || (is_picture && small.starts_with("data:image/"));
    if is_known || is_inside { written } else { "#".into() }
}

/// A text as a part of an address.
fn encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_in_markdown_is_text() {
        let shown =
            markdown("a <b onclick=x>c</b>\n\n<script>alert(1)</script>\n\n````html\n<img src=x>\n````\n");
        assert!(!shown.contains("<b ") && !shown.contains("<script") && !shown.contains("<img"), "{shown}");
        assert!(shown.contains("&lt;script&gt;"), "{shown}");
    }

    #[test]
    fn links_lead_to_pages_pictures_and_sites() {
        for (written, expected) in [
            ("#/first-page", "/pages/first-page"),
            ("#/index", "/"),
            ("media/a.png", "/media/a.png"),
            ("../media/a.png", "/media/a.png"),
            ("https://example.org/x", "https://example.org/x"),
            ("HTTP://example.org", "HTTP://example.org"),
            ("javascript:alert(1)", "#"),
            (" javascript:alert(1)", "#"),
            ("data:text/html,x", "#"),
            ("//example.org", "#"),
            ("trackio-artifact://a", "#"),
        ] {
            assert_eq!(&*address(written.into(), false), expected, "{written}");
        }
        assert_eq!(&*address("data:image/png;base64,x".into(), true), "data:image/png;base64,x");
        assert!(
            markdown("[x](<java\nscript:alert(1)>) [y](javascript:alert(1))").matches("javascript:").count()
                == 0
        );
    }

    #[test]
    fn tables_and_tasks_are_shown() {
        let shown = markdown("| Page |\n| --- |\n| [One](#/one) |\n\n- [x] done\n");
        assert!(
            shown.contains("<td><a href=\"/pages/one\">One</a></td>") && shown.contains("checkbox"),
            "{shown}"
        );
    }
}
