//! A page from elsewhere in the place of ours: the dashboard of the peer, or one that a user wrote.
//!
//! Its folder is opened once and never left again: a name in an address can lead nowhere else, by `..` or by
//! a link as little as by an absolute path.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use actix_web::http::header::{ACCEPT, CONTENT_SECURITY_POLICY};
use actix_web::{HttpRequest, HttpResponse};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata};
use paceline_schema::ErrorCode;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::error::ApiError;
use crate::page::{Cached, send};
use crate::state::State;

/// The file that is the page.
const INDEX: &str = "index.html";
/// Where the page may ask whether it has changed; the peer's address.
const VERSION_ADDRESS: &str = "/__trackio/frontend_version";
/// Where the peer's pages look for pictures that come with the tracker, not with the page.
const PICTURES: &str = "static/trackio/";
/// The peer's page is to ask this server, not to read an export of it; a missing file would say so too, but
/// with an error in the console of the browser.
const CONFIG: &str = "config.json";
/// Tighter would break the pages there are: the peer's charts (Vega) compile their expressions, its elements
/// have inline styles, its 3D view works in threads and textures made from blobs, its HTML values are shown in
/// sandboxed frames made from text. Nothing may be loaded from or sent to another server all the same.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; \
    connect-src 'self' data: blob:; worker-src 'self' blob:; frame-src 'self' blob: data:; manifest-src 'self'; \
    frame-ancestors 'self'; base-uri 'none'; form-action 'self'";

/// Why a folder cannot be served as the page.
#[derive(Debug, thiserror::Error)]
#[error("`{path}` cannot be the web page: {reason}; name a folder that holds an `index.html`")]
pub struct FrontendError {
    path: PathBuf,
    reason: io::Error,
}

/// The folder of a page.
pub(crate) struct Frontend {
    files: Dir,
    /// Pictures of the peer, where the page lies in its package.
    pictures: Option<Dir>,
}

/// A file of the page, as it was when it was read.
struct PageFile {
    name: String,
    bytes: Vec<u8>,
    tag: String,
}

impl Frontend {
    /// Opens a folder that has an `index.html`.
    ///
    /// # Errors
    /// When there is no such folder or file, or it cannot be read.
    pub(crate) fn open(path: &Path) -> Result<Self, FrontendError> {
        let failed = |reason| FrontendError { path: path.to_owned(), reason };
        let path = path.canonicalize().map_err(failed)?;
        let files = Dir::open_ambient_dir(&path, ambient_authority()).map_err(failed)?;
        files.open(INDEX).map_err(failed)?;
        // The peer's package has them at `assets`, beside the folder `frontend` of its built page.
        let pictures = path.ends_with("frontend/dist").then(|| path.join("../../assets"));
        let pictures = pictures.and_then(|path| Dir::open_ambient_dir(path, ambient_authority()).ok());
        Ok(Self { files, pictures })
    }

    /// The file of an address without its first slash; a page without a file of that name has `None`.
    fn file(&self, name: &str) -> io::Result<Option<PageFile>> {
        let found = read(&self.files, name)?;
        let picture = || name.strip_prefix(PICTURES).zip(self.pictures.as_ref());
        Ok(match (found, picture()) {
            (None, Some((picture, pictures))) => read(pictures, picture)?,
            (found, _) => found,
        })
    }

    /// A text that changes with the files.
    fn version(&self) -> io::Result<String> {
        let mut names = Vec::new();
        list(&self.files, "", &mut names)?;
        names.sort_unstable();
        let mut digest = Sha256::new();
        names.iter().for_each(|name| digest.update(name));
        Ok(hexadecimal(&digest.finalize()))
    }
}

/// Reads a file of a folder. Names that lead out of it are as good as missing ones.
fn read(folder: &Dir, name: &str) -> io::Result<Option<PageFile>> {
    let Ok(mut file) = folder.open(name) else { return Ok(None) };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let tag = hexadecimal(&Sha256::digest(stamp(name, &metadata))[..16]);
    Ok(Some(PageFile { name: name.to_owned(), bytes, tag }))
}

/// Every file below a folder with what changes when it is written.
fn list(folder: &Dir, path: &str, names: &mut Vec<String>) -> io::Result<()> {
    for entry in folder.entries()? {
        let entry = entry?;
        let path = format!("{path}/{}", entry.file_name().to_string_lossy());
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            list(&entry.open_dir()?, &path, names)?;
        } else {
            names.push(stamp(&path, &metadata));
        }
    }
    Ok(())
}

