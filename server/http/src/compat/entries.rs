//! The rows, samples and alerts of the peer's client, and the events they are.

use std::collections::HashMap;

use paceline_schema::event::RunKey;
use paceline_schema::{Alert, AlertLevel, Event, Metrics, ProjectName, Row, SystemSample, Timestamp};
use paceline_storage::Batch;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::ingest::{at_row, check_metrics, check_run_name};

/// One element of a call: what it is, and how it becomes an event.
pub(crate) trait Entry: DeserializeOwned {
    /// The run it belongs to.
    fn target(&self) -> Target<'_>;

    /// The config it carries along.
    fn config(&self) -> Option<String> {
        None
    }

    /// The event it is; `arrived` stands in for a time it does not say.
    ///
    /// # Errors
    /// `InvalidRequest` that names the row.
    fn into_event(self, row: usize, arrived: Timestamp) -> Result<Event, ApiError>;
}

/// Which run an entry belongs to.
pub(crate) struct Target<'a> {
    project: &'a str,
    run: Option<&'a str>,
    run_id: Option<&'a str>,
}

impl Target<'_> {
    /// Whether it is this run, by its id and its name.
    fn is(&self, project: &str, run: &RunKey) -> bool {
        self.project == project && self.run_id == Some(run.id.as_str()) && self.run == Some(run.name.as_str())
    }

    /// A run without an id has its name for one, and the other way round.
    fn key(&self, row: usize) -> Result<RunKey, ApiError> {
        let given = |text: Option<&'_ str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let (name, id) = (given(self.run), given(self.run_id));
        let (Some(name), Some(id)) = (name.clone().or_else(|| id.clone()), id.or(name)) else {
            return Err(at_row(row, "names no run"));
        };
        check_run_name(&name)?;
        check_run_name(&id)?;
        Ok(RunKey { id, name })
    }
}

/// The peer's `LogEntry`.
#[derive(Debug, Deserialize)]
pub(crate) struct PeerRow {
    project: String,
    run: Option<String>,
    run_id: Option<String>,
    #[serde(with = "paceline_schema::values::as_object")]
    metrics: Metrics,
    step: Option<Value>,
    config: Option<Map<String, Value>>,
    log_id: Option<String>,
    timestamp: Option<String>,
}

impl Entry for PeerRow {
    fn target(&self) -> Target<'_> {
        Target { project: &self.project, run: self.run.as_deref(), run_id: self.run_id.as_deref() }
    }

    fn config(&self) -> Option<String> {
        let config = self.config.as_ref().filter(|config| !config.is_empty())?;
        serde_json::to_string(config).ok()
    }

    fn into_event(self, row: usize, arrived: Timestamp) -> Result<Event, ApiError> {
        Ok(Event::Row(Row {
            log_id: self.log_id,
            time: time(row, self.timestamp.as_deref(), arrived)?,
            step: step(row, self.step.as_ref())?,
            metrics: check_metrics(row, self.metrics)?,
        }))
    }
}

/// The peer's `SystemLogEntry`.
#[derive(Debug, Deserialize)]
pub(crate) struct PeerSample {
    project: String,
    run: Option<String>,
    run_id: Option<String>,
    #[serde(with = "paceline_schema::values::as_object")]
    metrics: Metrics,
    timestamp: Option<String>,
    log_id: Option<String>,
}

impl Entry for PeerSample {
    fn target(&self) -> Target<'_> {
        Target { project: &self.project, run: self.run.as_deref(), run_id: self.run_id.as_deref() }
    }

    fn into_event(self, row: usize, arrived: Timestamp) -> Result<Event, ApiError> {
        let metrics: Metrics = check_metrics(row, self.metrics)?;
        let time = time(row, self.timestamp.as_deref(), arrived)?;
        Ok(Event::System(SystemSample { log_id: self.log_id, time, metrics }))
    }
}

/// The peer's `AlertEntry`.
#[derive(Debug, Deserialize)]
pub(crate) struct PeerAlert {
    project: String,
    run: Option<String>,
    run_id: Option<String>,
    title: String,
    text: Option<String>,
    level: Option<String>,
    step: Option<Value>,
    timestamp: Option<String>,
    alert_id: Option<String>,
}

