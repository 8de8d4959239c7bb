//! A run around one moment, the most unusual first.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use paceline_schema::moment::{AlertNear, MetricAround, MomentRequest, Snapshot};
use paceline_schema::series::Moment;
use paceline_schema::status::Finding;
use paceline_schema::{Alert, RunChoice, Value, rank_of};
use paceline_series::{RunHeads, StepResolver};
use paceline_storage::{Reader, StorageError, StoredRow};

use crate::alerts::is_of_finding;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::sentence::figure;

/// Rows to each side that are looked at, where nobody says how many steps.
const USUAL_ROWS: f64 = 10.0;
/// Steps to each side at most, unless so few rows take more.
const MOST_STEPS: i64 = 10_000;
/// Alerts that are told.
const MOST_ALERTS: usize = 20;
/// A value as far off as this is worth a word.
const NOTEWORTHY_DEVIATIONS: f64 = 4.0;

impl Engine {
    /// What a run logged around a step or an alert: the newest row where neither is named.
    ///
    /// # Errors
    /// When there is no such project, run or alert, the run has no rows, or its file cannot be read.
    pub fn around(&self, project: &str, run: &str, request: &MomentRequest) -> Result<Snapshot, QueryError> {
        if let Some(window) = request.window.filter(|window| *window < 1) {
            let reason = format!("`window` is {window}, which leaves no step to either side");
            return Err(QueryError::InvalidRequest { reason });
        }
        let findings = self.run(project, run)?.findings;
        self.read(project, |reader, project| {
            let record = reader.find_run(run)?;
            let heads = reader.heads(&record.run_id)?;
            let named = RunChoice::Id(record.run_id.clone());
            let alerts = self.chosen_alerts(project, Some(&named), None, None)?;
            let mut alerts: Vec<Alert> = alerts.into_iter().map(|(_, alert)| alert).collect();
            let steps = Steps { reader, run_id: &record.run_id, by_trainer: heads.is_counted_by_trainer() };
            steps.put_alerts(&mut alerts)?;
            let chosen =
                request.alert.as_deref().map(|words| chosen_alert(&alerts, words, run)).transpose()?;
            let newest = if steps.by_trainer { heads.step() } else { heads.max_step() };
            let newest = newest.ok_or_else(|| QueryError::InvalidRequest {
                reason: format!("run `{run}` has no rows yet"),
            })?;
            let step = request.step.or_else(|| chosen.and_then(|alert| alert.step)).unwrap_or(newest);
            let stride = newest as f64 / (heads.rows() as f64 - 1.0).max(1.0);
            let usual = (stride * USUAL_ROWS).ceil().max(1.0) as i64;
            let window = request.window.map_or(usual, |window| window.min(MOST_STEPS.max(usual)));
            let (rows, metrics) = metrics_around(&steps, step, window)?;
            if rows == 0 && request.step.is_some() {
                return Err(nothing_there(run, step, window, &heads, newest));
            }
            let is_near =
                |alert: &&Alert| alert.step.is_some_and(|at| at.abs_diff(step) <= window.unsigned_abs());
            let others = alerts.iter().filter(is_near).filter(|alert| Some(*alert) != chosen);
            let near: Vec<AlertNear> =
                chosen.into_iter().chain(others).take(MOST_ALERTS).map(told_alert).collect();
            let (from_step, to_step) = (step.saturating_sub(window), step.saturating_add(window));
            let held = |finding: &Finding| {
                finding.since_step.is_some_and(|since| since <= to_step)
                    && finding.until_step.is_none_or(|until| until >= from_step)
            };
            let findings: Vec<Finding> = findings.into_iter().filter(held).collect();
            let summary = summary(&record.run_name, step, window, &metrics, &near, &findings);
            Ok(Snapshot {
                project: project.to_owned(),
                run: record.run_name,
                run_id: record.run_id,
                summary,
                step,
                from_step,
                to_step,
                metrics,
                alerts: near,
                findings,
            })
        })
    }
}

