//! The head of a model's card: what the Hub reads of it to list the model where it belongs.

use std::collections::BTreeMap;

use super::folder::{Library, ModelFolder, Task, is_id};
use crate::sync::{keys, quoted};

/// What the head is to say.
pub(super) fn wanted(
    folder: &ModelFolder,
    base_model: Option<&str>,
    dataset: Option<&str>,
) -> BTreeMap<String, String> {
    let mut lines = BTreeMap::new();
    let mut say = |key: &str, value: String| {
        lines.insert(key.to_owned(), format!("{key}:{value}\n"));
    };
    if let Some(base) = base_model.filter(|base| is_id(base)) {
        say("base_model", format!(" {}", quoted(base)));
    }
    if let Some(dataset) = dataset.filter(|dataset| is_id(dataset)) {
        say("datasets", format!("\n- {}", quoted(dataset)));
    }
    match folder.library {
        Library::Peft(_) => say("library_name", " peft".to_owned()),
        Library::Transformers(_) => say("library_name", " transformers".to_owned()),
        Library::Gguf | Library::Unknown => {}
    }
    match folder.library {
        Library::Transformers(Task::Writing) => say("pipeline_tag", " text-generation".to_owned()),
        Library::Transformers(Task::Judging) => say("pipeline_tag", " text-classification".to_owned()),
        Library::Transformers(Task::Unknown) | Library::Peft(_) | Library::Gguf | Library::Unknown => {}
    }
    say("tags", "\n- trackio\n- paceline".to_owned());
    lines
}

/// The head with what is to be said in the place of what we said before; what else stands in it is somebody else's.
/// Gives the lines that are ours now as well. `ours` are those of the last time, none where it was never published.
pub(super) fn merged(
    head: &str,
    wanted: &BTreeMap<String, String>,
    ours: Option<&BTreeMap<String, String>>,
) -> (String, BTreeMap<String, String>) {
    let mut parts = keys(head);
    let mut now = BTreeMap::new();
    let before = |key: &str| ours.and_then(|ours| ours.get(key));
    for (key, lines) in wanted {
        match parts.iter_mut().find(|(name, _)| name == key) {
            Some((_, there)) if before(key) == Some(there) => there.clone_from(lines),
            Some(_) => continue,
            // Somebody took it out.
            None if before(key).is_some() && !head.is_empty() => {
                now.extend(before(key).map(|lines| (key.clone(), lines.clone())));
                continue;
            }
            None => parts.push((key.clone(), lines.clone())),
        }
        now.insert(key.clone(), lines.clone());
    }
    // What we said and do not say any more.
    parts.retain(|(key, there)| wanted.contains_key(key) || before(key) != Some(there));
    (parts.into_iter().map(|(_, lines)| lines).collect(), now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), format!("{key}: {value}\n"))).collect()
    }

    #[test]
    fn what_somebody_wrote_in_the_head_stays() {
        let first = lines(&[("base_model", "a/b"), ("tags", "x")]);
        let (head, ours) = merged("", &first, None);
        assert_eq!((head.as_str(), &ours), ("base_model: a/b\ntags: x\n", &first));
        let second = lines(&[("base_model", "a/c"), ("datasets", "d"), ("tags", "x")]);
        let edited = "license: mit\nbase_model: a/b\ntags: mine\n";
        let (head, ours) = merged(edited, &second, Some(&ours));
        assert_eq!(head, "license: mit\nbase_model: a/c\ntags: mine\ndatasets: d\n");
        assert_eq!(ours.keys().collect::<Vec<_>>(), ["base_model", "datasets"]);
        let without = head.replace("datasets: d\n", "");
        let (head, ours) = merged(&without, &second, Some(&ours));
        assert!(!head.contains("datasets") && ours.contains_key("datasets"), "somebody took it out: {head}");
        let (head, _) = merged(&head, &lines(&[("tags", "x")]), Some(&ours));
        assert_eq!(head, "license: mit\ntags: mine\n", "what we do not say any more goes");
    }
}
