//! What changed between two runs.

use std::collections::{BTreeMap, BTreeSet};

use paceline_schema::RunDetail;
use paceline_schema::difference::{Change, Difference, MetricChange, SideOfDifference};
use paceline_schema::environment::RunEnvironment;
use paceline_schema::series::MetricSummary;
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::error::QueryError;
use crate::sentence::figure;
use crate::settings::{settings_of, shown};

/// Metrics that are told.
const MOST_METRICS: usize = 50;
/// Changes of a kind that find room in the sentence.
const MOST_TOLD: usize = 3;

impl Engine {
    /// What is different in the run `to` from what it is in `from`.
    ///
    /// # Errors
    /// When there is no such project or run, or its file cannot be read.
    pub fn difference(&self, project: &str, from: &str, to: &str) -> Result<Difference, QueryError> {
        let (before, after) = (self.run(project, from)?, self.run(project, to)?);
        let diffs = [self.diff(project, from)?.diff, self.diff(project, to)?.diff];
        let metrics = metrics(&before, &self.metrics(project, from)?, &self.metrics(project, to)?);
        let settings = [&before.config, &after.config]
            .map(|config| config.as_object().map(settings_of).unwrap_or_default());
        let config = changes(&settings[0], &settings[1]);
        let same = settings[0].iter().filter(|(name, value)| settings[1].get(*name) == Some(value)).count();
        let mut code = changes(&code_of(&before), &code_of(&after));
        if diffs[0] != diffs[1] {
            let lines = |diff: &Option<String>| {
                diff.as_ref().map_or(Value::Null, |diff| json!(format!("{} lines", diff.lines().count())))
            };
            code.push(Change {
                name: "uncommitted changes".to_owned(),
                from: lines(&diffs[0]),
                to: lines(&diffs[1]),
            });
        }
        let environment = match (&before.environment, &after.environment) {
            (Some(from), Some(to)) => changes(&environment_of(&before, from), &environment_of(&after, to)),
            _ => Vec::new(),
        };
        let summary = summary(&before, &after, &config, &code, &environment, &metrics);
        Ok(Difference {
            project: before.run.project.clone(),
            summary,
            from: side(&before),
            to: side(&after),
            config,
            same_settings: same as u64,
            code,
            environment,
            metrics,
        })
    }

    /// The runs that are meant where a comparison of two names one or none: the newest one, and the one before it.
    ///
    /// # Errors
    /// When there is no such project, or it has fewer than two runs.
    pub fn meant_pair(
        &self,
        project: &str,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<(String, String), QueryError> {
        if let (Some(from), Some(to)) = (from, to) {
            return Ok((from.to_owned(), to.to_owned()));
        }
        let runs = self.runs(project)?;
        let other = |not: &str| {
            let found = runs.iter().find(|run| run.run_id != not && run.run != not);
            found.map(|run| run.run_id.clone()).ok_or_else(|| QueryError::InvalidRequest {
                reason: format!("project `{project}` has no two runs to compare"),
            })
        };
        match (from, to) {
            (Some(from), _) => Ok((from.to_owned(), other(from)?)),
            (None, Some(to)) => Ok((other(to)?, to.to_owned())),
            (None, None) => {
                let newest = other("")?;
                Ok((other(&newest)?, newest))
            }
        }
    }
}

fn side(run: &RunDetail) -> SideOfDifference {
    let run = &run.run;
    SideOfDifference {
        run: run.run.clone(),
        run_id: run.run_id.clone(),
        state: run.state,
        summary: run.summary.clone(),
    }
}

fn changes(from: &BTreeMap<String, Value>, to: &BTreeMap<String, Value>) -> Vec<Change> {
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let of = |side: &BTreeMap<String, Value>, name: &String| side.get(name).cloned().unwrap_or_default();
    names
        .into_iter()
        .filter(|name| from.get(*name) != to.get(*name))
        .map(|name| Change { name: name.clone(), from: of(from, name), to: of(to, name) })
        .collect()
}

fn known(pairs: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> BTreeMap<String, Value> {
    pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn code_of(run: &RunDetail) -> BTreeMap<String, Value> {
    let environment = run.environment.as_ref();
    known([
        ("commit", run.git_commit.as_ref().map(|commit| json!(commit))),
        ("branch", environment.and_then(|found| found.git_branch.as_ref()).map(|branch| json!(branch))),
        ("command", run.command.as_ref().map(|command| json!(command))),
    ])
}

fn environment_of(run: &RunDetail, environment: &RunEnvironment) -> BTreeMap<String, Value> {
    let mut found = known([
        ("python", environment.python.as_ref().map(|version| json!(version))),
        ("system", environment.system.as_ref().map(|system| json!(system))),
        ("processors", environment.processors.map(|count| json!(count))),
        ("host", run.host.as_ref().map(|host| json!(host))),
        ("user", environment.user.as_ref().map(|user| json!(user))),
    ]);
    found.extend(environment.packages.iter().map(|(name, version)| (name.clone(), json!(version))));
    found
}

/// What both have logged, the loss first, then by how much it differs.
fn metrics(from: &RunDetail, before: &[MetricSummary], after: &[MetricSummary]) -> Vec<MetricChange> {
    let change = |metric: &MetricSummary| {
        let other = after.iter().find(|other| other.key == metric.key)?;
        let percent = metric.last.zip(other.last).filter(|(from, _)| *from != 0.0);
        Some(MetricChange {
            key: metric.key.clone(),
            from: metric.last,
            to: other.last,
            percent: percent
                .map(|(from, to)| (to - from) / from.abs() * 100.0)
                .filter(|share| share.is_finite()),
        })
    };
    let mut found: Vec<MetricChange> =
        before.iter().filter_map(change).filter(|change| change.from != change.to).collect();
    let size = |change: &MetricChange| change.percent.map_or(f64::INFINITY, f64::abs);
    found.sort_by(|a, b| {
        let is_loss = |change: &MetricChange| from.run.loss_key.as_ref() != Some(&change.key);
        is_loss(a).cmp(&is_loss(b)).then_with(|| size(b).total_cmp(&size(a)))
    });
    found.truncate(MOST_METRICS);
    found
}

fn told(kind: &str, changes: &[Change]) -> Option<String> {
    let one = |change: &Change| format!("`{}` {} → {}", change.name, shown(&change.from), shown(&change.to));
    let mut parts: Vec<String> = changes.iter().take(MOST_TOLD).map(one).collect();
    if changes.len() > MOST_TOLD {
        parts.push(format!("{} more", changes.len() - MOST_TOLD));
    }
    (!parts.is_empty()).then(|| format!("{kind}: {}", parts.join(", ")))
}

fn summary(
    from: &RunDetail,
    to: &RunDetail,
    config: &[Change],
    code: &[Change],
    environment: &[Change],
    metrics: &[MetricChange],
) -> String {
    let of_metric = metrics.first().and_then(|change| {
        let (before, after) = change.from.zip(change.to)?;
        Some(format!(
            "`{}` ends at {} in `{}`, {} in `{}`",
            change.key,
            figure(after),
            to.run.run,
            figure(before),
            from.run.run
        ))
    });
    let parts = [of_metric, told("Config", config), told("Code", code), told("Environment", environment)];
    let told: Vec<String> = parts.into_iter().flatten().collect();
    match told.as_slice() {
        [] => format!("Nothing that is recorded differs between `{}` and `{}`", from.run.run, to.run.run),
        told => told.join(". "),
    }
}