/// `newest`, or the newest one whose title has these words.
fn chosen_alert<'a>(alerts: &'a [Alert], words: &str, run: &str) -> Result<&'a Alert, QueryError> {
    let lower = words.to_lowercase();
    let found = match lower.as_str() {
        "newest" | "latest" => alerts.first(),
        lower => alerts.iter().find(|alert| alert.title.to_lowercase().contains(lower)),
    };
    found.ok_or_else(|| QueryError::InvalidRequest {
        reason: match alerts {
            [] => format!("run `{run}` has raised no alert"),
            alerts => {
                format!("no alert of run `{run}` is called `{words}`; the newest is `{}`", alerts[0].title)
            }
        },
    })
}

fn told_alert(alert: &Alert) -> AlertNear {
    AlertNear {
        timestamp: alert.time,
        title: alert.title.clone(),
        text: alert.text.clone(),
        level: alert.level,
        step: alert.step,
    }
}

/// Where the rows of a run stand on the axis of training steps, which findings speak of.
struct Steps<'a> {
    reader: &'a Reader<'a>,
    run_id: &'a str,
    /// The trainer's own step counts, where it was logged, and the step of a row is only its number.
    by_trainer: bool,
}

impl Steps<'_> {
    /// Hands each row around a step to `take`, with its own step.
    fn around(
        &self,
        step: i64,
        window: i64,
        mut take: impl FnMut(i64, StoredRow),
    ) -> Result<(), StorageError> {
        if self.by_trainer {
            return self.walk(|at, row| {
                if at.abs_diff(step) <= window.unsigned_abs() {
                    take(at, row);
                }
            });
        }
        let moment = Moment::AroundStep { step, window: window as f64 };
        self.reader.rows_at(self.run_id, moment, |row| take(row.step, row))
    }

    /// Puts alerts, which are raised at steps of rows, onto this axis; those of findings stand there.
    fn put_alerts(&self, alerts: &mut [Alert]) -> Result<(), StorageError> {
        let mut others: Vec<&mut Alert> =
            alerts.iter_mut().filter(|alert| alert.step.is_some() && !is_of_finding(alert)).collect();
        if !self.by_trainer || others.is_empty() {
            return Ok(());
        }
        let mut found: HashMap<i64, i64> =
            others.iter().filter_map(|alert| alert.step).map(|step| (step, step)).collect();
        self.walk(|at, row| {
            if let Some(found) = found.get_mut(&row.step) {
                *found = at;
            }
        })?;
        for alert in &mut others {
            alert.step = alert.step.and_then(|step| found.get(&step).copied());
        }
        Ok(())
    }

    /// Every row with its training step: no index knows where the trainer stood.
    fn walk(&self, mut take: impl FnMut(i64, StoredRow)) -> Result<(), StorageError> {
        // Each process counts its own steps.
        let mut resolvers: HashMap<u32, StepResolver> = HashMap::new();
        self.reader.for_each_row(self.run_id, |row| {
            let resolver = resolvers.entry(rank_of(&row.metrics)).or_default();
            take(resolver.resolve(row.step, &row.metrics).step, row);
            ControlFlow::Continue(())
        })
    }
}

fn nothing_there(run: &str, step: i64, window: i64, heads: &RunHeads, newest: i64) -> QueryError {
    let firsts = heads.metrics().filter_map(|(_, head)| Some(head.first?.step));
    let first = firsts.min().unwrap_or(newest).min(newest);
    QueryError::InvalidRequest {
        reason: format!(
            "no row of run `{run}` lies within {window} steps of step {step}; its rows go from step {first} to step {newest}"
        ),
    }
}

