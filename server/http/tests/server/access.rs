//! Who may write, and that nothing is read before that is known.

use paceline_http::ServerConfig;

use crate::support::TestServer;

const LOGS: &str = "/api/v1/projects/p/runs/r/logs";
const PEER: &str = "/api/bulk_log";
const PEER_BODY: &str = r#"{"logs":[],"hf_token":null}"#;

#[test]
fn the_token_is_taken_from_where_it_may_stand_and_nowhere_else() {
    let server = TestServer::start();
    let (token, origin) = (server.token.clone(), format!("http://{}", server.address));
    let json = ("content-type", "application/json");
    let right = [
        vec![("authorization", format!("Bearer {token}"))],
        vec![("x-trackio-write-token", token.clone())],
        vec![("x-trackio-write-token", token.clone()), ("authorization", "Bearer hf_something".into())],
        vec![("cookie", format!("a=1; trackio_write_token={token}")), ("origin", origin)],
    ];
    let wrong = [
        vec![],
        vec![("authorization", "Bearer wrong".to_owned())],
        vec![("authorization", format!("Bearer {}", token.to_uppercase() + "x"))],
        vec![("x-trackio-write-token", String::new()), ("authorization", format!("Bearer {token}"))],
        vec![("cookie", format!("trackio_write_token={token}"))],
    ];
    for (headers, status) in right.iter().map(|h| (h, 200)).chain(wrong.iter().map(|h| (h, 401))) {
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).chain([json]).collect();
        assert_eq!(server.post_with(LOGS, "[]", &headers).status, status, "{headers:?}");
        assert_eq!(server.post_with(PEER, PEER_BODY, &headers).status, status, "{headers:?}");
    }
    let in_query = |path: &str, token: &str| {
        server.post_with(&format!("{path}?write_token={token}"), PEER_BODY, &[json])
    };
    assert_eq!(in_query(PEER, &token).status, 200);
    assert_eq!(in_query(PEER, "wrong").status, 401);
    assert_eq!(in_query(LOGS, &token).status, 401);
}

#[test]
fn a_refusal_says_how_to_do_better() {
    let server = TestServer::start();
    let refused = server.post_with(LOGS, "[]", &[("content-type", "application/json")]);
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(refused.json()["code"], "unauthorized");
    assert!(!refused.text.contains(&server.token));
}

#[test]
fn a_body_is_not_read_before_its_sender_is_known() {
    let server = TestServer::start();
    // Only the head is sent: a server that read on would wait for a gigabyte that never comes.
    let head = |path: &str, length: &str, token: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{length}\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        )
    };
    for path in [LOGS, PEER] {
        for (token, status) in [("wrong", "401"), ("", "401"), (server.token.as_str(), "413")] {
            let answer = server.raw(head(path, "Content-Length: 1073741824", token).as_bytes());
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path} {answer}");
        }
        let answer = server.raw(head(path, "Transfer-Encoding: chunked", "wrong").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 401"), "{path} {answer}");
    }
}

#[test]
fn whoever_asks_is_told_what_is_permitted() {
    let path = "/api/v1/access";
    for (require_token_for_reads, of_anybody) in [(false, "read"), (true, "null")] {
        let server =
            TestServer::start_with(ServerConfig { require_token_for_reads, ..ServerConfig::default() });
        let scope = |headers: &[(&str, &str)]| {
            let answer = server.get_with(path, headers);
            assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
            answer.json()["scope"].as_str().unwrap_or("null").to_owned()
        };
        assert_eq!(scope(&[]), of_anybody);
        assert_eq!(scope(&[("authorization", "Bearer wrong")]), of_anybody);
        assert_eq!(scope(&[("authorization", &format!("Bearer {}", server.token))]), "admin");
        assert_eq!(scope(&[("cookie", &format!("trackio_write_token={}", server.token))]), "admin");
        // A guess costs as much as elsewhere.
        let guesses = (0..1_000).map(|_| server.get_with(path, &[("authorization", "Bearer wrong")]).status);
        assert_eq!(guesses.into_iter().find(|status| *status != 200), Some(429));
    }
}
