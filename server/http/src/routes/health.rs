//! Whether the server answers, and what it can be asked.

use std::sync::LazyLock;

use actix_web::web::Json;
use actix_web::{HttpResponse, Responder, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::CommonErrors;
use crate::access::ReadAccess;
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
