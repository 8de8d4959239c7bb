//! A client of a few lines in Rust: the types of the schema are all it needs.

use paceline_schema::events::Waited;
use paceline_schema::many_runs::{OfRun, RunsRequest};
use paceline_schema::series::{
    AlertEntry, LogEntry, LogRow, Page, RunAlert, SeriesRequest, SeriesResponse, Stored, XAxis,
};
use paceline_schema::{AlertLevel, ErrorBody, RunState, RunStatus, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::support::{Answer, TestServer};

const ROWS: i64 = 25;

/// The few lines.
struct Client<'a> {
    server: &'a TestServer,
    project: &'a str,
}

impl Client<'_> {
    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Box<ErrorBody>> {
        Self::read(&self.server.get(&format!("/api/v1/projects/{}{path}", self.project)))
    }

    fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Box<ErrorBody>> {
        let body = serde_json::to_string(body).expect("it has a JSON form");
        Self::read(&self.server.post(&format!("/api/v1/projects/{}{path}", self.project), &body))
    }

    fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, Box<ErrorBody>> {
        if answer.status == 200 { Ok(parse(&answer.text)) } else { Err(Box::new(parse(&answer.text))) }
    }
}

fn parse<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn the_types_of_the_schema_make_a_client() {
    let server = TestServer::start();
    let client = Client { server: &server, project: "digits" };
    let entry = |step: i64| {
        let metrics = vec![("train/loss".to_owned(), Value::Float(1.0 / (step + 1) as f64))];
        LogEntry { metrics, step: Some(step), timestamp: None, log_id: Some(format!("row-{step}")) }
    };
    let rows: Vec<LogEntry> = (0..ROWS).map(entry).collect();
    let stored: Stored = client.post("/runs/rust/logs", &rows).expect("they are stored");
    assert_eq!(stored, Stored { stored: 25, duplicates: 0 });

    let status: RunStatus = client.get("/runs/rust/status").expect("it stands somewhere");
    assert_eq!((status.state, status.step), (RunState::Running, Some(ROWS - 1)));

    let (mut steps, mut after) = (Vec::new(), 0);
    loop {
        let page: Page<LogRow> =
            client.get(&format!("/runs/rust/logs?limit=10&after={after}")).expect("a page");
        steps.extend(page.items.iter().map(|row| row.step));
        let Some(next) = page.next else { break };
        after = next;
    }
    assert_eq!(steps, (0..ROWS).collect::<Vec<_>>());

    let asked = SeriesRequest {
        runs: vec!["rust".into()],
        keys: vec!["train/loss".into()],
        x: XAxis::Step,
        pixels: 100,
        ..SeriesRequest::default()
    };
    let series: SeriesResponse = client.post("/series", &asked).expect("a line");
    assert_eq!(series.series[0].total_points, 25);

    let alert = AlertEntry {
        title: "look".into(),
        text: None,
        level: AlertLevel::Error,
        step: None,
        time: None,
        alert_id: None,
    };
    let _: Stored = client.post("/runs/rust/alerts", &[alert]).expect("it is stored");
    let alerts: Page<RunAlert> = client.get("/alerts").expect("a page");
    assert_eq!((alerts.items[0].alert.title.as_str(), alerts.items[0].run.as_str()), ("look", "rust"));

    let asked = RunsRequest { runs: vec!["rust".into(), "none".into()] };
    let statuses: serde_json::Value = client.post("/status", &asked).expect("answers");
    let statuses: Vec<OfRun<RunStatus>> =
        serde_json::from_value(statuses["statuses"].clone()).expect("the types fit");
    assert_eq!(statuses[0].answer.as_ref().map(|status| status.alerts.error), Some(1));
    assert_eq!(statuses[1].error.as_ref().map(|fault| fault.code.as_str()), Some("run_not_found"));

    let waited: Waited = client.get("/runs/rust/wait?until=step%3E=20&timeout_seconds=20").expect("it ends");
    assert_eq!(waited.met, ["step>=20"]);
    let missing = client.get::<RunStatus>("/runs/none/status").expect_err("there is none");
    assert_eq!(missing.code, "run_not_found");
}
