//! What the peer's client asks and sends.

use serde_json::{Value, json};

use crate::support::TestServer;

fn rows(server: &TestServer, run: &str) -> Vec<Value> {
    let page = server.get(&format!("/api/v1/projects/p/runs/{run}/logs")).json();
    page["items"].as_array().cloned().unwrap_or_default()
}

#[test]
fn the_version_is_one_its_client_speaks_http_to() {
    let version = TestServer::start().get("/version").json();
    assert_eq!(version["api_version"], 1);
    assert!(
        version["version"].as_str().is_some_and(|text| text.starts_with("0.43.0+paceline.")),
        "{version}"
    );
    assert_eq!((&version["api_transport"], &version["writes_paused"]), (&json!("http"), &json!(false)));
    assert_eq!((&version["mcp_enabled"], &version["mcp_path"]), (&json!(true), &json!("/mcp")));
}

#[test]
fn every_form_of_a_call_stores_its_rows() {
    let server = TestServer::start();
    let logs = |step: i64| {
        json!([{ "project": "p", "run": "r", "run_id": "id-of-r", "metrics": { "x": step }, "step": step,
                 "log_id": format!("log-{step}"), "config": { "lr": 0.1 } }])
    };
    let forms = [
        json!({ "args": [], "kwargs": { "logs": logs(0), "hf_token": null } }),
        json!({ "data": [logs(1), null] }),
        json!({ "logs": logs(2), "hf_token": null }),
        json!([logs(3), null]),
    ];
    for form in &forms {
        let answer = server.post("/api/bulk_log", &form.to_string());
        assert_eq!((answer.status, answer.json()), (200, json!({ "data": null })), "{form}");
    }
    let steps: Vec<Value> = rows(&server, "id-of-r").iter().map(|row| row["step"].clone()).collect();
    assert_eq!(steps, [0, 1, 2, 3].map(Value::from));
    assert_eq!(server.get("/api/v1/projects/p/runs/r/config").json()["lr"], 0.1);
    server.post("/api/bulk_log", &forms[0].to_string());
    assert_eq!(rows(&server, "r").len(), 4);
}

#[test]
fn the_clients_time_is_kept() {
    let server = TestServer::start();
    let logs =
        json!([{ "project": "p", "run": "r", "metrics": {}, "timestamp": "2020-01-02T03:04:05+00:00" }]);
    server.post("/api/bulk_log", &json!({ "logs": logs, "hf_token": null }).to_string());
    assert_eq!(rows(&server, "r")[0]["timestamp"], "2020-01-02T03:04:05+00:00");
}

#[test]
fn samples_and_alerts_are_stored() {
    let server = TestServer::start();
    let sample =
        json!([{ "project": "p", "run": "r", "metrics": { "cpu/utilization": 5.0 }, "log_id": "s" }]);
    let alert = json!([{ "project": "p", "run": "r", "title": "t", "text": null, "level": "error", "step": 3, "alert_id": "a" }]);
    let row = json!([{ "project": "p", "run": "r", "metrics": { "x": 1 } }]);
    for (name, body) in [
        ("bulk_log", json!({ "logs": row, "hf_token": null })),
        ("bulk_log_system", json!({ "logs": sample, "hf_token": null })),
        ("bulk_alert", json!({ "alerts": alert, "hf_token": null })),
    ] {
        assert_eq!(
            server.post(&format!("/api/{name}"), &body.to_string()).json(),
            json!({ "data": null }),
            "{name}"
        );
    }
    let system = server.get("/api/v1/projects/p/runs/r/system").json();
    assert_eq!(system["items"][0]["metrics"], json!({ "cpu/utilization": 5.0 }), "{system}");
    let alerts = server.get("/api/v1/projects/p/runs/r/alerts").json();
    assert_eq!(
        (&alerts["alerts"][0]["level"], &alerts["alerts"][0]["step"]),
        (&json!("error"), &json!(3)),
        "{alerts}"
    );
}

