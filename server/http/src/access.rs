//! Who may write: the token, where a request may carry it, and the proof that a handler asks for.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, COOKIE, HeaderMap, ORIGIN};
use actix_web::{FromRequest, HttpRequest, web};
use paceline_schema::ErrorCode;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::ApiError;
use crate::state::AppState;

/// Header of the peer's client.
const TOKEN_HEADER: &str = "x-trackio-write-token";
/// Cookie of the web page; the peer's name.
pub(crate) const TOKEN_COOKIE: &str = "trackio_write_token";

/// The token that writing needs; only its digest is kept.
pub(crate) struct WriteToken {
    digest: [u8; 32],
}

impl WriteToken {
    /// From a text known to be usable.
    pub(crate) fn of(text: &str) -> Self {
        Self { digest: Sha256::digest(text.as_bytes()).into() }
    }

    /// From a text a person chose; `None` unless it can stand after `Bearer` (RFC 6750 `b64token`).
    pub(crate) fn given(text: &str) -> Option<Self> {
        let usable = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        (!text.is_empty() && text.bytes().all(usable)).then(|| Self::of(text))
    }

    /// The text of a new token: 256 random bits in hexadecimal.
    pub(crate) fn generate() -> Result<String, getrandom::Error> {
        let mut bits = [0_u8; 32];
        getrandom::fill(&mut bits)?;
        Ok(bits.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether `text` is the token, in a time that does not depend on where it differs.
    pub(crate) fn matches(&self, text: &str) -> bool {
        bool::from(Sha256::digest(text.as_bytes()).as_slice().ct_eq(&self.digest))
    }

    /// Whether the request carries the token. The first of header, bearer and cookie that is there decides.
    ///
    /// # Errors
    /// `Unauthorized` with the reason.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        match presented(headers) {
            Some(Presented::Header(token)) => self.accept(token),
            // A browser sends cookies along with whatever a foreign page starts; only a page of ours says
            // its origin, which the guard has compared.
            Some(Presented::Cookie(_)) if !headers.contains_key(ORIGIN) => {
                Err(refused("the token came in a cookie without an `Origin` header"))
            }
            Some(Presented::Cookie(token)) => self.accept(token),
            None => Err(refused("this operation needs the write token")),
        }
    }

    /// Accepts or refuses a token.
    ///
    /// # Errors
    /// `Unauthorized` when it is another one.
    pub(crate) fn accept(&self, token: &str) -> Result<(), ApiError> {
        if self.matches(token) {
            Ok(())
        } else {
            Err(refused("the write token is not the one of this server"))
        }
    }
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

fn refused(reason: &str) -> ApiError {
    ApiError::new(ErrorCode::Unauthorized, reason)
}

/// Proof that the request may write. As a handler's first parameter it is decided before the body is read.
pub(crate) struct WriteAccess;

impl FromRequest for WriteAccess {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(AppState::of(request).and_then(|state| state.token.check(request.headers())).map(|()| Self))
    }
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

    fn check(headers: &[(&str, &str)]) -> bool {
        let request =
            headers.iter().fold(TestRequest::post(), |request, header| request.insert_header(*header));
        WriteToken::of("right").check(request.to_http_request().headers()).is_ok()
    }

    #[test]
    fn the_first_source_that_is_there_decides() {
        assert!(check(&[("authorization", "Bearer right")]));
        assert!(check(&[("authorization", "bearer right")]));
        assert!(check(&[(TOKEN_HEADER, "right"), ("authorization", "Bearer hf_other")]));
        assert!(!check(&[(TOKEN_HEADER, "wrong"), ("authorization", "Bearer right")]));
        assert!(!check(&[("authorization", "Basic right")]));
        assert!(!check(&[("authorization", "right")]));
        assert!(!check(&[]));
    }

    #[test]
    fn a_cookie_counts_only_beside_an_origin() {
        let cookie = ("cookie", "a=b; trackio_write_token=right; c=d");
        assert!(check(&[cookie, ("origin", "http://localhost")]));
        assert!(!check(&[cookie]));
        assert!(!check(&[("cookie", "xtrackio_write_token=right"), ("origin", "http://localhost")]));
    }

    #[test]
    fn generated_tokens_differ() {
        let (first, second) =
            (WriteToken::generate().expect("random"), WriteToken::generate().expect("random"));
        assert_ne!(first, second);
        assert!(WriteToken::of(&first).matches(&first) && !WriteToken::of(&first).matches(&second));
        assert!(WriteToken::given(&first).is_some());
    }
}
