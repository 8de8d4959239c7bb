//! A cell in short, as agents read it: the head of its code, the tail of its output, small data whole.

use crate::cell::{Cell, CellKind, FENCE};
use crate::fence::{Fence, fences};
use crate::json::Json;
use crate::view::Shown;
use crate::words::{pattern, shell_line};

impl Cell {
    /// The cell in short, with a `preview` for people and models.
    pub fn summary(&self, shown: Shown) -> Json {
        let mut summary = Json::object([
            ("id", self.id.as_str().into()),
            ("type", self.kind.as_str().into()),
            ("title", self.title.as_str().into()),
            ("created_at", self.metadata.get("created_at").clone()),
        ]);
        let more = match self.kind {
            CellKind::Markdown => Json::object([
                ("body", self.body.as_str().into()),
                ("preview", without_title(&self.body, &self.title).into()),
            ]),
            CellKind::Artifact => self.artifact(),
            CellKind::Dashboard => self.dashboard(),
            CellKind::Code => self.code(shown),
            CellKind::Figure => self.figure(shown),
        };
        for (name, value) in more.members() {
            summary.set(name, value.clone());
        }
        summary
    }

    fn code(&self, shown: Shown) -> Json {
        let parts = fences(&self.body);
        let is_output = |part: &&Fence<'_>| matches!(part.language.as_str(), "output" | "result");
        let output = parts.iter().filter(is_output).map(|part| part.text).find(|text| !text.is_empty());
        let mut attached = Vec::new();
        let mut code = None;
        let mut has_output = false;
        for part in &parts {
            if is_output(&part) && !has_output {
                has_output = !part.text.is_empty();
            } else if let Some(title) = part.title {
                attached.push((title, part.text.split('\n').count()));
            } else if code.is_none() {
                code = Some(part);
            }
        }
        let mut preview = Vec::new();
        let command = self.metadata.get("command");
        if command.is_truthy() {
            preview.push(self.command_line(command));
            code = code.filter(|part| part.language != "bash" || !part.text.trim_start().starts_with('$'));
        }
        if !attached.is_empty() {
            let names = attached.iter().map(|(name, lines)| format!("{name} ({})", counted(*lines)));
            preview.push(format!("Attached: {}", names.collect::<Vec<_>>().join(", ")));
        }
        let lines = code.map(|part| part.text.trim_end_matches('\n').split('\n').collect::<Vec<_>>());
        let lines = lines.unwrap_or_default();
        let head = &lines[..shown.head.min(lines.len())];
        if let Some(part) = code.filter(|_| !head.is_empty()) {
            let language = if part.language.is_empty() { "text" } else { &part.language };
            let cut =
                if lines.len() > shown.head { format!("; first {}", shown.head) } else { String::new() };
            preview.push(format!("Code ({language}, {}{cut}):", counted(lines.len())));
            quote(&mut preview, head);
        }
        let printed = output.map(|text| text.trim_end_matches('\n').split('\n').collect::<Vec<_>>());
        let printed = printed.unwrap_or_default();
        let tail = &printed[printed.len().saturating_sub(shown.tail)..];
        if !tail.is_empty() {
            let cut =
                if printed.len() > shown.tail { format!("; last {}", shown.tail) } else { String::new() };
            preview.push(format!("Output ({}{cut}):", counted(printed.len())));
            quote(&mut preview, tail);
        }
        Json::object([
            ("command", command.clone()),
            ("exit_code", self.metadata.get("exit_code").clone()),
            ("duration_s", self.metadata.get("duration_s").clone()),
            ("language", self.metadata.get("language").clone()),
            ("attached", attached.iter().map(|(name, _)| *name).collect::<Vec<_>>().into()),
            ("code_lines", lines.len().into()),
            ("code_head", head.join("\n").into()),
            ("output_lines", printed.len().into()),
            ("output_tail", tail.join("\n").into()),
            ("preview", preview.join("\n").into()),
        ])
    }

