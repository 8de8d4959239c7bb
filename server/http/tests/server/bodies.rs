//! Bodies over their limit, broken ones, and those of a kind nobody asked for.

use std::fmt::Write as _;

use crate::support::TestServer;

const LOGS: &str = "/api/v1/projects/p/runs/r/logs";

#[test]
fn a_chunked_body_is_cut_at_the_limit() {
    let server = TestServer::start();
    let mut request = format!(
        "POST {LOGS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer {}\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        server.token
    );
    let chunk = " ".repeat(1 << 20);
    for _ in 0..9 {
        write!(request, "{:x}\r\n{chunk}\r\n", chunk.len()).expect("a string takes all");
    }
    // The last chunk never comes.
    let answer = server.raw(request.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("\"code\":\"body_too_large\""), "{answer}");
}

#[test]
fn a_series_request_is_bounded_too() {
    let server = TestServer::start();
    let request = "POST /api/v1/projects/p/series HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        Content-Length: 1073741824\r\n\r\n";
    let answer = server.raw(request.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[test]
fn the_kind_of_body_must_be_said() {
    let server = TestServer::start();
    let bearer = format!("Bearer {}", server.token);
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
        let answer = server.post_with(LOGS, "[]", &headers);
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (415, &"unsupported_media_type".into()),
            "{kind}"
        );
        let answer = server.post_with("/api/v1/projects/p/series", "{}", &headers);
        assert_eq!(answer.status, 415, "{kind}");
    }
}

#[test]
fn a_body_that_breaks_off_stores_nothing() {
    let server = TestServer::start();
    let body = r#"[{"metrics":{"loss":1.0}}"#;
    let answer = server.post(LOGS, body);
    assert_eq!((answer.status, &answer.json()["code"]), (400, &"invalid_request".into()));
    let good_then_bad = r#"[{"metrics":{"loss":1.0}},{"metrics":3}]"#;
    let answer = server.post(LOGS, good_then_bad);
    assert_eq!((answer.status, &answer.json()["details"]["row"]), (400, &1.into()));
    assert_eq!(server.get("/api/v1/projects").json()["projects"], serde_json::json!([]));
}
