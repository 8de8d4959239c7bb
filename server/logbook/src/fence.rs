//! Fenced parts of a cell, found as the peer finds them: three or four marks, wherever they stand.

/// A fenced part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fence<'a> {
    /// First word after the marks, in small letters.
    pub(crate) language: String,
    /// The file it was, where it says so.
    pub(crate) title: Option<&'a str>,
    pub(crate) text: &'a str,
}

/// The fenced parts of a body in their order.
pub(crate) fn fences(body: &str) -> Vec<Fence<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = body[from..].find(['`', '~']).map(|at| from + at) {
        let mark = body.as_bytes()[at];
        let marks = body.as_bytes()[at..].iter().take(4).take_while(|byte| **byte == mark).count();
        let whole = (3..=marks).rev().find_map(|length| part(body, at, length));
        match whole {
            Some((fence, end)) => {
                found.push(fence);
                from = end;
            }
            None => from = at + 1,
        }
    }
    found
}

/// The part that so many marks begin, and where it ends.
fn part(body: &str, at: usize, marks: usize) -> Option<(Fence<'_>, usize)> {
    let (info, _) = body[at + marks..].split_once('\n')?;
    let text_at = at + marks + info.len() + 1;
    let closing = format!("\n{}", &body[at..at + marks]);
    let length = body[text_at..].find(&closing)?;
    let info = info.trim();
    let language = info.split_whitespace().next().unwrap_or_default().to_lowercase();
    let title = info.find("title=").and_then(|at| info[at + 6..].split_whitespace().next());
    let text = &body[text_at..text_at + length];
    Some((Fence { language, title, text }, text_at + length + closing.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::fenced;

    #[test]
    fn parts_are_found() {
        let body = "````bash\n$ ls\n````\n\nexit 0\n\n````python title=a.py\nx = \"```\"\n```\n````\n\n````output\n\n````\n~~~raw\n1\n~~~";
        let found = fences(body);
        let told: Vec<_> = found.iter().map(|part| (part.language.as_str(), part.title, part.text)).collect();
        assert_eq!(
            told,
            [
                ("bash", None, "$ ls"),
                ("python", Some("a.py"), "x = \"```\"\n```"),
                ("output", None, ""),
                ("raw", None, "1")
            ]
        );
        assert_eq!(fences("```` x"), []);
        assert_eq!(fences("````x\nü"), []);
    }

    #[test]
    fn no_text_ends_its_fence() {
        let text = "a\n````\nb\n`````x\n````";
        let body = format!("{}{}", fenced("output", text), fenced("raw", "1"));
        let found = fences(&body);
        assert_eq!(found.len(), 2, "{body}");
        assert_eq!(found[0].text.replace('\u{200b}', ""), text);
    }
}
