//! `paceline explain`: what changed between two runs.

use paceline_query::figure;
use paceline_schema::difference::{Change, Difference, MetricChange};

use super::{form, text};
use crate::arguments::{ExplainArguments, RemoteArguments};
use crate::failure::Failure;
use crate::output;
use crate::source::Source;

/// Tells.
pub(crate) fn run(arguments: &ExplainArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let source = Source::open(remote, &arguments.directory)?;
    let ExplainArguments { project, from, to, form: how, .. } = arguments;
    let named = [("from", from), ("to", to)];
    let parameters: Vec<(&str, &str)> =
        named.into_iter().filter_map(|(name, run)| Some((name, run.as_deref()?))).collect();
    let difference: Difference = source.ask(
        |engine| {
            let (from, to) = engine.meant_pair(project, from.as_deref(), to.as_deref())?;
            engine.difference(project, &from, &to)
        },
        &[project, "difference"],
        &parameters,
    )?;
    if how.json {
        return form::json(how, &difference);
    }
    output::line(&difference.summary)?;
    for side in [&difference.from, &difference.to] {
        let name = output::strong(&side.run);
        output::line(&format!("\n{name} {}: {}", output::state(side.state), side.summary))?;
    }
    let same = match difference.same_settings {
        0 => String::new(),
        count => format!(" ({count} are the same)"),
    };
    print("Settings", &same, &difference.config, arguments)?;
    print("Code", "", &difference.code, arguments)?;
    print("Environment", "", &difference.environment, arguments)?;
    if !difference.metrics.is_empty() {
        output::line("\nMetrics, newest values:")?;
        let shown = difference.metrics.iter().take(form::most_items(how.detail));
        output::table(&shown.map(metric).collect::<Vec<_>>())?;
        form::tell_rest(difference.metrics.len(), how.detail, "metrics")?;
    }
    Ok(())
}

fn print(title: &str, more: &str, changes: &[Change], arguments: &ExplainArguments) -> Result<(), Failure> {
    if changes.is_empty() {
        return Ok(());
    }
    output::line(&format!("\n{title}{more}:"))?;
    let detail = arguments.form.detail;
    let value =
        |value: &serde_json::Value| if value.is_null() { "none".to_owned() } else { text::python(value) };
    let row = |change: &Change| {
        vec![change.name.clone(), format!("{} → {}", value(&change.from), value(&change.to))]
    };
    output::table(&changes.iter().take(form::most_items(detail)).map(row).collect::<Vec<_>>())?;
    form::tell_rest(changes.len(), detail, "changes")
}

fn metric(change: &MetricChange) -> Vec<String> {
    let value = |value: Option<f64>| value.map_or_else(|| "not finite".to_owned(), figure);
    let percent = change.percent.map(|percent| format!("{percent:+.1} %")).unwrap_or_default();
    vec![
        change.key.clone(),
        format!("{} → {}", value(change.from), value(change.to)),
        output::faint(&percent),
    ]
}
