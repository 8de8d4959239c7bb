//! Who may write on the peer's wire: as elsewhere, and by the token in the query.

use actix_web::HttpRequest;
use actix_web::web::Query;
use paceline_schema::Scope;

use crate::access::presents_token;
use crate::error::ApiError;
use crate::state::AppState;

/// Refuses a request whose token does not permit `scope`; decided before the body is read.
///
/// # Errors
/// `Unauthorized` with the reason.
pub(crate) fn check_scope(request: &HttpRequest, state: &AppState, scope: Scope) -> Result<(), ApiError> {
    match scope {
        Scope::Read => Ok(()),
        Scope::Write | Scope::Admin => match token_in_query(request) {
            Some(token) if !presents_token(request.headers()) => state.token.accept(&token),
            _ => state.token.check(request.headers()),
        },
    }
}

fn token_in_query(request: &HttpRequest) -> Option<String> {
    let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string()).ok()?;
    pairs.into_inner().into_iter().find(|(name, _)| name == "write_token").map(|(_, token)| token)
}
