//! Where the rows of a run go when it is not the data directory: a server, and what it asks for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of server it is, which decides how it is told who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DestinationKind {
    /// A server somebody runs: `paceline serve`, or the peer's. Its token is a write token.
    Server,
    /// A Hugging Face Space. Its token is one of the Hub.
    Space,
}

/// A server, by its address and with the token it asks for.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Destination {
    /// What kind of server it is.
    pub kind: DestinationKind,
    /// Beginning of all its addresses, without a slash at the end.
    url: String,
    /// The token it asks for.
    pub token: Option<String>,
}

impl Destination {
    /// A server by its address; slashes at the end, queries and fragments mean nothing.
    ///
    /// # Errors
    /// A sentence when the address is not one of HTTP.
    pub fn new(kind: DestinationKind, url: &str, token: Option<String>) -> Result<Self, String> {
        let address = url.trim().split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        let host = address.strip_prefix("http://").or_else(|| address.strip_prefix("https://"));
        if host.is_none_or(|host| host.is_empty() || host.starts_with('/')) {
            return Err(format!(
                "server address `{address}` does not begin with `http://` or `https://` and a host"
            ));
        }
        Ok(Self { kind, url: address.to_owned(), token: token.filter(|token| !token.is_empty()) })
    }

    /// Beginning of all its addresses, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Messages and logs never show the token.
impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination")
            .field("kind", &self.kind)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_form() {
        for (given, kept) in [
            ("http://host:7860", "http://host:7860"),
            (" https://host/base/ ", "https://host/base"),
            ("http://host/?project=p#top", "http://host"),
        ] {
            let destination = Destination::new(DestinationKind::Server, given, None).expect(given);
            assert_eq!(destination.url(), kept);
        }
        for given in ["host:7860", "ftp://host", "http://", "https:///x", ""] {
            assert!(Destination::new(DestinationKind::Server, given, None).is_err(), "{given}");
        }
    }

    #[test]
    fn the_token_is_not_shown() {
        let destination =
            Destination::new(DestinationKind::Server, "http://host", Some("geheim".into())).expect("fine");
        assert!(!format!("{destination:?} {destination}").contains("geheim"));
    }
}
