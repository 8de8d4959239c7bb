//! `paceline list spaces`: the Spaces on the Hugging Face Hub that show a tracker.

use paceline_hub::remote::{Account, ListedSpace, list_spaces};
use paceline_schema::env::HF_TOKEN;
use serde::Serialize;

use crate::arguments::{RemoteArguments, SpacesArguments};
use crate::failure::Failure;
use crate::output;

/// The answer in JSON; the peer's keys.
#[derive(Serialize)]
struct Spaces {
    spaces: Vec<ListedSpace>,
}

/// Lists them.
pub(super) fn list(arguments: &SpacesArguments, remote: &RemoteArguments) -> Result<(), Failure> {
    if remote.space.is_some() || remote.server.is_some() {
        return Err(Failure::new(
            "`list spaces` asks the Hub, not a Space or a server",
            "leave out `--space` and `--server`",
        ));
    }
    let read = |name: &str| match (name, &remote.hf_token) {
        (HF_TOKEN, Some(token)) => Some(token.clone()),
        _ => std::env::var(name).ok(),
    };
    let account = Account::find(read, std::env::home_dir())?;
    let mut spaces = list_spaces(account, arguments.author.as_deref())?;
    spaces.truncate(arguments.limit.unwrap_or(usize::MAX));
    if arguments.json {
        return Ok(output::json_indented(&Spaces { spaces })?);
    }
    if spaces.is_empty() {
        return Ok(output::line("No Trackio Spaces found.")?);
    }
    output::line("Trackio Spaces:")?;
    for space in &spaces {
        let who_sees_it = if space.private { "private" } else { "public" };
        output::line(&format!("  - {} ({who_sees_it})", space.id))?;
        output::line(&format!("    {}", space.url))?;
    }
    Ok(())
}
