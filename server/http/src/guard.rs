//! Which Host and Origin a request may name, checked before routing on every address.
//!
//! A web page of a stranger can make a browser talk to a server on the same machine. The browser then says
//! either a foreign Host (a name that was made to point here) or a foreign Origin, so both are compared
//! with the names this server is known by.

use std::collections::HashSet;
use std::net::IpAddr;

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};
use actix_web::http::uri::Authority;
use actix_web::middleware::Next;
use paceline_schema::ErrorCode;

use crate::error::ApiError;
use crate::state::AppState;

/// Lets a request through or answers 400 or 403.
pub(crate) async fn guard<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match AppState::of(request.request()).and_then(|state| state.hosts.check(&request)) {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_left_body),
        Err(error) => Ok(request.error_response(error).map_into_right_body()),
    }
}

/// A host as it stands in an authority.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Host {
    Address(IpAddr),
    /// Lower case, without a trailing dot.
    Name(String),
}

/// A host and, where it is not the scheme's own, a port.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    host: Host,
    port: Option<u16>,
}

impl Place {
    /// Reads `host`, `host:port`, `[v6]` or `[v6]:port`. User names, paths and trailing text are refused.
    fn parse(text: &str) -> Option<Self> {
        if text.contains('@') {
            return None;
        }
        let authority: Authority = text.parse().ok()?;
        let host = authority.host();
        let port = match text.strip_prefix(host)? {
            "" => None,
            rest => Some(rest.strip_prefix(':')?.parse().ok()?),
        };
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let host = bare.parse().map_or_else(
            |_| Host::Name(bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase()),
            Host::Address,
        );
        (host != Host::Name(String::new())).then_some(Self { host, port })
    }

    /// Reads the value of an `Origin` header.
    fn parse_origin(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let default_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        Self::parse(authority).map(|place| place.without_port(default_port))
    }

    fn without_port(self, default: u16) -> Self {
        Self { port: self.port.filter(|port| *port != default), ..self }
    }
}

/// The names this server answers to.
pub(crate) struct AllowedHosts {
    hosts: HashSet<Host>,
    /// The server listens on every address of the machine, whichever those are. A name can be made to point
    /// here by a stranger, an address cannot.
    any_address: bool,
}

impl AllowedHosts {
    /// The loopback names, the name and address listened on, and `further` names.
    ///
    /// # Errors
    /// The first of `further` that is no host name.
    pub(crate) fn new(listened_on: &str, address: IpAddr, further: &[String]) -> Result<Self, String> {
        let mut hosts = HashSet::from([Host::Name("localhost".to_owned()), Host::Address(address)]);
        hosts.extend(Place::parse(listened_on).map(|place| place.host));
        for name in further {
            hosts.insert(Place::parse(name).ok_or_else(|| name.clone())?.host);
        }
        Ok(Self { hosts, any_address: address.is_unspecified() })
    }

    fn allow(&self, host: &Host) -> bool {
        let address_is_own = match host {
            Host::Address(address) => self.any_address || address.is_loopback(),
            Host::Name(_) => false,
        };
        address_is_own || self.hosts.contains(host)
    }

    /// Whether a request may come in by the names it says.
    ///
    /// # Errors
    /// When its Host or Origin is another one.
    pub(crate) fn check(&self, request: &ServiceRequest) -> Result<(), ApiError> {
        let place = self.check_host(request)?;
        check_origin(request.method(), request.headers(), &place)
    }

    fn check_host(&self, request: &ServiceRequest) -> Result<Place, ApiError> {
        let header = single(request.headers(), HOST.as_str())
            .ok_or_else(|| ApiError::invalid("the request has no `Host` header, or more than one"))?;
        if request.uri().authority().is_some_and(|authority| authority.as_str() != header) {
            return Err(ApiError::invalid("the address and the `Host` header name different hosts"));
        }
        let place = Place::parse(header).ok_or_else(|| {
            ApiError::invalid(format!("the `Host` header `{}` is not a host", header.escape_default()))
        })?;
        if !self.allow(&place.host) {
            return Err(forbidden(format!(
                "this server does not answer to the host `{}`",
                header.escape_default()
            )));
        }
        Ok(place)
    }
}

