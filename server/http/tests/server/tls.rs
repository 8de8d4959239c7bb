//! HTTPS by the server itself, and what it says of files that cannot work.

use std::path::{Path, PathBuf};

use paceline_http::{ServeError, ServerConfig, TlsFiles, serve};
use paceline_query::Engine;
use paceline_storage::{Durability, Store};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::support::TestServer;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/tls").join(name)
}

fn with(certificate: PathBuf, key: PathBuf) -> ServerConfig {
    ServerConfig { tls: Some(TlsFiles { certificate, key }), ..ServerConfig::default() }
}

#[test]
fn a_client_that_trusts_the_certificate_is_answered_and_its_cookie_is_secure() {
    let server = TestServer::start_with(with(fixture("certificate.pem"), fixture("key.pem")));
    let text = std::fs::read(fixture("certificate.pem")).expect("it is there");
    let root = Certificate::from_pem(&text).expect("a certificate");
    let trusting = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[root])).build();
    let agent: ureq::Agent =
        ureq::Agent::config_builder().tls_config(trusting).max_redirects(0).build().into();
    let address = format!("https://localhost:{}", server.address.port());
    let answer = agent.get(format!("{address}/health")).call().expect("an answer");
    assert_eq!(answer.status(), 200);
    let answer = agent.get(format!("{address}/?write_token={}", server.token)).call().expect("an answer");
    let cookie = answer.headers()["set-cookie"].to_str().expect("text");
    assert!(cookie.ends_with("; Secure"), "{cookie}");

    let strict: ureq::Agent = ureq::Agent::config_builder().build().into();
    assert!(strict.get(format!("{address}/health")).call().is_err(), "an unknown certificate was trusted");
    let plain = server.raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(!plain.contains("HTTP"), "{plain}");
}

#[test]
fn files_that_cannot_work_are_named_before_anything_listens() {
    let missing = fixture("missing.pem");
    for (certificate, key, said) in [
        (missing.clone(), fixture("key.pem"), "missing.pem` cannot be read"),
        (fixture("certificate.pem"), missing, "missing.pem` cannot be read"),
        (fixture("key.pem"), fixture("key.pem"), "key.pem` holds no certificate"),
        (fixture("certificate.pem"), fixture("certificate.pem"), "certificate.pem` holds no private key"),
        (fixture("certificate.pem"), fixture("other_key.pem"), "does not go with the certificate"),
    ] {
        let directory = tempfile::tempdir().expect("a folder");
        let store = Store::open(directory.path(), Durability::Process).expect("opens");
        let error = serve(&with(certificate, key), Engine::new(store), |_| panic!("it listens"))
            .expect_err("it cannot work");
        assert!(matches!(error, ServeError::Tls { .. }) && error.to_string().contains(said), "{error}");
    }
}
