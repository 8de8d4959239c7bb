//! Files that users stored, sent so that a browser never runs them as a page of ours.
//!
//! What a file is, its own bytes decide: pictures, sound and video are shown in place, everything else is
//! offered for saving. A stored page is shown in a sandbox that shares nothing with this server.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use actix_web::web::{Bytes, block};
use actix_web::{HttpRequest, HttpResponse, body::SizedStream};
use futures_util::stream::try_unfold;
use infer::MatcherType;

use crate::error::ApiError;

/// Bytes of a file that are looked at to see what it is.
const SNIFFED_BYTES: usize = 8 << 10;
/// Bytes read and sent at a time.
const CHUNK_BYTES: u64 = 256 << 10;
/// A stored page runs its own scripts and those of the plotting library that such pages load, in an origin of
/// its own, and reaches nothing else.
const PAGE_POLICY: &str = "sandbox allow-scripts allow-downloads; default-src 'none'; \
    script-src 'unsafe-inline' 'unsafe-eval' blob: https://cdn.plot.ly; style-src 'unsafe-inline'; \
    img-src data: blob:; font-src data:; media-src data: blob:; worker-src blob:; \
    frame-ancestors 'self'; base-uri 'none'; form-action 'none'";
/// What is unknown may do nothing at all.
const BLOB_POLICY: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

/// How a file is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Shown where it is asked for.
    Shown(&'static str),
    /// A stored page.
    Page,
    /// Offered for saving.
    Saved,
}

impl Kind {
    fn of(name: &str, beginning: &[u8]) -> Self {
        let ending = Path::new(name).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let found = infer::get(beginning);
        let is_played = |kind: &infer::Type| {
            matches!(kind.matcher_type(), MatcherType::Image | MatcherType::Audio | MatcherType::Video)
        };
        if let Some(kind) = found.filter(is_played) {
            return Self::Shown(kind.mime_type());
        }
        // Types no browser shows by itself; the viewer of the page reads them.
        match ending.to_ascii_lowercase().as_str() {
            "html" | "htm" => Self::Page,
            "glb" => Self::Shown("model/gltf-binary"),
            "gltf" => Self::Shown("model/gltf+json"),
            "obj" => Self::Shown("model/obj"),
            "stl" => Self::Shown("model/stl"),
            "ply" | "splat" => Self::Shown("application/octet-stream"),
            _ => Self::Saved,
        }
    }
}

/// A stored file, opened, with what its answer needs.
pub(crate) struct StoredFile {
    file: Arc<File>,
    /// Name it is saved under; empty where it has none of its own.
    name: String,
    bytes: u64,
    tag: String,
    kind: Kind,
}

impl StoredFile {
    /// Looks at an open file. Touches the disk.
    ///
    /// # Errors
    /// `Internal` when it cannot be read.
    pub(crate) fn examine(file: File, path: &str) -> Result<Self, ApiError> {
        Self::try_examine(file, path).map_err(|error| ApiError::internal(format!("`{path}`: {error}")))
    }

