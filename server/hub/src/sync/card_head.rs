//! The head of a card, between its lines `---`: which files make up which table, and what columns these have together.
//!
//! `datasets` and the Hub's viewer take the columns of the first file for those of all, unless they are told: a metric
//! that came later would be an error. So they are told wherever a table has several files.

use std::fmt::Write as _;

use arrow_schema::{DataType, Field, FieldRef};

use super::card_list::{Item, items, unquoted};
use crate::parquet::{Manifest, TABLES, TableOfManifest};

const CONFIGS: &str = "configs";
const INFO: &str = "dataset_info";

/// The lines of the head, and what follows it.
pub(crate) fn split(card: &str) -> (&str, &str) {
    let Some(rest) = card.strip_prefix("---\n") else { return ("", card) };
    if let Some(body) = rest.strip_prefix("---\n") {
        return ("", body);
    }
    match rest.find("\n---\n") {
        Some(end) => (&rest[..=end], &rest[end + "\n---\n".len()..]),
        // The file may end with the head.
        None => match rest.strip_suffix("---") {
            Some(head) if head.is_empty() || head.ends_with('\n') => (head, ""),
            Some(_) | None => ("", card),
        },
    }
}

/// The head with the tables of these projects in the place of what it said of them, and without those of projects that
/// are `gone`. What else stands in it is somebody else's and stays as it is, in these two keys too.
pub(super) fn head_with(head: &str, manifests: &[&Manifest], gone: &[String]) -> String {
    let mut parts = keys(head);
    if head.is_empty() {
        parts.push((String::new(), "tags:\n- trackio\n- paceline\n".to_owned()));
    }
    let of_key = |key: &str| {
        let lines = parts.iter().find(|(name, _)| name == key).map(|(_, lines)| lines);
        lines.map_or(Some(Vec::new()), |lines| items(lines))
    };
    // In a form that is not known here it is somebody's own work: adding to it could break it.
    if let (Some(mut configs), Some(mut infos)) = (of_key(CONFIGS), of_key(INFO)) {
        for project in gone {
            replace(&mut configs, &mut infos, project, (Vec::new(), Vec::new()));
        }
        for manifest in manifests {
            let of_others = |item: &&Item| !is_ours(item, &manifest.project);
            let has_default = configs.iter().filter(of_others).any(Item::is_default);
            let tables = tables(manifest, !has_default);
            replace(&mut configs, &mut infos, &manifest.project, tables);
        }
        put(&mut parts, CONFIGS, &configs);
        put(&mut parts, INFO, &infos);
    }
    parts.into_iter().map(|(_, lines)| lines).collect()
}

/// Whether a card says something of the tables of a project, or nothing could be added to it.
pub(super) fn tells_of(head: &str, project: &str) -> bool {
    let Some((_, lines)) = keys(head).into_iter().find(|(name, _)| name == CONFIGS) else { return false };
    let is_about = |item: &Item| item.config_name().is_some_and(|name| is_name_of(&name, project));
    items(&lines).is_none_or(|configs| configs.iter().any(is_about))
}

/// The keys of a head with their lines, in their order; what stands before the first has none.
pub(crate) fn keys(head: &str) -> Vec<(String, String)> {
    let mut parts: Vec<(String, String)> = Vec::new();
    for line in head.lines() {
        let begins_key = !line.starts_with([' ', '-', '#', '\t']) && !line.trim().is_empty();
        if begins_key || parts.is_empty() {
            let key =
                if begins_key { unquoted(line.split(':').next().unwrap_or_default()) } else { String::new() };
            parts.push((key, String::new()));
        }
        if let Some((_, lines)) = parts.last_mut() {
            lines.push_str(line);
            lines.push('\n');
        }
    }
    parts
}

/// Puts a list where its key stands, or at the end; an empty one of tables is said, since their absence would let files be
/// guessed.
fn put(parts: &mut Vec<(String, String)>, key: &str, list: &[Item]) {
    let place = parts.iter().position(|(name, _)| name == key);
    let lines: String = list.iter().map(Item::lines).collect();
    let lines = match (lines.is_empty(), key) {
        (false, _) => format!("{key}:\n{lines}"),
        (true, CONFIGS) => format!("{key}: []\n"),
        (true, _) => String::new(),
    };
    match place {
        Some(place) => parts[place].1 = lines,
        None => parts.push((key.to_owned(), lines)),
    }
}

/// Puts what is said of a project now where it stood.
fn replace(
    configs: &mut Vec<Item>,
    infos: &mut Vec<Item>,
    project: &str,
    (new_configs, new_infos): (Vec<Item>, Vec<Item>),
) {
    exchange(configs, |item| is_ours(item, project), new_configs);
    let of_others = |item: &&Item| !is_ours(item, project);
    let theirs: Vec<String> = configs.iter().filter(of_others).filter_map(Item::config_name).collect();
    // Whoever has a table of that name says what it is.
    let is_free = |item: &Item| item.config_name().is_none_or(|name| !theirs.contains(&name));
    configs.retain(|item| !is_ours(item, project) || is_free(item));
    let is_old = |item: &Item| {
        let name = item.config_name();
        name.is_some_and(|name| is_name_of(&name, project) && !theirs.contains(&name))
    };
    exchange(infos, is_old, new_infos.into_iter().filter(is_free).collect());
}

