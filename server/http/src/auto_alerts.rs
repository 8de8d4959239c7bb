//! Findings raised as alerts, where the server was asked for that: each kind once a run, as soon as it holds.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use paceline_query::{Engine, QueryError, alert_id_of_finding};
use paceline_schema::event::RunKey;
use paceline_schema::status::{Finding, Severity};
use paceline_schema::webhook::{WebhookCall, WebhookTarget};
use paceline_schema::{Alert, AlertLevel, Event, ProjectName, RunSummary, Timestamp};
use paceline_storage::Batch;

/// How often the runs are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// A run that ended is looked at for so long after.
const SECONDS_AFTER_THE_END: f64 = 60.0;

/// Keeps a request until it is made; the text is the id of its alert.
pub type KeepRequest = Box<dyn Fn(&str, &WebhookCall) -> io::Result<()> + Send>;

/// Where alerts are sent as well.
pub struct AlertWebhook {
    /// The address.
    pub url: String,
    /// What keeps its requests.
    pub keep: KeepRequest,
}

/// Looks at the runs that go on, on a thread of its own, until it is dropped.
#[derive(Debug)]
pub struct AutoAlerts {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl AutoAlerts {
    /// Starts to look; each alert is sent to `webhook` as well, where there is one.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(engine: Engine, webhook: Option<AlertWebhook>) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let has_ended = Arc::clone(&stop);
        let thread = thread::Builder::new().name("paceline-alerts".to_owned()).spawn(move || {
            let mut watch = Watch { engine, webhook, raised: HashSet::new() };
            while !has_ended.load(Ordering::Relaxed) {
                watch.look();
                thread::park_timeout(LOOK_INTERVAL);
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for AutoAlerts {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It only leaves its loop; a panic in it has been reported where it happened.
            let _ = thread.join();
        }
    }
}

struct Watch {
    engine: Engine,
    webhook: Option<AlertWebhook>,
    /// Project and id of the alerts that are stored; those of an earlier process are found out by storing them again.
    raised: HashSet<(String, String)>,
}

impl Watch {
    fn look(&mut self) {
        let projects = self.engine.store().projects().unwrap_or_default();
        for project in projects {
            if let Err(error) = self.look_at(&project) {
                tracing::debug!(project, %error, "the findings of a project are looked at again later");
            }
        }
    }

    fn look_at(&mut self, project: &str) -> Result<(), QueryError> {
        let now = Timestamp::from(std::time::SystemTime::now());
        for (run, findings) in self.engine.findings_of_current_runs(project, SECONDS_AFTER_THE_END)? {
            for finding in findings {
                let id = alert_id_of_finding(&run.run_id, &finding.code);
                // Projects that were copied have runs of the same ids.
                let known = (project.to_owned(), id);
                if finding.until_step.is_none() && !self.raised.contains(&known) {
                    self.raise(&run, &finding, &known.1, now)?;
                    self.raised.insert(known);
                }
            }
        }
        Ok(())
    }

    fn raise(
        &self,
        run: &RunSummary,
        finding: &Finding,
        id: &str,
        time: Timestamp,
    ) -> Result<(), QueryError> {
        let alert = Alert {
            alert_id: Some(id.to_owned()),
            time,
            title: format!("{}: {}", finding.code, finding.evidence),
            text: finding.hint.clone(),
            level: level(finding.severity),
            step: finding.since_step.or(run.step),
        };
        // What a project is called by those who list it is the name of one.
        let Ok(name) = ProjectName::new(&run.project) else { return Ok(()) };
        let project = self.engine.store().project_for_writing(&name)?;
        let key = RunKey { id: run.run_id.clone(), name: run.run.clone() };
        let stored = project.append(vec![Batch { run: key, events: vec![Event::Alert(alert.clone())] }])?;
        if let Some(AlertWebhook { url, keep }) = self.webhook.as_ref().filter(|_| stored.rows_stored > 0) {
            let target =
                WebhookTarget { url: url.clone(), project: run.project.clone(), run: run.run.clone() };
            let Alert { title, text, level, step, .. } = alert;
            let call = WebhookCall { target, time, title, text, level, step };
            if let Err(error) = keep(id, &call) {
                tracing::warn!(%error, "an alert is stored and not sent to the webhook");
            }
        }
        Ok(())
    }
}

fn level(severity: Severity) -> AlertLevel {
    match severity {
        Severity::Note => AlertLevel::Info,
        Severity::Warning => AlertLevel::Warn,
        Severity::Critical => AlertLevel::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use paceline_schema::{Row, Value};
    use paceline_storage::{Durability, Store};

    /// Stores a run whose loss is NaN from step 5 on; the last row is so many seconds old.
    fn store_run(store: &Store, project: &str, seconds_ago: f64) {
        let now = Timestamp::from(std::time::SystemTime::now());
        let rows = (0..8).map(|step| {
            let loss = if step < 5 { 1.0 } else { f64::NAN };
            Event::Row(Row {
                log_id: None,
                time: Timestamp::from_seconds(now.seconds() - seconds_ago),
                step: Some(step),
                metrics: vec![("loss".to_owned(), Value::Float(loss))],
            })
        });
        let run = RunKey { id: "0".repeat(32), name: "r".to_owned() };
        let project = ProjectName::new(project).expect("a name");
        let project = store.project_for_writing(&project).expect("it is made");
        project.append(vec![Batch { run, events: rows.collect() }]).expect("they are stored");
    }

    #[test]
    fn a_run_of_the_same_id_in_another_project_is_another_one() {
        let directory = tempfile::tempdir().expect("a folder");
        let store = Store::open(directory.path(), Durability::Process).expect("it opens");
        let engine = Engine::new(store.clone());
        let mut watch = Watch { engine: engine.clone(), webhook: None, raised: HashSet::new() };
        for project in ["digits", "copy"] {
            store_run(&store, project, 0.0);
        }
        watch.look();
        for project in ["digits", "copy"] {
            assert_eq!(engine.alerts(project, None).expect("they are read").len(), 1, "{project}");
        }
    }

    #[test]
    fn rows_that_came_from_elsewhere_long_ago_raise_nothing() {
        let directory = tempfile::tempdir().expect("a folder");
        let store = Store::open(directory.path(), Durability::Process).expect("it opens");
        store_run(&store, "digits", 90_000.0);
        let engine = Engine::new(store);
        Watch { engine: engine.clone(), webhook: None, raised: HashSet::new() }.look();
        assert_eq!(engine.alerts("digits", None).expect("they are read"), []);
    }

    #[test]
    fn a_finding_becomes_one_alert_and_one_request() {
        let directory = tempfile::tempdir().expect("a folder");
        let store = Store::open(directory.path(), Durability::Process).expect("it opens");
        store_run(&store, "digits", 0.0);
        let engine = Engine::new(store.clone());
        let sent = Arc::new(std::sync::Mutex::new(Vec::new()));
        for _ in 0..2 {
            // A process that starts anew knows of none.
            let sent = Arc::clone(&sent);
            let webhook = Some(AlertWebhook {
                url: "https://hooks.test/x".to_owned(),
                keep: Box::new(move |id, call| {
                    sent.lock().expect("one at a time").push((id.to_owned(), call.clone()));
                    Ok(())
                }),
            });
            let mut watch = Watch { engine: engine.clone(), webhook, raised: HashSet::new() };
            watch.look();
            watch.look();
        }
        let alerts = engine.alerts("digits", None).expect("they are read");
        let [alert] = &alerts[..] else { panic!("{alerts:?}") };
        assert_eq!(alert.title, "loss_nan: `loss` is NaN since step 5, 1 before");
        assert_eq!((alert.level, alert.step), (AlertLevel::Error, Some(5)));
        assert!(alert.text.as_ref().is_some_and(|hint| hint.starts_with("stop; start again")));
        let sent = sent.lock().expect("one at a time");
        let [(id, call)] = &sent[..] else { panic!("{sent:?}") };
        assert_eq!(*id, format!("finding-{}-loss_nan", "0".repeat(32)));
        assert_eq!((&call.title, call.target.run.as_str()), (&alert.title, "r"));
    }
}
