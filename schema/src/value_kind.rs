//! Kinds of typed objects that are logged beside numbers, and which of them a value holds.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::Value;

/// How the peer marks its typed objects as they stand in JSON: text without it holds none.
const MARK: &str = "\"trackio.";
/// The same before the name of a kind.
const PREFIX: &str = "trackio.";
/// Lists and objects nested deeper hold nothing that a person would look for.
const DEEPEST: usize = 8;

/// A kind of typed object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ValueKind {
    /// A picture.
    Image,
    /// A video.
    Video,
    /// Sound.
    Audio,
    /// A document in HTML.
    Html,
    /// A 3D object or a cloud of points.
    Object3d,
    /// A table; media in its cells do not count for themselves.
    Table,
    /// A histogram.
    Histogram,
    /// A report in Markdown.
    Markdown,
}

impl ValueKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Image,
        Self::Video,
        Self::Audio,
        Self::Html,
        Self::Object3d,
        Self::Table,
        Self::Histogram,
        Self::Markdown,
    ];

    /// The word on the wire; the peer's `_type` is `trackio.` and this.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Html => "html",
            Self::Object3d => "object3d",
            Self::Table => "table",
            Self::Histogram => "histogram",
            Self::Markdown => "markdown",
        }
    }

    /// Reads that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What a value says it is itself.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        #[derive(Deserialize)]
        struct Typed {
            #[serde(rename = "_type")]
            kind: String,
        }
        let Value::Json(text) = value else { return None };
        let typed = text.starts_with('{') && text.contains(MARK);
        let Typed { kind } = typed.then(|| serde_json::from_str(text).ok()).flatten()?;
        kind.strip_prefix(PREFIX).and_then(Self::parse)
    }
}

/// Some of the kinds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueKinds(u16);

impl ValueKinds {
    /// Those whose objects name files or are tables: what a page of media shows.
    pub const MEDIA: Self = Self(0b11_1111);

    /// The kinds a value holds, however deep: itself, in lists, in plain objects.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        let Value::Json(text) = value else { return Self::default() };
        if !text.starts_with(['{', '[']) || !text.contains(MARK) {
            return Self::default();
        }
        let mut document = serde_json::Deserializer::from_str(text);
        Look { depth: 0 }.deserialize(&mut document).unwrap_or_default()
    }

    /// With one more.
    #[must_use]
    pub fn with(self, kind: ValueKind) -> Self {
        Self(self.0 | (1 << kind as u16))
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `kind` is among them.
    #[must_use]
    pub fn has(self, kind: ValueKind) -> bool {
        self.meets(Self::default().with(kind))
    }

    /// Whether any of `other` is among them.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds, in the order of [`ValueKind::ALL`].
    pub fn iter(self) -> impl Iterator<Item = ValueKind> {
        ValueKind::ALL.into_iter().filter(move |kind| self.has(*kind))
    }

    /// A number for each set of kinds, from which [`Self::from_number`] makes it again.
    #[must_use]
    pub fn number(self) -> f64 {
        f64::from(self.0)
    }

    /// The set of that number; what is no such number is none.
    #[must_use]
    pub fn from_number(number: f64) -> Self {
        // The cast keeps to the type, whatever the number is.
        Self(number as u16 & ((1 << ValueKind::ALL.len()) - 1))
    }
}

impl FromIterator<ValueKind> for ValueKinds {
    fn from_iter<I: IntoIterator<Item = ValueKind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::default(), Self::with)
    }
}

/// Finds the kinds in a JSON value without keeping any of it.
#[derive(Clone, Copy)]
struct Look {
    depth: usize,
}

impl Look {
    fn deeper(self) -> Self {
        Self { depth: self.depth + 1 }
    }
}

