//! Deliveries to a server that refuses some rows and counts what it is sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use paceline_schema::{DestinationKind, Row, Value};
use serde_json::json;

use super::*;

/// What a server was sent.
#[derive(Debug, Default)]
struct Sent {
    entries: usize,
    taken: Vec<i64>,
}

/// A server that takes requests without a row whose step it does not like, and names the first of the others.
fn refusing(dislikes: fn(i64) -> bool) -> (SocketAddr, Arc<Mutex<Sent>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let sent = Arc::new(Mutex::new(Sent::default()));
    let told = Arc::clone(&sent);
    let answer_all = move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let mut reader = BufReader::new(&stream);
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                let lower = line.to_ascii_lowercase();
                if let Some(said) = lower.strip_prefix("content-length:") {
                    length = said.trim().parse().expect("a number");
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("it is sent");
            let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            let steps = body["kwargs"]["logs"].as_array().expect("a list").iter();
            let steps: Vec<i64> = steps.map(|row| row["step"].as_i64().expect("a step")).collect();
            let mut sent = told.lock().expect("one at a time");
            sent.entries += steps.len();
            let (status, answer) = match steps.iter().position(|step| dislikes(*step)) {
                Some(row) => ("400 Bad Request", json!({"error": "no", "details": {"row": row}})),
                None => {
                    sent.taken.extend(steps);
                    ("200 OK", json!({"data": null}))
                }
            };
            let answer = answer.to_string();
            let head =
                format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", answer.len());
            (&stream).write_all((head + &answer).as_bytes()).expect("it is answered");
        }
    };
    std::thread::Builder::new().name("answers".to_owned()).spawn(answer_all).expect("a thread");
    (address, sent)
}

#[test]
fn rows_that_are_refused_cost_the_others_little() {
    const ROWS: i64 = 1_000;
    let run = RunKey { id: "0".repeat(32), name: "r".to_owned() };
    let entry = |step| {
        let metrics = vec![("loss".to_owned(), Value::Float(0.5))];
        Entry::row("p", &run, &Row { log_id: None, time: Timestamp(0), step: Some(step), metrics })
    };
    let entries: Vec<Entry> = (0..ROWS).map(entry).collect();
    let cases: [fn(i64) -> bool; 4] = [|_| false, |step| step == 700, |step| step % 5 == 0, |_| true];
    for dislikes in cases {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let (address, sent) = refusing(dislikes);
        let destination = Destination::new(DestinationKind::Server, &format!("http://{address}"), None);
        let sink = ServerSink::new(scratch.path(), destination.expect("an address"));
        sink.send("p", Operation::BulkLog, &entries).expect("it is delivered");
        let sent = sent.lock().expect("one at a time");
        assert_eq!(
            sent.taken,
            (0..ROWS).filter(|step| !dislikes(*step)).collect::<Vec<_>>(),
            "each once, in order"
        );
        let kept = std::fs::read_to_string(scratch.path().join(".paceline/damaged/p-refused.jsonl"));
        let kept = kept.unwrap_or_default().lines().count();
        assert_eq!(kept, (0..ROWS).filter(|step| dislikes(*step)).count());
        assert!(sent.entries <= 6 * entries.len(), "{} entries of {}", sent.entries, entries.len());
    }
}
