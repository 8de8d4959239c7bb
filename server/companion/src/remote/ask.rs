//! Asks a server which run a trainer logs into.

use std::collections::HashSet;
use std::time::Duration;

use paceline_schema::companion::{OpenAnswer, OpenReply, OpenRequest, Resume};
use paceline_schema::{Destination, Operation};
use paceline_storage::Store;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Client, Server, path_part};
use super::fault::{Fault, FaultKind};
use crate::names;

/// A training waits for the answer.
const CONNECT_PATIENCE: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(10);

/// A run as the peer's wire lists it, oldest first.
#[derive(Debug, Deserialize)]
struct ListedRun {
    id: String,
    name: String,
}

/// Finds the run a trainer asks for on its server, or a name for a new one. A server that does not answer
/// costs a name chosen here and a problem to be said.
pub(crate) fn open_on_server(
    store: &Store,
    request: &OpenRequest,
    destination: &Destination,
) -> Result<OpenReply, Box<dyn std::error::Error>> {
    let mut client = Client::hurried(destination.clone(), CONNECT_PATIENCE, PATIENCE);
    let (runs, problem) = match list_runs(&mut client, &request.project) {
        Ok(runs) => (runs, None),
        Err(fault) => (Vec::new(), Some(fault)),
    };
    let asked = request.run_id.as_deref().or(request.name.as_deref());
    if let Some(asked) = asked.filter(|_| request.resume != Resume::Never) {
        let by_id = runs.iter().find(|run| run.id == asked);
        if let Some(run) = by_id.or_else(|| runs.iter().rev().find(|run| run.name == asked)) {
            let last_step = match request.rank {
                Some(rank) => last_step_of_rank(&mut client, &request.project, run, rank)?,
                None => last_step(&client, &request.project, run)?,
            };
            // Another process of the job may have begun the run a moment ago.
            let is_continued = request.rank.is_none() || last_step.is_some();
            return Ok(OpenReply::Opened(OpenAnswer {
                run_id: Some(run.id.clone()).filter(|_| is_continued),
                name: run.name.clone(),
                next_step: last_step.map_or(0, |step| step.saturating_add(1)),
                problem: None,
            }));
        }
        if request.resume == Resume::Must {
            let project = &request.project;
            return Ok(OpenReply::NoSuchRun(match problem {
                Some(fault) => format!(
                    "run `{asked}` must be continued and cannot be found: {fault}; start again when the server \
                     answers, or with `resume=\"allow\"`"
                ),
                None => format!("run `{asked}` does not exist in project `{project}` on `{destination}`"),
            }));
        }
    }
    let name = match &request.name {
        Some(name) => name.clone(),
        None if request.rank.is_some() => names::of_shared_run(request.run_id.as_deref().unwrap_or_default()),
        None => {
            let taken: HashSet<&str> = runs.iter().map(|run| run.name.as_str()).collect();
            names::choose(store.directory(), &request.project, |name| taken.contains(name))?
        }
    };
    let problem = problem.map(|fault| fault.to_string());
    Ok(OpenReply::Opened(OpenAnswer { run_id: None, name, next_step: 0, problem }))
}

fn list_runs(client: &mut Client, project: &str) -> Result<Vec<ListedRun>, Fault> {
    client.server()?;
    let answer = client.call_with(Operation::GetRunsForProject, &json!({"project": project}))?;
    serde_json::from_value(answer).map_err(|error| {
        let message = format!("`{}` lists runs in an unknown form: {error}", client.destination());
        Fault::new(FaultKind::Refused, message)
    })
}

fn last_step(client: &Client, project: &str, run: &ListedRun) -> Result<Option<i64>, Fault> {
    let asked = json!({"project": project, "run": run.name, "run_id": run.id});
    let summary = client.call_with(Operation::GetRunSummary, &asked)?;
    Ok(summary["last_step"].as_i64())
}

/// The last step of one of the processes that share a run; the peer's server knows that of all of them only.
fn last_step_of_rank(
    client: &mut Client,
    project: &str,
    run: &ListedRun,
    rank: u32,
) -> Result<Option<i64>, Fault> {
    if client.server()? == Server::Peers {
        return if rank == 0 { last_step(client, project, run) } else { Ok(None) };
    }
    let path = format!("{}/runs/{}", path_part(project), path_part(&run.id));
    let detail: Value = client.rest("GET", &path, Vec::new())?;
    match detail["ranks"].as_array().filter(|ranks| !ranks.is_empty()) {
        Some(ranks) => {
            let its = ranks.iter().find(|other| other["rank"].as_u64() == Some(rank.into()));
            Ok(its.and_then(|its| its["last_step"].as_i64()))
        }
        None if rank == 0 => last_step(client, project, run),
        None => Ok(None),
    }
}
