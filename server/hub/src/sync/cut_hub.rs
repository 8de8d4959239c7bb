//! A Hub in this process for one Dataset, over a line that breaks after a number of bytes and then stays down.
//!
//! It answers what a sync asks, in the form of the stand-in that Hugging Face's own client is driven against
//! (`tests/python/support/hub.py`).

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::remote::digest_bytes;

/// What the Dataset holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct State {
    pub(super) head: u32,
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// Large files, whether a commit names them or not.
    store: BTreeMap<String, Vec<u8>>,
}

#[derive(Debug, Default)]
struct Line {
    passed: u64,
    cut_at: Option<u64>,
    /// Where a message, or its head, had passed.
    ends: Vec<u64>,
}

#[derive(Debug, Clone)]
pub(super) struct CutHub {
    pub(super) address: String,
    state: Arc<Mutex<State>>,
    line: Arc<Mutex<Line>>,
}

impl CutHub {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let hub = Self { address, state: Arc::default(), line: Arc::default() };
        let serving = hub.clone();
        let serve = move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let hub = serving.clone();
                start("hub-connection", move || hub.serve(connection));
            }
        };
        start("hub", serve);
        hub
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panicked")
    }

    /// From now on so many bytes pass, both ways together, and then none; all of them when absent.
    pub(super) fn cut_after(&self, bytes: Option<u64>) {
        *self.line.lock().expect("nobody panicked") = Line { cut_at: bytes, ..Line::default() };
    }

    /// How many bytes have passed, and after how many a message or its head was whole.
    pub(super) fn passed(&self) -> (u64, Vec<u64>) {
        let line = self.line.lock().expect("nobody panicked");
        (line.passed, line.ends.clone())
    }

    /// A message is whole now, and so was its head so many bytes before.
    fn note_end(&self, body_bytes: usize) {
        let mut line = self.line.lock().expect("nobody panicked");
        let last = line.passed;
        line.ends.extend([last - body_bytes as u64, last]);
    }

    /// How many of these bytes pass.
    fn pass(&self, bytes: usize) -> usize {
        let mut line = self.line.lock().expect("nobody panicked");
        let room = line.cut_at.map_or(u64::MAX, |cut_at| cut_at.saturating_sub(line.passed));
        let passing = room.min(bytes as u64);
        line.passed += passing;
        usize::try_from(passing).expect("no more than there are")
    }

    fn serve(&self, mut connection: TcpStream) {
        let mut read = Vec::new();
        while let Some(request) = self.request(&mut connection, &mut read) {
            let (status, body) = self.answer(&request);
            let head =
                format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nX-Some: header\r\n\r\n", body.len());
            let body_bytes = body.len();
            let answer = [head.into_bytes(), body].concat();
            let passing = self.pass(answer.len());
            if passing == answer.len() {
                self.note_end(body_bytes);
            }
            if connection.write_all(&answer[..passing]).is_err() || passing < answer.len() {
                break;
            }
        }
        let _ = connection.shutdown(Shutdown::Both);
    }

    /// The next request, whole.
    fn request(&self, connection: &mut TcpStream, read: &mut Vec<u8>) -> Option<Request> {
        let mut buffer = [0; 4096];
        loop {
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&read[..end]).into_owned();
                let length = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
                });
                let whole = end + 4 + length.unwrap_or(0);
                if read.len() >= whole {
                    let body = read[end + 4..whole].to_vec();
                    self.note_end(body.len());
                    read.drain(..whole);
                    let mut words = head.split(' ');
                    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
                    return Some(Request { method, target, body });
                }
            }
            let count = connection.read(&mut buffer).ok().filter(|count| *count > 0)?;
            let passing = self.pass(count);
            if passing < count {
                return None;
            }
            read.extend_from_slice(&buffer[..count]);
        }
    }

    fn answer(&self, request: &Request) -> (u16, Vec<u8>) {
        let mut state = self.state();
        let path = request.target.split('?').next().unwrap_or_default();
        let said = || serde_json::from_slice::<Value>(&request.body).expect("JSON");
        let answer = match (request.method.as_str(), path) {
            ("GET", "/api/datasets/a/b/revision/main") => json!({"sha": commit(state.head), "private": true}),
            ("GET", path) if path.starts_with("/api/datasets/a/b/tree/") => listing(&state),
            ("GET", path) => {
                let path = path.strip_prefix(&format!("/datasets/a/b/resolve/{}/", commit(state.head)));
                let file = path.and_then(|path| state.files.get(path));
                return file.map_or((404, b"{}".to_vec()), |content| (200, content.clone()));
            }
            ("POST", "/api/validate-yaml") => json!({"errors": [], "warnings": []}),
            ("POST", "/api/datasets/a/b/preupload/main") => {
                let said = said();
                let files = said["files"].as_array().expect("files").iter().map(|file| {
                    let mode = if file["path"].as_str().expect("a path").ends_with(".parquet") {
                        "lfs"
                    } else {
                        "regular"
                    };
                    json!({"path": file["path"], "uploadMode": mode, "shouldIgnore": false})
                });
                json!({"files": files.collect::<Vec<_>>()})
            }
            ("POST", "/datasets/a/b.git/info/lfs/objects/batch") => self.places(&state, &said()),
            ("POST", "/verify") => {
                let said = said();
                let content = state.store.get(said["oid"].as_str().expect("an id")).expect("it is there");
                assert_eq!(said["size"], content.len());
                json!({})
            }
            ("PUT", path) => {
                let oid = path.strip_prefix("/store/").expect("an address of ours");
                assert_eq!(digest_bytes(&request.body), oid);
                state.store.insert(oid.to_owned(), request.body.clone());
                json!({})
            }
            ("POST", "/api/datasets/a/b/commit/main") => match state.commit(&request.body) {
                true => json!({"success": true, "commitOid": commit(state.head)}),
                false => return (412, b"{}".to_vec()),
            },
            other => panic!("{other:?}"),
        };
        (200, answer.to_string().into_bytes())
    }

    fn places(&self, state: &State, said: &Value) -> Value {
        let objects = said["objects"].as_array().expect("objects").iter().map(|object| {
            let oid = object["oid"].as_str().expect("an id");
            let mut answered = json!({"oid": oid, "size": object["size"]});
            if !state.store.contains_key(oid) {
                let upload = format!("{}/store/{oid}", self.address);
                let verify = format!("{}/verify", self.address);
                answered["actions"] = json!({"upload": {"href": upload}, "verify": {"href": verify}});
            }
            answered
        });
        json!({"transfer": "basic", "objects": objects.collect::<Vec<_>>()})
    }
}

