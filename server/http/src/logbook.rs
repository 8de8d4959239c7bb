//! A preview of a logbook: its pages as HTML on this machine, read anew for each request, and nothing to change.
//!
//! No page has a script. The HTML of a figure is somebody's own: it is shown in a frame of its own without an
//! origin, from an address whose answer forbids it to load or send anything but Plotly's library.

mod html;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::{Next, from_fn};
use actix_web::rt::System;
use actix_web::{App, Error, HttpResponse, HttpServer, ResponseError, web};
use paceline_logbook::{INDEX, Logbook, LogbookFault, figure_parts, picture_kind};
use std::path::Path;

use crate::config::Port;
use crate::guard::AllowedHosts;
use crate::server::{Ends, ServeError, Stopper, listen};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Nothing runs, and everything comes from here.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// What a figure may: run, in a frame without an origin, and load the one library that figures are made with.
const FIGURE_POLICY: &str = "sandbox allow-scripts; default-src 'none'; \
    script-src 'unsafe-inline' 'unsafe-eval' https://cdn.plot.ly; style-src 'unsafe-inline'; img-src data: blob:; \
    font-src data:; media-src data:; worker-src blob:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'";
/// A picture runs nothing, whatever is in it.
const PICTURE_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'";
const STYLE: &str = include_str!("logbook/style.css");

/// What is shown, and where.
#[derive(Debug)]
pub struct LogbookPreview {
    /// The logbook.
    pub logbook: Logbook,
    /// Port of the loopback address.
    pub port: Port,
}

/// Serves a preview until SIGINT or SIGTERM. `on_ready` is called once with its address, when requests are answered.
///
/// # Errors
/// When the port is taken or the system fails the server.
pub fn serve_logbook(preview: LogbookPreview, on_ready: impl FnOnce(&str)) -> Result<(), ServeError> {
    let listener = listen(LOOPBACK, preview.port)?;
    let url = format!("http://localhost:{}/", listener.local_addr()?.port());
    let hosts = AllowedHosts::new("127.0.0.1", LOOPBACK, &[]);
    let hosts = web::Data::new(hosts.map_err(|name| ServeError::AllowedHost { name })?);
    let logbook = web::Data::from(Arc::new(preview.logbook));
    let application = move || {
        App::new()
            .app_data(hosts.clone())
            .app_data(logbook.clone())
            .wrap(from_fn(attend))
            .route("/", web::get().to(first_page))
            .route("/pages/{slug}", web::get().to(page))
            .route("/figures/{id}", web::get().to(figure))
            .route("/media/{path:.*}", web::get().to(picture))
            .route("/sessions", web::get().to(sessions))
            .route("/files", web::get().to(files))
            .route("/style.css", web::get().to(style))
    };
    System::new().block_on(async {
        let server = HttpServer::new(application).workers(1).disable_signals().listen(listener)?.run();
        let handle = server.handle();
        let mut running = actix_web::rt::spawn(server);
        let mut ends = Ends::new(Stopper::default())?;
        on_ready(&url);
        tokio::select! {
            ended = &mut running => return ended.map_err(std::io::Error::other)?,
            asked = ends.asked() => asked?,
        }
        handle.stop(false).await;
        Ok::<_, std::io::Error>(())
    })?;
    Ok(())
}

/// Turns away requests that no page of ours makes, and puts the headers on.
async fn attend(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let refused = request.app_data::<web::Data<AllowedHosts>>().map(|hosts| hosts.check(&request));
    let mut response = match refused {
        Some(Ok(())) => next.call(request).await?.map_into_boxed_body(),
        Some(Err(error)) => {
            let status = error.status_code();
            request.into_response(plain(HttpResponse::build(status).finish(), &error.to_string()))
        }
        None => request.into_response(HttpResponse::Forbidden().finish()),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    Ok(response)
}

fn plain(response: HttpResponse, text: &str) -> HttpResponse {
    let mut response = response.set_body(BoxBody::new(format!("{text}\n")));
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(actix_web::http::header::CONTENT_TYPE, kind);
    response
}

/// Asks the logbook on a thread that may wait for a disk.
async fn ask(
    logbook: web::Data<Logbook>,
    question: impl FnOnce(&Logbook) -> Result<Parts, LogbookFault> + Send + 'static,
) -> HttpResponse {
    let asked =
        web::block(move || question(&logbook).map_err(|fault| (is_missing(&fault), fault.to_string())));
    match asked.await {
        Ok(Ok(parts)) => parts.response(),
        Ok(Err((true, message))) => plain(HttpResponse::NotFound().finish(), &message),
        Ok(Err((false, message))) => plain(HttpResponse::InternalServerError().finish(), &message),
        Err(_) => plain(HttpResponse::InternalServerError().finish(), "the preview is ending"),
    }
}

fn is_missing(fault: &LogbookFault) -> bool {
    matches!(fault, LogbookFault::NoPage { .. } | LogbookFault::NoCell { .. } | LogbookFault::NoFile { .. })
}

async fn first_page(logbook: web::Data<Logbook>) -> HttpResponse {
    ask(logbook, |logbook| html::page(logbook, INDEX).map(Parts::page)).await
}

async fn page(logbook: web::Data<Logbook>, slug: web::Path<String>) -> HttpResponse {
    ask(logbook, move |logbook| html::page(logbook, &slug).map(Parts::page)).await
}

async fn sessions(logbook: web::Data<Logbook>) -> HttpResponse {
    ask(logbook, |logbook| html::text(logbook, "Sessions", &logbook.sessions_view()).map(Parts::page)).await
}

async fn files(logbook: web::Data<Logbook>) -> HttpResponse {
    ask(logbook, |logbook| html::text(logbook, "Files", &logbook.workspace_view()).map(Parts::page)).await
}

async fn figure(logbook: web::Data<Logbook>, id: web::Path<String>) -> HttpResponse {
    ask(logbook, move |logbook| {
        let (_, cell) = logbook.cell(&id)?;
        let (html, _) = figure_parts(&cell.body);
        let body = format!("<!doctype html>\n<meta charset=\"utf-8\">\n{html}");
        Ok(Parts { kind: "text/html; charset=utf-8", policy: FIGURE_POLICY, body: body.into_bytes() })
    })
    .await
}

async fn picture(logbook: web::Data<Logbook>, path: web::Path<String>) -> HttpResponse {
    ask(logbook, move |logbook| {
        let missing = || LogbookFault::NoFile { path: Path::new("media").join(&*path) };
        let kind = picture_kind(Path::new(&*path)).ok_or_else(missing)?;
        let body = logbook.media(&path)?.ok_or_else(missing)?;
        Ok(Parts { kind, policy: PICTURE_POLICY, body })
    })
    .await
}

async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(STYLE)
}

/// What an answer is made of.
struct Parts {
    kind: &'static str,
    policy: &'static str,
    body: Vec<u8>,
}

impl Parts {
    fn page(html: String) -> Self {
        Self { kind: "text/html; charset=utf-8", policy: PAGE_POLICY, body: html.into_bytes() }
    }

    fn response(self) -> HttpResponse {
        HttpResponse::Ok()
            .content_type(self.kind)
            .insert_header((CONTENT_SECURITY_POLICY, self.policy))
            .body(self.body)
    }
}
