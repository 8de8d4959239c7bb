//! Streams tell everything once, in order, whatever comes between; and say so where that would be too much.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use paceline_schema::event::RunKey;
use paceline_schema::{Event, ProjectName, Row, Timestamp, Value as MetricValue};
use paceline_storage::{Batch, Durability, Project, Store};
use serde_json::{Value, json};

use crate::support::TestServer;

const PROJECT: &str = "/api/v1/projects/digits/events";

/// A client that reads one stream.
struct Stream {
    lines: BufReader<TcpStream>,
    status: u16,
    last_id: Option<String>,
}

struct Told {
    event: String,
    data: Value,
}

impl Stream {
    fn open(server: &TestServer, path: &str, last_id: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(server.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        let last = last_id.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        // The old version has no chunks to take apart.
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n{last}\r\n").expect("it reads");
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        lines.read_line(&mut line).expect("a status");
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        while line.trim() != "" {
            line.clear();
            lines.read_line(&mut line).expect("the head");
        }
        Self { lines, status, last_id: last_id.map(str::to_owned) }
    }

    /// The next event; `None` at the end of the stream.
    fn next(&mut self) -> Option<Told> {
        let (mut event, mut data, mut id) = (String::new(), None, None);
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).expect("an event in time") == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("event", name)) => name.clone_into(&mut event),
                Some(("id", text)) => id = Some(text.to_owned()),
                Some(("data", text)) => data = Some(serde_json::from_str(text).expect("JSON")),
                Some(_) | None => {}
            }
            if line == "\n"
                && let Some(data) = data.take()
            {
                self.last_id = id.or(self.last_id.take());
                return Some(Told { event, data });
            }
        }
    }

    /// Reads on until an event of this name comes that fits.
    fn until(&mut self, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let told = self.next().expect("the stream goes on");
            if told.event == name && fits(&told.data) {
                return told.data;
            }
        }
    }
}

fn rows_of(delta: &Value) -> Vec<i64> {
    let runs = delta["rows"].as_array().into_iter().flatten();
    let rows = runs.flat_map(|run| run["rows"].as_array().expect("rows").clone());
    rows.map(|row| row["step"].as_i64().expect("a step")).collect()
}

impl Stream {
    /// Up to this row it was told.
    fn place(&self) -> i64 {
        let id = self.last_id.as_deref().expect("an id");
        id.split('-').nth(1).and_then(|rows| rows.parse().ok()).expect("the id of a row")
    }
}

/// Rows whose steps go on from the newest row of the only run, each with this note.
fn write(project: &Project, first: i64, count: i64, note: &str) {
    let rows = (first..first + count).map(|step| {
        let note = MetricValue::Json(format!("\"{note}\"").into());
        let metrics = vec![("loss".to_owned(), MetricValue::Float(0.5)), ("note".to_owned(), note)];
        Event::Row(Row { log_id: None, time: Timestamp(1), step: Some(step), metrics })
    });
    let run = RunKey { id: "a".into(), name: "a".into() };
    project.append(vec![Batch { run, events: rows.collect() }]).expect("it is stored");
}

/// The project as another program writes it.
fn project_of(server: &TestServer) -> Arc<Project> {
    let store = Store::open(server.directory(), Durability::Process).expect("opens");
    store.project_for_writing(&ProjectName::new("digits").expect("a name")).expect("opens")
}

fn log(server: &TestServer, run: &str, steps: std::ops::Range<i64>) {
    let rows: Vec<Value> = steps.map(|step| json!({ "metrics": { "loss": 0.5 }, "step": step })).collect();
    let path = format!("/api/v1/projects/digits/runs/{run}/logs");
    assert_eq!(server.post(&path, &Value::Array(rows).to_string()).status, 200);
}