fn start(name: &str, work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().name(name.to_owned()).spawn(work).expect("a thread");
}

struct Request {
    method: String,
    target: String,
    body: Vec<u8>,
}

impl State {
    /// Makes a commit whole, on the state it names.
    fn commit(&mut self, body: &[u8]) -> bool {
        let lines: Vec<Value> = serde_json::Deserializer::from_slice(body)
            .into_iter()
            .collect::<Result<_, _>>()
            .expect("lines of JSON");
        let (header, lines) = lines.split_first().expect("a header");
        if header["value"]["parentCommit"] != commit(self.head) {
            return false;
        }
        for line in lines {
            let value = &line["value"];
            let path = value["path"].as_str().expect("a path").to_owned();
            let content = match line["key"].as_str().expect("a key") {
                "file" => STANDARD.decode(value["content"].as_str().expect("content")).expect("base64"),
                "lfsFile" => {
                    self.store.get(value["oid"].as_str().expect("an id")).expect("it is there").clone()
                }
                _ => {
                    self.files.remove(&path).expect("it was there");
                    continue;
                }
            };
            self.files.insert(path, content);
        }
        self.head += 1;
        true
    }
}

fn commit(head: u32) -> String {
    format!("{head:040x}")
}

fn listing(state: &State) -> Value {
    let entries = state.files.iter().map(|(path, content)| {
        let mut entry = json!({"type": "file", "oid": "x", "path": path, "size": content.len()});
        if path.ends_with(".parquet") {
            entry["lfs"] = json!({"oid": digest_bytes(content), "size": content.len()});
        }
        entry
    });
    entries.collect()
}
