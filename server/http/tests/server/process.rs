//! What processes on other machines report of themselves, and what is made of it.

use serde_json::{Value, json};

use crate::support::TestServer;

const RUN: &str = "/api/v1/projects/digits/runs/6b1f0c2e9d7a4f5b8c3e1a2d4f6b8c0e";

fn start(seconds_ago: i64) -> Value {
    let process = json!({ "pid": 1, "start_ticks": 7, "boot_id": boot_id(), "host": "trainer-1" });
    json!({ "name": "first", "start": {
        "time": ago(seconds_ago), "process": process, "command": "train.py", "git_commit": null,
        "tags": ["a"], "notes": "note", "resumed": false,
        "cpu_interval_seconds": null, "gpu_interval_seconds": 5.0
    } })
}

/// The machine of this test and the one of the process may well be the same; that is not to be looked at.
fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

fn ago(seconds: i64) -> String {
    let now = paceline_schema::Timestamp::from(std::time::SystemTime::now());
    paceline_schema::Timestamp(now.0 - seconds * 1_000_000).to_string()
}

#[test]
fn a_run_is_there_from_its_start_on_and_ends_as_it_says() {
    let server = TestServer::start();
    let report = |path: &str, body: &Value| {
        let answer = server.post(&format!("{RUN}/{path}"), &body.to_string());
        assert_eq!((answer.status, answer.json()), (200, json!({})), "{}", answer.text);
    };
    let state = || server.get(&format!("{RUN}/status")).json()["state"].clone();
    report("start", &start(30));
    assert_eq!(state(), "created");
    let run = server.get(RUN).json();
    assert_eq!(
        (&run["run"], &run["host"], &run["command"]),
        (&json!("first"), &json!("trainer-1"), &json!("train.py"))
    );
    assert_eq!((&run["tags"], &run["notes"]), (&json!(["a"]), &json!("note")));

    server.post(&format!("{RUN}/logs"), r#"[{"metrics":{"loss":1.0}}]"#);
    assert_eq!(state(), "running");
    report("start", &start(30));
    assert_eq!(state(), "running", "the same start once more");
    let end = json!({ "name": "first", "time": ago(0), "state": "failed", "exit_code": 3,
        "exit_signal": null, "failure": "ValueError: no data" });
    report("end", &end);
    assert_eq!(state(), "failed");
    assert_eq!(server.get(RUN).json()["failure"], "ValueError: no data");
}

#[test]
fn heartbeats_say_whether_a_process_elsewhere_lives() {
    let server = TestServer::start();
    let state = || server.get(&format!("{RUN}/status")).json()["state"].clone();
    server.post(&format!("{RUN}/start"), &start(700).to_string());
    assert_eq!(state(), "crashed", "nothing was heard for ten minutes");
    let heartbeat = json!({ "runs": ["6b1f0c2e9d7a4f5b8c3e1a2d4f6b8c0e", "unknown"], "time": ago(1) });
    let answer = server.post("/api/v1/projects/digits/heartbeats", &heartbeat.to_string());
    assert_eq!((answer.status, answer.json()), (200, json!({})));
    assert_eq!(state(), "created");
    let answer = server.post("/api/v1/projects/none/heartbeats", &heartbeat.to_string());
    assert_eq!((answer.status, &answer.json()["code"]), (404, &json!("project_not_found")));
}

#[test]
fn config_and_summary_replace_what_was_there_and_keep_no_secret() {
    let server = TestServer::start();
    let secret = format!("hf_{}", "a".repeat(34));
    let config = json!({ "lr": 0.1, "hub_token": secret, "hosts": [format!("https://u:{secret}@h")] });
    let answer = server.put(&format!("{RUN}/config?name=first"), &config.to_string());
    assert_eq!((answer.status, answer.json()), (200, json!({})), "{}", answer.text);
    assert_eq!(server.put(&format!("{RUN}/summary"), r#"{"best":0.5}"#).status, 200);
    let run = server.get(RUN).json();
    assert_eq!(
        run["config"],
        json!({ "lr": 0.1, "hub_token": "[redacted]", "hosts": ["https://u:[redacted]@h"] })
    );
    assert_eq!(run["summary_values"], json!({ "best": 0.5 }));
    assert_eq!(server.put(&format!("{RUN}/config"), r#"{"lr":0.2}"#).status, 200);
    assert_eq!(server.get(&format!("{RUN}/config")).json(), json!({ "lr": 0.2 }));
}

#[test]
fn reports_that_make_no_sense_are_refused() {
    let server = TestServer::start();
    let end = json!({ "time": ago(0), "state": "running" }).to_string();
    let answer = server.post(&format!("{RUN}/end"), &end);
    assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("invalid_request")));
    assert_eq!(server.put(&format!("{RUN}/config"), "[1]").status, 400);
    assert_eq!(server.put(&format!("{RUN}/config?nam=x"), "{}").status, 400);
    let nameless = start(1).to_string().replace("\"first\"", "\"\"");
    assert_eq!(server.post(&format!("{RUN}/start"), &nameless).status, 400);
    for (path, method) in [("start", "POST"), ("end", "POST"), ("config", "PUT"), ("summary", "PUT")] {
        let head = format!(
            "{method} {RUN}/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: 2\r\n\r\n{{}}"
        );
        assert!(server.raw(head.as_bytes()).starts_with("HTTP/1.1 401"), "{path}");
    }
    assert_eq!(server.get("/api/v1/projects").json()["projects"], json!([]));
}
