//! Every refusal has the same body, whoever refuses.

use crate::support::TestServer;

#[test]
fn every_refusal_has_the_same_body() {
    let server = TestServer::start();
    server.post("/api/v1/projects/p/runs/r/logs", r#"[{"metrics":{"loss":1.0}}]"#);
    for (path, status, code) in [
        ("/api/v1/projects/none/runs", 404, "project_not_found"),
        ("/api/v1/projects/p/runs/none", 404, "run_not_found"),
        ("/api/v1/projects/p/runs/none/status", 404, "run_not_found"),
        ("/api/v1/projects/p/runs/r/metrics/none", 404, "metric_not_found"),
        ("/api/v1/projects/p/runs/r/logs?limit=many", 400, "invalid_request"),
        ("/api/v1/projects/p/runs/r/logs?limit=0", 400, "invalid_request"),
        ("/api/v1/projects/p/runs/r/system?limit=10001", 400, "invalid_request"),
        ("/api/v1/projects/p/runs/r/logs?afer=3", 400, "invalid_request"),
        ("/api/v1/nothing", 404, "route_not_found"),
        ("/api/no/thing", 404, "route_not_found"),
        ("/nothing", 404, "route_not_found"),
    ] {
        let answer = server.get(path);
        let body = answer.json();
        assert_eq!((answer.status, &body["code"]), (status, &code.into()), "{path}");
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
        assert_eq!(body["request_id"], answer.header("x-request-id"), "{path}");
        for field in ["error", "hint"] {
            assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{path} {body}");
        }
        assert!(body["details"].is_object(), "{path} {body}");
    }
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let server = TestServer::start();
    let answer = server.post("/api/v1/projects", "{}");
    assert_eq!((answer.status, answer.header("allow")), (405, "GET"));
    assert_eq!(answer.json()["code"], "method_not_allowed");
    let answer = server.get("/api/bulk_log");
    assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    let logs = server.raw(b"DELETE /api/v1/projects/p/runs/r/logs HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(logs.starts_with("HTTP/1.1 405") && logs.contains("GET, POST"), "{logs}");
}

#[test]
fn a_damaged_project_says_so_and_no_more_and_the_others_work() {
    let server = TestServer::start();
    server.post("/api/v1/projects/sound/runs/r/logs", r#"[{"metrics":{"loss":1.0}}]"#);
    std::fs::write(server.directory().join("broken.db"), b"this is no database, not at all".repeat(200))
        .expect("writes");
    let answer = server.get("/api/v1/projects/broken/runs");
    let body = answer.json();
    assert_eq!((answer.status, &body["code"]), (500, &"project_damaged".into()));
    assert_eq!(body["details"], serde_json::json!({}));
    assert!(!answer.text.contains(&*server.directory().to_string_lossy()), "{body}");
    let projects = server.get("/api/v1/projects").json();
    assert_eq!(projects["projects"].as_array().map(Vec::len), Some(2), "{projects}");
    assert_eq!(server.get("/api/v1/projects/sound/runs").status, 200);
}

#[test]
fn every_answer_has_the_headers_that_protect_a_browser() {
    let server = TestServer::start();
    for path in [
        "/",
        "/health",
        "/version",
        "/openapi.json",
        "/api/v1/projects",
        "/api/v1/projects/none/runs",
        "/nothing",
    ] {
        let answer = server.get(path);
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{path} {policy}");
        assert!(
            policy.contains("frame-ancestors 'self'") && policy.contains("base-uri 'none'"),
            "{path} {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path} {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("x-request-id").len(), 16, "{path}");
        assert!(answer.headers.contains_key("cache-control"), "{path}");
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{path}");
    }
    assert_ne!(server.get("/health").header("x-request-id"), server.get("/health").header("x-request-id"));
}
