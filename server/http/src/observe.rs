//! Outermost of all: the request id, the headers of every answer, the bodies of errors, what is counted and logged.

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;

use crate::error::ApiError;
use crate::exchange::{Exchange, Observed};
use crate::state::AppState;

/// Scripts, styles and data come from this server alone; nothing inline, nothing from elsewhere.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; frame-src 'self'; \
    frame-ancestors 'self'; base-uri 'none'; form-action 'self'";

/// Wraps everything else.
pub(crate) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state = AppState::of(request.request())?.clone();
    let mut exchange = Exchange::begin(state.clone(), &request);
    let response = next.call(request).await?;
    let mut response = match response.response().error().map(ApiError::of) {
        Some(error) => {
            let answer = error.response(&exchange.request_id);
            if answer.status().is_server_error() {
                tracing::error!(
                    request_id = exchange.request_id,
                    path = response.request().path(),
                    "{error}"
                );
            }
            response.into_response(answer)
        }
        None => response.map_into_boxed_body(),
    };
    add_headers(response.headers_mut(), &exchange.request_id);
    if state.stopping.has_begun() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    exchange.answered(response.request(), response.response());
    Ok(response.map_body(|_, body| Observed { body, exchange }.boxed()))
}

fn add_headers(headers: &mut HeaderMap, request_id: &str) {
    // A stored file brings a stricter one along.
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY));
    }
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What a route has decided for itself stands.
    for (name, value) in [(CONTENT_SECURITY_POLICY, CONTENT_POLICY), (CACHE_CONTROL, "no-store")] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
}
