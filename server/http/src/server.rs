//! Starting and stopping: the port, the workers, the signals.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix_web::rt::System;
use actix_web::{HttpServer, web};
use paceline_query::Engine;
use paceline_schema::Timestamp;
use paceline_storage::{TokenFile, TokenFileError};
use tokio::sync::Notify;

use crate::access::Access;
use crate::app;
use crate::config::{Port, ServerConfig};
use crate::frontend::FrontendError;
use crate::state::AppState;
use crate::tls::TlsError;

/// Event loops; the work itself is done on the pools.
const WORKERS: usize = 2;
/// How many ports are tried where the port was not chosen; the peer's number.
const PORTS_TRIED: u16 = 100;
/// How long a stop waits for answers under way.
const STOP_PATIENCE: Duration = Duration::from_secs(1);

/// Why a server did not start, or ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The host has no address.
    #[error("host `{host}` has no address; give a name or address of this machine")]
    Host {
        /// As it was given.
        host: String,
        /// What the resolver said.
        source: Option<io::Error>,
    },
    /// Reachable from other machines, without a token of one's own.
    #[error(
        "`{host}` can be reached from other machines, which needs a write token; \
         set TRACKIO_WRITE_TOKEN or `--token`, or listen on 127.0.0.1"
    )]
    TokenNeeded {
        /// As it was given.
        host: String,
    },
    /// The token cannot stand in a header.
    #[error("the write token may hold only letters, digits and `-._~+/=`")]
    Token,
    /// The system gave no random bits.
    #[error("no write token could be made; set TRACKIO_WRITE_TOKEN or `--token`")]
    Random {
        /// What the system said.
        source: getrandom::Error,
    },
    /// The tokens of the data directory cannot be taken.
    #[error(transparent)]
    Tokens {
        /// What is wrong with their file.
        #[from]
        source: TokenFileError,
    },
    /// A further host name is none.
    #[error(
        "allowed host `{name}` is not a host name; give it without scheme and path, as `pace.example.org`"
    )]
    AllowedHost {
        /// As it was given.
        name: String,
    },
    /// The port cannot be listened on.
    #[error("port {port} of `{address}` cannot be used ({source}); choose another with `--port`")]
    Port {
        /// The port that was chosen, or the first one tried.
        port: u16,
        /// Where.
        address: IpAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Certificate and key cannot be used.
    #[error(transparent)]
    Tls {
        /// Why.
        #[from]
        source: TlsError,
    },
    /// The page in the place of ours cannot be served.
    #[error(transparent)]
    Frontend {
        /// Why.
        #[from]
        source: FrontendError,
    },
    /// The system failed the server while it ran.
    #[error("the server cannot run: {source}")]
    Run {
        /// What the system said.
        #[from]
        source: io::Error,
    },
}

/// A server that listens.
#[derive(Debug, Clone)]
pub struct Listening {
    /// Where.
    pub address: SocketAddr,
    /// Address of the web page, with a trailing slash.
    pub url: String,
    /// The same with a secret that the browser swaps for a cookie; it works once.
    pub launch_url: String,
    /// The token that permits everything, where it was made at this start.
    pub generated_token: Option<String>,
    /// Ends the server.
    pub stopper: Stopper,
}

/// Ends a server from any thread.
#[derive(Debug, Clone, Default)]
pub struct Stopper(Arc<Notify>);

impl Stopper {
    /// Asks the server to end; `serve` then returns.
    pub fn stop(&self) {
        self.0.notify_one();
    }
}

/// Serves until SIGINT, SIGTERM or the stopper. `on_ready` is called once, when requests are answered.
///
/// # Errors
/// When the configuration cannot work, the port is taken or the system fails the server.
pub fn serve(
    config: &ServerConfig,
    engine: Engine,
    on_ready: impl FnOnce(&Listening),
) -> Result<(), ServeError> {
    let checked = config.check()?;
    let tokens = TokenFile::of(engine.store().directory());
    let access = Access::open(checked.token, tokens, config.require_token_for_reads)?;
    let listener = listen(checked.address, config.port)?;
    let address = listener.local_addr()?;
    let url = url(&config.host, address.port(), checked.tls.is_some());
    let listening = Listening {
        address,
        launch_url: format!("{url}?token={}", access.launch_text().unwrap_or_default()),
        url,
        generated_token: checked.generated_token,
        stopper: Stopper::default(),
    };
    let state = AppState::start(engine, access, checked.settings, system_clock)?;
    System::new().block_on(run(listener, checked.tls, web::Data::new(state), listening, on_ready))?;
    Ok(())
}