/// Takes items out and puts others where the first of them stood, or at the end.
fn exchange(list: &mut Vec<Item>, is_old: impl Fn(&Item) -> bool, new: Vec<Item>) {
    let place = list.iter().position(&is_old);
    list.retain(|item| !is_old(item));
    let place = place.unwrap_or(list.len());
    list.splice(place..place, new);
}

/// Whether a table of that name could be one of a project.
fn is_name_of(name: &str, project: &str) -> bool {
    let rest = name.strip_prefix(project);
    rest.is_some_and(|rest| {
        rest.is_empty()
            || rest.strip_prefix('-').is_some_and(|label| TABLES.iter().any(|table| table.label == label))
    })
}

/// Whether a sync of a project wrote an item: it names the project's files one by one, as nobody does by hand.
fn is_ours(item: &Item, project: &str) -> bool {
    let is_file = |path: &String| {
        path.strip_prefix(project).is_some_and(|rest| rest.starts_with('/'))
            && path.ends_with(".parquet")
            && !path.contains(['*', '?', '['])
    };
    let paths = item.paths();
    item.config_name().is_some_and(|name| is_name_of(&name, project))
        && !paths.is_empty()
        && paths.iter().all(is_file)
}

/// What is said of the tables of a project: where their files lie, and their columns where these are several.
fn tables(manifest: &Manifest, with_default: bool) -> (Vec<Item>, Vec<Item>) {
    let (mut configs, mut infos) = (Vec::new(), Vec::new());
    let mut tables: Vec<(&String, &TableOfManifest)> = manifest.tables.iter().collect();
    tables.sort_by_key(|(name, _)| (*name != "metrics", (*name).clone()));
    for (name, table) in tables {
        // Names of projects are letters, digits, `-` and `_`; quoted, since one may look like a number.
        let config = match label(table, name) {
            "metrics" => quoted(&manifest.project),
            label => quoted(&format!("{}-{label}", manifest.project)),
        };
        let mut lines = format!("- config_name: {config}\n  data_files:\n  - split: train\n    path:\n");
        for file in &table.files {
            let _ = writeln!(lines, "    - {}", quoted(&file.path));
        }
        if with_default && configs.is_empty() {
            lines.push_str("  default: true\n");
        }
        configs.push(Item::new(lines));
        if table.files.len() > 1
            && let Some(schema) = table.schema(name)
        {
            let mut lines = format!("- config_name: {config}\n  features:\n");
            features(&mut lines, schema.fields(), "  ");
            infos.push(Item::new(lines));
        }
    }
    (configs, infos)
}

/// What the files of a table are called.
fn label<'a>(table: &'a TableOfManifest, name: &'a str) -> &'a str {
    let path = table.files.first().map_or(name, |file| file.path.as_str());
    let mut parts = path.split('/').skip(1);
    parts.next().map_or(name, |part| part.strip_suffix(".parquet").unwrap_or(part))
}

/// Columns as `datasets` writes them.
fn features(text: &mut String, fields: &[FieldRef], indent: &str) {
    for field in fields {
        let _ = writeln!(text, "{indent}- name: {}", quoted(field.name()));
        feature(text, field, &format!("{indent}  "));
    }
}

fn feature(text: &mut String, field: &Field, indent: &str) {
    if let DataType::Struct(members) = field.data_type() {
        let _ = writeln!(text, "{indent}struct:");
        features(text, members, indent);
    } else if let DataType::List(item) = field.data_type() {
        if let Some(value) = value(item.data_type()) {
            let _ = writeln!(text, "{indent}list: {value}");
            return;
        }
        let _ = writeln!(text, "{indent}list:");
        if let DataType::Struct(members) = item.data_type() {
            features(text, members, indent);
        } else {
            feature(text, item, &format!("{indent}  "));
        }
    } else {
        let _ = writeln!(text, "{indent}dtype: {}", value(field.data_type()).unwrap_or("string"));
    }
}

/// The name of a type that has no parts.
fn value(data_type: &DataType) -> Option<&'static str> {
    let names = [
        (DataType::Int64, "int64"),
        (DataType::Float64, "float64"),
        (DataType::Boolean, "bool"),
        (DataType::Utf8, "string"),
    ];
    names.into_iter().find(|(known, _)| known == data_type).map(|(_, name)| name)
}