#[test]
fn a_client_that_comes_again_and_again_is_told_every_row_once() {
    let mut server = TestServer::start();
    log(&server, "a", 0..1);
    let mut stream = Stream::open(&server, PROJECT, None);
    let first = stream.next().expect("an event");
    assert_eq!((first.event.as_str(), &first.data), ("state", &json!({ "states": { "a": "running" } })));
    let mut last_id = stream.last_id.clone().expect("an id");
    let mut steps = Vec::new();
    let mut logged = 1;
    for round in 0..12 {
        // More than one event holds in some rounds, nothing in others.
        let count = [3, 1_700, 0, 40][round % 4];
        log(&server, "a", logged..logged + count);
        logged += count;
        if round == 6 {
            server.restart();
        }
        let mut stream = Stream::open(&server, PROJECT, Some(&last_id));
        // Sometimes it goes before it has all.
        let enough = if round % 2 == 0 { logged - 1 } else { steps.len() as i64 + count.min(500) };
        while (steps.len() as i64) < enough {
            let delta = stream.until("delta", |_| true);
            steps.extend(rows_of(&delta));
        }
        last_id = stream.last_id.expect("an id");
    }
    let mut stream = Stream::open(&server, PROJECT, Some(&last_id));
    while (steps.len() as i64) < logged - 1 {
        steps.extend(rows_of(&stream.until("delta", |_| true)));
    }
    assert_eq!(steps, (1..logged).collect::<Vec<_>>());
}

#[test]
fn what_others_store_in_the_directory_is_told_too() {
    let server = TestServer::start();
    log(&server, "a", 0..1);
    let mut stream = Stream::open(&server, PROJECT, None);
    stream.next().expect("an event");
    // As the companion or another server would.
    let store = Store::open(server.directory(), Durability::Process).expect("opens");
    let project = store.project_for_writing(&ProjectName::new("digits").expect("a name")).expect("opens");
    let metrics = vec![("loss".to_owned(), MetricValue::Float(f64::NAN))];
    let row = Row { log_id: None, time: Timestamp(1), step: Some(7), metrics };
    let run = RunKey { id: "b".into(), name: "b".into() };
    project.append(vec![Batch { run, events: vec![Event::Row(row)] }]).expect("it is stored");
    let delta = stream.until("delta", |delta| rows_of(delta) == [7]);
    assert_eq!(delta["rows"][0]["run_id"], "b");
    assert_eq!(delta["rows"][0]["rows"][0]["metrics"], json!({ "loss": "NaN" }));
    assert_eq!(delta["statuses"][0]["run_id"], "b");
}

#[test]
fn runs_that_begin_and_end_and_their_alerts_are_told() {
    let server = TestServer::start();
    log(&server, "a", 0..1);
    log(&server, "other", 0..1);
    let mut project = Stream::open(&server, PROJECT, None);
    let mut run = Stream::open(&server, "/api/v1/projects/digits/runs/a/events", None);
    assert_eq!(run.next().expect("an event").data, json!({ "states": { "a": "running" } }));
    project.next().expect("an event");
    let now = Timestamp::from(std::time::SystemTime::now()).to_string();
    let start = json!({ "name": "new", "start": { "time": now } }).to_string();
    assert_eq!(server.post("/api/v1/projects/digits/runs/new/start", &start).status, 200);
    let begun = |delta: &Value| delta["statuses"][0]["run_id"] == "new";
    assert_eq!(project.until("delta", begun)["statuses"][0]["state"], "created");
    let alert = r#"[{"title":"look","level":"error","alert_id":"1"}]"#;
    assert_eq!(server.post("/api/v1/projects/digits/runs/a/alerts", alert).json()["stored"], 1);
    for stream in [&mut project, &mut run] {
        let delta = stream.until("delta", |delta| delta["alerts"] != json!([]));
        assert_eq!(
            (&delta["alerts"][0]["title"], &delta["alerts"][0]["run_id"]),
            (&json!("look"), &json!("a"))
        );
        assert_eq!(delta["statuses"][0]["alerts"]["error"], 1);
    }
    let end = json!({ "time": now, "state": "finished" }).to_string();
    assert_eq!(server.post("/api/v1/projects/digits/runs/a/end", &end).status, 200);
    let delta = run.until("delta", |delta| delta["statuses"] != json!([]));
    assert_eq!(delta["statuses"][0]["state"], "finished");
}

