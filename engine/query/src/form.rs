//! The form of an answer: how much it tells, how its numbers are rounded, and how it is cut to its length.

use paceline_schema::Detail;
use paceline_schema::comparison::Comparison;
use paceline_schema::difference::Difference;
use paceline_schema::moment::Snapshot;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::QueryError;

/// Characters of a token, as it is reckoned everywhere here.
const CHARACTERS_OF_A_TOKEN: usize = 4;
/// Fewer tokens hold no answer.
const LEAST_TOKENS: u64 = 50;
/// More than this is no answer but a download.
const MOST_TOKENS: u64 = 100_000;
/// A text is not cut below this.
const LEAST_CHARACTERS: usize = 60;
/// Room for what is said of a cut.
const NOTE_CHARACTERS: usize = 90;
/// Objects whose keys are what users call their settings and metrics: no field of theirs is secondary, and they are cut
/// by entries as lists are.
const OF_USERS: [&str; 2] = ["config", "summary_values"];

/// An answer that has a shorter form.
pub trait Formed: Serialize {
    /// Fields that the brief form leaves out, at any depth.
    const SECONDARY: &'static [&'static str];
}

impl Formed for Comparison {
    const SECONDARY: &'static [&'static str] =
        &["run_id", "best_step", "place", "runs_without", "low", "high"];
}

impl Formed for Difference {
    const SECONDARY: &'static [&'static str] = &["run_id", "same_settings"];
}

impl Formed for Snapshot {
    const SECONDARY: &'static [&'static str] =
        &["run_id", "at_step", "timestamp", "hint", "from_step", "to_step"];
}

/// The form that a caller wants an answer in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// How much it tells.
    pub detail: Detail,
    max_tokens: usize,
}

impl Form {
    /// With so much detail, of so many tokens at most; as many as usual for the detail when absent.
    ///
    /// # Errors
    /// When no answer has so many tokens.
    pub fn new(detail: Detail, max_tokens: Option<u64>) -> Result<Self, QueryError> {
        let max_tokens = match max_tokens {
            None => match detail {
                Detail::Brief => 300,
                Detail::Normal => 1_500,
                Detail::Full => 10_000,
            },
            Some(number) if (LEAST_TOKENS..=MOST_TOKENS).contains(&number) => number as usize,
            Some(number) => {
                let reason = format!("`max_tokens` is {number}, not from {LEAST_TOKENS} to {MOST_TOKENS}");
                return Err(QueryError::InvalidRequest { reason });
            }
        };
        Ok(Self { detail, max_tokens })
    }

    /// Characters that an answer has room for.
    #[must_use]
    pub fn characters(self) -> usize {
        self.max_tokens * CHARACTERS_OF_A_TOKEN
    }

    /// An answer in this form, as data.
    #[must_use]
    pub fn formed<T: Formed>(self, answer: &T) -> Value {
        // What crosses a boundary has text for keys, so that it has a form as JSON.
        self.of(serde_json::to_value(answer).unwrap_or_default(), T::SECONDARY)
    }

    /// Characters that an answer has in this form before anything is cut.
    #[must_use]
    pub fn uncut(self, mut answer: Value, secondary: &[&str]) -> usize {
        self.condense(&mut answer, secondary);
        length_of(&answer)
    }

    fn condense(self, answer: &mut Value, secondary: &[&str]) {
        match self.detail {
            Detail::Brief => condense(answer, secondary, 4),
            Detail::Normal => condense(answer, &[], 6),
            Detail::Full => {}
        }
    }

    /// Data in this form. `secondary` names the fields, at any depth, that the brief form leaves out.
    #[must_use]
    pub fn of(self, mut answer: Value, secondary: &[&str]) -> Value {
        let is_empty_list = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
        let lists = answer.as_object().into_iter().flatten().filter(|(_, value)| is_empty_list(value));
        let lists =
            lists.filter(|(name, _)| self.detail != Detail::Brief || !secondary.contains(&name.as_str()));
        let empty_lists: Vec<String> = lists.map(|(name, _)| name.clone()).collect();
        self.condense(&mut answer, secondary);
        if let Value::Object(object) = &mut answer {
            // That a list is empty is an answer.
            object.extend(empty_lists.into_iter().map(|name| (name, json!([]))));
        }
        let mut cuts: Vec<Cut> = Vec::new();
        while let Some(cut) = shorten(&mut answer, self.characters(), cuts.len()) {
            match cuts.iter_mut().find(|known| known.path == cut.path) {
                // What was there at first is what the rest is held against.
                Some(known) => known.kept = cut.kept,
                None => cuts.push(cut),
            }
        }
        if let (Value::Object(object), false) = (&mut answer, cuts.is_empty()) {
            object.insert("left_out".to_owned(), cuts.iter().map(|cut| json!(cut.note())).collect());
        }
        answer
    }
}

