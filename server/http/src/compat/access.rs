//! Who may write on the peer's wire: as elsewhere, and by the token in the query.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Query;
use actix_web::{FromRequest, HttpRequest};

use crate::access::{WriteAccess, presents_token};
use crate::error::ApiError;
use crate::state::AppState;

/// Proof that the request may write. As a handler's first parameter it is decided before the body is read.
pub(crate) struct PeerWriteAccess;

impl FromRequest for PeerWriteAccess {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if let (false, Some(token)) = (presents_token(request.headers()), token_in_query(request)) {
            return ready(AppState::of(request).and_then(|state| state.token.accept(&token)).map(|()| Self));
        }
        ready(WriteAccess::from_request(request, payload).into_inner().map(|_| Self))
    }
}

fn token_in_query(request: &HttpRequest) -> Option<String> {
    let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string()).ok()?;
    pairs.into_inner().into_iter().find(|(name, _)| name == "write_token").map(|(_, token)| token)
}
