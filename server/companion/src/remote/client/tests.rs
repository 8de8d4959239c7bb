//! What is made of answers that no good server gives.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Answers every request with the same bytes; gives the address and the number of requests so far.
fn answering(answer: &str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let (answer, requests) = (answer.to_owned(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&requests);
    let answer_all = move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                head.push(byte[0]);
            }
            count.fetch_add(1, Ordering::Relaxed);
            // The client may have seen enough before the end.
            let _ = stream.write_all(answer.as_bytes());
        }
    };
    std::thread::Builder::new().name("answers".to_owned()).spawn(answer_all).expect("a thread");
    (address, requests)
}

fn fault(answer: &str) -> Fault {
    let (address, _) = answering(answer);
    client(address).server().expect_err("it is no good answer")
}

fn client(address: SocketAddr) -> Client {
    let token = Some("secret".to_owned());
    Client::new(
        Destination::new(DestinationKind::Server, &format!("http://{address}"), token).expect("an address"),
    )
}

fn with_body(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn a_redirect_is_not_followed_with_the_token() {
    let (elsewhere, requests) =
        answering(&with_body("200 OK", "", r#"{"version":"0.43.0","api_version":1}"#));
    let redirect = with_body("302 Found", &format!("Location: http://{elsewhere}/version\r\n"), "");
    assert_eq!(fault(&redirect).kind, FaultKind::Refused);
    assert_eq!(requests.load(Ordering::Relaxed), 0);
}

#[test]
fn what_an_answer_means_for_the_next_attempt() {
    for (status, body, kind) in [
        ("200 OK", "<html>", FaultKind::Refused),
        ("200 OK", r#"{"version":"9","api_version":2}"#, FaultKind::Refused),
        ("401 Unauthorized", r#"{"error":"no"}"#, FaultKind::Refused),
        ("404 Not Found", "", FaultKind::Missing),
        ("404 Not Found", r#"{"code":"run_not_found"}"#, FaultKind::Request { row: None }),
        ("400 Bad Request", r#"{"error":"row 3","details":{"row":3}}"#, FaultKind::Request { row: Some(3) }),
        ("413 Payload Too Large", "", FaultKind::Request { row: None }),
        ("500 Internal Server Error", "", FaultKind::Unclear),
        ("502 Bad Gateway", "", FaultKind::Away),
    ] {
        assert_eq!(fault(&with_body(status, "", body)).kind, kind, "{status} {body}");
    }
    assert_eq!(
        fault("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{").kind,
        FaultKind::Away,
        "it broke off"
    );
}

#[test]
fn a_server_says_how_long_to_wait_and_nothing_that_moves_a_terminal() {
    let busy = fault(&with_body("429 Too Many", "Retry-After: 7\r\n", "{\"error\":\"slow\\u001b[2J down\"}"));
    assert_eq!((busy.kind, busy.retry_after), (FaultKind::Away, Some(Duration::from_secs(7))));
    let said = busy.to_string();
    assert!(said.contains("slow[2J down") && !said.contains('\u{1b}') && !said.contains("secret"), "{said}");
}

#[test]
fn whose_server_it_is() {
    for (version, server) in [("0.43.0+paceline.0.1.0", Server::Ours), ("0.43.0", Server::Peers)] {
        let body = format!(r#"{{"version":"{version}","api_version":1}}"#);
        let (address, requests) = answering(&with_body("200 OK", "", &body));
        let mut client = client(address);
        for _ in 0..2 {
            assert_eq!(client.server().expect("it says so"), server);
        }
        assert_eq!(requests.load(Ordering::Relaxed), 1, "asked once");
    }
}

#[test]
fn names_stand_in_paths() {
    assert_eq!(path_part("lr-3e.4_~"), "lr-3e.4_~");
    assert_eq!(path_part("a/b ?ü"), "a%2Fb%20%3F%C3%BC");
}
