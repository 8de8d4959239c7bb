//! Answers a trainer that begins: which run it logs into.

use paceline_schema::ErrorCode;
use paceline_schema::companion::{OpenAnswer, OpenReply, OpenRequest, Resume};
use paceline_storage::{Project, StorageError, Store};

use crate::drainer::drain_leftovers;
use crate::names;
use crate::remote::open_on_server;

/// Finds the run a trainer asks for, or a name for a new one.
#[must_use]
pub fn open_run(store: &Store, request: &OpenRequest) -> OpenReply {
    try_open(store, request).unwrap_or_else(|error| OpenReply::Unavailable(error.to_string()))
}

fn try_open(store: &Store, request: &OpenRequest) -> Result<OpenReply, Box<dyn std::error::Error>> {
    let resumes = request.resume != Resume::Never && (request.run_id.is_some() || request.name.is_some());
    if resumes {
        // Rows of the run that is continued may still stand in the journal of a process that died.
        drain_leftovers(store, Some(&request.project));
    }
    if let Some(destination) = &request.destination {
        return open_on_server(store, request, destination);
    }
    let project = match store.project(&request.project) {
        Ok(project) => Some(project),
        Err(error) if error.code() == ErrorCode::ProjectNotFound => None,
        Err(error) => return Err(error.into()),
    };
    if resumes {
        if let Some(answer) =
            project.as_deref().map(|project| existing_run(project, request)).transpose()?.flatten()
        {
            return Ok(OpenReply::Opened(answer));
        }
        if request.resume == Resume::Must {
            let asked = request.run_id.as_deref().or(request.name.as_deref()).unwrap_or_default();
            return Ok(OpenReply::NoSuchRun(format!(
                "run `{asked}` does not exist in project `{}`",
                request.project
            )));
        }
    }
    let name = match &request.name {
        Some(name) => name.clone(),
        // Whoever comes first says the same.
        None if request.rank.is_some() => names::of_shared_run(request.run_id.as_deref().unwrap_or_default()),
        None => new_name(store, project.as_deref(), &request.project)?,
    };
    Ok(OpenReply::Opened(OpenAnswer { run_id: None, name, next_step: 0, problem: None }))
}

fn existing_run(project: &Project, request: &OpenRequest) -> Result<Option<OpenAnswer>, StorageError> {
    let Some(selector) = request.run_id.as_deref().or(request.name.as_deref()) else { return Ok(None) };
    let found = project.read(|reader| {
        let run = reader.find_run(selector)?;
        let heads = reader.heads(&run.run_id)?;
        let last_step = match request.rank {
            Some(rank) => heads.rank(rank).and_then(|rows| rows.max_step),
            None => heads.max_step(),
        };
        let next_step = last_step.map_or(0, |step| step.saturating_add(1));
        // Another process of the job may have begun the run a moment ago.
        let is_continued = request.rank.is_none_or(|rank| heads.rank(rank).is_some());
        let run_id = Some(run.run_id).filter(|_| is_continued);
        Ok(OpenAnswer { run_id, name: run.run_name, next_step, problem: None })
    });
    match found {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.code() == ErrorCode::RunNotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn new_name(
    store: &Store,
    project: Option<&Project>,
    canonical: &str,
) -> Result<String, Box<dyn std::error::Error>> {
    let taken = match project {
        Some(project) => project.read(|reader| reader.runs())?,
        None => Vec::new(),
    };
    Ok(names::choose(store.directory(), canonical, |name| taken.iter().any(|run| run.run_name == name))?)
}