/// So many that the first are stored while the rest are read.
const MANY_ROWS: i64 = 1_000;

#[test]
fn many_rows_are_stored_together_or_not_at_all() {
    let server = TestServer::start();
    let send = |logs: Vec<Value>| {
        server.post("/api/bulk_log", &json!({ "logs": logs, "hf_token": null }).to_string())
    };
    let row = |project: &str, step: i64| json!({ "project": project, "run": "r", "metrics": { "x": step }, "step": step, "log_id": format!("{project}-{step}") });
    let many = |project: &str| (0..MANY_ROWS).map(|step| row(project, step)).collect::<Vec<_>>();
    let stored = |project: &str| {
        let answer = server.get(&format!("/api/v1/projects/{project}/runs/r/status"));
        answer.json()["step"].as_i64()
    };

    let mut refused = many("p");
    refused[MANY_ROWS as usize - 10]["step"] = json!("soon");
    assert_eq!(send(refused.clone()).status, 400);
    assert_eq!(server.get("/api/v1/projects").json()["projects"], json!([]), "no project is begun by them");

    assert_eq!(send(vec![row("p", 0)]).status, 200);
    let answer = send(refused);
    assert!(answer.text.contains("row 990 has the step"), "{}", answer.text);
    assert_eq!(stored("p"), Some(0));

    assert_eq!(send(many("p")).status, 200);
    assert_eq!(stored("p"), Some(MANY_ROWS - 1));

    let mut mixed = many("p");
    mixed.extend(many("q"));
    assert_eq!(send(mixed).status, 200);
    assert_eq!((stored("p"), stored("q")), (Some(MANY_ROWS - 1), Some(MANY_ROWS - 1)));
}

#[test]
fn steps_that_are_given_do_not_count_once_a_row_had_none() {
    let server = TestServer::start();
    let send = |logs: Vec<Value>| {
        server.post("/api/bulk_log", &json!({ "logs": logs, "hf_token": null }).to_string())
    };
    let row = |metric: &str, step: Value| json!({ "project": "p", "run": "r", "metrics": { metric: 1 }, "step": step });
    assert_eq!(send(vec![row("x", json!(4))]).status, 200);

    let mut logs: Vec<Value> = (0..MANY_ROWS).map(|step| row("x", json!(1_000 + step))).collect();
    logs[200] = row("first", Value::Null);
    for (number, later) in logs.iter_mut().enumerate().skip(201) {
        *later = row("x", json!(5_000 + number));
    }
    logs.push(row("second", Value::Null));
    assert_eq!(send(logs).status, 200);
    for (metric, step) in [("first", 1_200), ("second", 1_201)] {
        let values = server.get(&format!("/api/v1/projects/p/runs/r/metrics/{metric}")).json();
        assert_eq!(values["items"][0]["step"], step, "{values}");
    }
}