#[test]
fn an_id_that_fits_nothing_begins_anew() {
    let server = TestServer::start();
    log(&server, "a", 0..3);
    let mut stream = Stream::open(&server, PROJECT, None);
    stream.next().expect("an event");
    let good = stream.last_id.expect("an id");
    let (file, _) = good.split_once('-').expect("parts");
    for id in
        ["junk", "otherfile-1-0", &format!("{file}-4-0"), &format!("{file}-1-9"), &format!("{file}--1-0")]
    {
        let mut stream = Stream::open(&server, PROJECT, Some(id));
        assert_eq!(stream.next().expect("an event").event, "reset", "{id}");
        assert_eq!(stream.last_id.as_deref(), Some(good.as_str()), "{id}");
        assert_eq!(stream.next().expect("an event").event, "state", "{id}");
    }
    assert_eq!(Stream::open(&server, "/api/v1/projects/none/events", None).status, 404);
    assert_eq!(Stream::open(&server, "/api/v1/projects/digits/runs/none/events", None).status, 404);
}

#[test]
fn streams_of_what_is_written_too_fast_are_told_to_ask_anew_and_skip_nothing_else() {
    const STREAMS: usize = 12;
    let server = TestServer::start();
    let project = project_of(&server);
    write(&project, 0, 1, "");
    let streams: Vec<Stream> = (0..STREAMS).map(|_| Stream::open(&server, PROJECT, None)).collect();
    // Streams that were told, and the row that is the last one, once that is known.
    let (told, last_row) = (AtomicUsize::new(0), AtomicI64::new(i64::MAX));
    let read = |mut stream: Stream| {
        let (mut next_step, mut resets) = (1, 0);
        while next_step < last_row.load(Ordering::SeqCst) {
            let event = stream.next().expect("the stream goes on");
            if event.event == "reset" {
                assert!(stream.place() > next_step, "{} {next_step}", stream.place());
                next_step = stream.place();
                resets += 1;
                told.fetch_add(usize::from(resets == 1), Ordering::Relaxed);
            }
            for step in rows_of(&event.data) {
                assert_eq!(step, next_step);
                next_step += 1;
            }
        }
    };
    std::thread::scope(|scope| {
        let readers: Vec<_> = streams.into_iter().map(|stream| scope.spawn(|| read(stream))).collect();
        let began = Instant::now();
        let mut written = 1;
        while told.load(Ordering::Relaxed) < STREAMS {
            assert!(began.elapsed() < Duration::from_secs(90), "nobody was told to ask anew");
            assert!(!readers.iter().any(|reader| reader.is_finished()), "a reader failed");
            write(&project, written, 4_000, "");
            written += 4_000;
        }
        // Nobody reads on through what was left out.
        let stopped = Instant::now();
        last_row.store(written + 1, Ordering::SeqCst);
        write(&project, written, 1, "");
        for reader in readers {
            reader.join().expect("no panic");
        }
        assert!(stopped.elapsed() < Duration::from_secs(20), "{:?} for {written} rows", stopped.elapsed());
    });
}

#[test]
fn a_client_that_comes_again_after_very_much_is_told_to_ask_anew() {
    let server = TestServer::start();
    let project = project_of(&server);
    write(&project, 0, 1, "");
    let mut stream = Stream::open(&server, PROJECT, None);
    stream.next().expect("an event");
    let early = stream.last_id.clone();
    for first in (0..24_000).step_by(4_000) {
        write(&project, first + 1, 4_000, "");
    }
    // The watcher must have seen them, or they are too much for the other streams as well.
    while stream.place() < 24_001 {
        stream.next().expect("the stream goes on");
    }
    let mut again = Stream::open(&server, PROJECT, early.as_deref());
    assert_eq!(again.next().expect("an event").event, "reset");
    assert_eq!(again.place(), 24_001);
    // Few rows, but long ones.
    let before = again.last_id.clone();
    let long = "x".repeat(32 << 10);
    for first in 0..8 {
        write(&project, 24_001 + first * 100, 100, &long);
    }
    while stream.place() < 24_801 {
        stream.next().expect("the stream goes on");
    }
    let mut again = Stream::open(&server, PROJECT, before.as_deref());
    let mut bytes = 0;
    loop {
        let told = again.next().expect("the stream goes on");
        bytes += told.data.to_string().len();
        if told.event == "reset" {
            break;
        }
    }
    assert_eq!(again.place(), 24_801);
    assert!((8 << 20..12 << 20).contains(&bytes), "{bytes}");
}

