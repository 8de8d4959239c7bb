//! Events of runs as the entries of the peer's calls.

use paceline_schema::event::RunKey;
use paceline_schema::values::{write_metrics, write_string};
use paceline_schema::{Alert, Metrics, Row, SystemSample, Timestamp};

/// One element of a call, ready to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// JSON of an object without its closing brace, so that a config can follow.
    json: Vec<u8>,
    /// Which run it belongs to.
    pub(crate) run_id: String,
}

impl Entry {
    fn begin(project: &str, run: &RunKey) -> Self {
        let mut entry = Self { json: Vec::with_capacity(512), run_id: run.id.clone() };
        entry.json.push(b'{');
        entry.text("project", project);
        entry.text("run", &run.name);
        entry.text("run_id", &run.id);
        entry
    }

    /// An element of `bulk_log`.
    pub(crate) fn row(project: &str, run: &RunKey, row: &Row) -> Self {
        let mut entry = Self::begin(project, run);
        entry.optional_text("log_id", row.log_id.as_deref());
        entry.moment(row.time);
        entry.step(row.step);
        entry.metrics(&row.metrics);
        entry
    }

    /// An element of `bulk_log_system`.
    pub(crate) fn sample(project: &str, run: &RunKey, sample: &SystemSample) -> Self {
        let mut entry = Self::begin(project, run);
        entry.optional_text("log_id", sample.log_id.as_deref());
        entry.moment(sample.time);
        entry.metrics(&sample.metrics);
        entry
    }

    /// An element of `bulk_alert`.
    pub(crate) fn alert(project: &str, run: &RunKey, alert: &Alert) -> Self {
        let mut entry = Self::begin(project, run);
        entry.optional_text("alert_id", alert.alert_id.as_deref());
        entry.moment(alert.time);
        entry.text("title", &alert.title);
        entry.optional_text("text", alert.text.as_deref());
        entry.text("level", alert.level.as_str());
        entry.step(alert.step);
        entry
    }

    /// Bytes it takes in a request, about.
    pub(crate) fn bytes(&self) -> usize {
        self.json.len() + 2
    }

    /// Appends it to a request, with a config of its run where one is to go along.
    pub(crate) fn write(&self, config: Option<&str>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.json);
        if let Some(config) = config {
            out.extend_from_slice(b",\"config\":");
            out.extend_from_slice(config.as_bytes());
        }
        out.push(b'}');
    }

    fn name(&mut self, name: &str) {
        if self.json.last() != Some(&b'{') {
            self.json.push(b',');
        }
        write_string(name, &mut self.json);
        self.json.push(b':');
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        write_string(text, &mut self.json);
    }

    fn optional_text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn moment(&mut self, time: Timestamp) {
        self.text("timestamp", &time.to_string());
    }

    fn step(&mut self, step: Option<i64>) {
        self.name("step");
        let text = step.map_or_else(|| "null".to_owned(), |step| step.to_string());
        self.json.extend_from_slice(text.as_bytes());
    }

    fn metrics(&mut self, metrics: &Metrics) {
        self.name("metrics");
        write_metrics(metrics.iter().map(|(key, value)| (key.as_str(), value)), &mut self.json);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use paceline_schema::{AlertLevel, Value};
    use serde_json::json;

    fn parsed(entry: &Entry, config: Option<&str>) -> serde_json::Value {
        let mut text = Vec::new();
        entry.write(config, &mut text);
        serde_json::from_slice(&text).expect("JSON")
    }

    #[test]
    fn entries_are_the_peers_with_times_and_ids() {
        let run = RunKey { id: "7".into(), name: "größe \"1\"".into() };
        let time = Timestamp(1_795_400_272_070_297);
        let metrics = vec![("loss".into(), Value::Float(f64::NAN)), ("n".into(), Value::Integer(3))];
        let row = Row { log_id: Some("a".into()), time, step: Some(-1), metrics: metrics.clone() };
        let common = json!({"project": "p", "run": "größe \"1\"", "run_id": "7",
            "timestamp": "2026-11-23T02:17:52.070297+00:00"});
        let with = |more: serde_json::Value| {
            let mut all = common.clone();
            all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            all
        };
        assert_eq!(
            parsed(&Entry::row("p", &run, &row), Some("{\"lr\":1}")),
            with(json!({"log_id": "a", "step": -1, "metrics": {"loss": "NaN", "n": 3}, "config": {"lr": 1}}))
        );
        let sample = SystemSample { log_id: None, time, metrics };
        assert_eq!(
            parsed(&Entry::sample("p", &run, &sample), None),
            with(json!({"metrics": {"loss": "NaN", "n": 3}}))
        );
        let alert = Alert {
            alert_id: Some("b".into()),
            time,
            title: "t".into(),
            text: None,
            level: AlertLevel::Error,
            step: None,
        };
        assert_eq!(
            parsed(&Entry::alert("p", &run, &alert), None),
            with(json!({"alert_id": "b", "title": "t", "level": "error", "step": null}))
        );
    }
}