/// A text as YAML takes it, whatever is in it.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_card_without_head_or_with_a_broken_one_is_kept() {
        assert_eq!(split("# x\n"), ("", "# x\n"));
        assert_eq!(split("---\nno end"), ("", "---\nno end"));
        assert_eq!(split("---\na: b\n---"), ("a: b\n", ""));
        assert_eq!(split("---\na: b---"), ("", "---\na: b---"));
        assert_eq!(split("---\n---\nbody"), ("", "body"));
        assert_eq!(split("---\na: b\n---\nbody"), ("a: b\n", "body"));
    }

    fn manifest(project: &str, files: u64) -> Manifest {
        let file = |number: u64| {
            serde_json::json!({
                "path": format!("{project}/metrics/{number}.parquet"), "rows": 1, "after": 0, "through": 1, "bytes": 1, "sha256": "",
            })
        };
        let files: Vec<_> = (1..=files).map(file).collect();
        let manifest = serde_json::json!({
            "format": 1, "project": project, "tables": {"metrics": {"through": 1, "files": files}},
        });
        Manifest::from_json(manifest.to_string().as_bytes(), std::path::Path::new("m")).expect("a manifest")
    }

    fn names(head: &str, key: &str) -> Vec<String> {
        let lines = keys(head).into_iter().find(|(name, _)| name == key).map(|(_, lines)| lines);
        let items = items(&lines.unwrap_or_else(|| format!("{key}:"))).expect("a list");
        items.iter().filter_map(Item::config_name).collect()
    }

    const THEIRS: &str = "license: mit\nconfigs:\n  - config_name: mine\n    data_files: mine/*.csv\n    default: true\n\
        dataset_info:\n  features:\n  - name: a\n    dtype: int64\ntags:\n- x\n";

    #[test]
    fn what_is_theirs_stays_and_only_ours_is_replaced() {
        let first = head_with(THEIRS, &[&manifest("a", 2)], &[]);
        assert!(first.starts_with(
            "license: mit\nconfigs:\n- config_name: mine\n  data_files: mine/*.csv\n  default: true\n"
        ));
        assert!(
            first.contains(
                "dataset_info:\n- features:\n  - name: a\n    dtype: int64\n- config_name: \"a\"\n"
            ),
            "{first}"
        );
        assert!(first.ends_with("tags:\n- x\n") && first.matches("default: true").count() == 1, "{first}");
        let both = head_with(&first, &[&manifest("b", 2)], &[]);
        assert_eq!(names(&both, CONFIGS), ["mine", "a", "b"]);
        // Whoever is synced stays in its place, and what has not changed changes nothing.
        let again = head_with(&both, &[&manifest("a", 1)], &[]);
        assert_eq!(
            (names(&again, CONFIGS), names(&again, INFO)),
            (names(&both, CONFIGS), vec!["b".to_owned()])
        );
        assert_eq!(head_with(&again, &[&manifest("b", 2)], &[]), again);
        let without = head_with(&again, &[&manifest("b", 2)], &["a".to_owned()]);
        assert_eq!(names(&without, CONFIGS), ["mine", "b"]);
    }

    #[test]
    fn a_table_of_our_name_that_somebody_made_stays_theirs() {
        let own = "configs:\n- config_name: a\n  data_files: a/metrics/*.parquet\ndataset_info:\n- config_name: a\n  x: 1\n";
        let head = head_with(own, &[&manifest("a", 2)], &[]);
        assert_eq!(head, own);
        assert!(tells_of(own, "a") && !tells_of(own, "b"));
        let flow = "configs: [{config_name: a}]\n";
        assert_eq!(head_with(flow, &[&manifest("a", 1)], &[]), flow);
        assert!(tells_of(flow, "b"), "nothing can be added");
    }

    #[test]
    fn of_all_tables_one_is_the_default() {
        let one = head_with("", &[&manifest("b", 1)], &[]);
        assert!(one.starts_with("tags:\n- trackio\n- paceline\nconfigs:\n"), "{one}");
        let two = head_with(&one, &[&manifest("a", 1)], &[]);
        assert_eq!(
            (names(&two, CONFIGS), two.matches("default: true").count()),
            (vec!["b".into(), "a".into()], 1)
        );
        let left = head_with(&two, &[&manifest("a", 1)], &["b".to_owned()]);
        assert_eq!((names(&left, CONFIGS), left.matches("default: true").count()), (vec!["a".into()], 1));
    }

    #[test]
    fn a_head_that_another_program_wrote_anew_is_still_ours() {
        let rewritten = "configs:\n- config_name: a\n  data_files:\n  - path:\n    - a/metrics/1.parquet\n    split: train\n  default: true\n";
        let head = head_with(rewritten, &[&manifest("a", 2)], &[]);
        assert_eq!(
            (names(&head, CONFIGS), head.matches("metrics/2.parquet").count()),
            (vec!["a".into()], 1),
            "{head}"
        );
    }

    #[test]
    fn columns_of_every_type() {
        let of = |name: &str, data_type| Arc::new(Field::new(name, data_type, true));
        let item = |data_type| DataType::List(of("element", data_type));
        let pair = DataType::Struct(vec![of("a", DataType::Utf8), of("b", item(DataType::Float64))].into());
        let fields =
            [of("x: y", DataType::Int64), of("p", item(pair)), of("n", item(item(DataType::Boolean)))];
        let mut text = String::new();
        features(&mut text, &fields, "");
        let lines = [
            "- name: \"x: y\"",
            "  dtype: int64",
            "- name: \"p\"",
            "  list:",
            "  - name: \"a\"",
            "    dtype: string",
            "  - name: \"b\"",
            "    list: float64",
            "- name: \"n\"",
            "  list:",
            "    list: bool",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), lines);
    }
}
