//! What a person or a program sees: data on standard output, everything else on standard error.

use std::io::{self, IsTerminal, Write};

use paceline_schema::RunState;
use paceline_schema::status::Severity;
use serde::Serialize;

/// Prints one line of data.
pub(crate) fn line(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// Prints a JSON document, indented as the peer's commands do.
pub(crate) fn json_indented(value: &impl Serialize) -> io::Result<()> {
    line(&serde_json::to_string_pretty(value)?)
}

/// Prints a JSON document on one line.
pub(crate) fn json_line(value: &impl Serialize) -> io::Result<()> {
    line(&serde_json::to_string(value)?)
}

/// Says on standard error what works less well than it should.
pub(crate) fn note(message: &str) {
    let _ = writeln!(io::stderr().lock(), "note: {message}");
}

/// Prints an error and what to do about it.
pub(crate) fn error(message: &str, hint: Option<&str>) {
    let mut out = io::stderr().lock();
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // When standard error is gone too, nobody is left to tell.
    let _ = writeln!(out, "{} {message}", painted("error:", "1;31", colours));
    if let Some(hint) = hint {
        let _ = writeln!(out, "{} {hint}", painted("hint:", "1;36", colours));
    }
}

/// A name of a state, coloured on a terminal.
pub(crate) fn state(state: RunState) -> String {
    let colour = match state {
        RunState::Running => "32",
        RunState::Created | RunState::Finished => "2",
        RunState::Stalled => "33",
        RunState::Failed | RunState::Crashed => "31",
    };
    painted(state.as_str(), colour, coloured())
}

/// How bad something is, coloured on a terminal.
pub(crate) fn severity(severity: Severity) -> String {
    let (word, colour) = match severity {
        Severity::Note => ("note", "2"),
        Severity::Warning => ("warning", "33"),
        Severity::Critical => ("critical", "31"),
    };
    painted(word, colour, coloured())
}

/// A word for what is as it should be.
pub(crate) fn good(text: &str) -> String {
    painted(text, "32", coloured())
}

/// A word for what is not.
pub(crate) fn bad(text: &str) -> String {
    painted(text, "31", coloured())
}

/// Text that stands out on a terminal.
pub(crate) fn strong(text: &str) -> String {
    painted(text, "1", coloured())
}

/// Text that stays in the background on a terminal.
pub(crate) fn faint(text: &str) -> String {
    painted(text, "2", coloured())
}

fn coloured() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

fn painted(text: &str, colour: &str, colours: bool) -> String {
    if colours { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Prints rows in columns as wide as their widest cell, each row indented by two.
pub(crate) fn table(rows: &[Vec<String>]) -> io::Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| shown_width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let mut text = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            text.push_str("  ");
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width - shown_width(cell)));
        }
        line(text.trim_end())?;
    }
    Ok(())
}

/// Characters a terminal shows, colours left out.
fn shown_width(text: &str) -> usize {
    let mut in_colour = false;
    let shown = text.chars().filter(|c| {
        let starts = *c == '\u{1b}';
        let hidden = in_colour || starts;
        in_colour = starts || (in_colour && *c != 'm');
        !hidden
    });
    shown.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_take_no_room() {
        assert_eq!(shown_width(&painted("größe", "1;31", true)), 5);
        assert_eq!(shown_width(""), 0);
    }
}
