//! A server as the place where events of runs are delivered.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::{Duration, SystemTime};

use paceline_schema::console::{ConsoleLine, ConsoleReport};
use paceline_schema::environment::EnvironmentReport;
use paceline_schema::event::RunKey;
use paceline_schema::report::{EndReport, HeartbeatReport, StartReport};
use paceline_schema::{Destination, Event, Operation, RunEnd, RunStart, Timestamp};
use paceline_storage::Batch;

use super::client::{Client, Server, path_part};
use super::entries::Entry;
use super::fault::{Fault, FaultKind};
use super::media::Media;
use super::pause::Pause;
use super::refused::Refused;
use crate::sink::{Settled, Sink};
use crate::tracked::{LiveRun, Living, living};

/// Rows read at once while all goes well, and the fewest after faults: what is cut off in the middle is
/// sent again as a whole.
const MOST_ROWS: usize = 5_000;
const FEWEST_ROWS: usize = 250;
/// Bytes of the entries of one request.
const REQUEST_BYTES: usize = 8 << 20;

/// Printed lines of one request, each of which is bounded.
const LINES_PER_REQUEST: usize = 500;

/// Delivers to one server.
pub(crate) struct ServerSink {
    client: Client,
    refused: Refused,
    media: Media,
    pub(crate) pause: Pause,
    problem: String,
    rows: usize,
    /// The server takes the requests that the peer's wire has no words for.
    takes_reports: bool,
    /// Configs that go along with the next row of their run, by run id: the peer's server takes them no other way.
    carried: HashMap<String, String>,
}

/// Events by how they are sent.
#[derive(Default)]
struct Parts<'a> {
    starts: Vec<(&'a RunKey, &'a RunStart)>,
    configs: Vec<(&'a RunKey, u32, &'a str)>,
    rows: Vec<Entry>,
    samples: Vec<Entry>,
    alerts: Vec<Entry>,
    summaries: Vec<(&'a RunKey, u32, &'a str)>,
    console: Vec<(&'a RunKey, Vec<ConsoleLine>)>,
    environments: Vec<(&'a RunKey, &'a EnvironmentReport)>,
    ends: Vec<(&'a RunKey, &'a RunEnd)>,
}

impl<'a> Parts<'a> {
    fn of(project: &str, batches: &'a [Batch]) -> Self {
        let mut parts = Self::default();
        for Batch { run, events } in batches {
            for event in events {
                match event {
                    Event::Start(start) => parts.starts.push((run, start)),
                    Event::Config { json, rank, .. } => replace(&mut parts.configs, run, *rank, json),
                    Event::Summary { json, rank } => replace(&mut parts.summaries, run, *rank, json),
                    Event::Row(row) => parts.rows.push(Entry::row(project, run, row)),
                    Event::System(sample) => parts.samples.push(Entry::sample(project, run, sample)),
                    Event::Alert(alert) => parts.alerts.push(Entry::alert(project, run, alert)),
                    Event::Console(line) => match parts.console.last_mut() {
                        Some((last, lines)) if last.id == run.id => lines.push(line.clone()),
                        Some(_) | None => parts.console.push((run, vec![line.clone()])),
                    },
                    Event::Environment(report) => parts.environments.push((run, report)),
                    Event::End(end) => parts.ends.push((run, end)),
                }
            }
        }
        parts
    }

    /// There is nothing a config could go along with, and there may be later.
    fn is_config_only(&self) -> bool {
        let nothing_else = self.rows.is_empty() && self.samples.is_empty() && self.alerts.is_empty();
        !self.configs.is_empty() && nothing_else && self.ends.is_empty()
    }
}

/// The newest of a process replaces the ones before.
fn replace<'a>(all: &mut Vec<(&'a RunKey, u32, &'a str)>, run: &'a RunKey, rank: u32, json: &'a str) {
    all.retain(|(other, its_rank, _)| (&other.id, *its_rank) != (&run.id, rank));
    all.push((run, rank, json));
}

impl ServerSink {
    pub(crate) fn new(directory: &Path, destination: Destination) -> Self {
        Self {
            client: Client::new(destination),
            refused: Refused::new(directory),
            media: Media::new(directory),
            pause: Pause::default(),
            problem: String::new(),
            rows: MOST_ROWS,
            takes_reports: true,
            carried: HashMap::new(),
        }
    }

    /// Says that the runs' processes live.
    pub(crate) fn send_heartbeat(&mut self, runs: &[LiveRun]) {
        if self.pause.left().is_some() {
            return;
        }
        for (project, Living { runs, ranks }) in living(runs) {
            let time = Timestamp::from(SystemTime::now());
            let body = json_text(&HeartbeatReport { runs, ranks, time }).into_bytes();
            let sent = self.reports().and_then(|takes| {
                let path = format!("{}/heartbeats", path_part(project));
                if takes { self.report("POST", &path, body).map(drop) } else { Ok(()) }
            });
            // A project that is not there yet has no runs to be seen alive.
            if let Err(fault) = sent.or_else(|fault| if fault.may_be_a_row() { Ok(()) } else { Err(fault) }) {
                self.note(&fault);
                return;
            }
        }
    }

