//! Paths of media in the JSON of rows: which files a row names, and other names for them.
//!
//! Nothing else of a row changes: all other values keep their text to the last digit.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Component, Path, PathBuf};

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Types of values that name a file. Source: the peer's `SQLiteStorage._update_media_paths`.
const MEDIA_TYPES: [&str; 5] =
    ["trackio.image", "trackio.video", "trackio.audio", "trackio.html", "trackio.object3d"];
const PATH_FIELD: &str = "file_path";

/// A change of the beginning of paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prefix {
    pub(crate) old: String,
    pub(crate) new: String,
}

/// The JSON text with media paths that begin with an old prefix changed to the new one; `None` where none does.
pub(crate) fn rewrite(json: &str, prefixes: &[Prefix]) -> Option<String> {
    if !json.contains(PATH_FIELD) {
        return None;
    }
    let mut changed = false;
    let mut out = String::with_capacity(json.len() + 16);
    walk(json, &mut out, &mut |path| {
        let prefix = prefixes.iter().find(|prefix| path.starts_with(&prefix.old))?;
        changed = true;
        Some(format!("{}{}", prefix.new, &path[prefix.old.len()..]))
    });
    changed.then_some(out)
}

/// Adds the media files a JSON text names in a folder, as paths below the media folder.
pub(crate) fn collect(json: &str, folder: &str, found: &mut BTreeSet<PathBuf>) {
    if !json.contains(PATH_FIELD) {
        return;
    }
    walk(json, &mut String::new(), &mut |path| {
        let stays = |component| matches!(component, Component::Normal(_));
        if path.starts_with(folder) && Path::new(path).components().all(stays) {
            found.insert(path.into());
        }
        None
    });
}

/// Copies a JSON text, letting `change` give media paths another text.
fn walk(json: &str, out: &mut String, change: &mut dyn FnMut(&str) -> Option<String>) {
    let json = json.trim();
    if let Some(fields) = json.starts_with('{').then(|| fields(json)).flatten() {
        let is_media = fields.iter().any(|(name, value)| {
            name == "_type"
                && serde_json::from_str::<String>(value.get())
                    .is_ok_and(|kind| MEDIA_TYPES.contains(&kind.as_str()))
        });
        for (position, (name, value)) in fields.iter().enumerate() {
            out.push(if position == 0 { '{' } else { ',' });
            out.push_str(&quoted(name));
            out.push(':');
            let path =
                (is_media && name == PATH_FIELD).then(|| serde_json::from_str::<String>(value.get()).ok());
            // The peer on other systems writes paths with their separator.
            match path.flatten().and_then(|path| change(&path.replace('\\', "/"))) {
                Some(path) => out.push_str(&quoted(&path)),
                None => walk(value.get(), out, change),
            }
        }
        out.push_str(if fields.is_empty() { "{}" } else { "}" });
    } else if let Some(items) =
        json.starts_with('[').then(|| serde_json::from_str::<Vec<&RawValue>>(json).ok()).flatten()
    {
        out.push('[');
        for (position, item) in items.iter().enumerate() {
            if position > 0 {
                out.push(',');
            }
            walk(item.get(), out, change);
        }
        out.push(']');
    } else {
        out.push_str(json);
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

type Fields<'a> = Vec<(String, &'a RawValue)>;

/// The fields of an object in their order.
fn fields(json: &str) -> Option<Fields<'_>> {
    struct InOrder;
    impl<'de> Visitor<'de> for InOrder {
        type Value = Fields<'de>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut fields = Vec::new();
            while let Some(field) = map.next_entry()? {
                fields.push(field);
            }
            Ok(fields)
        }
    }
    serde_json::Deserializer::from_str(json).deserialize_map(InOrder).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"{"loss":1.50,"z":1e-7,"img":{"_type":"trackio.image","file_path":"p/old/0/a.png","caption":null},"t":{"_type":"trackio.table","_value":[{"i":[{"_type":"trackio.audio","file_path":"p/old/1/ü.wav"}]}]},"own":{"file_path":"p/old/x"},"other":{"_type":"trackio.image","file_path":"p/older/0/b.png"},"bad":"file_path","e":{}}"#;

    #[test]
    fn only_paths_of_media_change() {
        let prefix = Prefix { old: "p/old/".into(), new: "p/new name/".into() };
        let expected = ROW.replace("p/old/0/a", "p/new name/0/a").replace("p/old/1/", "p/new name/1/");
        assert_eq!(rewrite(ROW, std::slice::from_ref(&prefix)), Some(expected));
        assert_eq!(rewrite(r#"{"file_path":"p/old/x"}"#, std::slice::from_ref(&prefix)), None);
        assert_eq!(rewrite("nonsense file_path", &[prefix]), None);
    }

    #[test]
    fn files_of_a_folder_are_found() {
        let mut found = BTreeSet::new();
        collect(ROW, "p/old/", &mut found);
        collect(&ROW.replace("/old/", "/old/../"), "p/old/", &mut found);
        assert_eq!(found, BTreeSet::from(["p/old/0/a.png".into(), "p/old/1/ü.wav".into()]));
    }
}
