//! The page of a Dataset: what the projects in it are, their best runs, and how to load them.
//!
//! Only what stands between our marks is ours, and the parts of its head that `card_head` writes; what else somebody writes
//! stays.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use paceline_storage::{Project, RunRecord, StorageError};

use super::card_head::{head_with, quoted, split, tells_of as head_tells_of};
use crate::parquet::Manifest;
use crate::remote::Repository;

const BEGIN: &str = "<!-- paceline: project";
const END: &str = "<!-- paceline: end -->";
/// Runs that are named in the card.
const BEST_RUNS: usize = 10;
const FENCE: &str = "---";

/// The card with the present state of a project, in the place of what it said of it before. `projects` are all that the
/// Dataset holds, `others` those of them that the card says nothing of yet.
pub(crate) fn write(
    before: Option<&str>,
    project: &Project,
    manifest: &Manifest,
    projects: &BTreeSet<&str>,
    others: &[Manifest],
    dataset: &Repository,
) -> Result<String, StorageError> {
    let section = section(project, manifest, dataset)?;
    let mut manifests: Vec<&Manifest> = others.iter().chain([manifest]).collect();
    manifests.sort_by(|a, b| a.project.cmp(&b.project));
    let before_text = before.unwrap_or_default();
    let text = plain(before_text);
    let (head, body) = split(&text);
    let is_there = |name: &str| name == project.name() || projects.contains(name);
    let gone: Vec<String> = sections(body).into_iter().filter(|name| !is_there(name)).collect();
    let mut body = with_section(body, project.name(), &section, &is_there);
    if before.is_none() {
        body = format!("# Training runs\n\n{body}");
    }
    let card = format!("{FENCE}\n{}{FENCE}\n{body}", head_with(head, &manifests, &gone));
    // Lines end as they did.
    Ok(if before_text.contains("\r\n") { card.replace('\n', "\r\n") } else { card })
}

/// Whether a card says of a project where its tables lie, or nothing could be added to it.
pub(crate) fn tells_of(card: &str, project: &str) -> bool {
    head_tells_of(split(&plain(card)).0, project)
}

/// A card as it is read here: its lines end in one way, and nothing stands before the first.
pub(crate) fn plain(card: &str) -> Cow<'_, str> {
    let card = card.strip_prefix('\u{feff}').unwrap_or(card);
    if card.contains('\r') { Cow::Owned(card.replace("\r\n", "\n")) } else { Cow::Borrowed(card) }
}

/// The projects that have a section.
fn sections(body: &str) -> Vec<String> {
    let names = body.split(BEGIN).skip(1).filter_map(|rest| rest.split("-->").next());
    names.map(|name| name.trim().to_owned()).collect()
}

/// The body with the section of a project in its place; sections of projects that are not there go.
fn with_section(body: &str, project: &str, section: &str, is_there: &dyn Fn(&str) -> bool) -> String {
    let mut sections: Vec<(String, String)> = Vec::new();
    let mut own_words = (String::new(), String::new());
    let mut rest = body;
    while let Some(begin) = rest.find(BEGIN) {
        let Some(length) = rest[begin..].find(END) else { break };
        let words = if sections.is_empty() { &mut own_words.0 } else { &mut own_words.1 };
        words.push_str(rest[..begin].trim_end_matches('\n'));
        let text = &rest[begin..begin + length + END.len()];
        let name = text[BEGIN.len()..].split("-->").next().unwrap_or_default().trim().to_owned();
        sections.push((name, text.to_owned()));
        rest = rest[begin + length + END.len()..].trim_start_matches('\n');
    }
    let words = if sections.is_empty() { &mut own_words.0 } else { &mut own_words.1 };
    words.push_str(rest.trim_end_matches('\n'));
    sections.retain(|(name, _)| name != project && is_there(name));
    sections.push((project.to_owned(), format!("{BEGIN} {project} -->\n{section}{END}")));
    sections.sort();
    let texts = sections.into_iter().map(|(_, text)| text);
    let parts = [own_words.0].into_iter().chain(texts).chain([own_words.1]);
    let parts: Vec<String> = parts.filter(|part| !part.trim().is_empty()).collect();
    format!("{}\n", parts.join("\n\n"))
}

