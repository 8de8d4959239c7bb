//! The application: middleware in its order, routes, and what answers when no route does.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, Error, web};
use utoipa_actix_web::AppExt;

use crate::body::MAX_JSON_BYTES;
use crate::state::State;
use crate::{compat, guard, jobs, mcp, observe, page, routes, telemetry};

/// One application; each worker makes its own around the shared state.
pub(crate) fn build(
    state: State,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(state)
        .app_data(web::JsonConfig::default().limit(MAX_JSON_BYTES))
        .into_utoipa_app()
        .configure(routes::configure)
        .configure(compat::configure)
        .map(|app| {
            // The last one wrapped is the first one asked.
            app.service(
                web::resource("/metrics").get(telemetry::answer).default_service(web::to(page::answer)),
            )
            .service(web::resource([mcp::PATH, mcp::PATH_OF_FOLDER]).route(web::to(mcp::answer)))
            .configure(jobs::configure)
            .default_service(web::to(page::answer))
            .wrap(Compress::default())
            .wrap(from_fn(guard::guard))
            .wrap(from_fn(observe::observe))
        })
        .into_app()
}
