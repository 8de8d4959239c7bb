//! The card of a model: what its run says, between our marks, in what somebody else has written.

use std::fmt::Write as _;

use paceline_schema::publication::TrainingFacts;
use paceline_schema::redact::redact_json;
use paceline_schema::series::MetricSummary;

use super::chart::short;
use super::folder::{Library, ModelFolder, Task};
use super::hyperparameters::settings;
use crate::sync::{cell, quoted};

const BEGIN: &str = "<!-- paceline: run -->";
const END: &str = "<!-- paceline: end -->";
/// Metrics that are told; the others can be asked of the run.
const MOST_METRICS: usize = 30;
/// What counts rows and time is no result.
const COUNTERS: [&str; 6] = ["epoch", "global_step", "num_tokens", "step", "step_time", "runtime"];

/// What the card is made of.
pub(super) struct Telling<'a> {
    pub(super) facts: &'a TrainingFacts,
    pub(super) folder: &'a ModelFolder,
    /// Address of the Hub.
    pub(super) hub: &'a str,
    /// The model, with its owner.
    pub(super) id: &'a str,
    /// The model that the training began with.
    pub(super) base_model: Option<&'a str>,
    /// What it was trained on.
    pub(super) dataset: Option<&'a str>,
    /// Where the run can be looked at.
    pub(super) run_url: Option<&'a str>,
    /// Path of the picture, where there is one.
    pub(super) chart: Option<&'a str>,
}

/// The body with the run's section in its place, at the end where there was none; a card that is made now has a title.
pub(super) fn body(before: Option<&str>, telling: &Telling<'_>) -> String {
    let section = format!("{BEGIN}\n{}{END}", section(telling));
    let Some(before) = before.filter(|text| !text.trim().is_empty()) else {
        let name = telling.id.rsplit('/').next().unwrap_or(telling.id);
        return format!("# {name}\n\n{section}\n");
    };
    let place = before.find(BEGIN).and_then(|begin| {
        let length = before[begin..].find(END)?;
        Some(begin..begin + length + END.len())
    });
    match place {
        Some(place) => format!("{}{section}{}", &before[..place.start], &before[place.end..]),
        None => format!("{}\n\n{section}\n", before.trim_end_matches('\n')),
    }
}

fn section(telling: &Telling<'_>) -> String {
    let run = &telling.facts.detail.run;
    let mut text =
        format!("## Training\n\nTrained in run **{}** of project **{}**", cell(&run.run), cell(&run.project));
    if let Some(url) = telling.run_url {
        let _ = write!(text, " ([look at it]({}))", address(url));
    }
    let _ = write!(text, ", which {}", state(telling.facts));
    text.push_str(".\n\n");
    if let Some(base) = telling.base_model {
        let _ = writeln!(text, "- Base model: {}", link(telling, base, ""));
    }
    if let Some(dataset) = telling.dataset {
        let _ = writeln!(text, "- Dataset: {}", link(telling, dataset, "datasets/"));
    }
    if telling.base_model.is_some() || telling.dataset.is_some() {
        text.push('\n');
    }
    if let Some(chart) = telling.chart {
        let _ = writeln!(text, "![Curves of the run]({chart})\n");
    }
    text.push_str(&metrics(&telling.facts.metrics));
    text.push_str(&hyperparameters(telling.facts));
    text.push_str(&versions(telling.facts));
    text.push_str(&how_to_load(telling));
    text
}

fn state(facts: &TrainingFacts) -> String {
    let run = &facts.detail.run;
    let step = match (run.step, run.total_steps) {
        (Some(step), Some(total)) if total > step => format!(" at step {step} of {total}"),
        (Some(step), _) => format!(" at step {step}"),
        (None, _) => String::new(),
    };
    let took = run.elapsed_seconds.map(|seconds| format!(" after {}", duration(seconds))).unwrap_or_default();
    let day = run.finished_at.map(|time| format!(" on {}", time.to_string().get(..10).unwrap_or_default()));
    if run.state.has_ended() {
        format!("{}{step}{took}{}", run.state.as_str(), day.unwrap_or_default())
    } else {
        format!("is {}{step}{took}", run.state.as_str())
    }
}