impl<'de> DeserializeSeed<'de> for Look {
    type Value = ValueKinds;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ValueKinds, D::Error> {
        if self.depth > DEEPEST {
            return deserializer.deserialize_ignored_any(IgnoredAny).map(|IgnoredAny| ValueKinds::default());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look {
    type Value = ValueKinds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<ValueKinds, E> {
        Ok(ValueKinds::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<ValueKinds, E> {
        Ok(ValueKinds::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<ValueKinds, E> {
        Ok(ValueKinds::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<ValueKinds, E> {
        Ok(ValueKinds::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<ValueKinds, E> {
        Ok(ValueKinds::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<ValueKinds, E> {
        Ok(ValueKinds::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ValueKinds, A::Error> {
        let mut found = ValueKinds::default();
        while let Some(item) = items.next_element_seed(self.deeper())? {
            found = found.and(item);
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<ValueKinds, A::Error> {
        let (mut inside, mut typed) = (ValueKinds::default(), None);
        while let Some(name) = fields.next_key::<std::borrow::Cow<'de, str>>()? {
            if name == "_type" {
                let kind: serde_json::Value = fields.next_value()?;
                typed = kind.as_str().and_then(|kind| kind.strip_prefix(PREFIX)).map(ValueKind::parse);
            } else if typed.is_some() {
                // What a typed object is made of is not looked into.
                fields.next_value::<IgnoredAny>()?;
            } else {
                inside = inside.and(fields.next_value_seed(self.deeper())?);
            }
        }
        Ok(typed.map_or(inside, |kind| kind.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<ValueKind> {
        ValueKinds::of(&Value::Json(text.into())).iter().collect()
    }

    #[test]
    fn kinds_are_found_however_deep() {
        use ValueKind::{Histogram, Image, Markdown, Table, Video};
        assert_eq!(of(r#"{"_type":"trackio.image","file_path":"a.png"}"#), [Image]);
        assert_eq!(of(r#"{ "bins": [0, 1], "_type": "trackio.histogram" }"#), [Histogram]);
        assert_eq!(of(r#"{"_type":"trackio.markdown","_value":"x"}"#), [Markdown]);
        assert_eq!(
            of(r#"[{"_type":"trackio.video"},{"a":{"b":[{"_type":"trackio.image"}]},"c":1.5}]"#),
            [Image, Video]
        );
        assert_eq!(
            of(r#"{"_value":[{"picture":{"_type":"trackio.image"}}],"_type":"trackio.table"}"#),
            [Table]
        );
        for none in [
            r#"{"_type":"trackio.unheard","inside":{"_type":"trackio.image"}}"#,
            r#""{\"_type\":\"trackio.image\"}""#,
            r#"{"a":"trackio.image"}"#,
            r#"{"_type":7,"b":"\"trackio."}"#,
            r#"[{"_type":"trackio.image"}"#,
            "[1,2]",
        ] {
            assert_eq!(of(none), [], "{none}");
        }
        assert!(ValueKinds::of(&Value::Float(1.0)).is_empty());
    }

    #[test]
    fn what_is_endless_ends() {
        let nested = |depth: usize| {
            format!("{}{}{}", "[".repeat(depth), r#"{"_type":"trackio.image"}"#, "]".repeat(depth))
        };
        assert_eq!(of(&nested(DEEPEST)), [ValueKind::Image]);
        assert_eq!(of(&nested(DEEPEST + 1)), []);
        assert_eq!(of(&nested(100_000)), []);
    }

    #[test]
    fn what_a_value_is_itself_is_told_apart_from_what_it_holds() {
        let is = |text: &str| ValueKind::of(&Value::Json(text.into()));
        assert_eq!(is(r#"{"bins":[0,1],"_type":"trackio.histogram"}"#), Some(ValueKind::Histogram));
        assert_eq!(is(r#"[{"_type":"trackio.histogram"}]"#), None);
        assert_eq!(is(r#"{"a":{"_type":"trackio.histogram"}}"#), None);
        assert_eq!(is(r#"{"_type":"trackio.unheard"}"#), None);
    }

    #[test]
    fn a_set_is_a_number_and_back() {
        let kinds: ValueKinds = [ValueKind::Image, ValueKind::Markdown].into_iter().collect();
        assert_eq!(ValueKinds::from_number(kinds.number()), kinds);
        for nonsense in [f64::NAN, -1.0, 0.5, f64::NEG_INFINITY] {
            assert!(ValueKinds::from_number(nonsense).is_empty());
        }
        assert!(ValueKinds::MEDIA.has(ValueKind::Table) && !ValueKinds::MEDIA.has(ValueKind::Histogram));
        assert_eq!(ValueKind::ALL.map(|kind| ValueKind::parse(kind.as_str())), ValueKind::ALL.map(Some));
        assert!(ValueKind::ALL.iter().enumerate().all(|(place, kind)| *kind as usize == place));
    }
}
