//! Words in the forms that a logbook has them: slugs, short titles, lines of a shell, sizes.

/// A pattern of ours, which the tests compile.
macro_rules! pattern {
    ($text:expr) => {{
        static PATTERN: std::sync::LazyLock<regex::Regex> =
            std::sync::LazyLock::new(|| regex::Regex::new($text).expect("a sound pattern"));
        &*PATTERN
    }};
}
pub(crate) use pattern;

/// A title as a name of a folder: small letters and digits of ASCII with hyphens between, never empty.
pub(crate) fn slug(title: &str) -> String {
    let small = title.trim().to_lowercase();
    let words = small.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("-");
    if slug.is_empty() { "page".to_owned() } else { slug }
}

/// At most 80 characters on one line.
pub(crate) fn shortened(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= 80 {
        return text;
    }
    let kept: String = text.chars().take(79).collect();
    format!("{}…", kept.trim_end())
}

/// A line of Markdown as plain text: what links and pictures say, without marks.
pub(crate) fn without_markup(line: &str) -> String {
    let line = pattern!(r"!\[([^\]]*)\]\([^)]+\)").replace_all(line, "$1");
    let line = pattern!(r"\[([^\]]+)\]\([^)]+\)").replace_all(&line, "$1");
    let line = line.replace(['*', '_', '`', '>', '#'], "");
    line.trim_matches([' ', '-', ':', '\t']).to_owned()
}

/// Words as a POSIX shell reads them back.
pub(crate) fn shell_line(words: &[&str]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    let quoted = |word: &&str| {
        if !word.is_empty() && word.chars().all(plain) {
            (*word).to_owned()
        } else {
            format!("'{}'", word.replace('\'', "'\"'\"'"))
        }
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// A number of bytes with a point before it, empty for none.
#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
pub(crate) fn size(bytes: u64) -> String {
    let exact = bytes as f64;
    match bytes {
        0 => String::new(),
        1..1_000 => format!(" · {bytes} B"),
        1_000..100_000 => format!(" · {:.1} kB", exact / 1e3),
        100_000..10_000_000 => format!(" · {:.1} MB", exact / 1e6),
        _ => format!(" · {:.2} GB", exact / 1e9),
    }
}

/// Text inside HTML.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
}

/// About how many tokens a text is for a model.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate of a length"
)]
pub(crate) fn tokens(text: &str) -> usize {
    ((text.chars().count() as f64 / 3.3) as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_names_of_folders() {
        for (title, expected) in [
            ("First page", "first-page"),
            ("  LR 3e-4 / warm-up!  ", "lr-3e-4-warm-up"),
            ("../../etc/passwd", "etc-passwd"),
            ("größe", "gr-e"),
            ("…", "page"),
            ("", "page"),
        ] {
            assert_eq!(slug(title), expected, "{title}");
        }
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(
            shell_line(&["python", "a b.py", "", "it's", "--x=1"]),
            "python 'a b.py' '' 'it'\"'\"'s' --x=1"
        );
    }

    #[test]
    fn sizes_are_short() {
        let shown = [0, 999, 1_000, 123_456, 9_999_999, 10_000_000, 2_500_000_000].map(size);
        assert_eq!(
            shown,
            ["", " · 999 B", " · 1.0 kB", " · 0.1 MB", " · 10.0 MB", " · 0.01 GB", " · 2.50 GB"]
        );
    }

    #[test]
    fn marks_are_left_out() {
        assert_eq!(
            without_markup("![plot](a.png) **See** [the page](x) - `code`:"),
            "plot See the page - code"
        );
        assert_eq!(shortened("a\n b\t c"), "a b c");
    }
}
