//! A list in the head of a card as the lines of its items, so that some can be replaced while the others stay as
//! somebody wrote them.
//!
//! Of YAML it knows what such lists are written in, by people, by the Hub's own client and by `datasets`: a block of
//! items, or one mapping. Anything else is nothing it would change.

/// An item: its lines, from the `-` on, without the indentation of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item(String);

impl Item {
    pub(super) fn new(lines: String) -> Self {
        Self(lines)
    }

    pub(super) fn lines(&self) -> &str {
        &self.0
    }

    /// What it is about.
    pub(super) fn config_name(&self) -> Option<String> {
        self.values().find_map(|line| line.strip_prefix("config_name:")).map(unquoted)
    }

    /// It is what somebody gets who names none.
    pub(super) fn is_default(&self) -> bool {
        self.values().any(|line| line.strip_prefix("default:").is_some_and(|value| value.trim() == "true"))
    }

    /// The files it names, or patterns of them.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for line in self.values() {
            let value = ["path:", "data_files:"].into_iter().find_map(|key| line.strip_prefix(key));
            let is_key = || !line.starts_with(['"', '\'']) && (line.ends_with(':') || line.contains(": "));
            if let Some(value) = value.or_else(|| (!is_key()).then_some(line)) {
                paths.push(unquoted(value));
            }
        }
        paths.retain(|path| !path.is_empty());
        paths
    }

    /// Its lines without what places them.
    fn values(&self) -> impl Iterator<Item = &str> {
        self.0
            .lines()
            .map(|line| line.trim_start_matches([' ', '-']).trim_end())
            .filter(|line| !line.starts_with('#'))
    }
}

/// The items of a key's lines, the key's own first; `None` where they are in no form that is known here.
pub(super) fn items(lines: &str) -> Option<Vec<Item>> {
    let (key, rest) = lines.split_once('\n').unwrap_or((lines, ""));
    let value = key.split_once(':')?.1.trim();
    match value {
        "[]" | "~" | "null" if rest.trim().is_empty() => return Some(Vec::new()),
        "" => {}
        comment if comment.starts_with('#') => {}
        _ => return None,
    }
    let says = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let Some(first) = rest.lines().find(|line| says(line)) else { return Some(Vec::new()) };
    let indent = indentation(first);
    let is_list = is_item(&first[indent..]);
    let mut items: Vec<Item> = Vec::new();
    for line in rest.lines().skip_while(|line| !says(line)) {
        let inner = if says(line) { line.get(indent..)? } else { line.get(indent..).unwrap_or("") };
        if says(line) && indentation(line) < indent {
            return None;
        }
        let begins = if is_list { is_item(inner) && indentation(line) == indent } else { items.is_empty() };
        if begins {
            items.push(Item(if is_list { String::new() } else { "- ".to_owned() }));
        } else if is_list && says(line) && indentation(line) == indent {
            return None;
        } else if !is_list {
            items.last_mut()?.0.push_str("  ");
        }
        let item = &mut items.last_mut()?.0;
        item.push_str(inner.trim_end());
        item.push('\n');
    }
    Some(items)
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_item(line: &str) -> bool {
    line == "-" || line.starts_with("- ")
}

/// A scalar as it is meant.
pub(super) fn unquoted(value: &str) -> String {
    let value = value.trim();
    if value.starts_with('"') {
        return serde_json::from_str(value).unwrap_or_else(|_| value.trim_matches('"').to_owned());
    }
    if let Some(inner) = value.strip_prefix('\'') {
        return inner.strip_suffix('\'').unwrap_or(inner).replace("''", "'");
    }
    value.split(" #").next().unwrap_or(value).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &str) -> Option<Vec<String>> {
        Some(items(lines)?.into_iter().map(|item| item.0).collect())
    }

    #[test]
    fn lists_however_they_are_indented() {
        let items = ["- a: 1\n  b:\n  - x\n", "- c: 2\n"].map(str::to_owned).to_vec();
        assert_eq!(texts("configs:\n- a: 1\n  b:\n  - x\n- c: 2\n"), Some(items.clone()));
        assert_eq!(texts("configs: # mine\n\n  # two\n  - a: 1\n    b:\n    - x\n  - c: 2\n"), Some(items));
        assert_eq!(texts("configs: []\n"), Some(Vec::new()));
        assert_eq!(texts("configs:\n"), Some(Vec::new()));
    }

    #[test]
    fn one_mapping_is_a_list_of_one() {
        let one = "- features:\n  - name: a\n    dtype: int64\n  splits:\n  - name: train\n";
        let lines = "dataset_info:\n  features:\n  - name: a\n    dtype: int64\n  splits:\n  - name: train\n";
        assert_eq!(texts(lines), Some(vec![one.to_owned()]));
    }

    #[test]
    fn what_is_no_block_is_not_touched() {
        for other in ["configs: [{config_name: a}]\n", "configs: &a\n- b: 1\n", "configs:\n- a: 1\nb\n"] {
            assert_eq!(texts(other), None, "{other}");
        }
    }

    #[test]
    fn names_and_paths() {
        let item = &items("configs:\n- data_files:\n  - path:\n    - 'it''s/a.parquet'\n    - \"b \\u00fc/*.csv\"\n    split: train\n  config_name: \"a b\"\n  default: true\n")
            .expect("a list")[0];
        assert_eq!(item.config_name().as_deref(), Some("a b"));
        assert_eq!(item.paths(), ["it's/a.parquet", "b ü/*.csv"]);
        assert!(item.is_default());
        let item =
            &items("configs:\n- config_name: plain # words\n  data_files: x/y.parquet\n").expect("a list")[0];
        assert_eq!(
            (item.config_name().as_deref(), item.paths()),
            (Some("plain"), vec!["x/y.parquet".to_owned()])
        );
        assert!(!item.is_default());
    }
}
