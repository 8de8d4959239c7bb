//! The one error of every route, and the body it becomes.

use std::fmt;

use actix_web::error::{JsonPayloadError, PathError, PayloadError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use paceline_mcp::Fault;
use paceline_query::QueryError;
use paceline_schema::{ErrorBody, ErrorCode};
use paceline_storage::StorageError;
use serde_json::json;

/// An answer that is not a success. `observe` gives it its body, since only there the request id is known.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    code: ErrorCode,
    message: String,
    hint: String,
    details: serde_json::Value,
    allow: Option<String>,
    retry_after_seconds: Option<u16>,
}

impl ApiError {
    /// With the hint of the code.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: code.hint().to_owned(),
            details: json!({}),
            allow: None,
            retry_after_seconds: None,
        }
    }

    /// A parameter or body that does not mean what is needed.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, message)
    }

    /// Something unforeseen; `message` goes to the log only.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Internal, message)
    }

    /// A body over the limit.
    pub(crate) fn too_large(limit_bytes: usize) -> Self {
        Self::new(ErrorCode::BodyTooLarge, format!("the body is larger than {limit_bytes} bytes"))
            .with_details(json!({ "limit_bytes": limit_bytes }))
    }

    /// A method the address does not take.
    pub(crate) fn method_not_allowed(method: &str, path: &str, allow: String) -> Self {
        let message = format!("`{path}` does not take `{method}`, only `{allow}`");
        Self { allow: Some(allow), ..Self::new(ErrorCode::MethodNotAllowed, message) }
    }

    /// Which kind it is.
    pub(crate) fn code(&self) -> ErrorCode {
        self.code
    }

    /// What went wrong.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The way out.
    pub(crate) fn hint(&self) -> &str {
        &self.hint
    }

    /// As somebody is told it who asks in another way than by HTTP.
    pub(crate) fn fault(&self) -> Fault {
        if self.status_code().is_server_error() {
            tracing::error!("{self}");
        }
        Fault::of(self.code, self.message.clone(), self.hint.clone())
    }

    /// With another way out.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// With the time to wait before the next attempt.
    pub(crate) fn with_retry_after(self, seconds: u16) -> Self {
        Self { retry_after_seconds: Some(seconds), ..self }
    }

    /// With figures and names that go with it.
    pub(crate) fn with_details(self, details: serde_json::Value) -> Self {
        Self { details, ..self }
    }

    /// From whatever a handler, an extractor or actix itself refused a request with.
    pub(crate) fn of(error: &actix_web::Error) -> Self {
        if let Some(error) = error.as_error::<Self>() {
            return error.clone();
        }
        if let Some(error) = error.as_error::<JsonPayloadError>() {
            return Self::of_json(error);
        }
        if let Some(PayloadError::Overflow) = error.as_error::<PayloadError>() {
            return Self::new(ErrorCode::BodyTooLarge, "the body is too large");
        }
        if let Some(error) = error.as_error::<QueryPayloadError>() {
            return Self::invalid(format!("the query does not parse: {error}"));
        }
        if let Some(error) = error.as_error::<PathError>() {
            return Self::invalid(format!("the address does not parse: {error}"));
        }
        if error.as_response_error().status_code().is_client_error() {
            Self::invalid("the request cannot be read")
        } else {
            Self::internal(error.to_string())
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is not exhaustive")]
    fn of_json(error: &JsonPayloadError) -> Self {
        match error {
            JsonPayloadError::Overflow { limit } | JsonPayloadError::OverflowKnownLength { limit, .. } => {
                Self::too_large(*limit)
            }
            JsonPayloadError::ContentType => {
                Self::new(ErrorCode::UnsupportedMediaType, "the body is not declared as JSON")
            }
            JsonPayloadError::Deserialize(error) => {
                Self::invalid(format!("the body does not parse: {error}"))
            }
            _ => Self::invalid("the body cannot be read"),
        }
    }

    /// The answer. What went wrong inside is for the log, so a 5xx only says which kind it is.
    pub(crate) fn response(&self, request_id: &str) -> HttpResponse {
        let outside = self.code.outside();
        let body = ErrorBody {
            error: outside.map_or_else(|| self.message.clone(), str::to_owned),
            code: self.code.as_str().to_owned(),
            hint: if outside.is_some() { self.code.hint().to_owned() } else { self.hint.clone() },
            details: if outside.is_some() { json!({}) } else { self.details.clone() },
            request_id: request_id.to_owned(),
        };
        let mut response = HttpResponse::build(self.status_code());
        match self.status_code() {
            StatusCode::SERVICE_UNAVAILABLE => response.insert_header((RETRY_AFTER, "1")),
            StatusCode::UNAUTHORIZED => response.insert_header((WWW_AUTHENTICATE, "Bearer")),
            _ => &mut response,
        };
        if let Some(seconds) = self.retry_after_seconds {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        if let Some(allow) = &self.allow {
            response.insert_header((ALLOW, allow.as_str()));
        }
        response.json(body)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        let details = Some(error.details()).filter(|details| !details.is_null()).unwrap_or_else(|| json!({}));
        Self::new(error.code(), error.to_string()).with_hint(error.hint()).with_details(details)
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<paceline_schema::artifact::InvalidArtifact> for ApiError {
    fn from(error: paceline_schema::artifact::InvalidArtifact) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<paceline_schema::names::InvalidName> for ApiError {
    fn from(error: paceline_schema::names::InvalidName) -> Self {
        Self::new(ErrorCode::InvalidName, error.to_string())
    }
}
