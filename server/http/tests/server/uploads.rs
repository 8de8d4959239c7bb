//! Files that are uploaded before the call that uses them.

use std::fs;

use crate::support::TestServer;

const FORM: &str = "multipart/form-data; boundary=edge";

fn form(fields: &[(&str, &str)]) -> String {
    let field = |(name, text): &(&str, &str)| {
        format!(
            "--edge\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"../x.bin\"\r\n\r\n{text}\r\n"
        )
    };
    fields.iter().map(field).collect::<String>() + "--edge--\r\n"
}

#[test]
fn files_wait_under_names_of_the_servers_making() {
    let server = TestServer::start();
    let bearer = format!("Bearer {}", server.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", FORM)];
    let long = "x".repeat(3 << 20);
    let answer = server.post_with(
        "/api/upload",
        &form(&[("files", "one"), ("other", "no"), ("files", &long)]),
        &headers,
    );
    assert_eq!(answer.status, 200, "{}", answer.text);
    let paths: Vec<String> = serde_json::from_value(answer.json()["paths"].clone()).expect("texts");
    assert_eq!(paths.len(), 2);
    for (handle, text) in paths.iter().zip(["one", &long]) {
        let name = handle.strip_prefix("upload-").expect("a handle");
        let path = server.directory().join(".paceline/uploads").join(name);
        assert_eq!(fs::read_to_string(path).expect("it is there"), text);
    }
    assert_eq!(fs::read_dir(server.directory().join(".paceline/uploads")).expect("a folder").count(), 2);
}

#[test]
fn who_may_not_write_is_refused_before_the_files_are_read() {
    let server = TestServer::start();
    let head = format!(
        "POST /api/upload HTTP/1.1\r\nhost: {}\r\ncontent-type: {FORM}\r\ncontent-length: 1000000\r\n\r\n--edge",
        server.address
    );
    assert!(server.raw(head.as_bytes()).starts_with("HTTP/1.1 401"), "without a token");
    assert!(!server.directory().join(".paceline/uploads").exists());
}

#[test]
fn what_is_too_much_is_refused_before_it_comes() {
    let server = TestServer::start();
    let head = format!(
        "POST /api/upload HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: {FORM}\r\n\
         content-length: 1073741825\r\n\r\n--edge",
        server.address, server.token
    );
    assert!(server.raw(head.as_bytes()).starts_with("HTTP/1.1 413"), "a byte over the limit");
    assert!(!server.directory().join(".paceline/uploads").exists());
}

#[test]
fn what_is_no_form_of_files_is_refused() {
    let server = TestServer::start();
    let bearer = format!("Bearer {}", server.token);
    let post = |body: &str, kind: &str| {
        let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
        server.post_with("/api/upload", body, &headers).status
    };
    assert_eq!(post("{}", "application/json"), 415);
    assert_eq!(post("{}", "multipart/form-data"), 415);
    assert_eq!(post("{}", FORM), 400);
    assert_eq!(post(&form(&[("other", "x")]), FORM), 400);
    assert_eq!(post("--edge\r\ncontent-disposition: form-data; name=\"files\"\r\n\r\ncut", FORM), 400);
    let uploads = server.directory().join(".paceline/uploads");
    assert_eq!(fs::read_dir(uploads).expect("a folder").count(), 0, "the cut one is gone");
}
