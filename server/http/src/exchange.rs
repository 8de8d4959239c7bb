//! One request and its answer: counted, and told in one log line, when the last byte is on its way.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, Query};
use actix_web::{HttpRequest, HttpResponse};
use paceline_schema::Operation;

use crate::compat::CALL_ROUTE;
use crate::state::State;

/// Target of the lines, one a request, for `PACELINE_LOG`.
const LOG_TARGET: &str = "paceline_http::requests";
/// Where no route took the request.
const NO_ROUTE: &str = "other";

/// A request that is being answered. When it is dropped the answer has ended, whichever way.
pub(crate) struct Exchange {
    state: State,
    pub(crate) request_id: String,
    method: &'static str,
    /// Path and query without secrets, where somebody wants to read it.
    target: Option<String>,
    began: Instant,
    answered: Option<Answered>,
    bytes: u64,
}

/// What is known once there is an answer.
struct Answered {
    route: String,
    status: u16,
    is_event_stream: bool,
}

impl Exchange {
    /// A request has come.
    pub(crate) fn begin(state: State, request: &ServiceRequest) -> Self {
        state.stopping.enter();
        state.telemetry.count_received(declared_length(request.headers()));
        let is_logged = tracing::enabled!(target: LOG_TARGET, tracing::Level::INFO);
        Self {
            request_id: state.next_request_id(),
            method: known_method(request.method().as_str()),
            target: is_logged.then(|| target(request.path(), request.query_string())),
            began: Instant::now(),
            answered: None,
            bytes: 0,
            state,
        }
    }

    /// There is an answer; its body is still to be sent.
    pub(crate) fn answered(&mut self, request: &HttpRequest, response: &HttpResponse<impl MessageBody>) {
        let kind = response.headers().get(CONTENT_TYPE);
        let is_event_stream = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        if is_event_stream {
            self.state.telemetry.event_stream_opened();
        }
        let status = response.status().as_u16();
        self.answered = Some(Answered { route: route(request), status, is_event_stream });
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let duration = self.began.elapsed();
        self.state.stopping.leave();
        // Without an answer the sender has gone, or the connection was refused on its way in.
        let answered = self.answered.take();
        if let Some(Answered { route, status, is_event_stream }) = &answered {
            if *is_event_stream {
                self.state.telemetry.event_stream_closed();
            }
            let lasting = (!is_event_stream).then_some(duration);
            self.state.telemetry.count_request(self.method, route, *status, lasting);
        }
        if let Some(target) = &self.target {
            tracing::info!(
                target: LOG_TARGET,
                request_id = self.request_id,
                method = self.method,
                path = target,
                status = answered.map(|answered| answered.status),
                duration_ms = duration.as_secs_f64() * 1e3,
                bytes = self.bytes,
                "request"
            );
        }
    }
}

/// A body that knows which exchange it belongs to.
pub(crate) struct Observed {
    pub(crate) body: BoxBody,
    pub(crate) exchange: Exchange,
}

impl MessageBody for Observed {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let polled = self.body.as_pin_mut().poll_next(context);
        if let Poll::Ready(Some(Ok(bytes))) = &polled {
            self.exchange.bytes += bytes.len() as u64;
        }
        polled
    }
}

/// Methods are text that a client chooses; figures are kept for the known ones only.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("other")
}

/// The template of the route, so that there are no more of them than routes and calls of the peer.
fn route(request: &HttpRequest) -> String {
    match request.match_pattern() {
        Some(pattern) if pattern == CALL_ROUTE => {
            let operation = request.match_info().get("name").and_then(Operation::of);
            operation.map_or(pattern, |operation| format!("/api/{}", operation.name()))
        }
        Some(pattern) => pattern,
        None => NO_ROUTE.to_owned(),
    }
}

fn declared_length(headers: &HeaderMap) -> u64 {
    headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0)
}

/// Path and query; the values of parameters whose name speaks of a secret are left out.
fn target(path: &str, query: &str) -> String {
    if query.is_empty() {
        return path.to_owned();
    }
    // Names may be written with percent signs, and are compared as the handlers read them.
    let Ok(pairs) = Query::<Vec<(String, String)>>::from_query(query) else { return format!("{path}?…") };
    let shown: Vec<String> = pairs
        .iter()
        .map(|(name, value)| if is_secret(name) { format!("{name}=…") } else { format!("{name}={value}") })
        .collect();
    format!("{path}?{}", shown.join("&"))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "session", "secret", "password", "key", "code", "auth"].iter().any(|word| name.contains(word))
        && !matches!(name.as_str(), "key" | "keys")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_shown_without_their_secrets() {
        for (query, shown) in [
            ("", "/p"),
            ("limit=3&after=7", "/p?limit=3&after=7"),
            ("write_token=abc&project=digits", "/p?write_token=…&project=digits"),
            ("write%5Ftoken=abc", "/p?write_token=…"),
            ("WRITE_TOKEN=abc&keys=loss", "/p?WRITE_TOKEN=…&keys=loss"),
            ("oauth_session=abc&access_key=x", "/p?oauth_session=…&access_key=…"),
        ] {
            assert_eq!(target("/p", query), shown);
        }
    }
}
