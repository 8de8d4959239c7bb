//! JSON text taken apart one level at a time: parts are borrowed and never written anew.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// What a JSON text is, by its first character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    Text,
    List,
    Object,
}

/// The kind of a value that is known to be JSON, without space around it.
pub(crate) fn kind(json: &str) -> Kind {
    match json.as_bytes().first() {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::List,
        Some(b'"') => Kind::Text,
        Some(b't' | b'f') => Kind::Bool,
        Some(b'n') | None => Kind::Null,
        Some(_) => Kind::Number,
    }
}

/// Whether a number is written as a whole one.
pub(crate) fn is_whole(number: &str) -> bool {
    !number.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

/// A string's text, without a copy where nothing is escaped.
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Texts)
    }
}

struct Entries<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Objects;
        impl<'de> Visitor<'de> for Objects {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Vec::with_capacity(16);
                while let Some((Text(key), value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    entries.push((key, value.get()));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Objects)
    }
}

struct Items<'a>(Vec<&'a str>);

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lists;
        impl<'de> Visitor<'de> for Lists {
            type Value = Items<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Items<'de>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element::<&'de RawValue>()? {
                    items.push(item.get());
                }
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(Lists)
    }
}

/// The members of an object in their order; `None` for anything else.
pub(crate) fn entries(json: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    if let Some(entries) = flat_entries(json) {
        return Some(entries);
    }
    serde_json::from_str::<Entries<'_>>(json).ok().map(|Entries(entries)| entries)
}

/// The same for what most rows are: numbers, plain text and truth values under plain names. `None` says nothing.
fn flat_entries(json: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    let mut at = At { json: json.as_bytes(), place: 0 };
    let mut entries = Vec::with_capacity(16);
    at.space();
    at.expect(b'{')?;
    loop {
        at.space();
        let key = at.text()?;
        at.space();
        at.expect(b':')?;
        at.space();
        let value = at.value()?;
        entries.push((Cow::Borrowed(json.get(key.start + 1..key.end - 1)?), json.get(value)?));
        at.space();
        if at.expect(b',').is_none() {
            at.expect(b'}')?;
            at.space();
            return (at.place == json.len()).then_some(entries);
        }
    }
}

/// A place in a JSON text.
struct At<'a> {
    json: &'a [u8],
    place: usize,
}

impl At<'_> {
    fn next(&self) -> Option<u8> {
        self.json.get(self.place).copied()
    }

    fn space(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.place += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        let is_there = self.next() == Some(byte);
        self.place += usize::from(is_there);
        is_there.then_some(())
    }

    /// Where a string lies, with its quotation marks; not one with escapes.
    fn text(&mut self) -> Option<Range<usize>> {
        let start = self.place;
        self.expect(b'"')?;
        loop {
            let byte = self.next()?;
            self.place += 1;
            match byte {
                b'"' => return Some(start..self.place),
                b'\\' | 0..=0x1f => return None,
                _ => {}
            }
        }
    }

    /// Where a value lies that has no parts.
    fn value(&mut self) -> Option<Range<usize>> {
        let start = self.place;
        match self.next()? {
            b'"' => return self.text(),
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => self.word(b"true")?,
            b'f' => self.word(b"false")?,
            b'n' => self.word(b"null")?,
            _ => return None,
        }
        Some(start..self.place)
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.json[self.place..].starts_with(word).then(|| self.place += word.len())
    }

    fn number(&mut self) -> Option<()> {
        let _ = self.expect(b'-');
        if self.expect(b'0').is_none() {
            self.digits()?;
        }
        if self.expect(b'.').is_some() {
            self.digits()?;
        }
        if matches!(self.next(), Some(b'e' | b'E')) {
            self.place += 1;
            if matches!(self.next(), Some(b'+' | b'-')) {
                self.place += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// At least one.
    fn digits(&mut self) -> Option<()> {
        let start = self.place;
        while self.next().is_some_and(|byte| byte.is_ascii_digit()) {
            self.place += 1;
        }
        (self.place > start).then_some(())
    }
}

/// The items of a list; `None` for anything else.
pub(crate) fn items(json: &str) -> Option<Vec<&str>> {
    serde_json::from_str::<Items<'_>>(json).ok().map(|Items(items)| items)
}

/// The text of a string; `None` for anything else, and for one that is no Unicode text.
pub(crate) fn text(json: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(json).ok().map(|Text(text)| text)
}

/// The floats that JSON has no numbers for, in the peer's form.
pub(crate) fn not_finite(json: &str) -> Option<f64> {
    match json {
        "\"NaN\"" => Some(f64::NAN),
        "\"Infinity\"" => Some(f64::INFINITY),
        "\"-Infinity\"" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn flat_objects_are_taken_apart_as_any_other(
            members in prop::collection::vec("[ \n]?\"[aä\\\\n\t]{0,2}\"[ ]?:[ ]?(-?(0|[1-9][0-9]?)([.][0-9])?(e[+-]?[0-9])?|01|1[.]|-|true|nul|null|\"x?\"|[\\[]1[\\]]|[{][}])[ ]?", 0..4),
            end in "[}]?[ ,x]?",
        ) {
            let json = format!("{{{}{end}", members.join(","));
            let by_parser = serde_json::from_str::<Entries<'_>>(&json).ok().map(|Entries(entries)| entries);
            if let Some(flat) = flat_entries(&json) {
                prop_assert_eq!(Some(flat), by_parser, "{}", json);
            }
        }
    }

    #[test]
    fn rows_of_metrics_are_flat() {
        let json = r#"{"train/loss":0.5125,"epoch":3,"lr":-1.5e-07,"note":"NaN","ok":true,"none":null}"#;
        assert_eq!(flat_entries(json).map(|entries| entries.len()), Some(6));
    }

    #[test]
    fn parts_are_as_they_stand() {
        let taken = entries(r#" { "a" : 1.50 ,"b\n":[ 1, {"c":null} ], "a":"x" } "#).expect("an object");
        let expected = [("a", "1.50"), ("b\n", r#"[ 1, {"c":null} ]"#), ("a", r#""x""#)];
        assert_eq!(taken.iter().map(|(key, value)| (key.as_ref(), *value)).collect::<Vec<_>>(), expected);
        assert_eq!(items("[1, [2], \"3\"]").expect("a list"), ["1", "[2]", "\"3\""]);
        assert!(entries("[1]").is_none());
        assert!(entries("{\"a\":}").is_none());
        assert!(items("{}").is_none());
    }

    #[test]
    fn text_that_is_no_unicode_is_none() {
        assert_eq!(text(r#""\u00e4""#).as_deref(), Some("ä"));
        assert_eq!(text(r#""\ud800""#), None);
    }
}
