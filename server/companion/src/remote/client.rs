//! Requests to a server of ours or the peer's. What it answers is read up to a limit and believed as little
//! as needed.

use std::time::{Duration, Instant};

use paceline_schema::{Destination, DestinationKind, Operation};
use serde_json::Value;
use ureq::http::{Request, Response, StatusCode};
use ureq::{Agent, AsSendBody, Body, SendBody};

use super::fault::{Fault, FaultKind};

const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// What a server is, it says at once or not at all.
const VERSION_PATIENCE: Duration = Duration::from_secs(5);
const HURRIED_VERSION_PATIENCE: Duration = Duration::from_secs(3);
/// One request with its answer: a few megabytes over a slow line, and a server that is busy.
const REQUEST_PATIENCE: Duration = Duration::from_secs(60);
/// Larger answers are not read. Lists of runs and manifests are what comes.
const LARGEST_ANSWER_BYTES: u64 = 64 << 20;
/// Smaller bodies are sent as they are.
const LEAST_COMPRESSED_BYTES: usize = 1_024;
const COMPRESSION_LEVEL: i32 = 3;
/// Number of the wire that is spoken here.
const API_VERSION: u64 = 1;
const WRITE_TOKEN: &str = "x-trackio-write-token";
const USER_AGENT: &str = concat!("paceline/", env!("CARGO_PKG_VERSION"));

/// Whose server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    /// It keeps times, unpacks bodies and takes what the peer's wire has no words for.
    Ours,
    /// It takes the peer's calls only.
    Peers,
}

/// A server, with connections that are kept.
#[derive(Debug)]
pub(crate) struct Client {
    destination: Destination,
    agent: Agent,
    server: Option<Server>,
    deadline: Option<Instant>,
}

