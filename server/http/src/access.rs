//! Who may do what: where a request may carry a token, what the token permits, and the proof that a handler
//! asked.
//!
//! Each operation needs a scope. Writing always needs a token of that scope; reading needs one only where the
//! server was started so. Everything is decided before the body is read.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, COOKIE, HeaderMap, ORIGIN};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpRequest, web};
use paceline_schema::{ErrorCode, Scope};
use paceline_storage::TokenFile;
use serde_json::json;

use crate::ServeError;
use crate::error::ApiError;
use crate::state::AppState;
use keyring::{Keyring, TokenUse};
use launch::LaunchLink;
pub(crate) use secret::Secret;
use throttle::Throttle;

mod keyring;
mod launch;
mod secret;
mod throttle;

/// Header of the peer's client.
pub(crate) const TOKEN_HEADER: &str = "x-trackio-write-token";
/// Cookie of the web page; the peer's name.
pub(crate) const TOKEN_COOKIE: &str = "trackio_write_token";

/// Decides who may do what on one server.
pub(crate) struct Access {
    keyring: Keyring,
    launch: LaunchLink,
    throttle: Throttle,
    /// Reading needs a token too.
    pub(crate) require_token_for_reads: bool,
}

impl Access {
    /// `token` is that of the server's start, beside those of `file`.
    ///
    /// # Errors
    /// When the file is not to be believed or read, or the system gives no random bits.
    pub(crate) fn open(
        token: Secret,
        file: TokenFile,
        require_token_for_reads: bool,
    ) -> Result<Self, ServeError> {
        let launch = LaunchLink::new().map_err(|source| ServeError::Random { source })?;
        let keyring = Keyring::open(token, launch.session(), file)?;
        Ok(Self { keyring, launch, throttle: Throttle::default(), require_token_for_reads })
    }

    /// The text of the launch link, once.
    pub(crate) fn launch_text(&self) -> Option<String> {
        self.launch.text()
    }

    /// What the cookie is to hold for what stood in an address: the launch secret, or a token itself.
    pub(crate) fn cookie_for(&self, request: &HttpRequest, query: &AddressToken<'_>) -> Option<String> {
        match query {
            AddressToken::Launch(text) => self.launch.redeem(text),
            AddressToken::Token(text) => {
                let state = AppState::of(request).ok()?;
                self.keyring.holder(text, state.now()).map(|_| (*text).to_owned())
            }
        }
    }
}

/// What an address can carry in its query.
pub(crate) enum AddressToken<'a> {
    /// `token=`: good for one start of the page.
    Launch(&'a str),
    /// `write_token=`, as the peer's addresses have it.
    Token(&'a str),
}

/// Refuses a request whose token does not permit `needed`. The first of header, bearer and cookie that is there
/// decides.
///
/// # Errors
/// `Unauthorized` without a token or with an unknown one, `ForbiddenScope` with one that permits less,
/// `TooManyAttempts` after too many unknown ones from one address.
pub(crate) fn check(request: &HttpRequest, needed: Scope) -> Result<(), ApiError> {
    let state = AppState::of(request)?;
    if needed == Scope::Read && !state.access.require_token_for_reads {
        return Ok(());
    }
    match presented(request.headers()) {
        Some(Presented::Header(token)) => check_token(request, token, needed),
        // A browser sends cookies along with whatever a foreign page starts; only a page of ours says
        // its origin, which the guard has compared.
        Some(Presented::Cookie(_))
            if !is_safe(request.method()) && !request.headers().contains_key(ORIGIN) =>
        {
            Err(refused("the token came in a cookie without an `Origin` header"))
        }
        Some(Presented::Cookie(token)) => check_token(request, token, needed),
        None => Err(refused(format!("this operation needs a token that permits to {}", needed.as_str()))
            .with_details(json!({ "needed_scope": needed.as_str() }))),
    }
}

/// The same for a token that was found elsewhere than [`check`] looks.
///
/// # Errors
/// As [`check`].
pub(crate) fn check_token(request: &HttpRequest, token: &str, needed: Scope) -> Result<(), ApiError> {
    let scope = scope_of_token(request, token)?;
    if scope >= needed {
        return Ok(());
    }
    let (given, needed) = (scope.as_str(), needed.as_str());
    Err(ApiError::new(ErrorCode::ForbiddenScope, format!("the token permits to {given}, not to {needed}"))
        .with_hint(format!(
            "use a token of the scope {needed}: `paceline token create --scope {needed}` makes one"
        ))
        .with_details(json!({ "scope": given, "needed_scope": needed })))
}

/// What the request may do by the token it carries, or without one; `None` for nothing.
///
/// # Errors
/// `TooManyAttempts` after too many unknown tokens from one address.
pub(crate) fn scope_of(request: &HttpRequest) -> Result<Option<Scope>, ApiError> {
    let state = AppState::of(request)?;
    let of_anybody = Some(Scope::Read).filter(|_| !state.access.require_token_for_reads);
    match presented(request.headers()) {
        Some(Presented::Header(token) | Presented::Cookie(token)) => match scope_of_token(request, token) {
            Ok(scope) => Ok(Some(scope)),
            Err(error) if error.code() == ErrorCode::Unauthorized => Ok(of_anybody),
            Err(error) => Err(error),
        },
        None => Ok(of_anybody),
    }
}

fn scope_of_token(request: &HttpRequest, token: &str) -> Result<Scope, ApiError> {
    let state = AppState::of(request)?;
    let Some(holder) = state.access.keyring.holder(token, state.now()) else {
        let address = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip());
        return Err(match state.access.throttle.failed(address) {
            Some(wait_seconds) => ApiError::new(
                ErrorCode::TooManyAttempts,
                "too many wrong tokens have come from this address in the last minute",
            )
            .with_retry_after(wait_seconds),
            None => refused("the token is none of this server, or has expired or been revoked"),
        });
    };
    if let Some(used) = holder.unrecorded_use {
        record(state, used);
    }
    Ok(holder.scope)
}

