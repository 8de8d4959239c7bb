//! Many runs in one request, pages, times, and what need not be sent again.

use serde_json::{Value, json};

use crate::support::TestServer;

const PROJECT: &str = "/api/v1/projects/digits";

fn with_runs(names: &[&str]) -> TestServer {
    let server = TestServer::start();
    for (position, name) in names.iter().enumerate() {
        let rows: Vec<Value> = (0..3)
            .map(|step| {
                let time = format!("2026-11-23T0{position}:00:0{step}.5Z");
                json!({ "metrics": { "loss": position + 1 }, "step": step, "timestamp": time })
            })
            .collect();
        let body = Value::Array(rows).to_string();
        assert_eq!(server.post(&format!("{PROJECT}/runs/{name}/logs"), &body).status, 200);
    }
    server
}

#[test]
fn one_request_asks_about_many_runs() {
    let server = with_runs(&["a", "b"]);
    assert_eq!(server.put(&format!("{PROJECT}/runs/a/config"), r#"{"lr":0.1}"#).status, 200);
    let asked = json!({ "runs": ["b", "c", "a"] }).to_string();
    let statuses = server.post(&format!("{PROJECT}/status"), &asked).json();
    assert_eq!(statuses["statuses"][0]["answer"]["run_id"], "b");
    assert_eq!(statuses["statuses"][1]["answer"], Value::Null);
    assert_eq!(statuses["statuses"][1]["error"]["code"], "run_not_found");
    assert_eq!(statuses["statuses"][2]["answer"]["step"], 2);
    let summaries = server.post(&format!("{PROJECT}/summaries"), &asked).json();
    assert_eq!(summaries["summaries"][0]["answer"], json!({ "loss": 2.0 }));
    assert_eq!(summaries["summaries"][1]["error"]["code"], "run_not_found");
    let configs = server.get(&format!("{PROJECT}/configs")).json();
    assert_eq!(configs, json!({ "configs": [{ "run_id": "a", "run": "a", "config": { "lr": 0.1 } }] }));
    let many: Vec<String> = (0..1_001).map(|run| run.to_string()).collect();
    assert_eq!(server.post(&format!("{PROJECT}/status"), &json!({ "runs": many }).to_string()).status, 400);
    assert_eq!(server.post("/api/v1/projects/none/status", &asked).status, 404);
}

#[test]
fn chosen_metrics_of_many_runs_and_the_names_of_all() {
    let server = with_runs(&["a", "b"]);
    let config = r#"{"_Metrics":[{"name":"accuracy","goal":"maximize"},{"name":"aux","hidden":true}]}"#;
    assert_eq!(server.put(&format!("{PROJECT}/runs/a/config"), config).status, 200);
    let more = r#"[{"metrics":{"accuracy":0.5,"aux":1},"step":3},{"metrics":{"accuracy":0.25,"note":"text"},"step":4}]"#;
    assert_eq!(server.post(&format!("{PROJECT}/runs/a/logs"), more).status, 200);
    let asked = json!({ "runs": ["b", "none", "a"], "keys": ["accuracy", "loss", "missing"] }).to_string();
    let metrics = server.post(&format!("{PROJECT}/metrics"), &asked).json();
    let of = |place: usize| metrics["metrics"][place]["answer"].as_array().expect("metrics").clone();
    assert_eq!(of(0).iter().map(|metric| &metric["key"]).collect::<Vec<_>>(), ["loss"]);
    assert_eq!(metrics["metrics"][1]["error"]["code"], "run_not_found");
    assert_eq!(of(2).iter().map(|metric| &metric["key"]).collect::<Vec<_>>(), ["accuracy", "loss"]);
    assert_eq!(
        (&of(2)[0]["best"], &of(2)[0]["best_step"], &of(2)[0]["last"]),
        (&json!(0.5), &json!(3), &json!(0.25))
    );
    let of_run = server.get(&format!("{PROJECT}/runs/a/metrics")).json();
    assert_eq!(of_run["metrics"][0], of(2)[0]);
    let names = server.get(&format!("{PROJECT}/metrics")).json();
    assert_eq!(
        names["metrics"],
        json!([
            { "key": "accuracy", "runs": 1, "goal": "maximize", "hidden": false },
            { "key": "aux", "runs": 1, "goal": null, "hidden": true },
            { "key": "loss", "runs": 2, "goal": null, "hidden": false },
        ])
    );
    let many: Vec<String> = (0..101).map(|key| key.to_string()).collect();
    let asked = json!({ "runs": ["a"], "keys": many }).to_string();
    assert_eq!(server.post(&format!("{PROJECT}/metrics"), &asked).status, 400);
    assert_eq!(server.get("/api/v1/projects/none/metrics").status, 404);
}

#[test]
fn the_newest_lines_that_a_run_printed() {
    let server = with_runs(&["a", "b"]);
    let lines: Vec<Value> = (0..30)
        .map(|line| json!({ "timestamp": "2026-11-23T00:00:00Z", "stream": "stdout", "text": format!("line {line}") }))
        .collect();
    let console = format!("{PROJECT}/runs/a/console");
    let answer = server.post(&console, &json!({ "lines": lines }).to_string());
    assert_eq!(answer.status, 200, "{}", answer.text);
    let texts = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().expect("items").iter();
        items.map(|line| line["text"].as_str().expect("a text").to_owned()).collect()
    };
    let tail = server.get(&format!("{console}?tail=3")).json();
    assert_eq!(texts(&tail), ["line 27", "line 28", "line 29"]);
    assert_eq!((&tail["total"], &tail["next"]), (&json!(30), &Value::Null));
    let page = server.get(&format!("{console}?limit=2")).json();
    assert_eq!((texts(&page), &page["total"]), (vec!["line 0".to_owned(), "line 1".to_owned()], &json!(30)));
    assert_eq!(texts(&server.get(&format!("{console}?tail=100")).json()).len(), 30);
    assert_eq!(server.get(&format!("{PROJECT}/runs/b/console?tail=3")).json()["total"], 0);
    for wrong in ["tail=0", "tail=10001", "limit=0", "tail=3&limit=10001"] {
        assert_eq!(server.get(&format!("{console}?{wrong}")).status, 400, "{wrong}");
    }
}

#[test]
fn pictures_and_tables_of_all_runs_by_kind_newest_first() {
    let server = with_runs(&["a", "b"]);
    let image = r#"{"_type":"trackio.image","file_path":"digits/a/0/x.png"}"#;
    // As text: the order of the columns of a table is that of its names.
    let table = r#"{"_type":"trackio.table","_value":[{"z":1,"a":2}]}"#;
    let rows = format!(
        r#"[{{"metrics":{{"samples":[{image}],"answers":{table},"loss":1}},"step":3}},
            {{"metrics":{{"samples":{image},"text":"trackio.image"}},"step":4}}]"#
    );
    assert_eq!(server.post(&format!("{PROJECT}/runs/a/logs"), &rows).status, 200);
    let values = format!("{PROJECT}/values");
    let seen = |query: &str| -> Vec<String> {
        let page = server.get(&format!("{values}?{query}")).json();
        let items = page["items"].as_array().expect("items").iter();
        items.map(|item| format!("{} {} {}", item["step"], item["key"], item["kinds"])).collect()
    };
    let samples = [r#"4 "samples" ["image"]"#, r#"3 "samples" ["image"]"#];
    let answers = r#"3 "answers" ["table"]"#;
    assert_eq!(seen(""), [samples[0], answers, samples[1]]);
    assert_eq!(seen("kinds=image,video&run=a"), samples);
    assert_eq!(seen("kinds=table"), [answers]);
    assert_eq!(seen("key=samples&limit=1&spread=true"), samples[..1]);
    assert_eq!(seen("run=b"), Vec::<String>::new());
    let first = server.get(&format!("{values}?limit=2"));
    assert!(first.text.contains(r#"[{"z":1,"a":2}]"#), "the order of columns stays: {}", first.text);
    let next = first.json()["next"].as_str().expect("there is more").to_owned();
    assert_eq!(seen(&format!("limit=2&after={next}")), samples[1..]);
    assert_eq!(server.get(&format!("{values}?after={next}&limit=1")).json()["next"], Value::Null);
    for wrong in [
        "kinds=",
        "kinds=film",
        "kinds=image,",
        "after=x",
        "limit=0",
        "limit=10001&spread=true",
        "spread=1",
        "kind=image",
    ] {
        assert_eq!(server.get(&format!("{values}?{wrong}")).status, 400, "{wrong}");
    }
    assert_eq!(server.get(&format!("{values}?run=none")).status, 404);
    assert_eq!(server.get("/api/v1/projects/none/values").status, 404);
}

#[test]
fn notes_are_in_the_list_of_runs() {
    let server = with_runs(&["a"]);
    assert_eq!(server.patch(&format!("{PROJECT}/runs/a"), r#"{"notes":"warm-up 10 %"}"#).status, 200);
    assert_eq!(server.get(&format!("{PROJECT}/runs")).json()["runs"][0]["notes"], "warm-up 10 %");
    assert_eq!(server.get(&format!("{PROJECT}/runs/a")).json()["notes"], "warm-up 10 %");
}

#[test]
fn the_list_of_runs_comes_in_pages_and_by_state() {
    let server = with_runs(&["a", "b", "c", "d", "e"]);
    let end = r#"{"time":"2026-11-28T00:00:00Z","state":"finished"}"#;
    assert_eq!(server.post(&format!("{PROJECT}/runs/c/end"), end).status, 200);
    let names = |page: &Value| -> Vec<String> {
        let runs = page["runs"].as_array().expect("runs").iter();
        runs.map(|run| run["run"].as_str().expect("a name").to_owned()).collect()
    };
    let mut path = format!("{PROJECT}/runs?limit=2");
    let mut seen = Vec::new();
    for _ in 0..5 {
        let page = server.get(&path).json();
        seen.extend(names(&page));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{PROJECT}/runs?limit=2&after={next}");
    }
    assert_eq!(seen, ["e", "d", "c", "b", "a"]);
    assert_eq!(names(&server.get(&format!("{PROJECT}/runs?state=finished")).json()), ["c"]);
    assert_eq!(server.get(&format!("{PROJECT}/runs?after=none")).status, 404);
    for query in ["state=asleep", "limit=0", "offset=1"] {
        assert_eq!(server.get(&format!("{PROJECT}/runs?{query}")).status, 400, "{query}");
    }
}

#[test]
fn only_what_is_newer_is_read() {
    let server = with_runs(&["a"]);
    let count = |path: &str, since: &str| {
        let page = server.get(&format!("{PROJECT}/{path}?since={since}")).json();
        page["items"].as_array().expect("items").len()
    };
    for path in ["runs/a/logs", "runs/a/metrics/loss"] {
        assert_eq!(count(path, "2026-11-23T00:00:00Z"), 3, "{path}");
        assert_eq!(count(path, "2026-11-23T00:00:00.5Z"), 2, "{path}");
        assert_eq!(count(path, "2026-11-23T02:00:01.25%2B02:00"), 2, "{path}");
        assert_eq!(count(path, "2026-11-23T00:00:02.5Z"), 0, "{path}");
    }
    let body = r#"[{"title":"one","alert_id":"1","time":"2026-11-23T00:00:00Z"},
        {"title":"two","alert_id":"2","level":"error","time":"2026-11-23T00:00:01Z"}]"#;
    let post = || server.post(&format!("{PROJECT}/runs/a/alerts"), body).json();
    assert_eq!(post(), json!({ "stored": 2, "duplicates": 0 }));
    assert_eq!(post(), json!({ "stored": 0, "duplicates": 2 }));
    assert_eq!(count("alerts", "2026-11-23T00:00:00Z"), 1);
    let first = server.get(&format!("{PROJECT}/alerts?limit=1")).json();
    assert_eq!((&first["items"][0]["title"], &first["items"][0]["run_id"]), (&json!("one"), &json!("a")));
    let second = server.get(&format!("{PROJECT}/alerts?after={}", first["next"])).json();
    assert_eq!((&second["items"][0]["title"], &second["next"]), (&json!("two"), &Value::Null));
    let body = r#"[{"metrics":{"gpu":1.5},"timestamp":"2026-11-23T00:00:00Z","log_id":"s"}]"#;
    assert_eq!(server.post(&format!("{PROJECT}/runs/a/system"), body).json()["stored"], 1);
    assert_eq!(server.post(&format!("{PROJECT}/runs/a/system"), body).json()["duplicates"], 1);
    assert_eq!(
        (count("runs/a/system", "2026-11-22T00:00:00Z"), count("runs/a/system", "2026-11-24T00:00:00Z")),
        (1, 0)
    );
}

#[test]
fn what_a_client_has_is_not_sent_again() {
    let server = with_runs(&["a"]);
    let path = format!("{PROJECT}/runs/a/logs");
    let first = server.get(&path);
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    for known in [tag.as_str(), "*", &format!("\"other\", {tag}")] {
        let again = server.get_with(&path, &[("if-none-match", known)]);
        assert_eq!(
            (again.status, again.text.as_str(), again.header("etag")),
            (304, "", tag.as_str()),
            "{known}"
        );
    }
    assert_eq!(server.get_with(&path, &[("if-none-match", "W/\"other\"")]).status, 200);
    server.post(&path, r#"[{"metrics":{"loss":9}}]"#);
    let changed = server.get_with(&path, &[("if-none-match", &tag)]);
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), tag);
}

#[test]
fn a_run_is_described() {
    let server = with_runs(&["a"]);
    let path = format!("{PROJECT}/runs/a");
    let patch = |body: &str| server.patch(&path, body);
    let run = patch(r#"{"tags":["x","y"],"notes":"slow","colour_slot":7}"#).json();
    assert_eq!(
        (&run["tags"], &run["notes"], &run["colour_slot"]),
        (&json!(["x", "y"]), &json!("slow"), &json!(7))
    );
    let run = patch(r#"{"notes":""}"#).json();
    assert_eq!((&run["tags"], &run["notes"]), (&json!(["x", "y"]), &Value::Null));
    assert_eq!(server.get(&path).json()["rows"], 3);
    for body in [r#"{"tag":["x"]}"#, r#"{"name":" x"}"#, r#"{"colour_slot":65536}"#, "[]"] {
        assert_eq!(patch(body).status, 400, "{body}");
    }
    assert_eq!(server.patch(&format!("{PROJECT}/runs/none"), "{}").status, 404);
}

#[test]
fn runs_are_renamed_and_deleted_and_projects_too() {
    let server = with_runs(&["a", "b"]);
    let run = server.patch(&format!("{PROJECT}/runs/a"), r#"{"name":"other"}"#).json();
    assert_eq!((&run["run"], &run["run_id"]), (&json!("other"), &json!("a")));
    for (name, status, code) in [("b", 409, "name_taken"), ("/x", 400, "invalid_name")] {
        let body = json!({ "name": name, "notes": "of a name that is refused" }).to_string();
        let refused = server.patch(&format!("{PROJECT}/runs/a"), &body);
        assert_eq!((refused.status, &refused.json()["code"]), (status, &json!(code)));
        assert_eq!(server.get(&format!("{PROJECT}/runs/a")).json()["notes"], Value::Null, "{name}");
    }
    assert_eq!(server.delete(&format!("{PROJECT}/runs/other")).json(), json!({}));
    assert_eq!(server.delete(&format!("{PROJECT}/runs/other")).status, 404);
    assert_eq!(server.get(&format!("{PROJECT}/runs")).json()["runs"][0]["run"], "b");
    assert_eq!(server.delete(PROJECT).json(), json!({}));
    assert_eq!(server.delete(PROJECT).status, 404);
    assert_eq!(server.get("/api/v1/projects").json()["projects"], json!([]));
}
