//! `paceline compare`: which run is best, and why.

use paceline_query::figure;
use paceline_schema::comparison::{Comparison, Influence};

use super::{form, text};
use crate::arguments::{CompareArguments, RemoteArguments};
use crate::failure::Failure;
use crate::output;
use crate::source::Source;

/// Tells.
pub(crate) fn run(arguments: &CompareArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let source = Source::open(remote, &arguments.directory)?;
    let project = &arguments.project;
    let request = arguments.request();
    let body = serde_json::to_value(&request).unwrap_or_default();
    let comparison: Comparison =
        source.ask_with(|engine| engine.compare(project, &request), &[project, "compare"], &body)?;
    if arguments.form.json {
        return form::json(&arguments.form, &comparison);
    }
    print(&comparison, arguments)
}

fn print(comparison: &Comparison, arguments: &CompareArguments) -> Result<(), Failure> {
    let Comparison { summary, metric, runs, runs_without, matters, .. } = comparison;
    let detail = arguments.form.detail;
    let most = form::most_items(detail);
    output::line(summary)?;
    output::line("")?;
    // Those of the first run come first, since settings that all have are told in the same order.
    let mut settings: Vec<&String> = Vec::new();
    for name in
        matters.iter().map(|found| &found.setting).chain(runs.iter().flat_map(|run| run.config.keys()))
    {
        if !settings.contains(&name) && runs.iter().any(|run| run.config.contains_key(name)) {
            settings.push(name);
        }
    }
    let head = ["", "run", metric, "state"].into_iter().chain(settings.iter().map(|name| name.as_str()));
    let mut rows = vec![head.map(output::faint).collect::<Vec<_>>()];
    for run in runs.iter().take(most) {
        let mut row = vec![
            format!("{}.", run.place),
            output::strong(&run.run),
            figure(run.value),
            output::state(run.state),
        ];
        row.extend(settings.iter().map(|name| run.config.get(*name).map(text::python).unwrap_or_default()));
        rows.push(row);
    }
    output::table(&rows)?;
    form::tell_rest(runs.len(), detail, "runs")?;
    if *runs_without > 0 {
        output::line(&output::faint(&format!("  not ranked, without `{metric}`: {runs_without}")))?;
    }
    if !matters.is_empty() {
        output::line(&format!("\nWhat goes with `{metric}` (rank correlation, 90 % interval):"))?;
        output::table(&matters.iter().take(most).map(influence).collect::<Vec<_>>())?;
        form::tell_rest(matters.len(), detail, "settings")?;
    }
    Ok(())
}

fn influence(found: &Influence) -> Vec<String> {
    let Influence { setting, value, correlation, low, high, runs } = found;
    let name = match value {
        Some(value) => format!("{setting} = {value}"),
        None => setting.clone(),
    };
    let unsure = if low * high > 0.0 { "" } else { "may not matter" };
    vec![
        name,
        format!("{correlation:+.2}"),
        output::faint(&format!("{low:+.2} to {high:+.2}, {runs} runs")),
        output::faint(unsure),
    ]
}
