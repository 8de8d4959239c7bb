//! Requests against listeners of the loopback.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::sync::mpsc;

use paceline_schema::webhook::WebhookTarget;
use paceline_schema::{AlertLevel, Timestamp};

use super::*;

fn call(url: &str, title: &str) -> WebhookCall {
    WebhookCall {
        target: WebhookTarget { url: url.into(), project: "digits".into(), run: "lr-3e-4".into() },
        time: Timestamp(1_795_400_272_000_000),
        title: title.into(),
        text: None,
        level: AlertLevel::Warn,
        step: Some(7),
    }
}

/// A web server that answers as many requests as there are answers, and says what it was sent.
fn answering(answers: Vec<&'static str>) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}/secret", listener.local_addr().expect("it has one"));
    let (sent, requests) = mpsc::channel();
    let answering = move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().expect("somebody asks");
            let mut request = Vec::new();
            let mut buffer = [0; 4_096];
            loop {
                let text = String::from_utf8_lossy(&request).to_string();
                if let Some((head, body)) = text.split_once("\r\n\r\n") {
                    let length = head.to_ascii_lowercase();
                    let length = length.split_once("content-length: ").expect("a length is said").1;
                    let length: usize = length.split("\r\n").next().unwrap_or("").parse().expect("a number");
                    if body.len() >= length {
                        sent.send(text).expect("somebody listens");
                        break;
                    }
                }
                let read = stream.read(&mut buffer).expect("it is sent");
                request.extend_from_slice(&buffer[..read]);
            }
            let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).expect("it is answered");
        }
    };
    thread::Builder::new().name("answering".to_owned()).spawn(answering).expect("it starts");
    (url, requests)
}

#[test]
fn what_is_kept_is_for_its_user_only_and_goes_when_it_is_taken() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (url, requests) = answering(vec!["204 No Content", "200 OK"]);
    let spool = Spool::of(scratch.path());
    let later = |title| WebhookCall { time: Timestamp(1_795_400_272_000_001), ..call(&url, title) };
    for (id, call) in [("1", later("second")), ("2", call(&url, "first")), ("2", call(&url, "first"))] {
        spool.keep(id, &call).expect("it is kept");
    }
    let kept = spool.waiting();
    assert_eq!(kept.len(), 2, "an alert stands there once");
    assert_eq!(fs::metadata(&kept[0]).expect("it is there").mode() & 0o777, 0o600);
    let mut sender = Sender::new(spool, Arc::default());
    assert_eq!(sender.pass(), None);
    assert!(sender.spool.waiting().is_empty());
    for title in ["first", "second"] {
        assert!(requests.recv().expect("it was sent").contains(title));
    }
}

#[test]
fn an_address_that_is_away_is_tried_again_and_then_given_up() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (url, requests) = answering(vec!["503 Service Unavailable", "429 Too Many Requests", "200 OK"]);
    let spool = Spool::of(scratch.path());
    spool.keep("1", &call(&url, "first")).expect("it is kept");
    let mut sender = Sender::new(spool, Arc::default());
    for pause in &PAUSES[..2] {
        assert_eq!(sender.pass(), Some(*pause));
        assert!(sender.pass().is_some_and(|left| left <= *pause), "it rests");
        let address = sender.addresses.get_mut(&url).expect("it is known");
        address.resting_until = None;
    }
    assert_eq!(sender.pass(), None);
    assert_eq!(requests.iter().count(), 3);

    let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let url = format!("http://{}/secret", closed.expect("it had a port"));
    for id in ["1", "2"] {
        sender.spool.keep(id, &call(&url, "first")).expect("it is kept");
    }
    for pause in PAUSES {
        assert!(sender.pass().is_some_and(|left| left <= pause && left > pause / 2), "{pause:?}");
        assert_eq!(sender.spool.waiting().len(), 2);
        sender.addresses.get_mut(&url).expect("it is known").resting_until = None;
    }
    assert_eq!(sender.pass(), None);
    assert!(sender.spool.waiting().is_empty(), "both are given up");
}