    fn command_line(&self, command: &Json) -> String {
        let words: Vec<&str> = command.items().iter().filter_map(Json::as_text).collect();
        let mut line = format!("$ {}", shell_line(&words));
        if let Some(code) = self.metadata.get("exit_code").as_whole() {
            line.push_str(&format!(" → exit {code}"));
        }
        if let Json::Number(seconds) = self.metadata.get("duration_s") {
            line.push_str(&format!(" ({seconds}s)"));
        }
        line
    }

    fn figure(&self, shown: Shown) -> Json {
        let (html, raw) = figure_parts(&self.body);
        let (html_length, raw_length) = (html.chars().count(), raw.chars().count());
        let mut summary = Json::object([
            ("has_raw", (!raw.is_empty()).into()),
            ("has_html", (!html.is_empty()).into()),
            ("raw_chars", raw_length.into()),
            ("html_chars", html_length.into()),
        ]);
        let mut preview = Vec::new();
        if !raw.is_empty() && raw_length <= shown.raw_limit {
            summary.set("raw", raw);
            preview.push(format!("Raw data ({}):", length(raw_length)));
            quote(&mut preview, &raw.trim_end_matches('\n').split('\n').collect::<Vec<_>>());
        } else if !raw.is_empty() {
            preview.push(format!("Raw data: {} (--raw).", length(raw_length)));
        }
        if !html.is_empty() {
            preview.push(format!("HTML figure: {} (--html).", length(html_length)));
        }
        if preview.is_empty() {
            preview.push("No figure payloads.".to_owned());
        }
        summary.set("preview", preview.join("\n"));
        summary
    }

