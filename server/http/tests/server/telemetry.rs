//! The figures for Prometheus: they parse, they count, and nobody outside can make more of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::TestServer;

const METRICS: &str = "/metrics";

/// A metric as Prometheus reads it: what kind it is, and its samples by name and labels.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    help: String,
    samples: BTreeMap<String, f64>,
}

/// Reads the text format 0.0.4 and takes nothing that it does not allow.
fn parse(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let is_name = |name: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        !name.is_empty() && name.chars().all(allowed) && !name.starts_with(|c: char| c.is_ascii_digit())
    };
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let (word, rest) = rest.split_once(' ').expect("a word");
            let (name, rest) = rest.split_once(' ').expect("a name");
            assert!(is_name(name), "{line}");
            let family = families.entry(name.to_owned()).or_default();
            match word {
                "HELP" => family.help = rest.to_owned(),
                "TYPE" => family.kind = rest.to_owned(),
                _ => panic!("{line}"),
            }
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').expect("a value");
        let value = match value {
            "+Inf" => f64::INFINITY,
            value => value.parse().expect("a number"),
        };
        let (name, labels) = sample
            .split_once('{')
            .map_or((sample, ""), |(name, rest)| (name, rest.strip_suffix('}').expect("labels end")));
        assert!(is_name(name), "{line}");
        for label in labels.split("\",").filter(|label| !label.is_empty()) {
            let (key, value) = label.trim_end_matches('"').split_once("=\"").expect("a label");
            assert!(is_name(key) && !value.contains('"'), "{line}");
        }
        let family = ["", "_bucket", "_sum", "_count"]
            .iter()
            .filter_map(|suffix| name.strip_suffix(suffix))
            .find(|base| families.contains_key(*base))
            .unwrap_or_else(|| panic!("nothing says what `{line}` is"))
            .to_owned();
        let family = families.get_mut(&family).expect("it was found");
        assert!(family.samples.insert(sample.to_owned(), value).is_none(), "twice: {line}");
    }
    for (name, family) in &families {
        assert!(
            ["counter", "gauge", "histogram", "info"].contains(&family.kind.as_str()),
            "{name} {family:?}"
        );
        assert!(!family.help.is_empty(), "{name}");
        let has_total = name.ends_with("_total");
        assert_eq!(family.kind == "counter", has_total, "{name} {}", family.kind);
    }
    families
}

fn figures(server: &TestServer) -> BTreeMap<String, Family> {
    let answer = server.get(METRICS);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    parse(&answer.text)
}

#[test]
fn requests_rows_and_the_process_are_counted() {
    let server = TestServer::start();
    let before = figures(&server)["paceline_rows_stored_total"].samples["paceline_rows_stored_total"];
    let rows = r#"[{"metrics":{"x":1},"log_id":"a"},{"metrics":{"x":2},"log_id":"b"}]"#;
    for _ in 0..2 {
        assert_eq!(server.post("/api/v1/projects/p/runs/r/logs", rows).status, 200);
    }
    assert_eq!(server.post("/api/bulk_log", r#"{"logs":[],"hf_token":null}"#).status, 200);
    let figures = figures(&server);
    let requests = &figures["paceline_http_requests_total"].samples;
    let logs = r#"method="POST",route="/api/v1/projects/{project}/runs/{run}/logs""#;
    assert_eq!(requests[&format!("paceline_http_requests_total{{{logs},status=\"200\"}}")], 2.0);
    let bulk = r#"paceline_http_requests_total{method="POST",route="/api/bulk_log",status="200"}"#;
    assert_eq!(requests[bulk], 1.0);
    let latencies = &figures["paceline_http_request_duration_seconds"].samples;
    assert_eq!(latencies[&format!("paceline_http_request_duration_seconds_count{{{logs}}}")], 2.0);
    let last = format!("paceline_http_request_duration_seconds_bucket{{{logs},le=\"+Inf\"}}");
    let last_first = format!("paceline_http_request_duration_seconds_bucket{{le=\"+Inf\",{logs}}}");
    assert_eq!(latencies.get(&last).or_else(|| latencies.get(&last_first)), Some(&2.0));
    let one = |name: &str| figures[name].samples[name];
    // Tests of this process that run meanwhile store rows too.
    assert!(one("paceline_rows_stored_total") >= before + 2.0 && one("paceline_rows_duplicate_total") >= 2.0);
    assert!(one("paceline_http_received_bytes_total") >= 2.0 * rows.len() as f64);
    assert_eq!((one("paceline_event_streams"), one("paceline_journals")), (0.0, 0.0));
    assert_eq!(one("paceline_http_requests_under_way"), 1.0);
    assert!(one("process_resident_memory_bytes") > 1e6 && one("process_start_time_seconds") > 1.7e9);
    assert_eq!(figures["paceline_pool_jobs_waiting"].samples.len(), 3);
    let build = figures["paceline_build_info"].samples.keys().next().expect("one");
    assert_eq!(build, &format!("paceline_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn names_a_client_chooses_make_no_new_figures() {
    let server = TestServer::start();
    for number in 0..20 {
        server.get(&format!("/nowhere/{number}"));
        server.get(&format!("/api/v1/projects/p{number}/runs/r/status"));
        server.post(&format!("/api/call_{number}"), "{}");
        server.raw(format!("M{number} / HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
    }
    let figures = figures(&server);
    let requests = &figures["paceline_http_requests_total"].samples;
    let routes: BTreeSet<&str> =
        requests.keys().filter_map(|key| key.split("route=\"").nth(1)?.split('"').next()).collect();
    let known = ["/api/v1/projects/{project}/runs/{run}/status", "/api/{name}", "other"];
    assert_eq!(routes.into_iter().collect::<Vec<_>>(), known, "{requests:?}");
    assert!(requests.len() < 8, "{requests:?}");
}

#[test]
fn strangers_and_other_methods_are_refused() {
    let server = TestServer::start();
    assert_eq!(server.get_with(METRICS, &[("host", "evil.com")]).status, 403);
    let posted = server.post(METRICS, "{}");
    assert!([404, 405].contains(&posted.status) && posted.json()["code"].is_string(), "{}", posted.text);
}