impl Entry for PeerAlert {
    fn target(&self) -> Target<'_> {
        Target { project: &self.project, run: self.run.as_deref(), run_id: self.run_id.as_deref() }
    }

    fn into_event(self, row: usize, arrived: Timestamp) -> Result<Event, ApiError> {
        let level = match self.level.as_deref() {
            None => AlertLevel::default(),
            Some(text) => AlertLevel::parse(text).ok_or_else(|| {
                at_row(row, &format!("has the level `{text}`, which is none of info, warn, error"))
            })?,
        };
        Ok(Event::Alert(Alert {
            alert_id: self.alert_id,
            time: time(row, self.timestamp.as_deref(), arrived)?,
            title: self.title,
            text: self.text,
            level,
            step: step(row, self.step.as_ref())?,
        }))
    }
}

/// Reads a time the client took; a server of the peer would put the time of arrival in its place.
fn time(row: usize, text: Option<&str>, arrived: Timestamp) -> Result<Timestamp, ApiError> {
    match text {
        None | Some("") => Ok(arrived),
        Some(text) => Timestamp::parse(text)
            .ok_or_else(|| at_row(row, &format!("has the timestamp `{text}`, which is no time"))),
    }
}

/// Reads a step: a whole number, also as a float or as text, as the peer's tables would take it.
fn step(row: usize, value: Option<&Value>) -> Result<Option<i64>, ApiError> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
    let step = text.parse().ok().or_else(|| text.parse().ok().and_then(whole));
    step.map(Some).ok_or_else(|| at_row(row, &format!("has the step {value}, which is not a whole number")))
}

/// Entries sorted by project and run, each run's in their order. The first config of a run stands before those rows
/// of it that have not been taken.
pub(crate) struct Sorter {
    arrived: Timestamp,
    order: Vec<Sorted>,
    places: HashMap<(String, RunKey), usize>,
    /// Where the last entry went: rows mostly follow one of the same run.
    before: Option<(String, RunKey, usize)>,
}

struct Sorted {
    project: ProjectName,
    batch: Batch,
    is_configured: bool,
}

impl Sorter {
    /// Of entries that came at `arrived`.
    pub(crate) fn new(arrived: Timestamp) -> Self {
        Self { arrived, order: Vec::new(), places: HashMap::new(), before: None }
    }

    /// Takes an entry.
    ///
    /// # Errors
    /// `InvalidRequest` that names the row, `InvalidName` for the project.
    pub(crate) fn push<E: Entry>(&mut self, row: usize, entry: E) -> Result<(), ApiError> {
        let place = self.place(row, &entry.target())?;
        let Sorted { batch: Batch { events, .. }, is_configured, .. } = &mut self.order[place];
        if let Some(json) = entry.config().filter(|_| !*is_configured) {
            *is_configured = true;
            events.insert(0, Event::Config { time: self.arrived, json, rank: 0 });
        }
        events.push(entry.into_event(row, self.arrived)?);
        Ok(())
    }

