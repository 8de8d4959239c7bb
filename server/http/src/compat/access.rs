//! Who may do what on the peer's wire: as elsewhere, and by the token in the query.

use actix_web::HttpRequest;
use actix_web::web::Query;
use paceline_schema::Scope;

use crate::access::{check, check_token, presents_token};
use crate::error::ApiError;
use crate::state::AppState;

/// Refuses a request whose token does not permit `scope`; decided before the body is read.
///
/// # Errors
/// As [`check`].
pub(crate) fn check_scope(request: &HttpRequest, scope: Scope) -> Result<(), ApiError> {
    let open = scope == Scope::Read && !AppState::of(request)?.access.require_token_for_reads;
    match token_in_query(request) {
        Some(token) if !open && !presents_token(request.headers()) => check_token(request, &token, scope),
        _ => check(request, scope),
    }
}

fn token_in_query(request: &HttpRequest) -> Option<String> {
    let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string()).ok()?;
    pairs.into_inner().into_iter().find(|(name, _)| name == "write_token").map(|(_, token)| token)
}
