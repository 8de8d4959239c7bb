//! Bodies, read no further than their limit.

use actix_web::HttpRequest;
use actix_web::body::{BodyStream, to_bytes_limited};
use actix_web::dev::Decompress;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Bytes, Payload};

use crate::error::ApiError;

/// Largest JSON body.
pub(crate) const MAX_JSON_BYTES: usize = 8 << 20;
/// Largest body of JSON lines, and of the peer's client, which sends all it has in one request.
pub(crate) const MAX_BULK_BYTES: usize = 64 << 20;

/// Reads a body, unpacking it where its `Content-Encoding` says so.
///
/// # Errors
/// `BodyTooLarge` at once when the declared length is over `limit`, else as soon as the unpacked bytes are;
/// `InvalidRequest` when the body breaks off.
pub(crate) async fn read(request: &HttpRequest, payload: Payload, limit: usize) -> Result<Bytes, ApiError> {
    let declared =
        request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(ApiError::too_large(limit));
    }
    let stream = Decompress::from_headers(payload, request.headers());
    match to_bytes_limited(BodyStream::new(stream), limit).await {
        Err(_) => Err(ApiError::too_large(limit)),
        Ok(Err(error)) => Err(ApiError::invalid(format!("the body cannot be read: {error}"))),
        Ok(Ok(body)) => Ok(body),
    }
}