impl Client {
    pub(crate) fn new(destination: Destination) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // Rows and the token go to the address that was named, nowhere else.
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_PATIENCE))
            .timeout_global(Some(REQUEST_PATIENCE))
            .user_agent(USER_AGENT)
            .build()
            .into();
        Self { destination, agent, server: None, deadline: None }
    }

    /// For questions that a training waits for: everything together takes no longer than `patience`.
    pub(crate) fn hurried(destination: Destination, connect: Duration, patience: Duration) -> Self {
        let mut client = Self::new(destination);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(connect))
            .timeout_global(Some(patience))
            .user_agent(USER_AGENT);
        client.agent = config.build().into();
        client.deadline = Some(Instant::now() + patience);
        client
    }

    pub(crate) fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Whose server it is, asked once.
    ///
    /// # Errors
    /// When it does not answer, or is no server of this kind.
    pub(crate) fn server(&mut self) -> Result<Server, Fault> {
        if let Some(server) = self.server {
            return Ok(server);
        }
        let patience = if self.deadline.is_some() { HURRIED_VERSION_PATIENCE } else { VERSION_PATIENCE };
        let request = self.request("GET", "/version").body(Vec::new());
        let request = request
            .map(|request| self.agent.configure_request(request).timeout_global(Some(patience)).build());
        let answer: Value = self.send(request)?;
        if answer["api_version"].as_u64() != Some(API_VERSION) {
            let message = format!("`{}` is no Trackio server of a version that is known", self.destination);
            return Err(Fault::new(FaultKind::Refused, message));
        }
        let version = answer["version"].as_str().unwrap_or_default();
        let server = if version.contains("paceline") { Server::Ours } else { Server::Peers };
        Ok(*self.server.insert(server))
    }

    /// Asks anew whose server it is: another one may answer at the address after a fault.
    pub(crate) fn forget_server(&mut self) {
        self.server = None;
    }

    /// A call of the peer's wire; `arguments` are the members of its JSON object, without `hf_token`.
    ///
    /// # Errors
    /// When it is not answered with success.
    pub(crate) fn call(&self, operation: Operation, arguments: &[u8]) -> Result<Value, Fault> {
        let mut body = Vec::with_capacity(arguments.len() + 128);
        body.extend_from_slice(br#"{"args":[],"kwargs":{"#);
        body.extend_from_slice(arguments);
        if operation.parameter("hf_token").is_some() {
            if !arguments.is_empty() {
                body.push(b',');
            }
            body.extend_from_slice(br#""hf_token":"#);
            match (&self.destination.kind, &self.destination.token) {
                (DestinationKind::Space, Some(token)) => {
                    paceline_schema::values::write_string(token, &mut body)
                }
                (DestinationKind::Space, None) | (DestinationKind::Server, _) => {
                    body.extend_from_slice(b"null")
                }
            }
        }
        body.extend_from_slice(b"}}");
        let mut answer: Value = self.send_json("POST", &format!("/api/{}", operation.name()), body)?;
        Ok(answer["data"].take())
    }

    /// A request of our own interface, below `/api/v1/projects/`.
    ///
    /// # Errors
    /// When it is not answered with success.
    pub(crate) fn rest(&self, method: &str, path: &str, body: Vec<u8>) -> Result<Value, Fault> {
        self.send_json(method, &format!("/api/v1/projects/{path}"), body)
    }

    fn send_json(&self, method: &str, path: &str, body: Vec<u8>) -> Result<Value, Fault> {
        let mut request = self.request(method, path).header("content-type", "application/json");
        let packed = (self.server == Some(Server::Ours) && body.len() >= LEAST_COMPRESSED_BYTES)
            .then(|| zstd::bulk::compress(&body, COMPRESSION_LEVEL).ok())
            .flatten();
        if packed.is_some() {
            request = request.header("content-encoding", "zstd");
        }
        self.send(request.body(packed.unwrap_or(body)))
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> ureq::http::request::Builder {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.destination.url()));
        match (&self.destination.token, self.destination.kind) {
            (None, _) => request,
            (Some(token), DestinationKind::Server) => request.header(WRITE_TOKEN, token),
            (Some(token), DestinationKind::Space) => {
                request.header("authorization", format!("Bearer {token}"))
            }
        }
    }

    /// Sends a request and reads its answer as JSON.
    ///
    /// # Errors
    /// When it is not answered with success, or not in JSON.
    fn send(&self, request: Result<Request<impl AsSendBody>, ureq::http::Error>) -> Result<Value, Fault> {
        let mut response = self.exchange(request)?;
        self.read_json(&mut response)
    }

    /// As [`Self::send`], for as long as something moves within `stillness`.
    ///
    /// # Errors
    /// When it is not answered with success, or not in JSON.
    pub(crate) fn send_with(
        &self,
        request: Result<Request<SendBody<'static>>, ureq::http::Error>,
        stillness: Duration,
    ) -> Result<Value, Fault> {
        let mut response = self.exchange(request.map(|request| self.unhurried(request, stillness)))?;
        self.read_json(&mut response)
    }

    /// The request without a limit to its whole time; each step of it is to take no longer than `stillness`.
    pub(crate) fn unhurried<B: AsSendBody>(&self, request: Request<B>, stillness: Duration) -> Request<B> {
        self.agent
            .configure_request(request)
            .timeout_global(None)
            .timeout_recv_response(Some(stillness))
            .timeout_per_read(Some(stillness))
            .timeout_per_write(Some(stillness))
            .build()
    }

    fn read_json(&self, response: &mut Response<Body>) -> Result<Value, Fault> {
        let body = read(response).map_err(|error| self.away(&error))?;
        serde_json::from_slice(&body).map_err(|_| {
            let message = format!("`{}` answers, and not as a Trackio server does", self.destination);
            Fault::new(FaultKind::Refused, message)
        })
    }

    /// Sends a request and gives the answer with its body unread.
    ///
    /// # Errors
    /// When it is not answered with success.
    pub(crate) fn exchange(
        &self,
        request: Result<Request<impl AsSendBody>, ureq::http::Error>,
    ) -> Result<Response<Body>, Fault> {
        if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            let message = format!("`{}` is too slow to be waited for", self.destination);
            return Err(Fault::new(FaultKind::Away, message));
        }
        let request = request.map_err(|error| {
            let message = format!("`{}` cannot be asked: {error}", self.destination);
            Fault::new(FaultKind::Refused, message)
        })?;
        let mut response = self.agent.run(request).map_err(|error| self.away(&error))?;
        if response.status().is_success() { Ok(response) } else { Err(self.refusal(&mut response)) }
    }

    fn away(&self, error: &ureq::Error) -> Fault {
        Fault::new(FaultKind::Away, format!("`{}` does not answer: {error}", self.destination))
    }

    /// What an answer that is no success means.
    fn refusal(&self, response: &mut Response<Body>) -> Fault {
        let status = response.status();
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let body: Value =
            read(response).ok().and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default();
        // A foreign text is shown as a line of its own length, without anything that moves a terminal.
        let said = body["error"].as_str().unwrap_or("it does not say why");
        let said: String = said.chars().filter(|c| !c.is_control()).take(300).collect();
        let names_a_thing = matches!(body["code"].as_str(), Some("project_not_found" | "run_not_found"));
        let kind = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => FaultKind::Refused,
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED if !names_a_thing => FaultKind::Missing,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => FaultKind::Away,
            StatusCode::INTERNAL_SERVER_ERROR if self.server != Some(Server::Ours) => FaultKind::Unclear,
            status if status.is_client_error() => FaultKind::Request {
                row: body["details"]["row"].as_u64().and_then(|row| usize::try_from(row).ok()),
            },
            status if status.is_redirection() => FaultKind::Refused,
            _ => FaultKind::Away,
        };
        let message = format!("`{}` answers {}: {said}", self.destination, status.as_u16());
        Fault { retry_after: retry_after.map(Duration::from_secs), ..Fault::new(kind, message) }
    }
}

fn read(response: &mut Response<Body>) -> Result<Vec<u8>, ureq::Error> {
    response.body_mut().with_config().limit(LARGEST_ANSWER_BYTES).read_to_vec()
}

/// A name as one part of a path.
pub(crate) fn path_part(name: &str) -> String {
    let mut part = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            part.push(char::from(byte));
        } else {
            part.push('%');
            part.extend(
                [byte >> 4, byte & 0xf].map(|half| char::from(b"0123456789ABCDEF"[usize::from(half)])),
            );
        }
    }
    part
}

#[cfg(test)]
mod tests;
