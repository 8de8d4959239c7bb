//! Functions that SQLite computes in one step of unbounded length, in a form that ends.
//!
//! SQLite looks at its budget between steps, and one step can search megabytes of text for megabytes of
//! text. These take a time that grows with their arguments, or look at the budget themselves.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, Result};

use super::budget::Budget;
use super::{MAX_PATTERN_CHARACTERS, MAX_VALUE_BYTES};

/// Characters compared between two looks at the budget.
const COMPARISONS_BETWEEN_LOOKS: u32 = 1 << 16;
/// Different characters that can be cut off at once.
const MAX_TRIMMED_CHARACTERS: usize = 256;

/// Puts them in the place of SQLite's own.
pub(super) fn replace(connection: &Connection, budget: &Arc<Budget>) -> Result<()> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    for (name, arguments) in [("like", 2), ("like", 3), ("glob", 2)] {
        let budget = Arc::clone(budget);
        connection.create_scalar_function(name, arguments, flags, move |context| {
            wildcard(context, name == "glob", &budget)
        })?;
    }
    connection.create_scalar_function("instr", 2, flags, instr)?;
    connection.create_scalar_function("replace", 3, flags, replaced)?;
    for (name, at_start, at_end) in [("trim", true, true), ("ltrim", true, false), ("rtrim", false, true)] {
        connection
            .create_scalar_function(name, 2, flags, move |context| trimmed(context, at_start, at_end))?;
    }
    Ok(())
}

/// An argument as text; `None` for NULL.
fn text<'a>(context: &'a Context<'_>, position: usize) -> Option<Cow<'a, str>> {
    match context.get_raw(position) {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string().into()),
        ValueRef::Real(number) => Some(format!("{number:?}").into()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes)),
    }
}

fn failed(reason: &str) -> Error {
    Error::UserFunctionError(reason.into())
}

fn instr(context: &Context<'_>) -> Result<Option<i64>> {
    // Bytes are compared as bytes only where both are.
    let as_characters = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<String>();
    let position = |text: &str, sought: &str| {
        text.find(sought).map_or(0, |start| text[..start].chars().count() as i64 + 1)
    };
    if let (ValueRef::Blob(bytes), ValueRef::Blob(sought)) = (context.get_raw(0), context.get_raw(1)) {
        return Ok(Some(position(&as_characters(bytes), &as_characters(sought))));
    }
    Ok(text(context, 0).zip(text(context, 1)).map(|(text, sought)| position(&text, &sought)))
}

fn replaced(context: &Context<'_>) -> Result<Option<String>> {
    let (Some(whole), Some(old), Some(new)) = (text(context, 0), text(context, 1), text(context, 2)) else {
        return Ok(None);
    };
    if old.is_empty() {
        return Ok(Some(whole.into_owned()));
    }
    let count = whole.matches(old.as_ref()).count();
    if whole.len() - count * old.len() + count.saturating_mul(new.len()) > MAX_VALUE_BYTES as usize {
        return Err(failed("string or blob too big"));
    }
    Ok(Some(whole.replace(old.as_ref(), &new)))
}

fn trimmed(context: &Context<'_>, at_start: bool, at_end: bool) -> Result<Option<String>> {
    let (Some(whole), Some(characters)) = (text(context, 0), text(context, 1)) else {
        return Ok(None);
    };
    if characters.len() > MAX_TRIMMED_CHARACTERS {
        return Err(failed("too many characters to trim"));
    }
    let characters: HashSet<char> = characters.chars().collect();
    let mut rest = whole.as_ref();
    if at_start {
        rest = rest.trim_start_matches(|c| characters.contains(&c));
    }
    if at_end {
        rest = rest.trim_end_matches(|c| characters.contains(&c));
    }
    Ok(Some(rest.to_owned()))
}

/// `like(pattern, text[, escape])` and `glob(pattern, text)`.
fn wildcard(context: &Context<'_>, glob: bool, budget: &Budget) -> Result<Option<bool>> {
    let (Some(pattern), Some(whole)) = (text(context, 0), text(context, 1)) else {
        return Ok(None);
    };
    if pattern.chars().count() > MAX_PATTERN_CHARACTERS {
        return Err(failed("LIKE or GLOB pattern too complex"));
    }
    let escape = if context.len() < 3 {
        None
    } else {
        let Some(given) = text(context, 2) else { return Ok(None) };
        let mut characters = given.chars();
        match (characters.next(), characters.next()) {
            (Some(escape), None) => Some(escape),
            _ => return Err(failed("ESCAPE expression must be a single character")),
        }
    };
    let pieces = if glob { glob_pieces(&pattern) } else { like_pieces(&pattern, escape) };
    matches(&pieces, &whole, !glob, budget).map(Some)
}

/// One piece of a pattern.
#[derive(Debug, PartialEq)]
enum Piece {
    /// Any characters, or none.
    Any,
    /// Any one character.
    One,
    /// This one.
    Character(char),
    /// One in the ranges, or one in none of them.
    Set { ranges: Vec<(char, char)>, negated: bool },
}

impl Piece {
    fn takes(&self, character: char, fold: bool) -> bool {
        match self {
            Self::Any => false,
            Self::One => true,
            Self::Character(own) => *own == character || (fold && own.eq_ignore_ascii_case(&character)),
            Self::Set { ranges, negated } => {
                ranges.iter().any(|(first, last)| (first..=last).contains(&&character)) != *negated
            }
        }
    }
}

fn like_pieces(pattern: &str, escape: Option<char>) -> Vec<Piece> {
    let mut characters = pattern.chars();
    let mut pieces = Vec::new();
    while let Some(character) = characters.next() {
        pieces.push(match character {
            escaped if Some(escaped) == escape => match characters.next() {
                Some(next) => Piece::Character(next),
                // An escape with nothing after it matches nothing.
                None => Piece::Set { ranges: Vec::new(), negated: false },
            },
            '%' => Piece::Any,
            '_' => Piece::One,
            other => Piece::Character(other),
        });
    }
    pieces
}