/// How many rows there are around a step, and what they hold, the most unusual first.
fn metrics_around(
    steps: &Steps<'_>,
    step: i64,
    window: i64,
) -> Result<(usize, Vec<MetricAround>), QueryError> {
    let mut values: BTreeMap<String, Vec<(i64, f64)>> = BTreeMap::new();
    let mut rows = 0;
    steps.around(step, window, |at, row| {
        rows += 1;
        for (key, value) in row.metrics {
            let number = match value {
                Value::Integer(number) => number as f64,
                Value::Float(number) => number,
                Value::Bool(_) | Value::Null | Value::Json(_) => continue,
            };
            values.entry(key).or_default().push((at, number));
        }
    })?;
    let mut found: Vec<MetricAround> =
        values.into_iter().map(|(key, values)| around(key, values, step)).collect();
    let unusual = |metric: &MetricAround| match (metric.at, metric.deviations) {
        (None, _) => f64::INFINITY,
        (Some(_), deviations) => deviations.map_or(-1.0, f64::abs),
    };
    found.sort_by(|a, b| unusual(b).total_cmp(&unusual(a)));
    Ok((rows, found))
}

fn around(key: String, mut values: Vec<(i64, f64)>, step: i64) -> MetricAround {
    values.sort_by_key(|(at, _)| *at);
    // The value of the step, else the nearest before it, else the first after it.
    let place = values.iter().rposition(|(at, _)| *at <= step).unwrap_or(0);
    let (at_step, at) = values[place];
    let finite = |values: &[(i64, f64)]| -> Vec<f64> {
        values.iter().map(|(_, value)| *value).filter(|value| value.is_finite()).collect()
    };
    let before = finite(&values[..place]);
    let mean = mean(&before);
    let spread = mean.map(|mean| {
        (before.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / before.len() as f64).sqrt()
    });
    let deviations =
        mean.zip(spread).filter(|(_, spread)| *spread > 0.0 && before.len() >= 3 && at.is_finite());
    MetricAround {
        key,
        before: mean,
        at: Some(at).filter(|at| at.is_finite()),
        at_step,
        after: self::mean(&finite(&values[place + 1..])),
        deviations: deviations.map(|(mean, spread)| (at - mean) / spread),
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn summary(
    run: &str,
    step: i64,
    window: i64,
    metrics: &[MetricAround],
    alerts: &[AlertNear],
    findings: &[Finding],
) -> String {
    let is_unusual = |metric: &&MetricAround| {
        metric.at.is_none() || metric.deviations.is_some_and(|far| far.abs() >= NOTEWORTHY_DEVIATIONS)
    };
    let unusual: Vec<String> = metrics
        .iter()
        .filter(is_unusual)
        .take(2)
        .map(|metric| {
            let at = metric.at.map_or_else(|| "not finite".to_owned(), figure);
            let before =
                metric.before.map(|before| format!(", before {}", figure(before))).unwrap_or_default();
            format!("`{}` is {at}{before}", metric.key)
        })
        .collect();
    let mut parts = vec![match unusual.as_slice() {
        [] => format!("Around step {step} of `{run}` (±{window}) no metric stands out"),
        unusual => format!("At step {step} of `{run}` (±{window}) {}", unusual.join(" and ")),
    }];
    parts.extend(alerts.first().map(|alert| format!("Alert: {}", alert.title)));
    parts.extend(findings.first().map(|finding| finding.evidence.clone()));
    parts.join(". ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_held_against_those_before_it() {
        let values =
            (0..20).map(|step| (step, if step == 10 { 9.0 } else { f64::from((step % 2) as i32) })).collect();
        let found = around("loss".into(), values, 10);
        assert_eq!((found.at, found.at_step, found.before), (Some(9.0), 10, Some(0.5)));
        assert_eq!(found.deviations, Some(17.0));
        assert!(found.after.is_some_and(|after| after < 1.0));
        let lost = around("loss".into(), vec![(1, 1.0), (2, f64::NAN)], 2);
        assert_eq!((lost.at, lost.deviations, lost.after), (None, None, None));
    }
}