/// Something that was cut.
struct Cut {
    path: String,
    /// Items of a list, or entries of an object, that are left; `None` of a text.
    kept: Option<usize>,
    total: usize,
}

impl Cut {
    fn note(&self) -> String {
        let named = self.path.trim_start_matches('/').replace('/', ".");
        let total = self.total;
        match self.kept {
            Some(kept) => {
                format!("`{named}`: {kept} of {total} are here; `max_tokens` or `limit` asks for more")
            }
            None => format!("the end of `{named}`"),
        }
    }
}

/// Leaves out what is null or empty and what is secondary, and rounds numbers.
fn condense(value: &mut Value, secondary: &[&str], digits: usize) {
    match value {
        Value::Object(object) => {
            object.retain(|key, _| !secondary.contains(&key.as_str()));
            for (key, value) in object.iter_mut() {
                let secondary: &[&str] = if OF_USERS.contains(&key.as_str()) { &[] } else { secondary };
                condense(value, secondary, digits);
            }
            object.retain(|_, value| !is_empty(value));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| condense(item, secondary, digits)),
        Value::Number(number) => {
            if let Some(float) = number.as_f64().filter(|_| number.is_f64()) {
                *value = rounded(float, digits);
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// To so many significant digits; one that has no fraction left is a whole number.
fn rounded(value: f64, digits: usize) -> Value {
    let short: f64 = format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(value);
    // What the digits before the point say is kept, however many they are.
    let kept = if short.abs() >= 10f64.powi(digits as i32) { value.round() } else { short };
    if kept.fract() == 0.0 && kept.abs() < 9e15 { json!(kept as i64) } else { json!(kept) }
}

/// Cuts what is longest, so that the whole has as many characters. `None` where the whole is short enough, or nothing
/// can be cut.
fn shorten(answer: &mut Value, characters: usize, earlier_cuts: usize) -> Option<Cut> {
    let length = length_of(answer);
    let notes = earlier_cuts * NOTE_CHARACTERS;
    if length + notes <= characters {
        return None;
    }
    let room = characters.saturating_sub(notes + NOTE_CHARACTERS);
    let excess = length.saturating_sub(room);
    let mut longest = None;
    find_longest(answer, String::new(), false, &mut longest);
    let (path, size) = longest?;
    let part = |total: usize| (total * size.saturating_sub(excess) / size.max(1)).clamp(1, total - 1);
    match answer.pointer_mut(&path)? {
        Value::Array(items) => {
            let total = items.len();
            items.truncate(part(total));
            Some(Cut { path, kept: Some(items.len()), total })
        }
        Value::Object(entries) => {
            let total = entries.len();
            let (kept, mut place) = (part(total), 0);
            entries.retain(|_, _| {
                place += 1;
                place <= kept
            });
            Some(Cut { path, kept: Some(entries.len()), total })
        }
        Value::String(text) => {
            let kept = size.saturating_sub(excess).clamp(LEAST_CHARACTERS, size - 1);
            *text = text.chars().take(kept - 1).chain(['…']).collect();
            Some(Cut { path, kept: None, total: size })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Finds the longest of what can be cut, with its length: a list of more than one item, a text, or an object of users
/// of more than one entry, unless one of these makes up most of it. Answers the length of `value`.
fn find_longest(
    value: &Value,
    path: String,
    is_of_users: bool,
    longest: &mut Option<(String, usize)>,
) -> usize {
    match value {
        Value::Object(object) => {
            let (mut size, mut largest) = (2, 0);
            for (key, value) in object {
                let below = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
                let is_of_users = is_of_users || OF_USERS.contains(&key.as_str());
                let length = find_longest(value, below, is_of_users, longest);
                largest = largest.max(length);
                size += length + key.chars().count() + 4;
            }
            if is_of_users && object.len() > 1 && 2 * largest < size {
                offer(path, size, longest);
            }
            size
        }
        Value::Array(items) => {
            // Within a list only the first item is looked at, and the list itself goes first.
            match items.as_slice() {
                [only] => find_longest(only, format!("{path}/0"), is_of_users, longest) + 2,
                [] => 2,
                _ => {
                    let size = length_of(value);
                    offer(path, size, longest);
                    size
                }
            }
        }
        Value::String(text) => {
            let size = text.chars().count();
            if size > LEAST_CHARACTERS {
                offer(path, size, longest);
            }
            size + 2
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => length_of(value),
    }
}

fn offer(path: String, size: usize, longest: &mut Option<(String, usize)>) {
    if longest.as_ref().is_none_or(|(_, other)| size > *other) {
        *longest = Some((path, size));
    }
}

/// Characters of the JSON text.
fn length_of(value: &Value) -> usize {
    value.to_string().chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(detail: Detail) -> Form {
        Form::new(detail, None).expect("the usual length")
    }

    #[test]
    fn a_form_has_room_for_an_answer() {
        assert_eq!(form(Detail::Brief).characters(), 1_200);
        assert_eq!(form(Detail::Full).characters(), 40_000);
        assert_eq!(Form::new(Detail::Brief, Some(100)).expect("short").characters(), 400);
        for wrong in [3, 49, 100_001] {
            assert!(Form::new(Detail::Full, Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_brief_form_tells_what_decides() {
        let brief = form(Detail::Brief);
        let answer = json!({"a": 1.234_567, "b": null, "c": [], "id": "x", "d": {"id": "y", "e": 123_456.7}, "f": 2.0});
        let expected = json!({"a": 1.235, "c": [], "d": {"e": 123_457}, "f": 2});
        assert_eq!(brief.of(answer.clone(), &["id"]), expected);
        assert_eq!(form(Detail::Full).of(answer.clone(), &["id"]), answer);
    }

    #[test]
    fn an_answer_is_cut_to_its_length_and_says_so() {
        let brief = form(Detail::Brief);
        let rows: Vec<Value> = (0..500).map(|row| json!({"row": row, "text": "some words"})).collect();
        let short = brief.of(json!({"rows": rows, "notes": ["a", "b"]}), &[]);
        assert!(length_of(&short) <= 1_200, "{}", length_of(&short));
        let kept = short["rows"].as_array().expect("rows").len();
        assert!(kept > 20, "{kept}");
        assert!(
            short["left_out"][0].as_str().is_some_and(|note| note.contains(&format!("{kept} of 500"))),
            "{short}"
        );
        let long = brief.of(json!({"text": "word ".repeat(1_000)}), &[]);
        assert!(length_of(&long) <= 1_200 && long["text"].as_str().is_some_and(|text| text.ends_with('…')));
    }

    #[test]
    fn what_is_longest_is_cut_and_what_is_short_stays() {
        let brief = form(Detail::Brief);
        let short = brief.of(json!({"tags": ["a", "b"], "notes": "word ".repeat(1_000)}), &[]);
        assert_eq!(
            (&short["tags"], &short["left_out"]),
            (&json!(["a", "b"]), &json!(["the end of `notes`"]))
        );
    }

    #[test]
    fn what_users_name_is_theirs_and_is_cut_by_entries() {
        let brief = form(Detail::Brief);
        let config = json!({"loss": "mse", "model": {"step": 3}});
        let answer = json!({"step": 1, "config": config, "run": {"loss": 2, "name": "a"}});
        assert_eq!(brief.of(answer, &["step", "loss"]), json!({"config": config, "run": {"name": "a"}}));
        let values: serde_json::Map<String, Value> =
            (0..3_000).map(|place| (format!("metric/{place:04}"), json!(f64::from(place) / 7.0))).collect();
        let short = brief.of(json!({"run": "a", "summary_values": values, "config": config}), &[]);
        assert!(length_of(&short) <= 1_200, "{}", length_of(&short));
        assert_eq!((&short["run"], &short["config"]), (&json!("a"), &config));
        let kept = short["summary_values"].as_object().expect("it is there").len();
        assert!(kept > 20, "{kept}");
        assert!(short["left_out"][0].as_str().is_some_and(|note| note.contains(&format!("{kept} of 3000"))));
    }
}