    fn try_examine(file: File, path: &str) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let mut beginning = vec![0; SNIFFED_BYTES];
        let length = file.read_at(&mut beginning, 0)?;
        let written = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        Ok(Self {
            kind: Kind::of(&name, &beginning[..length]),
            file: Arc::new(file),
            name,
            bytes: metadata.len(),
            tag: format!("\"{:x}-{:x}\"", written.as_nanos(), metadata.len()),
        })
    }

    /// The same, offered for saving whatever it is, under whatever name a link gives it.
    pub(crate) fn saved_unnamed(self) -> Self {
        Self { kind: Kind::Saved, name: String::new(), ..self }
    }

    /// The answer: the whole file, the part that was asked for, or that the caller has it.
    pub(crate) fn respond(self, request: &HttpRequest) -> HttpResponse {
        let headers = request.headers();
        let (content_type, policy, disposition) = match self.kind {
            Kind::Shown(content_type) => (content_type, BLOB_POLICY, "inline".to_owned()),
            Kind::Page => ("text/html; charset=utf-8", PAGE_POLICY, "inline".to_owned()),
            Kind::Saved if self.name.is_empty() => {
                ("application/octet-stream", BLOB_POLICY, "attachment".to_owned())
            }
            Kind::Saved => {
                let name = percent_encoded(&self.name);
                ("application/octet-stream", BLOB_POLICY, format!("attachment; filename*=UTF-8''{name}"))
            }
        };
        if text(headers, IF_NONE_MATCH.as_str()).split(',').any(|known| known.trim() == self.tag) {
            // The browser replaces the headers of what it kept by these (RFC 9111, 3.2).
            return HttpResponse::NotModified()
                .insert_header((CONTENT_SECURITY_POLICY, policy))
                .insert_header((CONTENT_DISPOSITION, disposition))
                .insert_header((ETAG, self.tag))
                .insert_header((CACHE_CONTROL, "no-cache"))
                .finish();
        }
        let if_range = text(headers, IF_RANGE.as_str());
        let range = text(headers, RANGE.as_str());
        let range = Some(range).filter(|_| if_range.is_empty() || if_range == self.tag);
        let (status, first, length) = match range.map_or(Part::Whole, |range| Part::of(range, self.bytes)) {
            Part::Whole => (StatusCode::OK, 0, self.bytes),
            Part::Of { first, length } => (StatusCode::PARTIAL_CONTENT, first, length),
        };
        let mut response = HttpResponse::build(status);
        if status == StatusCode::PARTIAL_CONTENT {
            let last = first + length - 1;
            response.insert_header((CONTENT_RANGE, format!("bytes {first}-{last}/{}", self.bytes)));
        }
        response
            .insert_header((CONTENT_TYPE, content_type))
            .insert_header((CONTENT_SECURITY_POLICY, policy))
            .insert_header((CONTENT_DISPOSITION, disposition))
            .insert_header((CACHE_CONTROL, "no-cache"))
            .insert_header((ETAG, self.tag))
            .insert_header((ACCEPT_RANGES, "bytes"))
            // A part of a file is a part of its bytes as they are.
            .insert_header((CONTENT_ENCODING, "identity"));
        let (file, end) = (self.file, first + length);
        let chunks = try_unfold(first, move |position| {
            let file = Arc::clone(&file);
            async move {
                if position >= end {
                    return Ok::<_, actix_web::Error>(None);
                }
                let mut chunk = vec![0; CHUNK_BYTES.min(end - position) as usize];
                let read = block(move || file.read_exact_at(&mut chunk, position).map(|()| chunk));
                let chunk = read.await??;
                let next = position + chunk.len() as u64;
                Ok(Some((Bytes::from(chunk), next)))
            }
        });
        response.body(SizedStream::new(length, chunks))
    }
}

/// Which bytes a request asks for.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Of { first: u64, length: u64 },
}

impl Part {
    /// Reads a `Range` header; several ranges, none, or one outside of the file mean the whole (RFC 9110, 14.2).
    fn of(header: &str, bytes: u64) -> Self {
        let Some((first, last)) = header.strip_prefix("bytes=").and_then(|range| range.split_once('-'))
        else {
            return Self::Whole;
        };
        let (first, last) = match (first.trim(), last.trim()) {
            ("", last) => match last.parse::<u64>() {
                Ok(count) => (bytes.saturating_sub(count), bytes.checked_sub(1).filter(|_| count > 0)),
                Err(_) => return Self::Whole,
            },
            (first, "") => match first.parse() {
                Ok(first) => (first, bytes.checked_sub(1)),
                Err(_) => return Self::Whole,
            },
            (first, last) => match (first.parse(), last.parse::<u64>()) {
                (Ok(first), Ok(last)) if first <= last => {
                    (first, bytes.checked_sub(1).map(|end| end.min(last)))
                }
                _ => return Self::Whole,
            },
        };
        match last.and_then(|last| last.checked_sub(first)) {
            Some(rest) => Self::Of { first, length: rest + 1 },
            None => Self::Whole,
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// As the parameter `filename*` of RFC 8187 needs it.
fn percent_encoded(name: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    name.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_decide_what_a_file_is() {
        assert_eq!(Kind::of("a.txt", b"\x89PNG\r\n\x1a\n0000"), Kind::Shown("image/png"));
        assert_eq!(Kind::of("a.glb", b"glTF\x02\0\0\0"), Kind::Shown("model/gltf-binary"));
        assert_eq!(Kind::of("a.HTML", b"<p>"), Kind::Page);
        for (name, bytes) in [
            ("a.svg", &b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"[..]),
            ("a.png", b"<html><script>alert(1)</script>"),
            ("a.xml", b"<?xml version='1.0'?><x/>"),
            ("a.pdf", b"%PDF-1.7"),
            ("a.js", b"alert(1)"),
            ("html", b"<html>"),
            ("", b""),
        ] {
            assert_eq!(Kind::of(name, bytes), Kind::Saved, "{name}");
        }
    }

    #[test]
    fn ranges() {
        let part = |first, length| Part::Of { first, length };
        for (header, expected) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=2-", part(2, 8)),
            ("bytes=-3", part(7, 3)),
            ("bytes=-99", part(0, 10)),
            ("bytes=5-99", part(5, 5)),
            ("bytes=10-", Part::Whole),
            ("bytes=-0", Part::Whole),
            ("bytes=10-12", Part::Whole),
            ("bytes=3-2", Part::Whole),
            ("bytes=0-1,4-5", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("lines=0-1", Part::Whole),
            ("", Part::Whole),
        ] {
            assert_eq!(Part::of(header, 10), expected, "{header}");
        }
        assert_eq!(Part::of("bytes=0-", 0), Part::Whole);
    }
}