fn duration(seconds: f64) -> String {
    let (hours, minutes) = ((seconds / 3_600.0) as u64, (seconds / 60.0) as u64);
    match (hours, minutes) {
        (0, 0) => format!("{} s", seconds.max(0.0).round()),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {} min", minutes % 60),
    }
}

/// A name, as a link where it is one of the Hub's.
fn link(telling: &Telling<'_>, name: &str, below: &str) -> String {
    if super::folder::is_id(name) && name != telling.id {
        format!("[{}]({}/{below}{name})", cell(name), telling.hub)
    } else {
        // Where something lies on the machine that trained it is nobody's business.
        let name = name.trim_end_matches('/').rsplit('/').next().unwrap_or(name);
        format!("`{}`", name.replace(['`', '\n', '\r'], " "))
    }
}

/// An address that ends no link.
fn address(url: &str) -> String {
    let ends_link = |c: char| c.is_whitespace() || c.is_control() || "()<>".contains(c);
    url.chars().fold(String::new(), |mut text, c| {
        if ends_link(c) {
            let _ = write!(text, "%{:02X}", u32::from(c));
        } else {
            text.push(c);
        }
        text
    })
}

fn metrics(metrics: &[MetricSummary]) -> String {
    let is_result = |metric: &&MetricSummary| {
        let last = metric.key.rsplit('/').next().unwrap_or(&metric.key);
        metric.last.is_some() && !COUNTERS.contains(&last)
    };
    let told: Vec<&MetricSummary> = metrics.iter().filter(is_result).take(MOST_METRICS).collect();
    if told.is_empty() {
        return String::new();
    }
    let mut text = "| metric | first | last | lowest | highest |\n|---|---|---|---|---|\n".to_owned();
    let number = |value: Option<f64>| value.map(short).unwrap_or_default();
    let at = |value: Option<f64>, step: Option<i64>| match (value, step) {
        (Some(value), Some(step)) => format!("{} (step {step})", short(value)),
        (value, _) => number(value),
    };
    for metric in told {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            cell(&metric.key),
            number(metric.first),
            number(metric.last),
            at(metric.min, metric.min_step),
            at(metric.max, metric.max_step)
        );
    }
    text + "\n"
}

fn hyperparameters(facts: &TrainingFacts) -> String {
    let mut config = facts.detail.config.clone();
    redact_json(&mut config);
    let settings = settings(&config);
    if settings.is_empty() {
        return String::new();
    }
    let mut text = "### Hyperparameters\n\n| setting | value |\n|---|---|\n".to_owned();
    for (name, value) in settings {
        let _ = writeln!(text, "| {} | {} |", cell(&name), cell(&value));
    }
    text + "\n"
}

fn versions(facts: &TrainingFacts) -> String {
    let Some(environment) = &facts.detail.environment else { return String::new() };
    let python = environment.python.iter().map(|version| format!("Python {}", cell(version)));
    let packages =
        environment.packages.iter().map(|(name, version)| format!("{} {}", cell(name), cell(version)));
    let all: Vec<String> = python.chain(packages).collect();
    if all.is_empty() { String::new() } else { format!("Made with {}.\n\n", all.join(", ")) }
}

