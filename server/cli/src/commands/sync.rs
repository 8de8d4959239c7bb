//! `paceline sync` and `paceline pull`: projects to Datasets of the Hugging Face Hub and back.

use paceline_hub::remote::Account;
use paceline_hub::sync::{self, PublishOptions, PullStep, Pulled, SyncFault, SyncOptions, Synced};
use paceline_query::figure;
use paceline_schema::{SyncState, SyncStatus, SyncTarget};
use paceline_storage::{Durability, Store};

use super::freeze::{refuse_frontend, to_space};
use super::open_store;
use crate::arguments::{PullArguments, SpaceKind, SyncArguments};
use crate::failure::Failure;
use crate::output;

/// Syncs a project, or all that go somewhere; or tells how they stand.
pub(crate) fn run(arguments: &SyncArguments) -> Result<(), Failure> {
    refuse_frontend(arguments.frontend.as_deref())?;
    let kind = arguments.sdk.or_else(|| arguments.space_id.as_ref().map(|_| SpaceKind::Gradio));
    if kind == Some(SpaceKind::Gradio) {
        return Err(Failure::new(
            "a Space with a server is not made",
            "`--sdk static` makes one that shows the project as it stands; `--dataset OWNER/NAME` keeps its rows; \
             `trackio.init(server_url=…)` logs to a server of yours",
        ));
    }
    let store = open_store(&arguments.directory, Durability::Process, false)?;
    if arguments.status {
        return status(&store, arguments);
    }
    if kind == Some(SpaceKind::Static)
        && let Some(project) = &arguments.project
    {
        let options = PublishOptions {
            space: arguments.space_id.as_deref(),
            is_private: !arguments.public,
            replaces: arguments.replace,
        };
        return to_space(&store, project, &arguments.without, options, arguments.json);
    }
    if let Some(project) = &arguments.project {
        let synced = one(&store, project, arguments)?;
        return if arguments.json {
            Ok(output::json_line(&synced)?)
        } else {
            Ok(output::line(&said(&synced))?)
        };
    }
    let targets = sync::targets(store.directory());
    if targets.is_empty() {
        return Err(Failure::new(
            "no project of this data directory has a Dataset",
            "say which: `paceline sync --project PROJECT --dataset OWNER/NAME`",
        ));
    }
    each(targets.into_iter().map(|(project, _)| project), |project| {
        let synced = one(&store, project, arguments)?;
        Ok(if arguments.json { output::json_line(&synced) } else { output::line(&said(&synced)) }?)
    })
}

/// Does the same for each project; one that fails keeps none of the others from it.
fn each(
    projects: impl IntoIterator<Item = String>,
    work: impl Fn(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut failed: Option<Failure> = None;
    for project in projects {
        match work(&project) {
            Ok(()) => {}
            Err(Failure::OutputClosed) => return Err(Failure::OutputClosed),
            Err(failure) => {
                if let Some(earlier) = failed.replace(failure) {
                    earlier.report();
                }
            }
        }
    }
    failed.map_or(Ok(()), Err)
}

fn one(store: &Store, project: &str, arguments: &SyncArguments) -> Result<Synced, Failure> {
    let name = store.project(project)?.name().to_owned();
    let known = sync::target(store.directory(), &name);
    let mut target = match (&arguments.dataset, known) {
        (Some(dataset), Some(known)) if known.dataset == *dataset => known,
        (Some(dataset), known) => {
            let interval_seconds = known.map_or(0, |known| known.interval_seconds);
            SyncTarget { interval_seconds, ..SyncTarget::new(dataset) }
        }
        (None, Some(known)) => known,
        (None, None) => return Err(SyncFault::NoDataset { project: name }.into()),
    };
    if arguments.public {
        target.private = false;
    }
    if let Some(minutes) = arguments.every {
        target.interval_seconds = minutes.saturating_mul(60);
    }
    let account = Account::of_this_process()?;
    let options = SyncOptions { replaces: arguments.replace, once: arguments.once };
    let synced = sync::sync(store, &name, &target, &account, options)?;
    // A Dataset that cannot be had takes nobody away from the one before.
    if !arguments.once {
        sync::follow(store.directory(), &name, &target)?;
    }
    Ok(synced)
}

fn said(synced: &Synced) -> String {
    let rows = figure(synced.rows as f64);
    if synced.changed {
        format!("{}: {rows} rows at {} ({} bytes sent)", synced.project, synced.url, synced.sent_bytes)
    } else {
        format!("{}: nothing new, {rows} rows at {}", synced.project, synced.url)
    }
}

fn status(store: &Store, arguments: &SyncArguments) -> Result<(), Failure> {
    let projects = match &arguments.project {
        Some(project) => vec![project.clone()],
        None => sync::targets(store.directory()).into_iter().map(|(project, _)| project).collect(),
    };
    each(projects, |project| {
        let status = sync::status(store, project)?;
        if arguments.json { Ok(output::json_line(&status)?) } else { print_status(&status) }
    })
}

fn print_status(status: &SyncStatus) -> Result<(), Failure> {
    let state = match status.state {
        SyncState::Off => "has no Dataset",
        SyncState::Syncing => "is being synced",
        SyncState::Synced => "is synced",
        SyncState::Behind => "has more than its Dataset",
        SyncState::Failed => "could not be synced",
    };
    output::line(&format!("{} {state}", output::strong(&status.project)))?;
    let known = [
        status.url.clone().or_else(|| status.dataset.clone()).map(|url| ("dataset", url)),
        status.last_commit.clone().map(|commit| ("commit", commit)),
        status.last_sync_at.map(|time| ("synced", time.to_string())),
        status.dataset.as_ref().map(|_| ("rows behind", status.rows_behind.to_string())),
        status.next_try_at.map(|time| ("next", time.to_string())),
    ];
    let rows = known.into_iter().flatten().map(|(name, value)| vec![output::faint(name), value]);
    output::table(&rows.collect::<Vec<_>>())?;
    if let Some(error) = &status.last_error {
        output::line(&format!("error: {} ({})", error.error, error.hint))?;
    }
    Ok(())
}

/// Makes projects of what a Dataset holds.
pub(crate) fn pull(arguments: &PullArguments) -> Result<(), Failure> {
    let store = open_store(&arguments.directory, Durability::Process, false)?;
    let account = Account::of_this_process()?;
    let target = SyncTarget::new(&arguments.dataset);
    let names = (arguments.project.as_deref(), arguments.name.as_deref());
    sync::pull(&store, &target, &account, names, |step| {
        match step {
            PullStep::Brought(pulled) if arguments.json => output::json_line(&pulled)?,
            PullStep::Brought(pulled) => output::line(&brought(&pulled))?,
            PullStep::Stays { project } => {
                let way = format!("`--project {project} --as NAME` brings the Dataset's beside it");
                output::note(&format!("project `{project}` is here already and stays as it is; {way}"));
            }
        }
        Ok(())
    })
}

fn brought(pulled: &Pulled) -> String {
    let rows: u64 = pulled.imported.rows.values().sum();
    format!("{}: {} rows from Dataset {}", pulled.imported.project, figure(rows as f64), pulled.dataset)
}