/// What the card says of a project.
fn section(project: &Project, manifest: &Manifest, dataset: &Repository) -> Result<String, StorageError> {
    let (runs, best) = project.read(|reader| {
        let runs = reader.runs()?;
        let heads = reader.all_heads()?;
        let mut best: Vec<(f64, String)> = Vec::new();
        for run in &runs {
            let Some(heads) = heads.get(&run.run_id) else { continue };
            let Some((loss, metric)) = heads.loss() else { continue };
            let Some(lowest) = metric.lowest else { continue };
            let line = format!(
                "| {} | {} | {} | `{}` | {} | {} |",
                cell(&run.run_name),
                state(run),
                heads.max_step().unwrap_or_default(),
                cell(&loss.key),
                lowest.value,
                lowest.step
            );
            best.push((lowest.value, line));
        }
        best.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok((runs.len(), best))
    })?;
    let rows = |table: &str| {
        manifest.tables.get(table).map_or(0, |table| table.files.iter().map(|file| file.rows).sum::<u64>())
    };
    let name = project.name();
    let mut text = format!(
        "## {name}\n\n{runs} {}, {} rows of metrics, {} samples of machines, {} alerts.\n\n",
        if runs == 1 { "run" } else { "runs" },
        rows("metrics"),
        rows("system_metrics"),
        rows("alerts"),
    );
    if !best.is_empty() {
        text.push_str("| run | state | step | loss | lowest | at step |\n|---|---|---|---|---|---|\n");
        for (_, line) in best.iter().take(BEST_RUNS) {
            let _ = writeln!(text, "{line}");
        }
        text.push('\n');
    }
    text.push_str(&how_to_load(dataset.id(), name));
    Ok(text)
}

/// Lines that work as they are, for people and agents; files differ in their columns where metrics came later.
fn how_to_load(dataset: &str, project: &str) -> String {
    let (id, name) = (quoted(dataset), quoted(project));
    format!(
        "```python\nfrom datasets import load_dataset\n\nrows = load_dataset({id}, {name}, split=\"train\")\n\
         table = rows.to_pandas()  # or to_polars()\n```\n\n\
         ```sql\n-- DuckDB\nCREATE SECRET (TYPE huggingface, PROVIDER credential_chain);\n\
         FROM read_parquet('hf://datasets/{dataset}/{project}/metrics/*.parquet', union_by_name = true) ORDER BY id;\n```\n\n\
         `paceline pull {dataset} --project {project}` brings it back to a machine, whole.\n"
    )
}

fn state(run: &RunRecord) -> &'static str {
    run.process.state.map_or("", |state| state.as_str())
}

/// A name that a person chose, as a cell of a table: it ends neither the cell, nor our section, nor becomes a link.
pub(crate) fn cell(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(100).collect();
    plain.chars().fold(String::new(), |mut text, c| {
        if "\\`*_[]<>|!&".contains(c) {
            let _ = write!(text, "&#{};", u32::from(c));
        } else {
            text.push(c);
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_wrote_stays() {
        let card = "---\nlicense: mit\n---\n# My runs\n\nWords.\n";
        let (_, body) = split(card);
        let both_there = |_: &str| true;
        let one = with_section(body, "b", "B\n", &both_there);
        assert_eq!(one, "# My runs\n\nWords.\n\n<!-- paceline: project b -->\nB\n<!-- paceline: end -->\n");
        let both = with_section(&format!("{one}\nAfter.\n"), "a", "A\n", &both_there);
        assert!(both.starts_with("# My runs\n\nWords.\n\n<!-- paceline: project a -->\nA\n"), "{both}");
        assert!(both.ends_with("B\n<!-- paceline: end -->\n\nAfter.\n"), "{both}");
        assert_eq!(with_section(&both, "a", "A\n", &both_there), both, "again it changes nothing");
        let without = with_section(&both, "a", "A2\n", &|name| name == "a");
        assert!(without.contains("A2") && !without.contains("\nB\n"), "{without}");
        assert_eq!(sections(&both), ["a", "b"]);
    }

    #[test]
    fn a_card_of_another_system_is_read_as_it_is_meant() {
        assert_eq!(split(&plain("\u{feff}---\r\na: b\r\n---\r\nbody\r\n")), ("a: b\n", "body\n"));
        assert!(matches!(plain("---\na: b\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn names_of_runs_end_nothing() {
        assert_eq!(cell("a|b\n<!-- paceline: end -->"), "a&#124;b &#60;&#33;-- paceline: end --&#62;");
    }
}
