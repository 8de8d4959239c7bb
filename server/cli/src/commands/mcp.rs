//! `paceline mcp`: the tools of MCP on standard input and output, over a data directory or a server.

use std::io;

use paceline_companion::Background;
use paceline_http::{Remote, relay, serve_mcp};
use paceline_query::Engine;
use paceline_storage::Durability;

use super::jobs::workshop;
use super::open_store;
use crate::arguments::{McpArguments, RemoteArguments};
use crate::failure::Failure;
use crate::output;
use crate::source::destination;

/// Where a server has it.
const PATH: &str = "/mcp";
/// Answers until the input ends.
pub(crate) fn run(arguments: &McpArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    if let Some(server) = destination(remote)? {
        let address = format!("{}{PATH}?bouquet={}", server.url(), arguments.bouquet.as_str());
        let there = Remote { address, token: server.token };
        return Ok(relay(there, io::stdin().lock(), io::stdout())?);
    }
    let store = open_store(&arguments.directory, Durability::Process, true)?;
    let background = Background::start(store.clone());
    if let Err(error) = &background {
        output::note(&format!("journals stay as they are, the data directory cannot be written: {error}"));
    }
    let jobs = arguments.jobs.then(|| workshop(None)).transpose()?;
    let answered = serve_mcp(Engine::new(store.clone()), arguments.bouquet, arguments.allow_write, jobs);
    drop(background);
    store.close();
    Ok(answered?)
}
