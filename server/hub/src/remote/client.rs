//! Requests to the Hub and to the stores it points to.

use std::time::Duration;

use serde_json::Value;
use ureq::http::{HeaderMap, Request, Response, StatusCode};
use ureq::{Agent, Body, SendBody};

use super::account::Account;
use super::fault::{HubFault, HubFaultKind};

const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// A line may be slow and a file large; that nothing moves at all is the end of it.
const STILLNESS_PATIENCE: Duration = Duration::from_secs(60);
/// A commit of many files is thought about for a while.
const ANSWER_PATIENCE: Duration = Duration::from_secs(120);
const LARGEST_ANSWER_BYTES: u64 = 64 << 20;
/// Of a text that the Hub gives as a reason.
const LONGEST_REASON: usize = 300;
const MOST_REDIRECTS: usize = 5;
const USER_AGENT: &str = concat!("paceline/", env!("CARGO_PKG_VERSION"));
pub(crate) const JSON: &str = "application/json";

/// The Hub, with connections that are kept.
#[derive(Debug)]
pub(crate) struct Client {
    account: Account,
    agent: Agent,
}

/// What a request carries: it may be sent more than once, so it is made anew each time.
pub(crate) enum Payload<'a> {
    Nothing,
    Bytes { kind: &'a str, bytes: &'a [u8] },
}

impl Client {
    pub(crate) fn new(account: Account) -> Self {
        Self::listening(account, ANSWER_PATIENCE)
    }