    fn place(&mut self, row: usize, target: &Target<'_>) -> Result<usize, ApiError> {
        if let Some((project, run, place)) = &self.before
            && target.is(project, run)
        {
            return Ok(*place);
        }
        let key = (target.project.to_owned(), target.key(row)?);
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None => {
                let project = ProjectName::new(&key.0)?;
                let batch = Batch { run: key.1.clone(), events: Vec::new() };
                self.order.push(Sorted { project, batch, is_configured: false });
                self.places.insert(key.clone(), self.order.len() - 1);
                self.order.len() - 1
            }
        };
        self.before = Some((key.0, key.1, place));
        Ok(place)
    }

    /// The project of all entries until now; `None` where there are several, or no entries.
    pub(crate) fn only_project(&self) -> Option<&ProjectName> {
        let first = &self.order.first()?.project;
        self.order.iter().all(|sorted| sorted.project == *first).then_some(first)
    }

    /// Every row until now that was not taken says its step.
    pub(crate) fn has_all_steps(&self) -> bool {
        let mut events = self.order.iter().flat_map(|sorted| &sorted.batch.events);
        events.all(|event| !matches!(event, Event::Row(Row { step: None, .. })))
    }

    /// What came since this was called last, by project.
    pub(crate) fn take(&mut self) -> Vec<(ProjectName, Vec<Batch>)> {
        let mut projects: Vec<(ProjectName, Vec<Batch>)> = Vec::new();
        for Sorted { project, batch, .. } in &mut self.order {
            let events = std::mem::take(&mut batch.events);
            if events.is_empty() {
                continue;
            }
            let batch = Batch { run: batch.run.clone(), events };
            match projects.iter_mut().find(|(name, _)| name == project) {
                Some((_, batches)) => batches.push(batch),
                None => projects.push((project.clone(), vec![batch])),
            }
        }
        projects
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::read_elements;

    const ARRIVED: Timestamp = Timestamp(1_795_400_272_000_000);

    fn batches<E: Entry>(array: &str) -> Result<Vec<(ProjectName, Vec<Batch>)>, ApiError> {
        let mut sorter = Sorter::new(ARRIVED);
        read_elements::<E>(array, |row, entry| sorter.push(row, entry))?;
        Ok(sorter.take())
    }

    #[test]
    fn rows_are_sorted_by_run_with_the_config_first() {
        let array = r#"[
            {"project":"a b","run":"one","metrics":{"x":1},"step":1.0,"config":{}},
            {"project":"ab","run":"two","run_id":"id2","metrics":{},"step":"7"},
            {"project":"a b","run":"one","metrics":{"x":2},"config":{"lr":1},"timestamp":"2026-11-23T02:17:51Z"}
        ]"#;
        let projects = batches::<PeerRow>(array).expect("parses");
        assert_eq!(projects.len(), 1);
        let (project, batches) = &projects[0];
        assert_eq!(project.as_str(), "ab");
        assert_eq!(batches[0].run, RunKey { id: "one".into(), name: "one".into() });
        assert_eq!(batches[1].run, RunKey { id: "id2".into(), name: "two".into() });
        let [Event::Config { json, .. }, Event::Row(first), Event::Row(second)] =
            batches[0].events.as_slice()
        else {
            panic!("{:?}", batches[0].events)
        };
        assert_eq!((json.as_str(), first.step, second.step), (r#"{"lr":1}"#, Some(1), None));
        assert_eq!((first.time, second.time), (ARRIVED, Timestamp(ARRIVED.0 - 1_000_000)));
        assert!(matches!(&batches[1].events[..], [Event::Row(row)] if row.step == Some(7)));
    }

    #[test]
    fn what_is_refused_is_named() {
        for (entry, named) in [
            (r#"{"project":"p","run":"r","metrics":{},"step":1.5}"#, "row 0 has the step 1.5"),
            (r#"{"project":"p","run":"r","metrics":{},"step":"x"}"#, "row 0 has the step \"x\""),
            (r#"{"project":"p","run":"r","metrics":"x"}"#, "row 0 does not parse"),
            (r#"{"project":"p","metrics":{}}"#, "row 0 names no run"),
            (r#"{"run":"r","metrics":{}}"#, "row 0 does not parse: missing field `project`"),
            (
                r#"{"project":"p","run":"r","metrics":{},"timestamp":"soon"}"#,
                "row 0 has the timestamp `soon`",
            ),
            (r#"{"project":"a_system","run":"r","metrics":{}}"#, "project name `a_system` cannot be used"),
        ] {
            let error = batches::<PeerRow>(&format!("[{entry}]")).expect_err("refused").to_string();
            assert!(error.starts_with(named), "{error}");
        }
        let alert = r#"[{"project":"p","run":"r","title":"t","level":"loud"}]"#;
        let error = batches::<PeerAlert>(alert).expect_err("refused").to_string();
        assert!(error.starts_with("row 0 has the level `loud`"), "{error}");
    }
}