    fn artifact(&self) -> Json {
        let first = self.body.lines().map(str::trim).find(|line| !line.is_empty());
        let first = first.map_or_else(|| "📦".to_owned(), |line| line.replace("**📦 Artifact**", "📦"));
        let first = first.trim();
        let link = pattern!(r#"https://huggingface\.co/buckets/[^\s<>)"'`]+"#).find(&self.body);
        let link = link.map(|found| found.as_str());
        let path = self.metadata.get("path").truthy();
        let preview = match (link, path) {
            (Some(link), _) => format!("{first} · {link}"),
            (None, Some(_)) => format!("{first} · local file (pushed to a Bucket on publish)"),
            (None, None) => format!("{first} · local (pushed to a Bucket on publish)"),
        };
        let mut summary = Json::object([
            ("body", self.body.as_str().into()),
            ("artifact", self.metadata.get("artifact").clone()),
            ("artifact_type", self.metadata.get("artifact_type").clone()),
            ("local", link.is_none().into()),
            ("link", link.into()),
            ("preview", preview.into()),
        ]);
        if let Some(path) = path {
            summary.set("path", path.clone());
        }
        summary
    }

    fn dashboard(&self) -> Json {
        let project = self.metadata.get("dashboard_project");
        let link = pattern!(r#"https://huggingface\.co/spaces/[^\s<>)"'`]+"#).find(&self.body);
        let link = link.map(|found| found.as_str());
        let name = project.as_text().unwrap_or("None");
        let preview = match link {
            Some(link) => format!("🎯 Dashboard `{name}` · {link}"),
            None => {
                format!("🎯 Dashboard `{name}` · local (live in preview; promoted to a Space on publish)")
            }
        };
        Json::object([
            ("body", self.body.as_str().into()),
            ("project", project.clone()),
            ("local", link.is_none().into()),
            ("link", link.into()),
            ("preview", preview.into()),
        ])
    }
}

/// The HTML of a figure and the numbers behind it; empty where there are none.
pub fn figure_parts(body: &str) -> (&str, &str) {
    let parts = fences(body);
    let part = |language: &str| {
        let found = parts.iter().filter(|part| part.language == language).map(|part| part.text);
        found.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    };
    (part("html"), part("raw"))
}

/// A text without a first heading that says what its title says.
fn without_title(body: &str, title: &str) -> String {
    let heading = || {
        let line_end = body.trim_start().find('\n').map(|at| body.len() - body.trim_start().len() + at);
        let (line, rest) = line_end.map_or((body, ""), |at| (&body[..at], &body[at + 1..]));
        let text = line.trim_start().trim_start_matches('#');
        let marks = line.trim_start().len() - text.len();
        let same = (1..=6).contains(&marks)
            && text.starts_with(char::is_whitespace)
            && !text.trim().is_empty()
            && plain(text) == plain(title);
        same.then(|| rest.trim_start_matches('\n').to_owned())
    };
    heading().unwrap_or_else(|| body.to_owned())
}

fn plain(text: &str) -> String {
    let text = text.replace(['*', '_', '`', '#'], "").to_lowercase();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn quote(preview: &mut Vec<String>, lines: &[&str]) {
    preview.push(FENCE.to_owned());
    preview.extend(lines.iter().map(|line| (*line).to_owned()));
    preview.push(FENCE.to_owned());
}

fn counted(lines: usize) -> String {
    if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") }
}

#[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
fn length(characters: usize) -> String {
    if characters < 1000 {
        format!("{characters} chars")
    } else {
        format!("{:.1}k chars", characters as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{cells, fenced, rendered};

    fn summary(kind: CellKind, body: &str, more: &[(&str, Json)], shown: Shown) -> Json {
        let page = rendered(kind, Some("T"), body, more);
        cells(&page, "p", "P")[0].summary(shown)
    }

    #[test]
    fn code_has_a_head_and_output_a_tail() {
        let body = format!("{}{}", fenced("python", "1\n2\n3\n4"), fenced("output", "a\nb\n"));
        let told = summary(CellKind::Code, &body, &[], Shown { head: 2, tail: 1, raw_limit: 0 });
        assert_eq!(
            told.get("preview").as_text(),
            Some(
                "Code (python, 4 lines; first 2):\n````\n1\n2\n````\nOutput (2 lines; last 1):\n````\nb\n````"
            )
        );
        let told = summary(CellKind::Code, &body, &[], Shown { head: 0, tail: 0, raw_limit: 0 });
        assert_eq!(told.get("preview").as_text(), Some(""));
    }

    #[test]
    fn a_run_tells_how_it_ended() {
        let body = format!("{}{}", fenced("bash", "$ python a.py"), fenced("python title=a.py", "x\ny"));
        let more = [
            ("command", Json::from(vec!["python", "a b.py"])),
            ("exit_code", 3_i64.into()),
            ("duration_s", 0.25.into()),
        ];
        let told = summary(CellKind::Code, &body, &more, Shown::default());
        assert_eq!(
            told.get("preview").as_text(),
            Some("$ python 'a b.py' → exit 3 (0.25s)\nAttached: a.py (2 lines)")
        );
    }

    #[test]
    fn small_data_is_shown_whole() {
        let body = format!("{}{}", fenced("html", "<p>x</p>"), fenced("raw", "1,2"));
        let told = summary(CellKind::Figure, &body, &[], Shown::default());
        assert_eq!(
            told.get("preview").as_text(),
            Some("Raw data (3 chars):\n````\n1,2\n````\nHTML figure: 8 chars (--html).")
        );
        let told = summary(CellKind::Figure, &body, &[], Shown { raw_limit: 0, ..Shown::default() });
        assert_eq!(told.find("raw"), None);
    }

    #[test]
    fn a_title_is_not_said_twice() {
        assert_eq!(without_title("## The *end*\n\ntext", "the end"), "text");
        assert_eq!(without_title("## The end", "the end"), "");
        assert_eq!(without_title("## Other\ntext", "the end"), "## Other\ntext");
        assert_eq!(without_title("text", "text"), "text");
    }
}