/// Lines that work as they are.
fn how_to_load(telling: &Telling<'_>) -> String {
    let id = quoted(telling.id);
    let class = |of: &str, task: Task| match task {
        Task::Writing => format!("{of}ForCausalLM"),
        Task::Judging => format!("{of}ForSequenceClassification"),
        Task::Unknown => of.to_owned(),
    };
    let python = match telling.folder.library {
        Library::Peft(task) => {
            let class = class("AutoPeftModel", task);
            format!(
                "from peft import {class}\nfrom transformers import AutoTokenizer\n\n\
                 model = {class}.from_pretrained({id})\ntokenizer = AutoTokenizer.from_pretrained({id})\n"
            )
        }
        Library::Transformers(Task::Writing) => format!(
            "from transformers import pipeline\n\nwriter = pipeline(\"text-generation\", model={id})\n\
             print(writer(\"Once upon a time\", max_new_tokens=64)[0][\"generated_text\"])\n"
        ),
        Library::Transformers(task) => {
            let class = class("AutoModel", task);
            format!(
                "from transformers import {class}, AutoTokenizer\n\nmodel = {class}.from_pretrained({id})\n\
                 tokenizer = AutoTokenizer.from_pretrained({id})\n"
            )
        }
        Library::Gguf => return format!("### Use\n\n```sh\nllama-cli -hf {}\n```\n", telling.id),
        Library::Unknown => {
            format!("from huggingface_hub import snapshot_download\n\nfolder = snapshot_download({id})\n")
        }
    };
    format!("### Use\n\n```python\n{python}```\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use serde_json::json;

    fn facts(run: &str) -> TrainingFacts {
        let detail = json!({
            "project": "digits", "run": run, "run_id": "1", "state": "finished", "created_at": null,
            "finished_at": null, "last_row_at": null, "rows": 3, "step": 20, "total_steps": 20, "progress": 1.0,
            "loss_key": "train/loss", "loss": 0.5, "loss_first": 2.0, "loss_best": 0.5, "elapsed_seconds": 4_000.0,
            "eta_seconds": null, "eta_low_seconds": null, "eta_high_seconds": null, "exit_code": 0, "group": null,
            "tags": [], "notes": null, "colour_slot": 0, "summary": "s",
            "config": {"learning_rate": 2e-5, "hub_password": "hunter2", "note": "a|b"},
            "summary_values": {}, "failure": null, "exit_signal": null, "host": null, "pid": null, "command": null,
            "git_commit": null, "environment": null, "ranks": [], "findings": [], "job_type": null, "entity": null,
            "sweep_id": null,
        });
        let metric = json!({
            "key": "train/loss", "points": 3, "first": 2.0, "last": 0.5, "last_step": 20, "min": 0.5, "min_step": 20,
            "max": 2.0, "max_step": 1, "mean": 1.0, "best": null, "best_step": null, "step_metric": null, "hidden": false,
        });
        let read = |value| serde_json::from_value(value).expect("a metric");
        TrainingFacts {
            detail: serde_json::from_value(detail).expect("a run"),
            metrics: vec![read(metric)],
            curves: Vec::new(),
        }
    }

    fn written(before: Option<&str>, run: &str) -> String {
        let folder = ModelFolder {
            files: BTreeMap::new(),
            left_out: Vec::new(),
            card: None,
            library: Library::Peft(Task::Writing),
            base_model: None,
        };
        let telling = Telling {
            facts: &facts(run),
            folder: &folder,
            hub: "https://hub.example",
            id: "alice/m",
            base_model: Some("Qwen/Qwen3-0.6B"),
            dataset: Some("/home/me/rows.jsonl"),
            run_url: Some("https://x/a b"),
            chart: Some("paceline/curves.svg"),
        };
        body(before, &telling)
    }

    #[test]
    fn the_card_tells_of_the_run() {
        let text = written(None, "a|b");
        for part in [
            "# m\n",
            "run **a&#124;b** of project **digits** ([look at it](https://x/a%20b)), which finished at step 20 after 1 h 6 min.",
            "- Base model: [Qwen/Qwen3-0.6B](https://hub.example/Qwen/Qwen3-0.6B)",
            "- Dataset: `rows.jsonl`",
            "![Curves of the run](paceline/curves.svg)",
            "| train/loss | 2 | 0.5 | 0.5 (step 20) | 2 (step 1) |",
            "| learning&#95;rate | 2e-5 |",
            "| note | a&#124;b |",
            "AutoPeftModelForCausalLM.from_pretrained(\"alice/m\")",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("hunter2") && !text.contains("/home/me"), "{text}");
    }

    #[test]
    fn what_somebody_wrote_stays_around_it() {
        let first = written(Some("# Mine\n\nWords.\n"), "one");
        assert!(first.starts_with("# Mine\n\nWords.\n\n<!-- paceline: run -->\n## Training"), "{first}");
        let edited = first.replace("Words.", "Other words.") + "\nAfter.\n";
        let second = written(Some(&edited), "two");
        assert!(
            second.contains("Other words.") && second.ends_with("<!-- paceline: end -->\n\nAfter.\n"),
            "{second}"
        );
        assert!(second.contains("run **two**") && !second.contains("run **one**"), "{second}");
        assert_eq!(written(Some(&second), "two"), second, "again it changes nothing");
        let cut = "a <!-- paceline: run --> b";
        assert!(written(Some(cut), "one").starts_with(cut), "a mark that does not end begins nothing");
    }
}