fn check_origin(method: &Method, headers: &HeaderMap, host: &Place) -> Result<(), ApiError> {
    if headers.contains_key(ORIGIN) {
        let origin = single(headers, ORIGIN.as_str()).unwrap_or_default();
        let own = Place::parse_origin(origin).is_some_and(|origin| {
            origin.host == host.host && (origin.port == host.port || both_default(&origin, host))
        });
        if !own {
            return Err(forbidden(format!(
                "requests from the origin `{}` are refused",
                origin.escape_default()
            )));
        }
    }
    // Following a link from another site is how a person arrives; everything else from there is refused.
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|header| header == value);
    if says("sec-fetch-site", "cross-site") && !(method == Method::GET && says("sec-fetch-mode", "navigate"))
    {
        return Err(forbidden("requests from other sites are refused".to_owned()));
    }
    Ok(())
}

/// The origin's port is its scheme's own and the Host header spells that one out.
fn both_default(origin: &Place, host: &Place) -> bool {
    origin.port.is_none() && matches!(host.port, Some(80 | 443))
}

/// The value of a header that stands once and is text.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name);
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn forbidden(message: String) -> ApiError {
    ApiError::new(ErrorCode::ForbiddenOrigin, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::ResponseError;
    use actix_web::test::TestRequest;

    fn status(hosts: &AllowedHosts, method: Method, headers: &[(&str, &str)]) -> u16 {
        let request =
            headers.iter().fold(TestRequest::default().method(method), |r, header| r.insert_header(*header));
        hosts.check(&request.to_srv_request()).map_or_else(|error| error.status_code().as_u16(), |()| 200)
    }

    fn local() -> AllowedHosts {
        AllowedHosts::new("127.0.0.1", IpAddr::from([127, 0, 0, 1]), &["Pace.example".to_owned()])
            .expect("names")
    }

    #[test]
    fn hosts() {
        for host in [
            "localhost",
            "LOCALHOST:7860",
            "localhost.",
            "127.0.0.1",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:80",
            "pace.example",
        ] {
            assert_eq!(status(&local(), Method::GET, &[("host", host)]), 200, "{host}");
        }
        for host in ["evil.com", "localhost.evil.com", "10.0.0.1", "127.0.0.1.nip.io", "0.0.0.0"] {
            assert_eq!(status(&local(), Method::GET, &[("host", host)]), 403, "{host}");
        }
        for host in
            ["", "localhost:80@evil.com", "[::1]evil", "localhost:99999", "localhost:", "a b", "localhost/x"]
        {
            assert_eq!(status(&local(), Method::GET, &[("host", host)]), 400, "{host}");
        }
        assert_eq!(status(&local(), Method::GET, &[]), 400);
    }

    #[test]
    fn a_server_on_every_address_answers_to_addresses_but_not_to_names() {
        let hosts = AllowedHosts::new("0.0.0.0", IpAddr::from([0, 0, 0, 0]), &[]).expect("names");
        assert_eq!(status(&hosts, Method::GET, &[("host", "192.168.1.5:7860")]), 200);
        assert_eq!(status(&hosts, Method::GET, &[("host", "rebound.example")]), 403);
    }

    #[test]
    fn origins() {
        let post = |origin| status(&local(), Method::POST, &[("host", "localhost:7860"), ("origin", origin)]);
        assert_eq!(post("http://localhost:7860"), 200);
        for origin in [
            "null",
            "",
            "http://localhost",
            "http://localhost:3000",
            "http://evil.com",
            "ftp://localhost:7860",
            "localhost:7860",
        ] {
            assert_eq!(post(origin), 403, "{origin}");
        }
        let proxied = [("host", "pace.example"), ("origin", "https://pace.example")];
        assert_eq!(status(&local(), Method::POST, &proxied), 200);
        let get = [("host", "localhost:7860"), ("origin", "http://evil.com")];
        assert_eq!(status(&local(), Method::GET, &get), 403);
    }

    #[test]
    fn other_sites_may_link_here_and_no_more() {
        let cross = |method, mode| {
            let headers = [("host", "localhost"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", mode)];
            status(&local(), method, &headers)
        };
        assert_eq!(cross(Method::GET, "navigate"), 200);
        assert_eq!(cross(Method::GET, "no-cors"), 403);
        assert_eq!(cross(Method::POST, "navigate"), 403);
    }
}
