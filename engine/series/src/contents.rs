//! What a key held beside numbers, as far as pages and lists need to know.

use paceline_schema::Value;
use serde::{Deserialize, Serialize};

/// How the peer marks its typed objects; the kind follows.
const TYPE_MARK: &str = "\"_type\":\"trackio.";

/// Kinds of values that were logged; several for one key where it held several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents(u8);

impl Contents {
    /// Text, truth values, lists, plain objects, nothing.
    pub const PLAIN: Self = Self(1);
    /// Histograms.
    pub const HISTOGRAM: Self = Self(2);
    /// Images, videos, audio, HTML, 3D objects and tables.
    pub const MEDIA: Self = Self(4);
    /// Reports in Markdown.
    pub const REPORT: Self = Self(8);

    /// Of one value.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        let Value::Json(text) = value else { return Self::PLAIN };
        let marked = text.starts_with('{').then(|| text.split_once(TYPE_MARK)).flatten();
        match marked.and_then(|(_, rest)| rest.split('"').next()) {
            Some("histogram") => Self::HISTOGRAM,
            Some("image" | "video" | "audio" | "html" | "object3d" | "table") => Self::MEDIA,
            Some("markdown") => Self::REPORT,
            Some(_) | None => Self::PLAIN,
        }
    }

    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `kind` is among them.
    #[must_use]
    pub fn has(self, kind: Self) -> bool {
        self.0 & kind.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_objects_are_told_by_their_mark() {
        let of = |text: &str| Contents::of(&Value::Json(text.into()));
        assert_eq!(of(r#"{"_type":"trackio.image","file_path":"a.png"}"#), Contents::MEDIA);
        assert_eq!(of(r#"{"bins":[0,1],"_type":"trackio.histogram"}"#), Contents::HISTOGRAM);
        assert_eq!(of(r#"{"_type":"trackio.markdown","_value":"x"}"#), Contents::REPORT);
        assert_eq!(of(r#"{"_type":"trackio.unheard"}"#), Contents::PLAIN);
        assert_eq!(of(r#""{\"_type\":\"trackio.image\"}""#), Contents::PLAIN);
        let both = Contents::MEDIA.with(Contents::PLAIN);
        assert!(both.has(Contents::MEDIA) && both.has(Contents::PLAIN) && !both.has(Contents::REPORT));
        assert!(!Contents::default().has(Contents::PLAIN));
    }
}