    /// One whose answers may come in pieces, with a pause of so long between them.
    pub(crate) fn listening(account: Account, patience: Duration) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // Followed by hand: another host is not shown the token.
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_PATIENCE))
            .timeout_recv_response(Some(ANSWER_PATIENCE))
            .timeout_per_read(Some(patience))
            .timeout_per_write(Some(STILLNESS_PATIENCE))
            .user_agent(USER_AGENT)
            .build()
            .into();
        Self { account, agent }
    }

    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// A request to an address below that of the Hub, with its answer as JSON. `doing` says what it is for.
    ///
    /// # Errors
    /// When it is not answered with success, or not in JSON.
    pub(crate) fn json(
        &self,
        method: &str,
        path: &str,
        payload: &Payload<'_>,
        doing: &str,
    ) -> Result<(Value, HeaderMap), HubFault> {
        let mut response =
            self.send(method, &format!("{}{path}", self.account.endpoint()), payload, &[], doing)?;
        let headers = response.headers().clone();
        let body = self.read(&mut response, doing)?;
        let value = serde_json::from_slice(&body).map_err(|_| HubFault::strange(doing))?;
        Ok((value, headers))
    }

    /// A request to any address, with the token where the address is the Hub's own, and redirects followed.
    ///
    /// # Errors
    /// When it is not answered with success.
    pub(crate) fn send(
        &self,
        method: &str,
        address: &str,
        payload: &Payload<'_>,
        headers: &[(&str, String)],
        doing: &str,
    ) -> Result<Response<Body>, HubFault> {
        let mut address = address.to_owned();
        for _ in 0..=MOST_REDIRECTS {
            let mut request = self.request(method, &address);
            for (name, value) in headers {
                request = request.header(*name, value);
            }
            let response = match payload {
                Payload::Nothing => self.run(request.body(SendBody::none()), doing)?,
                Payload::Bytes { kind, bytes } => {
                    let mut reader = *bytes;
                    let request = request.header("content-type", *kind).header("content-length", bytes.len());
                    self.run(request.body(SendBody::from_reader(&mut reader)), doing)?
                }
            };
            if !response.status().is_redirection() {
                if self.is_hub(&address) {
                    return self.checked(response, doing);
                }
                // Asked again, the Hub redirects to a new address.
                return self.checked_by_store(response, doing).map_err(HubFault::once_more);
            }
            let location = response.headers().get("location").and_then(|value| value.to_str().ok());
            address = location
                .and_then(|location| resolved(&address, location))
                .ok_or_else(|| HubFault::strange(doing))?;
            // What is written goes where the Hub itself says, and nowhere else.
            if method != "GET" && method != "HEAD" && origin(&address) != origin(self.account.endpoint()) {
                return Err(HubFault::strange(doing));
            }
        }
        Err(HubFault::strange(doing))
    }

    /// Sends the bytes of a reader to an address that the Hub gave, without the token: the address itself is what permits
    /// it. Gives the answer.
    ///
    /// # Errors
    /// When it is not answered with success.
    pub(crate) fn send_plain(
        &self,
        method: &str,
        address: &str,
        kind: Option<&str>,
        bytes: u64,
        reader: &mut dyn std::io::Read,
        doing: &str,
    ) -> Result<Response<Body>, HubFault> {
        let mut request = Request::builder().method(method).uri(address).header("content-length", bytes);
        if let Some(kind) = kind {
            request = request.header("accept", kind).header("content-type", kind);
        }
        let response = self.run(request.body(SendBody::from_reader(reader)), doing)?;
        self.checked_by_store(response, doing)
    }

    /// Whether an address is one that is shown the token: of the Hub, or of its datasets server.
    fn is_hub(&self, address: &str) -> bool {
        let own = [self.account.endpoint(), self.account.datasets_server()];
        own.into_iter().any(|own| origin(own) == origin(address))
    }

    fn request(&self, method: &str, address: &str) -> ureq::http::request::Builder {
        let request = Request::builder().method(method).uri(address);
        match self.account.token() {
            Some(token) if self.is_hub(address) => {
                request.header("authorization", format!("Bearer {}", token.secret()))
            }
            Some(_) | None => request,
        }
    }

    fn run(
        &self,
        request: Result<Request<SendBody<'_>>, ureq::http::Error>,
        doing: &str,
    ) -> Result<Response<Body>, HubFault> {
        let request = request.map_err(|_| HubFault::strange(doing))?;
        self.agent.run(request).map_err(|error| self.away(&error, doing))
    }

    /// The body of an answer, whole.
    ///
    /// # Errors
    /// When it breaks off or is larger than can be.
    pub(crate) fn read(&self, response: &mut Response<Body>, doing: &str) -> Result<Vec<u8>, HubFault> {
        self.read_at_most(response, LARGEST_ANSWER_BYTES, doing)
    }

    /// The same of an answer of at most so many bytes.
    pub(crate) fn read_at_most(
        &self,
        response: &mut Response<Body>,
        most: u64,
        doing: &str,
    ) -> Result<Vec<u8>, HubFault> {
        let read = response.body_mut().with_config().limit(most).read_to_vec();
        read.map_err(|error| {
            if matches!(error, ureq::Error::BodyExceedsLimit(_)) {
                let message = format!("{doing} met an answer of more than {most} bytes");
                return HubFault::new(HubFaultKind::Unusable, message, "look at what is asked for");
            }
            self.away(&error, doing)
        })
    }

    /// No answer, or not the whole of it. An address in the error may be signed, so only its kind is said.
    pub(crate) fn away(&self, error: &ureq::Error, doing: &str) -> HubFault {
        let kind = if let ureq::Error::Io(error) = error {
            error.to_string()
        } else if let ureq::Error::Rustls(error) = error {
            error.to_string()
        } else if matches!(error, ureq::Error::Timeout(_)) {
            "it took too long".to_owned()
        } else if matches!(error, ureq::Error::HostNotFound) {
            "there is no such host".to_owned()
        } else {
            "no connection that can be used".to_owned()
        };
        HubFault::new(
            HubFaultKind::Away,
            format!("{doing} failed: `{}` does not answer ({kind})", self.account.endpoint()),
            "try again; a network that needs a proxy names it in HTTPS_PROXY",
        )
    }

    fn checked(&self, mut response: Response<Body>, doing: &str) -> Result<Response<Body>, HubFault> {
        if response.status().is_success() { Ok(response) } else { Err(self.refusal(&mut response, doing)) }
    }

    /// The same for an answer to a request without the token, at an address that the Hub gave: that is what was refused.
    fn checked_by_store(
        &self,
        mut response: Response<Body>,
        doing: &str,
    ) -> Result<Response<Body>, HubFault> {
        let status = response.status();
        if !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return self.checked(response, doing);
        }
        let said = self.reason(&mut response, None);
        let code = status.as_u16();
        Err(HubFault::new(
            HubFaultKind::Expired,
            format!(
                "{doing} failed: the address that the Hub gave for it is not taken, or not any more ({code}: {said})"
            ),
            "a new address is asked for; where that does not help, something between may refuse it, as a proxy",
        ))
    }

    /// What an answer that is no success means.
    fn refusal(&self, response: &mut Response<Body>, doing: &str) -> HubFault {
        let status = response.status();
        let headers = response.headers().clone();
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let code = header("x-error-code").unwrap_or_default();
        let said = self.reason(response, header("x-error-message"));
        let endpoint = self.account.endpoint();
        let (kind, message, hint) = match (status, self.account.token()) {
            (StatusCode::UNAUTHORIZED, None) => {
                return self.account.expect_token(doing).err().unwrap_or_else(|| HubFault::strange(doing));
            }
            (StatusCode::UNAUTHORIZED, Some(token)) => (
                HubFaultKind::Refused,
                format!("{doing} is refused: `{endpoint}` does not know the token from {}", token.source()),
                format!("it may have expired: {}", self.account.how_to_get_a_token()),
            ),
            (StatusCode::FORBIDDEN, token) => {
                let source = token.map_or("anybody", |token| token.source());
                (
                    HubFaultKind::Refused,
                    format!("{doing} is refused: the token from {source} may not do it ({said})"),
                    format!("give it write access at {endpoint}/settings/tokens, or use another in HF_TOKEN"),
                )
            }
            (StatusCode::NOT_FOUND, _) if !matches!(code, "EntryNotFound" | "RevisionNotFound") => (
                HubFaultKind::NotFound,
                format!("{doing} failed: there is no such repository, or the token may not see it"),
                "look at its name and at the owner of the token".to_owned(),
            ),
            (StatusCode::NOT_FOUND, _) => (
                HubFaultKind::NotFound,
                format!("{doing} failed: {said}"),
                "somebody may have removed it; try again".to_owned(),
            ),
            (StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED, _) => (
                HubFaultKind::Conflict,
                format!("{doing} came after somebody else's commit"),
                "it is tried again on top of that".to_owned(),
            ),
            (StatusCode::TOO_MANY_REQUESTS, _) => (
                HubFaultKind::Away,
                format!("{doing} is put off: the Hub takes no more requests for a while"),
                "it is tried again; longer pauses between syncs help".to_owned(),
            ),
            (StatusCode::REQUEST_TIMEOUT, _) => (
                HubFaultKind::Away,
                format!("{doing} took too long for the Hub"),
                "it is tried again".to_owned(),
            ),
            (status, _) if status.is_server_error() => (
                HubFaultKind::Away,
                format!("{doing} failed: the Hub answers {} ({said})", status.as_u16()),
                "it is tried again".to_owned(),
            ),
            (status, _) => (
                HubFaultKind::Unusable,
                format!("{doing} failed: the Hub answers {} ({said})", status.as_u16()),
                "what was sent is not taken; see the limits of the repository".to_owned(),
            ),
        };
        HubFault { retry_after: asked_pause(&header), ..HubFault::new(kind, message, hint) }
    }

    /// The Hub's own words, without anything that moves a terminal and without the token.
    fn reason(&self, response: &mut Response<Body>, header: Option<&str>) -> String {
        let body = response.body_mut().with_config().limit(1 << 16).read_to_vec().unwrap_or_default();
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = String::from_utf8_lossy(&body);
        let said = header
            .or_else(|| json["error"].as_str())
            .or_else(|| Some(text.split_once("<Message>")?.1.split_once("</Message>")?.0))
            .unwrap_or("it does not say why");
        let said: String = said.chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect();
        match self.account.token() {
            Some(token) => said.replace(token.secret(), "[token]"),
            None => said,
        }
    }
}

