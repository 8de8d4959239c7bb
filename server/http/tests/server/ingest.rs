//! Rows go in and come out again, once each.

use serde_json::{Value, json};

use crate::support::TestServer;

const LOGS: &str = "/api/v1/projects/digits/runs/first/logs";

#[test]
fn rows_come_back_as_they_were_sent() {
    let server = TestServer::start();
    let rows = json!([
        { "metrics": { "train/loss": 2.5, "n": 3, "ok": true, "text": "a", "bad": "NaN", "none": null },
          "step": 10, "timestamp": "2026-11-23T02:17:52.070297Z", "log_id": "one" },
        { "metrics": { "train/loss": 0.1 }, "log_id": "two" }
    ]);
    let answer = server.post(LOGS, &rows.to_string());
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({ "stored": 2, "duplicates": 0 })),
        "{}",
        answer.text
    );

    let page = server.get(LOGS).json();
    let items = page["items"].as_array().expect("items");
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["metrics"], rows[0]["metrics"]);
    assert_eq!((&items[0]["step"], &items[1]["step"]), (&json!(10), &json!(11)));
    assert_eq!(items[0]["timestamp"], "2026-11-23T02:17:52.070297+00:00");
    assert_eq!(page["next"], Value::Null);

    let values = server.get("/api/v1/projects/digits/runs/first/metrics/train%2Floss").json();
    let values: Vec<&Value> =
        values["items"].as_array().expect("items").iter().map(|item| &item["value"]).collect();
    assert_eq!(values, [&json!(2.5), &json!(0.1)]);
}

#[test]
fn pages_follow_each_other_to_the_end() {
    let server = TestServer::start();
    let rows: Vec<Value> = (0..25).map(|step| json!({ "metrics": { "x": step }, "step": step })).collect();
    server.post(LOGS, &Value::Array(rows).to_string());
    let (mut steps, mut path) = (Vec::new(), format!("{LOGS}?limit=10"));
    for _ in 0..10 {
        let page = server.get(&path).json();
        steps.extend(page["items"].as_array().expect("items").iter().map(|item| item["step"].clone()));
        match page["next"].as_i64() {
            Some(next) => path = format!("{LOGS}?limit=10&after={next}"),
            None => break,
        }
    }
    assert_eq!(steps, (0..25).map(Value::from).collect::<Vec<_>>());
}

#[test]
fn json_lines_are_rows_too() {
    let server = TestServer::start();
    let bearer = format!("Bearer {}", server.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/x-ndjson")];
    let answer = server.post_with(LOGS, "{\"metrics\":{\"a\":1}}\n{\"metrics\":{\"a\":2}}\n", &headers);
    assert_eq!(answer.json(), json!({ "stored": 2, "duplicates": 0 }));
    let answer = server.post_with(LOGS, "{\"metrics\":{\"a\":1}}\nnonsense\n", &headers);
    assert_eq!((answer.status, &answer.json()["details"]["row"]), (400, &json!(1)));
}

#[test]
fn a_row_sent_again_is_stored_once_also_by_eight_at_a_time() {
    let server = TestServer::start();
    let rows: Vec<Value> = (0..100)
        .map(|step| json!({ "metrics": { "x": step }, "step": step, "log_id": format!("row-{step}") }))
        .collect();
    let body = Value::Array(rows).to_string();
    let stored: u64 = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..8).map(|_| scope.spawn(|| server.post(LOGS, &body).json())).collect();
        senders
            .into_iter()
            .map(|sender| sender.join().expect("no panic")["stored"].as_u64().expect("a number"))
            .sum()
    });
    assert_eq!(stored, 100);
    assert_eq!(server.post(LOGS, &body).json(), json!({ "stored": 0, "duplicates": 100 }));
    assert_eq!(server.get(&format!("{LOGS}?limit=1000")).json()["items"].as_array().map(Vec::len), Some(100));
}

#[test]
fn one_name_is_one_run_also_when_eight_begin_it() {
    let server = TestServer::start();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(server.post(LOGS, r#"[{"metrics":{"x":1}}]"#).status, 200));
        }
    });
    let runs = server.get("/api/v1/projects/digits/runs").json();
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(1), "{runs}");
    assert_eq!((&runs["runs"][0]["run"], &runs["runs"][0]["rows"]), (&json!("first"), &json!(8)));
}

#[test]
fn rows_find_their_run_whatever_other_programs_did_to_it() {
    let server = TestServer::start();
    let log = |step: i64| {
        let answer = server.post(LOGS, &json!([{ "metrics": { "x": 1 }, "step": step }]).to_string());
        assert_eq!((answer.status, &answer.json()["stored"]), (200, &json!(1)), "{}", answer.text);
    };
    let other = |statements: &str| {
        let file = rusqlite::Connection::open(server.directory().join("digits.db")).expect("it opens");
        file.execute_batch(statements).expect("it is written");
    };
    let runs = || {
        let runs = server.get("/api/v1/projects/digits/runs").json();
        let runs = runs["runs"].as_array().expect("runs").iter();
        runs.map(|run| json!([run["run_id"], run["run"], run["rows"]])).collect::<Vec<_>>()
    };
    log(0);
    log(1);
    assert_eq!(runs(), [json!(["first", "first", 2])]);
    log(2);
    other("UPDATE metrics SET run_name = 'second'");
    log(3);
    assert_eq!(runs(), [json!(["first", "second", 4])]);
    // Its name is another run's now, which the rows are meant for.
    other(
        "DELETE FROM metrics; INSERT INTO metrics (run_id, run_name, timestamp, step, metrics) VALUES \
         ('an-id', 'first', '2026-11-23T02:17:52+00:00', 0, '{}')",
    );
    log(4);
    assert_eq!(runs(), [json!(["an-id", "first", 2])]);
    other("DELETE FROM metrics");
    log(5);
    log(6);
    assert_eq!(runs(), [json!(["first", "first", 2])]);
}

#[test]
fn every_read_answers() {
    let server = TestServer::start();
    let rows: Vec<Value> = (0..20)
        .map(|step| json!({ "metrics": { "train/loss": 1.0 / f64::from(step + 1) }, "step": step }))
        .collect();
    server.post(LOGS, &Value::Array(rows).to_string());
    let run = "/api/v1/projects/digits/runs/first";
    let projects = server.get("/api/v1/projects").json();
    assert_eq!(
        (&projects["projects"][0]["project"], &projects["projects"][0]["runs"]),
        (&json!("digits"), &json!(1))
    );
    let status = server.get(&format!("{run}/status"));
    assert!(status.status == 200 && status.text.len() < 1_000, "{}", status.text);
    assert_eq!((&status.json()["step"], &status.json()["loss"]["key"]), (&json!(19), &json!("train/loss")));
    assert_eq!(server.get(run).json()["run_id"], status.json()["run_id"]);
    assert_eq!(server.get(&format!("{run}/config")).json(), json!({}));
    assert_eq!(server.get(&format!("{run}/summary")).json(), json!({ "train/loss": 0.05 }));
    assert_eq!(server.get(&format!("{run}/metrics")).json()["metrics"][0]["points"], 20);
    assert_eq!(server.get(&format!("{run}/system")).json(), json!({ "items": [], "next": null }));
    assert_eq!(server.get(&format!("{run}/alerts")).json(), json!({ "alerts": [] }));
    let series =
        server.post("/api/v1/projects/digits/series", r#"{"runs":["first"],"keys":["train/loss"]}"#).json();
    assert_eq!(series["series"][0]["x"].as_array().map(Vec::len), Some(20), "{series}");
}