/// Writes down that a token was used; nobody waits for it.
fn record(state: &web::Data<AppState>, used: TokenUse) {
    let (state, file) = (state.clone(), state.access.keyring.file());
    actix_web::rt::spawn(async move {
        let noted = move || {
            let noted = file.note_use(&used.id, used.hour);
            noted.map_err(|error| ApiError::new(ErrorCode::StorageUnavailable, error.to_string()))
        };
        if let Err(error) = state.writes.run(noted).await {
            tracing::debug!(%error, "the use of a token is not recorded");
        }
    });
}

/// Methods that change nothing, which a browser sends without an Origin.
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Whether the request carries a token in a header or cookie at all.
pub(crate) fn presents_token(headers: &HeaderMap) -> bool {
    presented(headers).is_some()
}

enum Presented<'a> {
    Header(&'a str),
    Cookie(&'a str),
}

fn presented(headers: &HeaderMap) -> Option<Presented<'_>> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let bearer = || {
        let (scheme, token) = text(AUTHORIZATION.as_str())?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    };
    let cookie = || {
        let cookies = headers.get_all(COOKIE).filter_map(|value| value.to_str().ok());
        cookies.flat_map(|line| line.split(';')).find_map(|pair| {
            pair.trim().split_once('=').filter(|(name, _)| *name == TOKEN_COOKIE).map(|(_, token)| token)
        })
    };
    text(TOKEN_HEADER).or_else(bearer).map(Presented::Header).or_else(|| cookie().map(Presented::Cookie))
}

fn refused(reason: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::Unauthorized, reason)
}

/// Around routes of which none may be asked without the right to read.
pub(crate) async fn reading<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match check(request.request(), Scope::Read) {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_left_body),
        Err(error) => Ok(request.error_response(error).map_into_right_body()),
    }
}

/// Proof that the request may do what a scope permits. As a handler's first parameter it is decided before the
/// body is read.
macro_rules! proofs {
    ($($(#[doc = $doc:literal])+ $name:ident: $scope:ident;)+) => {$(
        $(#[doc = $doc])+
        pub(crate) struct $name;

        impl FromRequest for $name {
            type Error = ApiError;
            type Future = Ready<Result<Self, ApiError>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready(check(request, Scope::$scope).map(|()| Self))
            }
        }
    )+};
}

proofs! {
    /// Proof that the request may read.
    ReadAccess: Read;
    /// Proof that the request may store.
    WriteAccess: Write;
    /// Proof that the request may delete, rename and replace.
    AdminAccess: Admin;
}

impl AppState {
    /// The state of the server that a request came to.
    pub(crate) fn of(request: &HttpRequest) -> Result<&web::Data<Self>, ApiError> {
        request
            .app_data::<web::Data<Self>>()
            .ok_or_else(|| ApiError::internal("the application has no state"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn found(headers: &[(&str, &str)]) -> Option<String> {
        let request =
            headers.iter().fold(TestRequest::post(), |request, header| request.insert_header(*header));
        let request = request.to_http_request();
        presented(request.headers()).map(|presented| match presented {
            Presented::Header(token) => format!("header {token}"),
            Presented::Cookie(token) => format!("cookie {token}"),
        })
    }

    #[test]
    fn the_first_source_that_is_there_decides() {
        let bearer = ("authorization", "Bearer b");
        for (headers, expected) in [
            (vec![bearer], Some("header b")),
            (vec![("authorization", "bearer  b ")], Some("header b")),
            (vec![(TOKEN_HEADER, "h"), bearer], Some("header h")),
            (vec![(TOKEN_HEADER, ""), bearer], Some("header ")),
            (vec![bearer, ("cookie", "trackio_write_token=c")], Some("header b")),
            (
                vec![("authorization", "Basic b"), ("cookie", "a=1; trackio_write_token=c; d")],
                Some("cookie c"),
            ),
            (vec![("cookie", "xtrackio_write_token=c")], None),
            (vec![("authorization", "b")], None),
            (vec![], None),
        ] {
            assert_eq!(found(&headers).as_deref(), expected, "{headers:?}");
        }
    }
}
