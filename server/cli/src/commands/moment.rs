//! `paceline get moment`: what stands out around a step or an alert.

use paceline_query::figure;
use paceline_schema::moment::{MetricAround, Snapshot};

use super::form;
use super::status::newest_run;
use crate::arguments::{RemoteArguments, WhatHappenedArguments};
use crate::failure::Failure;
use crate::output;
use crate::source::Source;

/// Tells.
pub(super) fn run(arguments: &WhatHappenedArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    let source = Source::open(remote, &arguments.of.directory)?;
    let project = &arguments.of.project;
    let run = match &arguments.of.run {
        Some(run) => run.clone(),
        None => newest_run(&source, project)?,
    };
    let request = arguments.request();
    let (step, window) =
        (request.step.map(|step| step.to_string()), request.window.map(|window| window.to_string()));
    let named = [("step", &step), ("alert", &request.alert), ("window", &window)];
    let parameters: Vec<(&str, &str)> =
        named.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect();
    let snapshot: Snapshot = source.ask(
        |engine| engine.around(project, &run, &request),
        &[project, "runs", &run, "moment"],
        &parameters,
    )?;
    if arguments.form.json {
        return form::json(&arguments.form, &snapshot);
    }
    output::line(&snapshot.summary)?;
    if !snapshot.metrics.is_empty() {
        output::line("")?;
        let detail = arguments.form.detail;
        let mut rows = vec![["", "before", "at", "after", ""].map(output::faint).to_vec()];
        rows.extend(snapshot.metrics.iter().take(form::most_items(detail)).map(metric));
        output::table(&rows)?;
        form::tell_rest(snapshot.metrics.len(), detail, "metrics")?;
    }
    for alert in &snapshot.alerts {
        let step = alert.step.map(|step| format!(" at step {step}")).unwrap_or_default();
        let text = alert.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
        output::line(&format!("alert {}{step}: {}{text}", alert.level.as_str(), alert.title))?;
    }
    for finding in &snapshot.findings {
        let severity = output::severity(finding.severity);
        output::line(&format!("{severity}: {} ({})", finding.evidence, finding.code))?;
    }
    Ok(())
}

fn metric(metric: &MetricAround) -> Vec<String> {
    let value = |value: Option<f64>| value.map(figure).unwrap_or_default();
    let far = metric.deviations.map(|far| format!("{far:+.1} standard deviations")).unwrap_or_default();
    vec![
        metric.key.clone(),
        value(metric.before),
        metric.at.map_or_else(|| "not finite".to_owned(), figure),
        value(metric.after),
        output::faint(&far),
    ]
}
