//! The ways to the server: a request of HTTP, and standard input and output.
//!
//! Both eras of the protocol are served: the one that begins with `initialize`, and the one of 2026-07-28 in which each
//! request stands by itself. Over HTTP nothing is kept between requests, so an answer is one JSON text and no session can be
//! taken over.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use rmcp::ServiceExt;
use rmcp::transport::io::stdio;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use crate::handler::Server;

/// A request of HTTP whose sender and length are known to be right.
#[derive(Debug, Clone)]
pub struct HttpQuestion {
    /// `POST` as a rule.
    pub method: String,
    /// Names and values.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body, unpacked.
    pub body: Bytes,
}

/// What is to be said to it.
#[derive(Debug, Clone)]
pub struct HttpAnswer {
    /// Status code.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body.
    pub body: Bytes,
}

impl HttpQuestion {
    /// What is no header or method is left out; the protocol refuses what it misses.
    fn request(self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body));
        *request.method_mut() = Method::from_bytes(self.method.as_bytes()).unwrap_or(Method::TRACE);
        for (name, value) in self.headers {
            let header =
                HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_bytes(&value).ok());
            if let Some((name, value)) = header {
                request.headers_mut().append(name, value);
            }
        }
        request
    }
}

/// Answers one request of HTTP.
pub async fn answer(server: Server, question: HttpQuestion) -> HttpAnswer {
    // Host, Origin and length were looked at before anything else was.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(usize::MAX)
        .disable_allowed_hosts()
        .disable_allowed_origins();
    let sessions = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(server.clone()), sessions, config);
    let (parts, body) = service.handle(question.request()).await.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let header =
        |(name, value): (&HeaderName, &HeaderValue)| (name.as_str().to_owned(), value.as_bytes().to_vec());
    HttpAnswer { status: parts.status.as_u16(), headers: parts.headers.iter().map(header).collect(), body }
}

/// Answers on standard input and output until the input ends.
///
/// # Errors
/// When the other end does not speak the protocol.
pub async fn answer_stdio(server: Server) -> Result<(), String> {
    let running = server.serve(stdio()).await.map_err(|error| error.to_string())?;
    running.waiting().await.map(drop).map_err(|error| error.to_string())
}
