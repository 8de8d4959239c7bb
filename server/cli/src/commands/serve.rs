//! `paceline serve`: the web page and the API, until somebody ends it.

use std::io;
use std::path::Path;

use paceline_companion::{Background, keep_webhook};
use paceline_http::{AlertWebhook, AutoAlerts, Listening, Port, ServerConfig, TlsFiles};
use paceline_jobs::Workshop;
use paceline_query::Engine;
use paceline_schema::env::GRADIO_SERVER_PORT;
use paceline_storage::Durability;
use serde_json::json;

use super::open_store;
use crate::arguments::{ListenArguments, ServeArguments};
use crate::failure::Failure;
use crate::{memory, output, parent};

/// Serves, after it has said where.
pub(crate) fn run(arguments: &ServeArguments) -> Result<(), Failure> {
    let directory = arguments.listen.directory.directory();
    let tls = arguments.tls_cert.clone().zip(arguments.tls_key.clone());
    let tls = tls.map(|(certificate, key)| TlsFiles { certificate, key });
    let alerts = arguments.alerts.auto_alerts.then(|| arguments.alerts.alert_webhook.clone());
    let page = ServedPage {
        tls,
        mcp_may_write: arguments.mcp_allow_write,
        jobs: arguments.jobs.then(|| super::jobs::workshop(arguments.job_memory)).transpose()?,
        colours: None,
    };
    serve(&arguments.listen, page, alerts, |listening| {
        if let Some(parent) = arguments.parent {
            parent::end_with(parent, listening.stopper.clone())?;
        }
        if let Some(path) = &arguments.port_file {
            write_port_file(path, listening)?;
        }
        output::line(&format!("Paceline serves {} at {}", directory.display(), listening.url))?;
        print_write_address(listening, arguments.jobs)
    })
}

/// How the page and the tools are served, and what a server does only where it was started for it.
#[derive(Default)]
pub(super) struct ServedPage {
    pub(super) tls: Option<TlsFiles>,
    /// Tools of MCP change something.
    pub(super) mcp_may_write: bool,
    /// Jobs are started, with this.
    pub(super) jobs: Option<Workshop>,
    /// Colours of the lines, with commas between them.
    pub(super) colours: Option<String>,
}

/// Serves; `alerts` asks for alerts of findings, and names the webhook that gets them too; `on_ready` says where. When it cannot be said, the server runs all the same.
pub(super) fn serve(
    arguments: &ListenArguments,
    page: ServedPage,
    alerts: Option<Option<String>>,
    on_ready: impl FnOnce(&Listening) -> io::Result<()>,
) -> Result<(), Failure> {
    let config = ServerConfig {
        host: arguments.host.clone(),
        port: arguments.port.map_or_else(first_port, |port| Ok(Port::Exactly(port)))?,
        write_token: arguments.token.clone(),
        require_token_for_reads: arguments.require_token,
        allowed_hosts: arguments.allowed_hosts.clone(),
        tls: page.tls,
        frontend: arguments.frontend(),
        mcp_may_write: page.mcp_may_write,
        jobs: page.jobs,
        colours: page.colours,
    };
    memory::give_back_early();
    let store = open_store(&arguments.directory, Durability::Power, true)?;
    // Trainers of this directory find it served and start no companion of their own.
    let background = Background::start(store.clone());
    if let Err(error) = &background {
        output::note(&format!("journals stay as they are, the data directory cannot be written: {error}"));
    }
    let engine = Engine::new(store.clone());
    let directory = store.directory().to_owned();
    let sent_to =
        |url| AlertWebhook { url, keep: Box::new(move |id, call| keep_webhook(&directory, id, call)) };
    let auto_alerts = alerts.map(|url| AutoAlerts::start(engine.clone(), url.map(sent_to))).transpose();
    if let Err(error) = &auto_alerts {
        output::note(&format!("findings are not raised as alerts: {error}"));
    }
    let served = paceline_http::serve(&config, engine, |listening| {
        if let Err(error) = on_ready(listening) {
            output::note(&format!("where the server listens could not be said: {error}"));
        }
    });
    drop(auto_alerts);
    drop(background);
    // Threads of the server may hold the store until the process ends.
    store.close();
    Ok(served?)
}

/// What a program that started this one waits for; it is there whole or not at all.
fn write_port_file(path: &Path, listening: &Listening) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let (host, port) = (listening.address.ip(), listening.address.port());
    std::fs::write(&unfinished, json!({ "host": host, "port": port, "url": listening.url }).to_string())?;
    std::fs::rename(unfinished, path)
}

/// The address that lets a browser change things, and that for clients, where nobody knows the token yet: with jobs a token is
/// as good as a shell.
pub(super) fn print_write_address(listening: &Listening, runs_jobs: bool) -> io::Result<()> {
    output::line(&format!("Open {} to change things there too; this link works once", listening.launch_url))?;
    let Some(token) = &listening.generated_token else { return Ok(()) };
    output::line(&format!("Clients may write to {}?write_token={token}", listening.url))?;
    let more = if runs_jobs { ", who may then run any program here as you" } else { "" };
    output::line(&format!("Share this address only with people you trust{more}; it ends with the server."))
}

/// The peer's variable names the first port to try.
fn first_port() -> Result<Port, Failure> {
    match std::env::var(GRADIO_SERVER_PORT).ok().filter(|text| !text.is_empty()) {
        None => Ok(ServerConfig::default().port),
        Some(text) => text.parse().map(Port::FirstFreeFrom).map_err(|_| {
            Failure::new(
                format!("{GRADIO_SERVER_PORT} is `{text}`, which is not a port"),
                "set it to a number from 1 to 65535, or use `--port`",
            )
        }),
    }
}
