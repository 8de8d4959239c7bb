//! `paceline logbook serve`: a preview of the pages on this machine, and the one that `open` starts.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};

use paceline_http::{LogbookPreview, Port, serve_logbook};
use paceline_logbook::Logbook;

use super::folder;
use crate::arguments::LogbookServeArguments;
use crate::commands::show::open_browser;
use crate::failure::Failure;
use crate::output;

/// How many ports are tried; the peer's number.
const PORTS_TRIED: u16 = 100;

/// Serves until somebody ends it.
pub(super) fn serve(arguments: &LogbookServeArguments) -> Result<(), Failure> {
    let logbook = Logbook::require(&folder(arguments.path.as_ref())?)?;
    logbook.sync()?;
    let port = if arguments.port == 0 { Port::Exactly(0) } else { Port::FirstFreeFrom(arguments.port) };
    let browser = !arguments.no_browser && io::stdout().is_terminal();
    serve_logbook(LogbookPreview { logbook, port }, |url| {
        let said = output::line(&output::strong(&format!("* Trackio logbook launched at: {url}")));
        let said = said.and_then(|()| output::line("Press Ctrl+C to stop."));
        if let Err(error) = said {
            output::note(&format!("where the preview listens could not be said: {error}"));
        }
        if browser {
            open_browser(url);
        }
    })?;
    Ok(())
}

/// Starts a preview that goes on when this program has ended.
pub(super) fn start(logbook: &Logbook, port: u16, browser: bool) -> Result<(), Failure> {
    let port = free_port(port)?;
    let log = logbook.root().join(".serve.log");
    let file = OpenOptions::new().create(true).append(true).open(&log)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["logbook", "serve"]).arg(logbook.workspace());
    command.args(["--port", &port.to_string(), "--no-browser"]).current_dir(logbook.workspace());
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()?;
    let url = format!("http://localhost:{port}/");
    output::line(&output::strong(&format!("* Trackio logbook launched at: {url}")))?;
    output::line(&format!("  Server logs: {}", log.display()))?;
    if browser && io::stdout().is_terminal() {
        open_browser(&url);
    }
    Ok(())
}

/// The first port from this one on that is free now; 0 for any.
fn free_port(first: u16) -> Result<u16, Failure> {
    let free = |port: u16| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
        Some(listener.local_addr().ok()?.port())
    };
    let found = (first..=first.saturating_add(PORTS_TRIED - 1)).find_map(free);
    found.ok_or_else(|| {
        Failure::new(format!("no port from {first} on is free"), "`--port` names another one to begin with")
    })
}