#[test]
fn what_cannot_help_is_not_tried_again() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (url, requests) = answering(vec!["404 Not Found", "302 Found"]);
    let mut sender = Sender::new(Spool::of(scratch.path()), Arc::default());
    for url in [&url, &url, "file:///etc/passwd", "http://[", "gopher://127.0.0.1/"] {
        sender.spool.keep("1", &call(url, "first")).expect("it is kept");
        assert_eq!(sender.pass(), None, "{url}");
        assert!(sender.spool.waiting().is_empty());
    }
    assert_eq!(requests.iter().count(), 2);
    fs::write(sender.spool.folder.join("x.json"), "no JSON").expect("it is written");
    assert_eq!(sender.pass(), None);
    assert!(sender.spool.waiting().is_empty());
}

#[test]
fn an_id_may_be_anything_and_stands_for_one_alert_of_its_project() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let spool = Spool::of(scratch.path());
    let of_copy = |mut call: WebhookCall| {
        call.target.project = "copy".into();
        call
    };
    let call = call("http://127.0.0.1/x", "first");
    for id in ["finding-../../x/y-loss_nan", &format!("finding-{}-loss_nan", "ü".repeat(512)), "\0", "1"] {
        spool.keep(id, &call).expect("it is kept");
        spool.keep(id, &of_copy(call.clone())).expect("it is kept");
    }
    assert_eq!(spool.waiting().len(), 8);
    assert_eq!(fs::read_dir(&spool.folder).expect("it is read").count(), 8, "nothing lies elsewhere");
}

#[test]
fn a_request_that_is_refused_takes_no_others_with_it() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let answers = vec!["400 Bad Request", "413 Payload Too Large", "422 Unprocessable Entity", "200 OK"];
    let (url, requests) = answering(answers);
    let mut sender = Sender::new(Spool::of(scratch.path()), Arc::default());
    for id in ["1", "2", "3", "4"] {
        sender.spool.keep(id, &call(&url, id)).expect("it is kept");
    }
    assert_eq!(sender.pass(), None);
    assert!(sender.spool.waiting().is_empty());
    assert_eq!(requests.iter().count(), 4);
    // What it took makes the next refusal news.
    assert!(!sender.addresses[&url].is_reported);
}

#[test]
fn a_file_that_cannot_be_read_now_is_read_later() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (url, requests) = answering(vec!["200 OK"]);
    let mut sender = Sender::new(Spool::of(scratch.path()), Arc::default());
    sender.spool.keep("1", &call(&url, "first")).expect("it is kept");
    let path = sender.spool.waiting().remove(0);
    // A folder in its place stands for a file that may not be opened, which the superuser would not notice.
    let aside = path.with_extension("aside");
    fs::rename(&path, &aside).and_then(|()| fs::create_dir(&path)).expect("it is hidden");
    assert!(sender.pass().is_some() && sender.pass().is_some(), "it rests");
    fs::remove_dir(&path).and_then(|()| fs::rename(&aside, &path)).expect("it is back");
    assert_eq!(sender.pass(), None);
    assert_eq!(requests.iter().count(), 1);
    // That does not go on for ever.
    sender.spool.keep("1", &call(&url, "first")).expect("it is kept");
    fs::remove_file(&path).and_then(|()| fs::create_dir(&path)).expect("it is hidden");
    for _ in PAUSES {
        assert!(sender.pass().is_some());
        sender.unread.get_mut(&path).expect("it is known").resting_until = None;
    }
    assert_eq!(sender.pass(), None);
    assert!(sender.unread.is_empty());
}

#[test]
fn long_texts_are_shortened_to_what_the_services_take() {
    let long = "ä".repeat(5_000);
    let with_text = |url: &str| WebhookCall { text: Some(long.clone()), ..call(url, &long) };
    let slack = payload::payload(&with_text("https://hooks.slack.com/services/x"));
    assert_eq!(slack["blocks"][1]["text"]["text"].as_str().map(|text| text.chars().count()), Some(3_000));
    let discord = payload::payload(&with_text("https://discord.com/api/webhooks/x"));
    assert_eq!(discord["embeds"][0]["title"].as_str().map(|text| text.chars().count()), Some(256));
    assert_eq!(discord["embeds"][0]["description"].as_str().map(|text| text.chars().count()), Some(4_096));
    assert_eq!(payload::payload(&with_text("https://other.test"))["text"].as_str(), Some(long.as_str()));
}