    /// The server takes the requests that the peer's wire has no words for.
    fn reports(&mut self) -> Result<bool, Fault> {
        Ok(self.client.server()? == Server::Ours && self.takes_reports)
    }

    /// A request of our own interface; `false` when the server is too old to know it.
    fn report(&mut self, method: &str, path: &str, body: Vec<u8>) -> Result<bool, Fault> {
        match self.client.rest(method, path, body) {
            Ok(_) => Ok(true),
            Err(fault) if fault.kind == FaultKind::Missing => {
                self.takes_reports = false;
                tracing::warn!(%fault, "states and heartbeats of runs are not sent to this server");
                Ok(false)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Tells something of one run; what the server will not take is kept and does not hold back the rows.
    fn tell(
        &mut self,
        project: &str,
        run: &RunKey,
        (method, what): (&str, &str),
        rank: u32,
        body: &str,
    ) -> Result<bool, Fault> {
        if !self.reports()? {
            return Ok(false);
        }
        let mut path = format!("{}/runs/{}/{what}", path_part(project), path_part(&run.id));
        if method == "PUT" {
            path.push_str(&format!("?name={}", path_part(&run.name)));
            if rank > 0 {
                path.push_str(&format!("&rank={rank}"));
            }
        }
        match self.report(method, &path, body.as_bytes().to_vec()) {
            Err(fault) if matches!(fault.kind, FaultKind::Request { .. }) => {
                let server = self.client.destination().url();
                self.refused.keep(project, server, what, &fault.to_string(), body);
                Ok(true)
            }
            other => other,
        }
    }

    fn deliver(&mut self, project: &str, batches: &[Batch]) -> Result<Settled, Fault> {
        let parts = Parts::of(project, batches);
        for (run, start) in &parts.starts {
            let start = RunStart { survey: None, ..(*start).clone() };
            let report = StartReport { name: run.name.clone(), start };
            self.tell(project, run, ("POST", "start"), 0, &json_text(&report))?;
        }
        for (run, rank, config) in &parts.configs {
            // Where the peer's wire takes it along with rows, it is rank 0's alone.
            if !self.tell(project, run, ("PUT", "config"), *rank, config)? && *rank == 0 {
                self.carried.insert(run.id.clone(), (*config).to_owned());
            }
        }
        if !self.reports()? && parts.is_config_only() {
            return Ok(Settled::Held);
        }
        for Batch { run, events } in batches {
            for event in events {
                if let Event::Row(row) = event {
                    self.media.send(&self.client, project, run, &row.metrics)?;
                }
            }
        }
        self.send(project, Operation::BulkLog, &parts.rows)?;
        self.media.forget_sent();
        for row in &parts.rows {
            self.carried.remove(&row.run_id);
        }
        self.send(project, Operation::BulkLogSystem, &parts.samples)?;
        self.send(project, Operation::BulkAlert, &parts.alerts)?;
        for (run, rank, summary) in &parts.summaries {
            self.tell(project, run, ("PUT", "summary"), *rank, summary)?;
        }
        for (run, lines) in &parts.console {
            for lines in lines.chunks(LINES_PER_REQUEST) {
                let report = ConsoleReport { lines: lines.to_vec() };
                self.tell(project, run, ("POST", "console"), 0, &json_text(&report))?;
            }
        }
        for (run, report) in &parts.environments {
            self.tell(project, run, ("PUT", "environment"), 0, &json_text(report))?;
        }
        for (run, end) in &parts.ends {
            let report = EndReport { name: Some(run.name.clone()), end: (*end).clone() };
            self.tell(project, run, ("POST", "end"), 0, &json_text(&report))?;
            if end.rank == 0 {
                self.carried.remove(&run.id);
            }
        }
        Ok(Settled::Delivered)
    }

    /// Sends entries in as many requests as they need.
    fn send(&self, project: &str, operation: Operation, entries: &[Entry]) -> Result<(), Fault> {
        let (mut waiting, mut most) = (vec![entries], MOST_ROWS);
        while let Some(rest) = waiting.pop() {
            let mut bytes = 0;
            let fits = rest.iter().take(most).take_while(|entry| {
                bytes += entry.bytes();
                bytes <= REQUEST_BYTES
            });
            let fits = fits.count().max(1).min(rest.len());
            let (now, later) = rest.split_at(fits);
            let refused = if now.is_empty() { None } else { self.send_request(project, operation, now)? };
            let parts = match refused {
                None => {
                    most = most.max(2 * fits).min(MOST_ROWS);
                    [later, &[], &[]]
                }
                // None of the others is there yet. Where one is refused more may be, and what goes along with each goes
                // once more: so fewer go together.
                Some(row) => {
                    most = (fits / 2).max(1);
                    [later, &now[row + 1..], &now[..row]]
                }
            };
            waiting.extend(parts.into_iter().filter(|part| !part.is_empty()));
        }
        Ok(())
    }

    /// Sends entries in one request. When the server names one that it will not take, that one is kept aside, and its place
    /// is told: the others are still to be sent. When it names none, the one is found, and the others are sent.
    fn send_request(
        &self,
        project: &str,
        operation: Operation,
        entries: &[Entry],
    ) -> Result<Option<usize>, Fault> {
        let Err(fault) = self.client.call(operation, &self.arguments(operation, entries)) else {
            return Ok(None);
        };
        if !fault.may_be_a_row() {
            return Err(fault);
        }
        if let FaultKind::Request { row: Some(row) } = fault.kind
            && let Some(entry) = entries.get(row)
        {
            self.keep(project, operation, &fault, entry);
            return Ok(Some(row));
        }
        // A server that takes nothing at all has another reason, a token for instance.
        if let Err(general) = self.client.call(operation, &self.arguments(operation, &[])) {
            return Err(if general.may_be_a_row() {
                Fault { kind: FaultKind::Refused, ..general }
            } else {
                general
            });
        }
        match entries {
            [] => Ok(None),
            [entry] => {
                // Once more, since a request that was cut on its way looks like a bad one.
                match self.client.call(operation, &self.arguments(operation, entries)) {
                    Err(fault) if fault.may_be_a_row() => {
                        self.keep(project, operation, &fault, entry);
                        Ok(None)
                    }
                    other => other.map(|_| None),
                }
            }
            entries => {
                let (first, second) = entries.split_at(entries.len() / 2);
                self.send(project, operation, first)?;
                self.send(project, operation, second).map(|()| None)
            }
        }
    }

    fn keep(&self, project: &str, operation: Operation, fault: &Fault, entry: &Entry) {
        let mut text = Vec::new();
        entry.write(None, &mut text);
        let server = self.client.destination().url();
        self.refused.keep(
            project,
            server,
            operation.name(),
            &fault.to_string(),
            &String::from_utf8_lossy(&text),
        );
    }

    /// The one argument of a call that takes entries.
    fn arguments(&self, operation: Operation, entries: &[Entry]) -> Vec<u8> {
        let name = operation.parameters().first().map_or("logs", |parameter| parameter.name);
        let mut text = Vec::with_capacity(entries.iter().map(Entry::bytes).sum::<usize>() + 32);
        text.extend_from_slice(format!("\"{name}\":[").as_bytes());
        let mut configured = HashSet::new();
        for (position, entry) in entries.iter().enumerate() {
            if position > 0 {
                text.push(b',');
            }
            let config = self.carried.get(&entry.run_id).filter(|_| operation == Operation::BulkLog);
            let config = config.filter(|_| configured.insert(&entry.run_id));
            entry.write(config.map(String::as_str), &mut text);
        }
        text.push(b']');
        text
    }

    fn note(&mut self, fault: &Fault) {
        self.pause.begin(fault);
        self.client.forget_server();
        self.takes_reports = true;
        self.rows = (self.rows / 4).max(FEWEST_ROWS);
        self.problem = match fault.kind {
            FaultKind::Refused => {
                format!("{fault}; look at the address and the token, then start the run again")
            }
            FaultKind::Away | FaultKind::Request { .. } | FaultKind::Unclear | FaultKind::Missing => {
                fault.to_string()
            }
        };
    }
}

/// Structures of texts and numbers always have a JSON form.
fn json_text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl Sink for ServerSink {
    type Pending = Vec<Batch>;

    fn rows_per_delivery(&self) -> usize {
        self.rows
    }

    /// The pause is for the whole server and grows.
    fn retry_interval(&self) -> Duration {
        Duration::ZERO
    }

    fn begin(&mut self, _: &str, batches: Vec<Batch>) -> Vec<Batch> {
        batches
    }

    fn settle(&mut self, project: &str, batches: Vec<Batch>) -> Result<Settled, String> {
        if batches.is_empty() {
            return Ok(Settled::Delivered);
        }
        if self.pause.left().is_some() {
            return Err(self.problem.clone());
        }
        match self.deliver(project, &batches) {
            Ok(settled) => {
                self.pause.end();
                self.rows = (self.rows * 2).min(MOST_ROWS);
                Ok(settled)
            }
            Err(fault) => {
                self.note(&fault);
                Err(self.problem.clone())
            }
        }
    }
}

#[cfg(test)]
mod tests;
