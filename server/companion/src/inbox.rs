//! The peer's inbox: rows that its clients left as files, because they could reach no server or no database.
//!
//! `inbox/<writer>/<number>.jsonl` holds one record a line and is complete once it has its name. A file is removed
//! when its rows are committed; one that is read again after a death in between stores nothing twice, by the ids
//! of its records. Lines that make no sense are kept aside.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use paceline_journal::layout::{create_private_folder, own_folder};
use paceline_schema::event::RunKey;
use paceline_schema::values::parse_metrics;
use paceline_schema::{Alert, AlertLevel, Event, ProjectName, Row, SystemSample, Timestamp};
use paceline_storage::{Batch, Store};
use serde::Deserialize;
use serde_json::value::RawValue;

/// How often a directory is looked at unless `TRACKIO_INBOX_POLL_INTERVAL` says so, and the least it may say.
const DEFAULT_INTERVAL_SECONDS: f64 = 15.0;
const LEAST_INTERVAL_SECONDS: f64 = 5.0;

/// When the inbox of a directory is due.
#[derive(Debug)]
pub(crate) struct Inbox {
    interval: Duration,
    looked_at: Option<Instant>,
}

impl Inbox {
    /// `interval` is the text of `TRACKIO_INBOX_POLL_INTERVAL`, in seconds.
    pub(crate) fn new(interval: Option<&str>) -> Self {
        let seconds =
            interval.and_then(|text| text.trim().parse().ok()).filter(|seconds: &f64| seconds.is_finite());
        let seconds = seconds.unwrap_or(DEFAULT_INTERVAL_SECONDS).clamp(LEAST_INTERVAL_SECONDS, 1e9);
        Self { interval: Duration::from_secs_f64(seconds), looked_at: None }
    }

    /// Imports what is there if it is time to look.
    pub(crate) fn attend(&mut self, store: &Store) {
        if self.looked_at.is_none_or(|before| before.elapsed() >= self.interval) {
            import(store);
            self.looked_at = Some(Instant::now());
        }
    }
}

/// Imports every file of the inbox. Nothing fails: what cannot be stored stays for the next time.
pub(crate) fn import(store: &Store) {
    let inbox = store.directory().join("inbox");
    let writers = match sorted_entries(&inbox) {
        Ok(writers) => writers,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => {
            tracing::warn!(%error, "the inbox cannot be listed");
            return;
        }
    };
    for writer in writers {
        // A file of another process may have gone in the meantime.
        for file in sorted_entries(&writer).unwrap_or_default() {
            if file.extension().is_some_and(|ending| ending == "jsonl")
                && let Err(error) = import_file(store, &file)
            {
                tracing::warn!(file = %file.display(), %error, "a file of the inbox stays there");
            }
        }
        // Its writer makes it again if it goes on.
        let _ = fs::remove_dir(&writer);
    }
}

