//! The web page, or the sentence that stands in for it.

use crate::support::TestServer;

#[test]
fn the_first_address_answers_in_every_build() {
    let server = TestServer::start();
    let answer = server.get("/");
    assert_eq!(answer.status, 200);
    let kind = answer.header("content-type");
    assert!(kind.starts_with("text/html") || answer.text.contains("`make build`"), "{kind} {}", answer.text);
}

#[test]
fn addresses_of_the_page_need_a_browser_and_addresses_of_the_api_are_never_the_page() {
    let server = TestServer::start();
    let browser = [("accept", "text/html,application/xhtml+xml")];
    assert_eq!(server.get_with("/runs/some/run", &browser).text, server.get("/").text);
    assert_eq!(server.get("/runs/some/run").status, 404);
    assert_eq!(server.get_with("/api/v1/nothing", &browser).status, 404);
    assert_eq!(server.get_with("/../../etc/passwd", &browser).text, server.get("/").text);
}

#[test]
fn a_page_that_is_known_is_not_sent_again() {
    let server = TestServer::start();
    let first = server.get("/");
    let tag = first.header("etag");
    if !tag.is_empty() {
        assert_eq!(first.header("cache-control"), "no-cache");
        let again = server.get_with("/", &[("if-none-match", tag)]);
        assert_eq!((again.status, again.text.as_str()), (304, ""));
    }
}

#[test]
fn a_token_in_the_address_moves_into_a_cookie() {
    let server = TestServer::start();
    let answer = server.get(&format!("/?project=p&write_token={}", server.token));
    assert_eq!((answer.status, answer.header("location")), (303, "/?project=p"));
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with(&format!("trackio_write_token={};", server.token)), "{cookie}");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let wrong = server.get("//evil.com?write_token=wrong");
    assert_eq!((wrong.status, wrong.header("location"), wrong.header("set-cookie")), (303, "/evil.com", ""));
}