#[test]
fn what_happens_after_a_calm_is_told_at_once() {
    let server = TestServer::start();
    log(&server, "a", 0..1);
    let mut stream = Stream::open(&server, PROJECT, None);
    stream.next().expect("an event");
    let mut delays: Vec<Duration> = (1..12)
        .map(|step| {
            std::thread::sleep(Duration::from_millis(300));
            let began = Instant::now();
            log(&server, "a", step..step + 1);
            stream.until("delta", |delta| rows_of(delta) == [step]);
            began.elapsed()
        })
        .collect();
    delays.sort_unstable();
    // A machine that has other things to do delays some of them; a pause before the first look delays all.
    assert!(delays[3] < Duration::from_millis(120), "{delays:?}");
}

#[test]
fn a_server_that_ends_ends_its_streams_at_once() {
    let server = TestServer::start();
    log(&server, "a", 0..1);
    let mut streams: Vec<Stream> = (0..20).map(|_| Stream::open(&server, PROJECT, None)).collect();
    for stream in &mut streams {
        stream.next().expect("an event");
    }
    let began = Instant::now();
    drop(server);
    assert!(began.elapsed() < Duration::from_millis(900), "{:?}", began.elapsed());
    for mut stream in streams {
        assert!(stream.next().is_none());
    }
}

#[test]
fn a_wait_ends_when_something_holds() {
    let server = TestServer::start();
    log(&server, "a", 0..3);
    let run = "/api/v1/projects/digits/runs/a";
    let wait = |until: &str, seconds: u32| {
        server.get(&format!("{run}/wait?until={until}&timeout_seconds={seconds}"))
    };
    let looked = wait("step%3E=2,loss%3C0.1", 30).json();
    assert_eq!((&looked["met"], &looked["timed_out"]), (&json!(["step>=2"]), &json!(false)));
    assert_eq!(looked["status"]["step"], 2);
    let looked = wait("step%3E=1000", 0).json();
    assert_eq!((&looked["met"], &looked["timed_out"]), (&json!([]), &json!(true)));

    let waited = std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..100).map(|_| scope.spawn(|| wait("step%3E=1000", 30))).collect();
        log(&server, "a", 3..1_001);
        waiting.into_iter().map(|waiting| waiting.join().expect("no panic")).collect::<Vec<_>>()
    });
    for answer in waited {
        assert_eq!((answer.status, &answer.json()["met"]), (200, &json!(["step>=1000"])), "{}", answer.text);
    }
    let ended = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| wait("step%3E=9999,finding:never", 30));
        let now = Timestamp::from(std::time::SystemTime::now()).to_string();
        let end = json!({ "time": now, "state": "finished" }).to_string();
        assert_eq!(server.post(&format!("{run}/end"), &end).status, 200);
        waiting.join().expect("no panic").json()
    });
    assert_eq!((&ended["met"], &ended["timed_out"]), (&json!([]), &json!(false)));
    assert_eq!(ended["status"]["state"], "finished");
    for query in [
        "until=loss",
        "until=",
        "until=step%3E1&timeout_seconds=601",
        "until=step%3E1&timeout_seconds=NaN",
        "",
    ] {
        let answer = server.get(&format!("{run}/wait?{query}"));
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("invalid_request")), "{query}");
    }
}
