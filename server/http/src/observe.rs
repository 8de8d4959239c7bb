//! Outermost of all: the request id, the headers of every answer, the bodies of errors, one log line.

use std::time::Instant;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;

use crate::error::ApiError;
use crate::state::AppState;

/// Scripts, styles and data come from this server alone; nothing inline, nothing from elsewhere.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; frame-src 'self'; \
    frame-ancestors 'self'; base-uri 'none'; form-action 'self'";

/// Wraps everything else.
pub(crate) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let request_id = AppState::of(request.request())?.next_request_id();
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let began = Instant::now();
    let response = next.call(request).await?;
    let mut response = match response.response().error().map(ApiError::of) {
        Some(error) => {
            let answer = error.response(&request_id);
            if answer.status().is_server_error() {
                tracing::error!(request.id = request_id, %method, path, "{error}");
            }
            response.into_response(answer)
        }
        None => response.map_into_boxed_body(),
    };
    let (status, duration_ms) = (response.status().as_u16(), began.elapsed().as_secs_f64() * 1e3);
    tracing::debug!(request.id = request_id, %method, path, status, duration_ms, "answered");
    add_headers(response.headers_mut(), &request_id);
    Ok(response)
}

fn add_headers(headers: &mut HeaderMap, request_id: &str) {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
}
