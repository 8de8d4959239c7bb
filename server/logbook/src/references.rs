//! What of the Hugging Face Hub a logbook names: models, datasets, Spaces, buckets, jobs, papers, collections.

use std::collections::HashSet;

use crate::fault::LogbookFault;
use crate::folder::Logbook;
use crate::json::Json;
use crate::words::pattern;

const HUB: &str = "https://huggingface.co/";
/// First parts of addresses that are pages of the Hub, not names of who owns a model.
const PAGES_OF_THE_HUB: [&str; 18] = [
    "api",
    "blog",
    "changelog",
    "chat",
    "docs",
    "enterprise",
    "join",
    "learn",
    "login",
    "models",
    "new",
    "notifications",
    "organizations",
    "posts",
    "pricing",
    "search",
    "settings",
    "tasks",
];
/// The longest name of a repository with its owner, and of either part.
const LONGEST_NAME: usize = 96;

impl Logbook {
    /// Everything of the Hub that the pages name, each once.
    pub(crate) fn references(&self) -> Result<Json, LogbookFault> {
        let mut known = HashSet::new();
        let mut found = Vec::new();
        for page in self.pages()? {
            let text = self.page_text(&page.file)?;
            for address in pattern!(r#"https://huggingface\.co/[^\s)"'`<>\]]+"#).find_iter(&text) {
                let address = address.as_str().trim_end_matches(['.', ',', ';', ':', '!', '?']);
                if let Some((kind, label)) = named(address)
                    && known.insert((kind, label.clone()))
                {
                    found.push(Json::object([
                        ("url", address.into()),
                        ("type", kind.into()),
                        ("label", label.into()),
                    ]));
                }
            }
        }
        Ok(Json::List(found))
    }
}

/// What an address names: its kind and its name.
fn named(address: &str) -> Option<(&'static str, String)> {
    let path = address.strip_prefix(HUB)?.split(['#', '?']).next()?;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let head = parts.first()?.to_lowercase();
    let repository = |parts: &[&str]| {
        let name = parts.get(..2)?.join("/");
        (name.len() <= LONGEST_NAME && parts[..2].iter().all(|part| is_name(part))).then_some(name)
    };
    let after = |parts: &[&str]| repository(parts.get(1..)?);
    match head.as_str() {
        "jobs" => Some(("Jobs", after(&parts)?)),
        "datasets" => Some(("Datasets", after(&parts)?)),
        "spaces" => Some(("Spaces", after(&parts)?)),
        "buckets" => Some(("Buckets", after(&parts)?)),
        "api" if parts.get(1).is_some_and(|part| part.eq_ignore_ascii_case("buckets")) => {
            Some(("Buckets", after(&parts[1..])?))
        }
        "collections" => Some(("Collections", after(&parts)?)),
        "papers" => parts.get(1).filter(|name| is_name(name)).map(|name| ("Papers", (*name).to_owned())),
        head if PAGES_OF_THE_HUB.contains(&head) || head == "welcome" => None,
        _ => (parts.len() == 2).then(|| repository(&parts)).flatten().map(|name| ("Models", name)),
    }
}

/// A name as the Hub permits it.
fn is_name(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    !part.is_empty()
        && part.len() <= LONGEST_NAME
        && part.chars().all(plain)
        && !part.starts_with(['-', '.'])
        && !part.ends_with(['-', '.'])
        && !part.contains("--")
        && !part.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_things_of_the_hub() {
        let of = |path: &str| named(&format!("{HUB}{path}")).map(|(kind, label)| format!("{kind} {label}"));
        for (path, expected) in [
            ("Qwen/Qwen3-0.6B", Some("Models Qwen/Qwen3-0.6B")),
            ("datasets/a/b/blob/main/x.csv", Some("Datasets a/b")),
            ("spaces/a/b?x=1#y", Some("Spaces a/b")),
            ("api/buckets/a/b", Some("Buckets a/b")),
            ("buckets/a/b#file", Some("Buckets a/b")),
            ("jobs/a/123", Some("Jobs a/123")),
            ("papers/2601.00001", Some("Papers 2601.00001")),
            ("collections/a/b", Some("Collections a/b")),
            ("docs/trl", None),
            ("someone", None),
            ("a/b/tree/main", None),
            ("a/b--c", None),
            ("datasets/a", None),
            ("papers", None),
            ("", None),
        ] {
            assert_eq!(of(path).as_deref(), expected, "{path}");
        }
        assert_eq!(named("https://example.org/a/b"), None);
    }
}
