//! The web page as it lies in a snapshot: told that it has no server, and with a policy of its own, since not every web
//! server sends one.

use paceline_hub::parquet::{Contents, SnapshotFile};
use paceline_schema::Timestamp;

use crate::failure::Failure;

/// What a Space of Hugging Face is made by, and a person reads first.
const CARD: &str = "README.md";
const INDEX: &str = "index.html";
const HEAD: &str = "<head>";
/// What the server sends as a header, as far as a page may say it. Data may come from the Hub, where the configuration
/// says that it lies there.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob: https://huggingface.co https://*.hf.co; \
    media-src 'self' blob: https://huggingface.co https://*.hf.co; font-src 'self'; \
    connect-src 'self' https://huggingface.co https://*.hf.co; manifest-src 'self'; worker-src 'self'; frame-src 'self'; \
    base-uri 'none'; form-action 'none'";

/// The files of the page.
pub(super) fn files(frozen_at: Timestamp) -> Result<Vec<SnapshotFile>, Failure> {
    let mut files: Vec<SnapshotFile> = Vec::new();
    for (path, bytes) in paceline_http::page_files() {
        let bytes = if path == INDEX { frozen(&bytes, frozen_at) } else { bytes };
        files.push(SnapshotFile { path, contents: Contents::Bytes(bytes), once: false });
    }
    if files.is_empty() {
        return Err(Failure::new("this build has no web page to freeze", "`make build` makes one with it"));
    }
    Ok(files)
}

/// The page, told since when nothing changes any more.
fn frozen(page: &[u8], frozen_at: Timestamp) -> Vec<u8> {
    let told = format!(
        "{HEAD}\n    <meta http-equiv=\"Content-Security-Policy\" content=\"{CONTENT_POLICY}\" />\n    \
         <meta name=\"paceline-frozen\" content=\"{frozen_at}\" />"
    );
    String::from_utf8_lossy(page).replacen(HEAD, &told, 1).into_bytes()
}

/// The card of a Space, which says that its files are to be served as they are.
pub(super) fn card(project: &str) -> SnapshotFile {
    let text = format!(
        "---\ntitle: {}\nsdk: static\npinned: false\ntags:\n  - trackio\n---\n\nA snapshot of the project \
         `{project}`: open `index.html` by any web server.\n",
        // JSON is YAML, and a name may hold what means something else there.
        serde_json::Value::from(project)
    );
    SnapshotFile { path: CARD.to_owned(), contents: Contents::Bytes(text.into_bytes()), once: true }
}