fn stamp(name: &str, metadata: &Metadata) -> String {
    let modified = metadata.modified().map(cap_std::time::SystemTime::into_std);
    let modified = modified.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{name}\0{}\0{}\0", modified.as_nanos(), metadata.len())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Answers a request that no route took. `None` where the server has no page from elsewhere, or that page has
/// nothing there.
///
/// # Errors
/// When the files cannot be read.
pub(crate) async fn answer(request: &HttpRequest, state: &State) -> Result<Option<HttpResponse>, ApiError> {
    if state.frontend.is_none() {
        return Ok(None);
    }
    // As the router has decoded it.
    let path = request.match_info().as_str().to_owned();
    if path == VERSION_ADDRESS {
        let version = ask(state, Frontend::version).await?;
        return Ok(Some(HttpResponse::Ok().json(json!({ "version": version }))));
    }
    let name = path.trim_start_matches('/').to_owned();
    if name == CONFIG {
        return Ok(Some(HttpResponse::Ok().json(json!({ "mode": "server" }))));
    }
    let shows_page = name.is_empty() || wants_page(request, &name);
    let file = ask(state, move |page| {
        let found = if name.is_empty() { None } else { page.file(&name)? };
        // The page has addresses of its own, which it resolves itself.
        if found.is_none() && shows_page { page.file(INDEX) } else { Ok(found) }
    })
    .await?;
    Ok(file.map(|file| {
        let kind = kind_of(&file.name);
        let mut response = send(request, kind, &Cached { tag: file.tag, how: "no-cache" }, file.bytes);
        let policy = actix_web::http::header::HeaderValue::from_static(CONTENT_POLICY);
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        response
    }))
}

/// Whether what is asked for is an address of the page, not one of its files.
fn wants_page(request: &HttpRequest, name: &str) -> bool {
    let has_ending = name.rsplit('/').next().is_some_and(|last| last.contains('.'));
    accepts_html(request) || !has_ending
}

fn accepts_html(request: &HttpRequest) -> bool {
    let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    accepts.is_some_and(|text| text.contains("text/html"))
}

/// On the threads that read: files are not for the event loop.
async fn ask<T: Send + 'static>(
    state: &State,
    question: impl FnOnce(&Frontend) -> io::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    let shared = state.clone();
    state
        .ask(move |_| {
            let page = shared.frontend.as_ref().ok_or_else(|| ApiError::internal("there is no such page"))?;
            question(page).map_err(|error| {
                ApiError::new(ErrorCode::Internal, format!("a file of the page cannot be read: {error}"))
            })
        })
        .await
}

/// The media type by the ending of a name; what is unknown is never taken for a script.
fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" | "md" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "wasm" => "application/wasm",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn nothing_outside_the_folder_is_read() {
        let scratch = tempfile::tempdir().expect("a folder");
        let page = scratch.path().join("page");
        fs::create_dir(&page).expect("is made");
        assert!(Frontend::open(&page).is_err(), "a folder without index.html");
        fs::write(page.join(INDEX), "<p>page</p>").expect("is written");
        fs::write(scratch.path().join("secret.txt"), "secret").expect("is written");
        symlink("../secret.txt", page.join("relative")).expect("is made");
        symlink(scratch.path().join("secret.txt"), page.join("absolute")).expect("is made");
        symlink("..", page.join("up")).expect("is made");
        let frontend = Frontend::open(&page).expect("opens");
        let secret = scratch.path().join("secret.txt");
        let secret = secret.to_str().expect("text");
        for name in [
            "../secret.txt",
            "relative",
            "absolute",
            "up/secret.txt",
            "x/../../secret.txt",
            secret,
            "",
            ".",
            "/",
        ] {
            assert!(frontend.file(name).expect("asked").is_none(), "{name}");
        }
        assert_eq!(frontend.file(INDEX).expect("asked").expect("it is there").bytes, b"<p>page</p>");
    }

    #[test]
    fn the_version_changes_with_the_files() {
        let page = tempfile::tempdir().expect("a folder");
        fs::create_dir(page.path().join("assets")).expect("is made");
        fs::write(page.path().join(INDEX), "<p>page</p>").expect("is written");
        let frontend = Frontend::open(page.path()).expect("opens");
        let first = frontend.version().expect("read");
        assert_eq!(first, frontend.version().expect("read"));
        fs::write(page.path().join("assets/app.js"), "1").expect("is written");
        assert_ne!(first, frontend.version().expect("read"));
    }
}