/// How long the Hub asks to be left alone: `Retry-After` in seconds, or the reset of a used-up rate limit.
fn asked_pause<'a>(header: &impl Fn(&str) -> Option<&'a str>) -> Option<Duration> {
    let seconds = header("retry-after").and_then(|value| value.trim().parse().ok());
    // `"api";r=0;t=55`
    let reset = || {
        let limit = header("ratelimit")?;
        let value = |name: &str| {
            let mut parts = limit.split(';');
            parts.find_map(|part| part.trim().strip_prefix(name)?.parse::<u64>().ok())
        };
        (value("r=")? == 0).then(|| value("t=")).flatten()
    };
    seconds.or_else(reset).map(Duration::from_secs)
}

/// Scheme, host and port of an address.
fn origin(address: &str) -> &str {
    let begin = address.find("://").map_or(0, |at| at + 3);
    address
        .get(..address[begin..].find(['/', '?', '#']).map_or(address.len(), |end| begin + end))
        .unwrap_or(address)
}

/// Where a redirect leads to.
fn resolved(address: &str, location: &str) -> Option<String> {
    if location.starts_with("http://") || location.starts_with("https://") {
        Some(location.to_owned())
    } else {
        (location.starts_with('/') && !location.starts_with("//"))
            .then(|| format!("{}{location}", origin(address)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_and_redirects() {
        assert_eq!(origin("https://hub.example:1/a/b?c"), "https://hub.example:1");
        assert_eq!(origin("https://hub.example"), "https://hub.example");
        assert_ne!(origin("https://hub.example.evil/"), origin("https://hub.example"));
        assert_ne!(origin("https://hub.example@evil/"), origin("https://hub.example"));
        assert_eq!(resolved("http://a:1/x", "/y?z").as_deref(), Some("http://a:1/y?z"));
        assert_eq!(resolved("http://a:1/x", "https://b/y").as_deref(), Some("https://b/y"));
        assert_eq!(resolved("http://a:1/x", "//evil/y"), None);
        assert_eq!(resolved("http://a:1/x", "ftp://evil"), None);
    }

    #[test]
    fn pauses_that_are_asked_for() {
        let asked = |name: &'static str, value: &'static str| {
            asked_pause(&|wanted: &str| (wanted == name).then_some(value)).map(|pause| pause.as_secs())
        };
        assert_eq!(asked("retry-after", " 7 "), Some(7));
        assert_eq!(asked("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"), None);
        assert_eq!(asked("ratelimit", r#""api";r=0;t=55"#), Some(55));
        assert_eq!(asked("ratelimit", r#""api";r=12;t=55"#), None);
    }
}