async fn run(
    listener: TcpListener,
    tls: Option<rustls::ServerConfig>,
    state: web::Data<AppState>,
    listening: Listening,
    on_ready: impl FnOnce(&Listening),
) -> io::Result<()> {
    let shared = state.clone();
    let application = move || {
        let attending = shared.clone();
        actix_web::rt::spawn(async move { attending.stopping.attend().await });
        app::build(shared.clone())
    };
    let server = HttpServer::new(application).workers(WORKERS).disable_signals();
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls)?,
        None => server.listen(listener)?,
    };
    let server = server.run();
    let handle = server.handle();
    let mut running = actix_web::rt::spawn(server);
    // Whoever reads where the server listens may end it at once.
    let mut ends = Ends::new(listening.stopper.clone())?;
    on_ready(&listening);
    tokio::select! {
        ended = &mut running => return ended.map_err(io::Error::other)?,
        asked = ends.asked() => asked?,
    }
    // actix's own graceful stop waits for idle connections as well, and looks only once a second.
    state.stopping.begin();
    handle.pause().await;
    tokio::select! {
        _ = tokio::time::timeout(STOP_PATIENCE, state.stopping.all_answered(WORKERS)) => {}
        // Asked a second time, it does not wait.
        asked = ends.asked() => asked?,
    }
    handle.stop(false).await;
    Ok(())
}

/// What may ask the server to end. A signal counts from the moment on that this is made.
pub(crate) struct Ends {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
    stopper: Stopper,
}

impl Ends {
    pub(crate) fn new(stopper: Stopper) -> io::Result<Self> {
        #[cfg(unix)]
        let signals = {
            use tokio::signal::unix::{SignalKind, signal};
            [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?]
        };
        Ok(Self {
            #[cfg(unix)]
            signals,
            stopper,
        })
    }

    /// Returns when somebody wants the server to end.
    pub(crate) async fn asked(&mut self) -> io::Result<()> {
        #[cfg(unix)]
        {
            let [interrupt, terminate] = &mut self.signals;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                () = self.stopper.0.notified() => {}
            }
        }
        #[cfg(not(unix))]
        tokio::select! {
            asked = tokio::signal::ctrl_c() => asked?,
            () = self.stopper.0.notified() => {}
        }
        Ok(())
    }
}

pub(crate) fn listen(address: IpAddr, port: Port) -> Result<TcpListener, ServeError> {
    let (first, count) = match port {
        Port::Exactly(port) => (port, 1),
        Port::FirstFreeFrom(port) => (port, PORTS_TRIED),
    };
    let failed = |source| ServeError::Port { port: first, address, source };
    let mut last = Err(failed(io::ErrorKind::AddrInUse.into()));
    for port in first..=first.saturating_add(count - 1) {
        match TcpListener::bind((address, port)) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = Err(failed(error)),
            Err(error) => return Err(failed(error)),
        }
    }
    last
}

/// The address a browser on this machine can open.
fn url(host: &str, port: u16, is_secure: bool) -> String {
    let scheme = if is_secure { "https" } else { "http" };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) if address.is_unspecified() => format!("{scheme}://localhost:{port}/"),
        Ok(IpAddr::V6(address)) => format!("{scheme}://[{address}]:{port}/"),
        _ => format!("{scheme}://{host}:{port}/"),
    }
}

pub(crate) fn system_clock() -> Timestamp {
    Timestamp::from(SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_taken_port_is_passed_over_unless_it_was_chosen() {
        let taken = TcpListener::bind((LOOPBACK, 0)).expect("a port");
        let port = taken.local_addr().expect("bound").port();
        let next = listen(LOOPBACK, Port::FirstFreeFrom(port)).expect("one of a hundred is free");
        assert_ne!(next.local_addr().expect("bound").port(), port);
        let error = listen(LOOPBACK, Port::Exactly(port)).expect_err("taken").to_string();
        assert!(error.contains(&port.to_string()) && error.contains("--port"), "{error}");
    }

    #[test]
    fn urls_can_be_opened_here() {
        assert_eq!(url("0.0.0.0", 7860, false), "http://localhost:7860/");
        assert_eq!(url("::1", 1, false), "http://[::1]:1/");
        assert_eq!(url("[::1]", 1, false), "http://[::1]:1/");
        assert_eq!(url("pace.example", 443, true), "https://pace.example:443/");
    }
}
