//! Bodies, read no further than their limit.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;

use actix_web::dev::Decompress;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{FromRequest, HttpRequest, dev};
use futures_util::StreamExt;
use paceline_schema::ErrorCode;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// Largest JSON body.
pub(crate) const MAX_JSON_BYTES: usize = 8 << 20;
/// Largest body of JSON lines, and of the peer's client, which sends all it has in one request.
pub(crate) const MAX_BULK_BYTES: usize = 64 << 20;
/// A body may unpack to so many times its size; rows pack to a tenth at most.
const MAX_RATIO: usize = 100;
/// Less than this is never too much for its size.
const UNSUSPICIOUS_BYTES: usize = 1 << 20;

/// Reads a body, unpacking it where its `Content-Encoding` says so.
///
/// # Errors
/// `BodyTooLarge` at once when the declared length is over `limit`, else as soon as the unpacked bytes are, or
/// are too many for what was sent; `UnsupportedMediaType` when it is packed in another way than gzip, deflate
/// or zstd; `InvalidRequest` when the body breaks off.
pub(crate) async fn read(request: &HttpRequest, payload: Payload, limit: usize) -> Result<Bytes, ApiError> {
    let declared =
        request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(ApiError::too_large(limit));
    }
    check_encoding(request)?;
    let sent = Rc::new(Cell::new(0));
    let count = Rc::clone(&sent);
    let counted = payload.inspect(move |piece| {
        count.set(count.get() + piece.as_ref().map_or(0, Bytes::len));
    });
    let mut unpacked = Decompress::from_headers(counted, request.headers());
    let mut body = BytesMut::new();
    while let Some(piece) = unpacked.next().await {
        let piece = piece.map_err(|error| ApiError::invalid(format!("the body cannot be read: {error}")))?;
        let length = body.len() + piece.len();
        if length > limit {
            return Err(ApiError::too_large(limit));
        }
        if length > UNSUSPICIOUS_BYTES && length / MAX_RATIO > sent.get() {
            return Err(ApiError::new(
                ErrorCode::BodyTooLarge,
                format!("the body unpacks to more than {MAX_RATIO} times its size"),
            ));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

fn check_encoding(request: &HttpRequest) -> Result<(), ApiError> {
    let Some(encoding) = request.headers().get(CONTENT_ENCODING) else { return Ok(()) };
    let encoding = encoding.to_str().unwrap_or_default();
    if ["identity", "gzip", "deflate", "zstd"].iter().any(|known| encoding.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    let message = format!("the body is packed as `{}`", encoding.escape_default());
    Err(ApiError::new(ErrorCode::UnsupportedMediaType, message)
        .with_hint("pack it with gzip or zstd, or not at all"))
}

/// What `Content-Type` declares, without its parameters, in lower case.
pub(crate) fn declared_type(request: &HttpRequest) -> String {
    let declared = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    declared.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A body that is one JSON object.
pub(crate) struct JsonObject<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonObject<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let (request, payload) = (request.clone(), Payload::from_request(request, payload).into_inner());
        Box::pin(async move {
            if declared_type(&request) != "application/json" {
                return Err(ApiError::new(
                    ErrorCode::UnsupportedMediaType,
                    "the body is not declared as JSON",
                ));
            }
            let payload = payload.map_err(|error| ApiError::of(&error))?;
            let body = read(&request, payload, MAX_JSON_BYTES).await?;
            // The parser would take an array for an object whose fields have lost their names.
            if body.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
                return Err(ApiError::invalid("the body is not a JSON object"));
            }
            let parsed = serde_json::from_slice(&body);
            parsed.map(Self).map_err(|error| ApiError::invalid(format!("the body does not parse: {error}")))
        })
    }
}