fn glob_pieces(pattern: &str) -> Vec<Piece> {
    let mut characters = pattern.chars();
    let mut pieces = Vec::new();
    while let Some(character) = characters.next() {
        pieces.push(match character {
            '*' => Piece::Any,
            '?' => Piece::One,
            '[' => set(&mut characters),
            other => Piece::Character(other),
        });
    }
    pieces
}

/// What stands between brackets; a `]` at its beginning stands for itself.
fn set(characters: &mut std::str::Chars<'_>) -> Piece {
    let negated = characters.as_str().starts_with('^');
    if negated {
        characters.next();
    }
    let mut ranges: Vec<(char, char)> = Vec::new();
    let mut begun = false;
    loop {
        match characters.next() {
            // Without an end it matches nothing.
            None => return Piece::Set { ranges: Vec::new(), negated: false },
            Some(']') if begun => return Piece::Set { ranges, negated },
            Some('-') if begun && !characters.as_str().starts_with(']') => {
                if let (Some(range), Some(last)) = (ranges.last_mut(), characters.next()) {
                    range.1 = last;
                }
            }
            Some(character) => ranges.push((character, character)),
        }
        begun = true;
    }
}

/// Tries the shortest text for the last `Any` first and gives it one more character at each failure: earlier
/// ones need never be tried again.
fn matches(pieces: &[Piece], text: &str, fold: bool, budget: &Budget) -> Result<bool> {
    let (mut piece, mut rest) = (0, text);
    let mut retry: Option<(usize, &str)> = None;
    let mut comparisons = 0_u32;
    loop {
        comparisons = comparisons.wrapping_add(1);
        if comparisons.is_multiple_of(COMPARISONS_BETWEEN_LOOKS) && budget.is_spent() {
            return Err(failed("interrupted"));
        }
        if pieces.get(piece) == Some(&Piece::Any) {
            piece += 1;
            if piece == pieces.len() {
                return Ok(true);
            }
            retry = Some((piece, rest));
            continue;
        }
        let next = rest.chars().next();
        match (pieces.get(piece), next) {
            (None, None) => return Ok(true),
            (Some(wanted), Some(character)) if wanted.takes(character, fold) => {
                piece += 1;
                rest = &rest[character.len_utf8()..];
            }
            _ => {
                let Some((after_any, taken_from)) = retry else { return Ok(false) };
                let Some(skipped) = taken_from.chars().next() else { return Ok(false) };
                rest = &taken_from[skipped.len_utf8()..];
                piece = after_any;
                retry = Some((after_any, rest));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Ours beside SQLite's own, asked by one connection each.
    fn both(sql: &str) -> (Result<Option<String>>, Result<Option<String>>) {
        let own = Connection::open_in_memory().expect("it opens");
        replace(&own, &Arc::new(Budget::new(Duration::from_secs(60)))).expect("they are made");
        let theirs = Connection::open_in_memory().expect("it opens");
        let ask = |connection: &Connection| {
            connection.query_row(&format!("SELECT CAST({sql} AS TEXT)"), [], |row| row.get(0))
        };
        (ask(&own), ask(&theirs))
    }

    #[test]
    fn they_answer_as_sqlite_does() {
        for sql in [
            "'abc' LIKE 'A%'",
            "'abc' LIKE 'a_c'",
            "'abc' LIKE '%%c'",
            "'abc' LIKE 'b'",
            "'' LIKE '%'",
            "'' LIKE ''",
            "'a%c' LIKE 'a\\%c' ESCAPE '\\'",
            "'abc' LIKE 'a\\%c' ESCAPE '\\'",
            "NULL LIKE 'a'",
            "'ä' LIKE 'Ä'",
            "'äbc' LIKE '_bc'",
            "12 LIKE '1%'",
            "'aXbXc' LIKE '%x%x%'",
            "'aab' LIKE '%ab'",
            "'abc' GLOB 'A*'",
            "'abc' GLOB 'a*'",
            "'abc' GLOB 'a[a-c]?'",
            "'abc' GLOB 'a[^b]c'",
            "'a]c' GLOB 'a[]]c'",
            "'a-c' GLOB 'a[x-]c'",
            "'abc' GLOB 'a[b'",
            "'abc' GLOB '*c*'",
            "instr('abcabc', 'ca')",
            "instr('äbc', 'b')",
            "instr('abc', '')",
            "instr('abc', 'x')",
            "instr(x'0102ff', x'ff')",
            "instr(NULL, 'a')",
            "instr(1234, 3)",
            "replace('aXbX', 'X', 'yy')",
            "replace('abc', '', 'x')",
            "replace('abc', 'b', '')",
            "replace(NULL, 'a', 'b')",
            "trim('xxaxx', 'x')",
            "ltrim('xyxa', 'yx')",
            "rtrim('aä', 'ä')",
            "trim('abc', '')",
            "trim(' a ', NULL)",
        ] {
            let (own, theirs) = both(sql);
            assert_eq!(own.expect(sql), theirs.expect(sql), "{sql}");
        }
    }

    #[test]
    fn what_sqlite_refuses_they_refuse() {
        let long = "a".repeat(MAX_PATTERN_CHARACTERS + 1);
        assert!(both(&format!("'x' LIKE '{long}'")).0.is_err());
        assert!(both("'x' LIKE 'x' ESCAPE 'ab'").0.is_err());
        assert!(both("replace(hex(zeroblob(1000000)), '0', hex(zeroblob(100)))").0.is_err());
    }
}
