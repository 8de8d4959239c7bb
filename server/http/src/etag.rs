//! Entity tags: what a client has already need not be sent again.

use std::hash::{DefaultHasher, Hash, Hasher};

use actix_web::HttpRequest;
use actix_web::http::header::{ETAG, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpResponse, HttpResponseBuilder};

/// The tag of a content; weak, since compression may come between.
pub(crate) fn tag_of(content: &[u8]) -> EntityTag {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    EntityTag::new_weak(format!("{:016x}", hasher.finish()))
}

/// Begins the answer to a GET whose content has this tag: 304 when the client has it already. The tag is set.
pub(crate) fn begin(request: &HttpRequest, tag: &EntityTag) -> (HttpResponseBuilder, bool) {
    let known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    };
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, tag.to_string()));
    (response, known)
}
