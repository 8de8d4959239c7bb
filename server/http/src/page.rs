//! What answers where no route does: the web page, or that there is nothing.

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, EntityTag, LOCATION, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};
use paceline_schema::{ErrorCode, Scope};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::sync::LazyLock;

use crate::access::{self, AddressToken, TOKEN_COOKIE};
use crate::error::ApiError;
use crate::state::State;
use crate::{etag, frontend, logo, openapi};

/// The built web page; empty until it is built.
#[derive(RustEmbed)]
#[folder = "../dashboard/dist"]
#[allow_missing = true]
struct Page;

/// Every file of the built page with its path, which begins with no slash; none where it is not built.
pub fn page_files() -> impl Iterator<Item = (String, Vec<u8>)> {
    Page::iter().filter_map(|path| Some((path.to_string(), Page::get(&path)?.data.into_owned())))
}

const NOT_BUILT: &str = "This build of Paceline has no web page; `make build` makes one. \
    The API works: see /openapi.json.\n";
const TOKEN_NEEDED: &str = "This server shows nothing without a token. Open the link that `paceline serve` printed \
    at its start (it works once), or add `?write_token=TOKEN` with a token of `paceline token create --scope read` \
    to this address. Programs send `Authorization: Bearer TOKEN`.\n";
/// Where agents look for what a site can tell them; see <https://llmstxt.org>.
const GUIDE_NAME: &str = "llms.txt";
const GUIDE: &str = include_str!("../../../docs/llms.txt");
/// Names under this folder hold a hash of what is in them.
const HASHED: &str = "assets/";
/// How long the browser keeps the write token; the peer's.
const COOKIE_SECONDS: u32 = 7 * 24 * 60 * 60;

/// Answers a request that no route took.
pub(crate) async fn answer(request: HttpRequest, state: State) -> Result<HttpResponse, ApiError> {
    refuse_other_methods(&request)?;
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reading || request.path().starts_with("/api/") {
        return Err(not_found(&request));
    }
    if let Some(token) = token_in_query(&request) {
        return Ok(move_token_to_cookie(&request, &state, &token));
    }
    if wants_page(&request) && access::check(&request, Scope::Read).is_err() {
        let text = HttpResponse::Unauthorized().content_type("text/plain; charset=utf-8").body(TOKEN_NEEDED);
        return Ok(text);
    }
    if let Some(response) = frontend::answer(&request, &state).await? {
        return Ok(response);
    }
    let name = request.path().trim_start_matches('/');
    if let Some(picture) = logo::answer(request.path()) {
        return Ok(picture);
    }
    if name == GUIDE_NAME {
        return Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(GUIDE));
    }
    let name = if name.is_empty() { "index.html" } else { name };
    if let Some(file) = Page::get(name) {
        return Ok(serve_file(&request, name, &file));
    }
    let wants_page = wants_page(&request);
    match Page::get("index.html") {
        // The page has addresses of its own, which it resolves itself.
        Some(file) if wants_page => Ok(serve_file(&request, "index.html", &file)),
        None if wants_page => {
            Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(NOT_BUILT))
        }
        _ => Err(not_found(&request)),
    }
}

/// Whether the page itself is asked for, not a file that belongs to it.
pub(crate) fn wants_page(request: &HttpRequest) -> bool {
    let accepted = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    matches!(request.path().trim_start_matches('/'), "" | "index.html") || accepted.contains("text/html")
}

fn not_found(request: &HttpRequest) -> ApiError {
    ApiError::new(ErrorCode::RouteNotFound, format!("there is nothing at `{}`", request.path()))
}

/// Tells an address that is not there from one that takes other methods; actix's router does not.
fn refuse_other_methods(request: &HttpRequest) -> Result<(), ApiError> {
    static ADDRESSES: LazyLock<Vec<(ResourceDef, String)>> = LazyLock::new(|| {
        let document = serde_json::to_value(openapi::document()).unwrap_or_default();
        let paths = document["paths"].as_object().cloned().unwrap_or_default();
        let allow = |item: &serde_json::Value| {
            let methods = item.as_object().into_iter().flat_map(|operations| operations.keys());
            methods.map(|method| method.to_ascii_uppercase()).collect::<Vec<_>>().join(", ")
        };
        paths.iter().map(|(path, item)| (ResourceDef::new(path.as_str()), allow(item))).collect()
    });
    match ADDRESSES.iter().find(|(address, _)| address.is_match(request.path())) {
        Some((_, allow)) => {
            Err(ApiError::method_not_allowed(request.method().as_str(), request.path(), allow.clone()))
        }
        None => Ok(()),
    }
}

fn serve_file(request: &HttpRequest, name: &str, file: &EmbeddedFile) -> HttpResponse {
    let tag = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let how = if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let kind = file.metadata.mimetype();
    let charset = if kind.starts_with("text/") { "; charset=utf-8" } else { "" };
    send(request, &format!("{kind}{charset}"), &Cached { tag, how }, file.data.clone().into_owned())
}

/// How a browser may keep a file.
pub(crate) struct Cached {
    /// Changes with the file.
    pub(crate) tag: String,
    /// The value of `Cache-Control`.
    pub(crate) how: &'static str,
}

/// Sends a file, unless the browser has it as it is.
pub(crate) fn send(request: &HttpRequest, kind: &str, cached: &Cached, bytes: Vec<u8>) -> HttpResponse {
    let tag = EntityTag::new_weak(cached.tag.clone());
    let (mut response, is_known) = etag::begin(request, &tag);
    response.insert_header((CACHE_CONTROL, cached.how));
    if is_known { response.finish() } else { response.content_type(kind).body(bytes) }
}

fn token_in_query(request: &HttpRequest) -> Option<AddressToken<'_>> {
    request.query_string().split('&').find_map(|pair| {
        let launch = pair.strip_prefix("token=").map(AddressToken::Launch);
        launch.or_else(|| pair.strip_prefix("write_token=").map(AddressToken::Token))
    })
}

/// A token in an address would stay in history and logs.
fn move_token_to_cookie(request: &HttpRequest, state: &State, token: &AddressToken<'_>) -> HttpResponse {
    let is_token = |pair: &&str| pair.starts_with("write_token=") || pair.starts_with("token=");
    let rest: Vec<&str> = request.query_string().split('&').filter(|pair| !is_token(pair)).collect();
    // A path of its own scheme and host: `//evil.com` would be an address elsewhere.
    let path = format!("/{}", request.path().trim_start_matches('/'));
    let location = if rest.is_empty() { path } else { format!("{path}?{}", rest.join("&")) };
    let mut response = HttpResponse::SeeOther();
    response.insert_header((LOCATION, location));
    // What asks with HEAD only looks where the link leads.
    let opens = *request.method() == Method::GET;
    if let Some(content) = opens.then(|| state.access.cookie_for(request, token)).flatten() {
        let secure = if state.is_secure { "; Secure" } else { "" };
        let cookie = format!(
            "{TOKEN_COOKIE}={content}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict{secure}"
        );
        response.insert_header((SET_COOKIE, cookie));
    }
    response.finish()
}
