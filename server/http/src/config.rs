//! What a server is started with, and the checks that come before it listens.

use std::net::{IpAddr, ToSocketAddrs};
use std::path::PathBuf;

use paceline_jobs::Workshop;

use crate::ServeError;
use crate::access::Secret;
use crate::frontend::Frontend;
use crate::guard::AllowedHosts;
use crate::tls::{self, TlsFiles};

/// Port a server listens on unless told otherwise; the peer's.
pub(crate) const DEFAULT_PORT: u16 = 7860;

/// Which port to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// This one or none; 0 lets the system choose.
    Exactly(u16),
    /// The first free one of the 100 from here on, as the peer does.
    FirstFreeFrom(u16),
}

/// What a server is started with.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Name or address to listen on.
    pub host: String,
    /// Port to listen on.
    pub port: Port,
    /// Token that permits everything; one is made at each start when absent.
    pub write_token: Option<String>,
    /// Reading needs a token as well.
    pub require_token_for_reads: bool,
    /// Further names under which requests may reach the server.
    pub allowed_hosts: Vec<String>,
    /// Serve HTTPS with these; plain HTTP when absent.
    pub tls: Option<TlsFiles>,
    /// Folder of a page to serve in the place of ours.
    pub frontend: Option<PathBuf>,
    /// Tools of MCP may change something, for who has a token that permits it.
    pub mcp_may_write: bool,
    /// What jobs are run with; none are started when absent.
    pub jobs: Option<Workshop>,
    /// Colours of the lines of the page, as `#3B82F6`, with commas between them; the environment's when absent.
    pub colours: Option<String>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: Port::FirstFreeFrom(DEFAULT_PORT),
            write_token: None,
            require_token_for_reads: false,
            allowed_hosts: Vec::new(),
            tls: None,
            frontend: None,
            mcp_may_write: false,
            jobs: None,
            colours: None,
        }
    }
}

/// A configuration that passed its checks.
pub(crate) struct Checked {
    pub(crate) address: IpAddr,
    pub(crate) token: Secret,
    /// The token's text where it was made here and nobody else knows it.
    pub(crate) generated_token: Option<String>,
    pub(crate) tls: Option<rustls::ServerConfig>,
    pub(crate) settings: Settings,
}

/// What handlers go by.
pub(crate) struct Settings {
    pub(crate) hosts: AllowedHosts,
    /// The server speaks TLS itself.
    pub(crate) is_secure: bool,
    /// A page in the place of ours.
    pub(crate) frontend: Option<Frontend>,
    /// Tools of MCP may change something.
    pub(crate) mcp_may_write: bool,
    /// What jobs are run with.
    pub(crate) jobs: Option<Workshop>,
    /// Colours of the lines of the page.
    pub(crate) colours: Option<String>,
}

impl ServerConfig {
    /// Resolves the host and makes the token.
    ///
    /// # Errors
    /// `Host` when the host has no address, `TokenNeeded` when it is reachable from other machines and no
    /// token was given, `Token` when the token cannot stand in a header, `AllowedHost` for a bad name, `Tls`
    /// when certificate or key cannot be used, `Frontend` when the folder of the page cannot.
    pub(crate) fn check(&self) -> Result<Checked, ServeError> {
        let address = resolve(&self.host)?;
        let given = self.write_token.as_deref().filter(|token| !token.is_empty());
        if given.is_none() && !address.is_loopback() {
            return Err(ServeError::TokenNeeded { host: self.host.clone() });
        }
        let (token, generated_token) = match given {
            Some(text) => (Secret::given(text).ok_or(ServeError::Token)?, None),
            None => {
                let text = Secret::generate().map_err(|source| ServeError::Random { source })?;
                (Secret::of(&text), Some(text))
            }
        };
        let hosts = AllowedHosts::new(&self.host, address, &self.allowed_hosts)
            .map_err(|name| ServeError::AllowedHost { name })?;
        let tls = self.tls.as_ref().map(tls::load).transpose()?;
        let frontend = self.frontend.as_deref().map(Frontend::open).transpose()?;
        let settings = Settings {
            hosts,
            is_secure: tls.is_some(),
            frontend,
            mcp_may_write: self.mcp_may_write,
            jobs: self.jobs.clone(),
            colours: self.colours.clone(),
        };
        Ok(Checked { address, token, generated_token, tls, settings })
    }
}

fn resolve(host: &str) -> Result<IpAddr, ServeError> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let unknown = |source| ServeError::Host { host: host.to_owned(), source };
    let mut addresses = (bare, 0).to_socket_addrs().map_err(|source| unknown(Some(source)))?;
    addresses.next().map(|address| address.ip()).ok_or_else(|| unknown(None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(host: &str, token: Option<&str>) -> ServerConfig {
        ServerConfig {
            host: host.to_owned(),
            write_token: token.map(str::to_owned),
            ..ServerConfig::default()
        }
    }

    #[test]
    fn a_token_is_needed_beyond_loopback_and_made_on_it() {
        for host in ["0.0.0.0", "::", "[::]"] {
            assert!(matches!(with(host, None).check(), Err(ServeError::TokenNeeded { .. })), "{host}");
            assert!(matches!(with(host, Some("")).check(), Err(ServeError::TokenNeeded { .. })), "{host}");
            assert!(
                with(host, Some("chosen")).check().is_ok_and(|checked| checked.generated_token.is_none())
            );
        }
        for host in ["127.0.0.1", "localhost", "[::1]"] {
            let token = with(host, None).check().ok().and_then(|checked| checked.generated_token);
            assert_eq!(token.map(|text| text.len()), Some(64), "{host}");
        }
    }

    #[test]
    fn what_cannot_work_is_refused_before_listening() {
        assert!(matches!(with("127.0.0.1", Some("two words")).check(), Err(ServeError::Token)));
        assert!(matches!(with("not a host", None).check(), Err(ServeError::Host { .. })));
        let config = ServerConfig { allowed_hosts: vec!["a/b".to_owned()], ..ServerConfig::default() };
        assert!(matches!(config.check(), Err(ServeError::AllowedHost { .. })));
    }
}