#[test]
fn what_is_missing_or_wrong_is_named_and_stores_nothing() {
    let server = TestServer::start();
    for (body, message) in [
        (r#"{"logs":[]}"#, "Missing required parameter: hf_token"),
        (r#"{"hf_token":null}"#, "Missing required parameter: logs"),
        ("", "Missing required parameter: logs"),
        (r#"{"logs":3,"hf_token":null}"#, "the body is not a JSON array of rows"),
        (
            r#"{"logs":[{"project":"p","run":"r","metrics":{}},{"project":"p","run":"r","metrics":{},"step":1.5}],"hf_token":null}"#,
            "row 1 has the step 1.5",
        ),
        (
            r#"{"logs":[{"project":"registry-x","run":"r","metrics":{}}],"hf_token":null}"#,
            "project name `registry-x`",
        ),
    ] {
        let answer = server.post("/api/bulk_log", body);
        assert_eq!(answer.status, 400, "{body}");
        assert!(
            answer.json()["error"].as_str().is_some_and(|text| text.starts_with(message)),
            "{}",
            answer.text
        );
    }
    assert_eq!(server.get("/api/v1/projects").json()["projects"], json!([]));
    assert_eq!(server.post("/api/bulk_log", r#"{"logs":[],"hf_token":null}"#).status, 200);
}

#[test]
fn its_questions_before_it_writes_are_answered() {
    let server = TestServer::start();
    let ask = |name: &str, body: Value| {
        server.post_with(&format!("/api/{name}"), &body.to_string(), &[]).json()["data"].clone()
    };
    assert_eq!(ask("get_runs_for_project", json!({ "kwargs": { "project": "none" } })), json!([]));
    let nothing = json!({ "project": "none", "run": "r", "run_id": null, "num_logs": 0, "metrics": [], "config": null,
                          "last_step": null });
    assert_eq!(ask("get_run_summary", json!({ "kwargs": { "project": "none", "run": "r" } })), nothing);
    for (run, step) in [("one", 4), ("two", 7)] {
        let logs = json!([{ "project": "p", "run": run, "run_id": format!("id-{run}"), "metrics": { "x": 1.5 },
                            "step": step, "config": { "lr": 0.1 } }]);
        server.post("/api/bulk_log", &json!({ "logs": logs, "hf_token": null }).to_string());
    }
    let runs = ask("get_runs_for_project", json!({ "data": ["p"] }));
    let names: Vec<&Value> = runs.as_array().expect("a list").iter().map(|run| &run["name"]).collect();
    assert_eq!(names, ["one", "two"]);
    let summary = ask("get_run_summary", json!({ "project": "p", "run_id": "id-two" }));
    assert_eq!((&summary["num_logs"], &summary["last_step"]), (&json!(1), &json!(7)), "{summary}");
    assert_eq!((&summary["metrics"], &summary["config"]["lr"]), (&json!(["x"]), &json!(0.1)), "{summary}");
}

#[test]
fn clients_of_gradio_fetch_the_result_of_a_call_once() {
    let server = TestServer::start();
    let info = server.get("/gradio_api/info").json();
    let parameters = &info["named_endpoints"]["/get_alerts"]["parameters"];
    assert_eq!(
        (&parameters[0]["parameter_name"], &parameters[0]["parameter_has_default"]),
        (&json!("project"), &json!(false))
    );
    let logs = json!([{ "project": "p", "run": "r", "metrics": { "x": 1 } }]);
    let body = json!({ "data": [logs, null] }).to_string();
    assert_eq!(server.post_with("/gradio_api/call/bulk_log", &body, &[]).status, 401);
    for (name, body, data) in
        [("bulk_log", body, "[null]"), ("get_all_projects", r#"{"data":[]}"#.to_owned(), r#"[["p"]]"#)]
    {
        let called = server.post(&format!("/gradio_api/call/{name}"), &body).json();
        let event = called["event_id"].as_str().expect("an id");
        assert_eq!(server.get(&format!("/gradio_api/call/get_settings/{event}")).status, 404);
        let answer = server.get(&format!("/gradio_api/call/{name}/{event}"));
        assert_eq!(answer.header("content-type"), "text/event-stream");
        assert_eq!(answer.text, format!("event: complete\ndata: {data}\n\n"));
        assert_eq!(server.get(&format!("/gradio_api/call/{name}/{event}")).status, 404);
    }
    assert_eq!(server.post("/gradio_api/call/nothing", "{}").status, 404);
}

#[test]
fn the_names_of_a_row_stay_in_their_order() {
    let server = TestServer::start();
    let logs =
        r#"{"logs":[{"project":"p","run":"r","metrics":{"z":{"b":1,"a":[1e-7]},"a":2.50}}],"hf_token":null}"#;
    assert_eq!(server.post("/api/bulk_log", logs).status, 200);
    let file = std::fs::read(server.directory().join("p.db")).expect("it is there");
    let log = std::fs::read(server.directory().join("p.db-wal")).unwrap_or_default();
    let row = br#"{"z":{"b":1,"a":[1e-7]},"a":2.5}"#;
    assert!([file, log].iter().any(|bytes| bytes.windows(row.len()).any(|window| window == row)));
}
