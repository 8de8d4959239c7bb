//! Foreign names and foreign pages are refused on every address, also where there is nothing.

use crate::support::TestServer;

const ADDRESSES: [&str; 7] =
    ["/", "/health", "/version", "/openapi.json", "/api/v1/projects", "/api/bulk_log", "/nothing"];

fn status(server: &TestServer, request_line: &str, headers: &[&str]) -> u16 {
    let head: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let answer = server.raw(format!("{request_line} HTTP/1.1\r\n{head}Connection: close\r\n\r\n").as_bytes());
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn a_foreign_host_reaches_nothing() {
    let server = TestServer::start();
    let port = server.address.port();
    for address in ADDRESSES {
        let get = |host: &str| status(&server, &format!("GET {address}"), &[&format!("Host: {host}")]);
        for host in ["evil.com", "localhost.evil.com", "192.168.0.1", "127.0.0.1.nip.io"] {
            assert_eq!(get(host), 403, "{address} {host}");
        }
        for host in ["localhost:80@evil.com", "[::1]evil", "localhost:x"] {
            assert_eq!(get(host), 400, "{address} {host}");
        }
        for host in [
            "localhost".to_owned(),
            format!("127.0.0.1:{port}"),
            "[::1]:1".to_owned(),
            "LOCALHOST.".to_owned(),
        ] {
            assert!(![400, 403].contains(&get(&host)), "{address} {host}");
        }
    }
}

#[test]
fn a_request_names_one_host() {
    let server = TestServer::start();
    assert_eq!(status(&server, "GET /health", &[]), 400);
    assert_eq!(status(&server, "GET /health", &["Host: localhost", "Host: localhost"]), 400);
    assert_eq!(status(&server, "GET http://evil.com/health", &["Host: localhost"]), 400);
    assert_eq!(status(&server, "GET /health", &["Host: evil.com", "X-Forwarded-Host: localhost"]), 403);
    assert_eq!(status(&server, "GET /health", &["Host: localhost", "X-Forwarded-Host: evil.com"]), 200);
}

#[test]
fn a_foreign_page_reaches_nothing() {
    let server = TestServer::start();
    for address in ADDRESSES {
        for method in ["GET", "POST", "OPTIONS"] {
            for origin in ["null", "http://evil.com", "http://localhost:1", "https://localhost"] {
                let headers = ["Host: localhost:7860", &format!("Origin: {origin}"), "Content-Length: 0"];
                assert_eq!(
                    status(&server, &format!("{method} {address}"), &headers),
                    403,
                    "{method} {address} {origin}"
                );
            }
        }
    }
    let own = ["Host: localhost:7860", "Origin: http://localhost:7860"];
    assert_eq!(status(&server, "GET /health", &own), 200);
    assert_eq!(status(&server, "GET /health", &["Host: localhost", "Sec-Fetch-Site: cross-site"]), 403);
    let link = ["Host: localhost", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"];
    assert_eq!(status(&server, "GET /", &link), 200);
}
