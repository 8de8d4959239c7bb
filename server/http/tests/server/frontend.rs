//! A page from elsewhere in the place of ours.

use std::fs;
use std::path::Path;

use paceline_http::{ServeError, ServerConfig, serve};
use paceline_query::Engine;
use paceline_storage::{Durability, Store};

use crate::support::TestServer;

const PAGE: &str = "<!doctype html><script type=module src=/assets/app.js></script>";

fn with(page: &Path) -> ServerConfig {
    ServerConfig { frontend: Some(page.to_owned()), ..ServerConfig::default() }
}

/// A page as the peer's package holds it, with its pictures beside it.
fn package() -> tempfile::TempDir {
    let package = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = package.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("is made");
        fs::write(path, text).expect("is written");
    };
    write("frontend/dist/index.html", PAGE);
    write("frontend/dist/assets/app.js", "1");
    write("frontend/dist/with space.txt", "2");
    write("assets/logo.png", "picture");
    write("secret.txt", "secret");
    package
}

#[test]
fn its_files_and_addresses_are_served_and_the_api_stays() {
    let package = package();
    let server = TestServer::start_with(with(&package.path().join("frontend/dist")));
    let browser = [("accept", "text/html")];
    for address in ["/", "/runs", "/metrics", "/run/a.b", "/index.html"] {
        let answer = server.get_with(address, &browser);
        assert_eq!((answer.status, answer.text.as_str()), (200, PAGE), "{address}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("script-src 'self' 'unsafe-eval';") && policy.starts_with("default-src 'none'")
        );
    }
    assert!(server.get("/metrics").text.starts_with("# HELP"), "Prometheus accepts no HTML");
    let script = server.get("/assets/app.js");
    assert_eq!(
        (script.text.as_str(), script.header("content-type")),
        ("1", "text/javascript; charset=utf-8")
    );
    let again = server.get_with("/assets/app.js", &[("if-none-match", script.header("etag"))]);
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    assert_eq!(server.get("/with%20space.txt").text, "2");
    assert_eq!(server.get("/assets/missing.js").status, 404);
    assert_eq!(server.get("/static/trackio/logo.png").text, "picture");
    assert_eq!(server.get("/static/trackio/other.png").header("content-type"), "image/svg+xml");
    assert_eq!(server.get("/config.json").json(), serde_json::json!({ "mode": "server" }));
    assert_eq!(server.get("/health").json()["status"], "ok");
    let api = server.get("/api/v1/nothing");
    assert_eq!((api.status, api.json()["code"].as_str()), (404, Some("route_not_found")));
    assert!(!server.get("/health").header("content-security-policy").contains("unsafe"));
    let version = || server.get("/__trackio/frontend_version").json()["version"].clone();
    let before = version();
    fs::write(package.path().join("frontend/dist/new.css"), "").expect("is written");
    assert!(before.is_string() && before != version());
}

#[test]
fn no_address_leads_out_of_its_folder() {
    let package = package();
    let server = TestServer::start_with(with(&package.path().join("frontend/dist")));
    std::os::unix::fs::symlink("../../secret.txt", package.path().join("frontend/dist/link.txt"))
        .expect("made");
    for address in [
        "/../../secret.txt",
        "/..%2f..%2fsecret.txt",
        "/%2e%2e/%2e%2e/secret.txt",
        "/assets/../../../secret.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/link.txt",
        "/static/trackio/../secret.txt",
        "/static/trackio/%2e%2e/secret.txt",
        "/..\\..\\secret.txt",
        "/index.html%00.txt",
    ] {
        let answer = server.raw(format!("GET {address} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
        assert!(
            !answer.contains("secret\"") && !answer.ends_with("secret") && !answer.contains("root:"),
            "{address}"
        );
        assert!(!answer.starts_with("HTTP/1.1 5"), "{address} {answer}");
    }
}

#[test]
fn without_one_there_is_our_picture_and_no_version() {
    let server = TestServer::start();
    assert_eq!(server.get("/static/trackio/trackio_logo_light.png").header("content-type"), "image/svg+xml");
    assert_eq!(server.get("/__trackio/frontend_version").status, 404);
    assert_eq!(server.get("/config.json").status, 404);
}

#[test]
fn a_folder_without_a_page_is_refused_before_anything_listens() {
    let directory = tempfile::tempdir().expect("a folder");
    for page in [directory.path().to_owned(), directory.path().join("missing")] {
        let store = Store::open(directory.path(), Durability::Process).expect("opens");
        let error = serve(&with(&page), Engine::new(store), |_| panic!("it listens")).expect_err("no page");
        assert!(matches!(error, ServeError::Frontend { .. }), "{error}");
        assert!(error.to_string().contains("index.html"), "{error}");
    }
}
