//! A server in a folder of its own, a client for it, and a client that can write nonsense.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use paceline_http::{Listening, Port, ServeError, ServerConfig, Stopper, serve};
use paceline_query::Engine;
use paceline_storage::{Durability, Store};
use serde_json::Value;
use tempfile::TempDir;

/// Long enough for a loaded machine; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    stopper: Stopper,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
    directory: TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl TestServer {
    pub(crate) fn start() -> Self {
        Self::start_with(ServerConfig::default())
    }

    /// On a port of the system's choice, else as `config` says.
    pub(crate) fn start_with(config: ServerConfig) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), config)
    }

    /// Ends the server and starts another one on its folder.
    pub(crate) fn restart(&mut self) {
        let directory = std::mem::replace(&mut self.directory, tempfile::tempdir().expect("a folder"));
        *self = Self::start_in(directory, ServerConfig::default());
    }

    fn start_in(directory: TempDir, config: ServerConfig) -> Self {
        let store = Store::open(directory.path(), Durability::Process).expect("opens");
        let (ready, is_ready) = mpsc::channel::<Listening>();
        let run = move || {
            let config = ServerConfig { port: Port::Exactly(0), ..config };
            serve(&config, Engine::new(store), |listening| {
                ready.send(listening.clone()).expect("the test waits");
            })
        };
        let thread = std::thread::Builder::new().name("server".to_owned()).spawn(run).expect("a thread");
        let listening = is_ready.recv_timeout(PATIENCE).expect("the server starts");
        let token = listening.generated_token.expect("none was given");
        Self {
            address: listening.address,
            token,
            stopper: listening.stopper,
            thread: Some(thread),
            directory,
        }
    }

    pub(crate) fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    pub(crate) fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = agent().get(format!("http://{}{path}", self.address));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        answer(request.call())
    }

    /// Posts with the token.
    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        self.post_with(path, body, &[("authorization", &bearer), ("content-type", "application/json")])
    }

    pub(crate) fn post_with(&self, path: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
        let request = agent().post(format!("http://{}{path}", self.address));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        answer(request.send(body))
    }

    pub(crate) fn post_bytes(&self, path: &str, body: &[u8], headers: &[(&str, &str)]) -> Answer {
        answer(self.begin_post(path, headers).send(body))
    }

    /// The bytes of the answer, which is no text.
    pub(crate) fn post_for_bytes(&self, path: &str, body: &[u8], headers: &[(&str, &str)]) -> Vec<u8> {
        bytes(self.begin_post(path, headers).send(body))
    }

    pub(crate) fn get_bytes(&self, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        let request = agent().get(format!("http://{}{path}", self.address));
        bytes(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).call())
    }

    fn begin_post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> ureq::RequestBuilder<ureq::typestate::WithBody> {
        let request = agent().post(format!("http://{}{path}", self.address));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    }

    /// Deletes with the token.
    pub(crate) fn delete(&self, path: &str) -> Answer {
        let request = agent().delete(format!("http://{}{path}", self.address));
        answer(request.header("authorization", format!("Bearer {}", self.token)).call())
    }

    /// Puts with the token.
    pub(crate) fn put(&self, path: &str, body: &str) -> Answer {
        let request = agent().put(format!("http://{}{path}", self.address));
        let bearer = format!("Bearer {}", self.token);
        let request = request.header("authorization", bearer).header("content-type", "application/json");
        answer(request.send(body))
    }

    /// Patches with the token.
    pub(crate) fn patch(&self, path: &str, body: &str) -> Answer {
        let request = agent().patch(format!("http://{}{path}", self.address));
        let bearer = format!("Bearer {}", self.token);
        let request = request.header("authorization", bearer).header("content-type", "application/json");
        answer(request.send(body))
    }

    /// Sends bytes as they are and gives back what comes until the server closes or `enough` has come.
    pub(crate) fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.write_all(bytes).expect("it reads");
        let (mut text, mut chunk) = (Vec::new(), [0; 4096]);
        while !complete(&text) {
            match stream.read(&mut chunk).expect("an answer in time") {
                0 => break,
                length => text.extend_from_slice(&chunk[..length]),
            }
        }
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stopper.stop();
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.expect("once").expect("no panic").expect("no error");
        }
    }
}

/// Whether the head and as much of the body as it declares have come.
fn complete(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(PATIENCE))
        .build()
        .into()
}

fn bytes(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Vec<u8> {
    let mut response = response.expect("an answer");
    assert_eq!(response.status(), 200);
    response.body_mut().read_to_vec().expect("bytes")
}

fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut response = response.expect("an answer");
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.body_mut().read_to_string().expect("text"),
    }
}