/// Files and folders in a folder, by name; symbolic links are left out.
fn sorted_entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type()?.is_symlink() {
            found.push(entry.path());
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn import_file(store: &Store, file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let text = fs::read(file)?;
    let name = name_of(file);
    let mut projects: Vec<(ProjectName, Vec<Batch>)> = Vec::new();
    let mut damaged: Vec<u8> = Vec::new();
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match Record::parse(line, &format!("inbox:{name}:{number}")) {
            Ok((project, run, events)) => add(&mut projects, project, run, events),
            Err(reason) => {
                tracing::debug!(file = %file.display(), line = number + 1, reason, "a line is damaged");
                damaged.extend_from_slice(line);
                damaged.push(b'\n');
            }
        }
    }
    for (project, batches) in projects {
        store.project_for_writing(&project)?.append(batches)?;
    }
    if !damaged.is_empty() {
        let folder = own_folder(store.directory()).join("damaged");
        create_private_folder(&own_folder(store.directory()))?;
        create_private_folder(&folder)?;
        let kept = folder.join(format!("inbox-{name}.jsonl"));
        fs::write(&kept, &damaged)?;
        tracing::warn!(kept = %kept.display(), "lines of the inbox make no sense and are kept aside");
    }
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writer and number of a file, which nobody else has.
fn name_of(file: &Path) -> String {
    let part = |path: Option<&Path>| {
        path.and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    };
    format!("{}-{}", part(file.parent()), part(Some(file)))
}

/// Adds events to the batch of their run, in their order.
fn add(projects: &mut Vec<(ProjectName, Vec<Batch>)>, project: ProjectName, run: RunKey, events: Vec<Event>) {
    let place = projects.iter().position(|(known, _)| *known == project).unwrap_or_else(|| {
        projects.push((project, Vec::new()));
        projects.len() - 1
    });
    let batches = &mut projects[place].1;
    match batches.iter_mut().find(|batch| batch.run == run) {
        Some(batch) => batch.events.extend(events),
        None => batches.push(Batch { run, events }),
    }
}

/// A line of a file. Source: the peer's `trackio.fragments`, version 1.
#[derive(Deserialize)]
struct Record {
    kind: Kind,
    project: String,
    run: String,
    run_id: Option<String>,
    timestamp: Option<String>,
    metrics: Option<Box<RawValue>>,
    step: Option<i64>,
    config: Option<Box<RawValue>>,
    log_id: Option<String>,
    title: Option<String>,
    text: Option<String>,
    level: Option<String>,
    alert_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Metric,
    SystemMetric,
    Alert,
}

impl Record {
    /// What a line says, or what is wrong with it. `own_id` is for a record without an id.
    fn parse(line: &[u8], own_id: &str) -> Result<(ProjectName, RunKey, Vec<Event>), String> {
        let record: Self = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let project = ProjectName::new(&record.project).map_err(|error| error.to_string())?;
        if record.run.is_empty() {
            return Err("it names no run".to_owned());
        }
        let id = record.run_id.clone().filter(|id| !id.is_empty()).unwrap_or_else(|| record.run.clone());
        let run = RunKey { id, name: record.run.clone() };
        record.events(own_id).map(|events| (project, run, events))
    }

    fn events(self, own_id: &str) -> Result<Vec<Event>, String> {
        let time = match self.timestamp.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => Timestamp::parse(text).ok_or_else(|| format!("`{text}` is no time"))?,
            None => Timestamp::from(SystemTime::now()),
        };
        let metrics = || {
            let json = self.metrics.as_deref().map_or("{}", RawValue::get);
            parse_metrics(json.as_bytes()).map_err(|error| error.to_string())
        };
        let id = |given: &Option<String>| Some(given.clone().unwrap_or_else(|| own_id.to_owned()));
        Ok(match self.kind {
            Kind::Metric => {
                let row = Row { log_id: id(&self.log_id), time, step: self.step, metrics: metrics()? };
                let config = self.config.as_deref().map(RawValue::get).filter(|json| json.starts_with('{'));
                let config = config.map(|json| Event::Config { time, json: json.to_owned(), rank: 0 });
                config.into_iter().chain([Event::Row(row)]).collect()
            }
            Kind::SystemMetric => {
                vec![Event::System(SystemSample { log_id: id(&self.log_id), time, metrics: metrics()? })]
            }
            Kind::Alert => {
                let level =
                    self.level.as_deref().and_then(|word| AlertLevel::parse(&word.to_ascii_lowercase()));
                vec![Event::Alert(Alert {
                    alert_id: id(&self.alert_id),
                    time,
                    title: self.title.unwrap_or_default(),
                    text: self.text,
                    level: level.unwrap_or_default(),
                    step: self.step,
                })]
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use paceline_storage::{AlertFilter, Durability};

    const RECORDS: &str = r#"{"v":1,"kind":"metric","project":"p","run":"r","run_id":"id","metrics":{"loss":1.5,"n":"NaN"},"step":3,"timestamp":"2026-11-23T02:17:52+00:00","config":{"lr":0.1},"log_id":"l1"}
{"v":1,"kind":"metric","project":"p","run":"r","run_id":"id","metrics":{"loss":1.25},"step":4,"timestamp":"2026-11-23T02:17:53+00:00","config":null,"log_id":null}
not JSON at all
{"v":1,"kind":"system_metric","project":"q","run":"r","run_id":null,"metrics":{"cpu":5},"timestamp":"2026-11-23T02:17:52+00:00","log_id":"s1"}

{"v":1,"kind":"alert","project":"p","run":"r","run_id":"id","title":"t","text":null,"level":"WARN","step":4,"timestamp":"2026-11-23T02:17:52+00:00","alert_id":"a1"}
{"v":1,"kind":"metric","project":"a_system","run":"r","metrics":{}}
{"v":2,"kind":"unheard of","project":"p","run":"r"}
"#;

    fn leave(directory: &Path) -> PathBuf {
        let folder = directory.join("inbox/0123456789abcdef");
        fs::create_dir_all(&folder).expect("it is made");
        fs::write(folder.join("00000000.jsonl"), RECORDS).expect("it is written");
        folder
    }

    #[test]
    fn records_are_stored_once_and_their_file_goes() {
        let directory = tempfile::tempdir().expect("a folder");
        let store = Store::open(directory.path(), Durability::Process).expect("it opens");
        import(&store);
        // Twice: as after a death between the commit and the removal.
        for _ in 0..2 {
            let folder = leave(directory.path());
            import(&store);
            assert!(!folder.exists(), "nothing is left");
        }
        let project = store.project("p").expect("it is there");
        project
            .read(|reader| {
                let rows = reader.rows("id", None, 10)?;
                let seen: Vec<_> = rows.iter().map(|row| (row.step, row.time.to_string())).collect();
                assert_eq!(
                    seen,
                    [
                        (3, "2026-11-23T02:17:52+00:00".to_owned()),
                        (4, "2026-11-23T02:17:53+00:00".to_owned())
                    ]
                );
                assert_eq!(reader.config("id")?.expect("it has one")["lr"], 0.1);
                let alerts =
                    reader.alerts(&AlertFilter { run_id: Some("id"), ..AlertFilter::default() }, 10)?;
                assert_eq!(alerts.iter().map(|(_, alert)| alert.step).collect::<Vec<_>>(), [Some(4)]);
                Ok(())
            })
            .expect("it is read");
        let samples =
            store.project("q").expect("it is there").read(|reader| reader.system_rows("r", None, 10));
        assert_eq!(samples.expect("it is read").len(), 1);
        let kept = directory.path().join(".paceline/damaged/inbox-0123456789abcdef-00000000.jsonl");
        let kept = fs::read_to_string(kept).expect("it is kept");
        assert_eq!(kept.lines().count(), 3, "{kept}");
        assert!(kept.starts_with("not JSON at all\n"), "{kept}");
    }

    #[test]
    fn a_file_that_cannot_be_stored_stays() {
        let directory = tempfile::tempdir().expect("a folder");
        let store = Store::open(directory.path(), Durability::Process).expect("it opens");
        let folder = leave(directory.path());
        fs::write(directory.path().join("p.db"), "not a database, but long enough to be taken for one")
            .expect("written");
        import(&store);
        assert!(folder.join("00000000.jsonl").exists());
        fs::remove_file(directory.path().join("p.db")).expect("it is there");
        import(&store);
        assert!(!folder.exists());
    }

    #[test]
    fn a_file_that_is_still_written_is_left_alone() {
        let directory = tempfile::tempdir().expect("a folder");
        let store = Store::open(directory.path(), Durability::Process).expect("it opens");
        let folder = leave(directory.path());
        fs::rename(folder.join("00000000.jsonl"), folder.join("tmp123.tmp")).expect("it is renamed");
        import(&store);
        assert!(folder.join("tmp123.tmp").exists());
    }

    #[test]
    fn the_interval_has_a_least_value() {
        for (text, seconds) in
            [(None, 15.0), (Some("60"), 60.0), (Some("0.1"), 5.0), (Some("soon"), 15.0), (Some("inf"), 15.0)]
        {
            assert_eq!(Inbox::new(text).interval.as_secs_f64(), seconds, "{text:?}");
        }
    }
}
