//! Whether the server answers, what it can be asked, and what whoever asks may do.

use std::sync::LazyLock;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Json;
use actix_web::{HttpRequest, HttpResponse, Responder, get};
use paceline_schema::Scope;
use serde::Serialize;
use utoipa::ToSchema;

use super::CommonErrors;
use crate::access::{ReadAccess, scope_of};
use crate::error::ApiError;
use crate::examples;
use crate::openapi_json;

/// The server answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    pub(crate) status: &'static str,
    /// Version of Paceline.
    pub(crate) version: &'static str,
}

/// Whether the server answers.
#[utoipa::path(
    operation_id = "get_health",
    tag = "server",
    security(()),
    responses((status = 200, description = "It does.", body = Health, example = json!(examples::health())), CommonErrors)
)]
#[get("/health")]
pub(crate) async fn get_health() -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// What whoever asks may do.
#[derive(Serialize, ToSchema)]
pub(crate) struct Permitted {
    /// The widest scope; null where nothing is permitted without a token.
    pub(crate) scope: Option<Scope>,
}

/// Tells what the token of the request permits, or what is permitted without one.
///
/// A token that is none of this server is as good as none.
#[utoipa::path(
    operation_id = "get_access",
    tag = "server",
    security((), ("read_token" = [])),
    responses(
        (status = 200, description = "What is permitted.", body = Permitted, example = json!(examples::permitted())),
        CommonErrors
    )
)]
#[get("/api/v1/access")]
pub(crate) async fn get_access(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let permitted = Permitted { scope: scope_of(&request)? };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(permitted))
}

/// This document.
#[utoipa::path(
    operation_id = "get_openapi",
    tag = "server",
    responses(
        (status = 200, description = "OpenAPI 3.1.", body = Object, example = json!({ "openapi": "3.1.0" })),
        CommonErrors
    )
)]
#[get("/openapi.json")]
pub(crate) async fn get_openapi(_: ReadAccess) -> impl Responder {
    // Made when it is asked for first: it takes longer than the rest of a start.
    static DOCUMENT: LazyLock<String> = LazyLock::new(openapi_json);
    HttpResponse::Ok().content_type("application/json").body(DOCUMENT.as_str())
}
