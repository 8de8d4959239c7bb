//! Runs renamed and deleted, projects replaced, syncs asked for, as the peer's page does.

use paceline_hub::remote::Account;
use paceline_hub::sync;
use paceline_schema::upload::FileData;
use paceline_schema::{ErrorCode, ProjectName, RunChoice};
use paceline_storage::{Project, StorageError, Store};

use super::call::{Call, Reply, run_choice};
use crate::error::ApiError;
use crate::ingest::check_run_name;

/// `upload_db_to_space`: replaces the rows of a project by those of an uploaded file.
pub(super) fn upload_database(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    call.require_hf_token()?;
    let project = ProjectName::new(&call.get::<String>("project")?)?;
    let staged = call.server()?.uploads.take(&call.get::<FileData>("uploaded_db")?)?;
    store.project_for_writing(&project)?.replace(staged.path())?;
    Reply::nothing()
}

/// `delete_run`: whether there was such a run.
pub(super) fn delete_run(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    let project: String = call.get("project")?;
    let Some(run) = call.run_choice()? else { return Reply::of(&false) };
    let deleted = store.project(&project).and_then(|project| project.delete_run(&selector(&project, run)?));
    match deleted {
        Ok(_) => Reply::of(&true),
        Err(StorageError::ProjectNotFound { .. } | StorageError::RunNotFound { .. }) => Reply::of(&false),
        Err(error) => Err(error.into()),
    }
}

/// The id or name of a run; an id is never taken for the name of another run.
fn selector(project: &Project, run: RunChoice) -> Result<String, StorageError> {
    match run {
        RunChoice::Name(name) => Ok(name),
        RunChoice::Id(id) => match project.read(|reader| reader.find_run(&id)) {
            Ok(found) if found.run_id != id => Err(StorageError::RunNotFound {
                project: project.name().to_owned(),
                run: id,
                similar: Vec::new(),
            }),
            // A run that only its artifacts tell of is found by whoever changes it.
            Ok(_) | Err(StorageError::RunNotFound { .. }) => Ok(id),
            Err(error) => Err(error),
        },
    }
}

/// `rename_run`: true, or why not.
pub(super) fn rename_run(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    let (project, old_name): (String, String) = (call.get("project")?, call.get("old_name")?);
    let new_name: String = call.get("new_name")?;
    let new_name = new_name.trim();
    if new_name.is_empty() {
        return Err(ApiError::new(ErrorCode::InvalidName, "New run name cannot be empty"));
    }
    check_run_name(new_name)?;
    let run = run_choice(call.get("run_id")?, Some(old_name))
        .ok_or_else(|| ApiError::invalid("no run is named"))?;
    let project = store.project(&project)?;
    project.rename_run(&selector(&project, run)?, new_name)?;
    Reply::of(&true)
}

/// `force_sync`: begins a sync of every project that has a Dataset; whether one has begun.
pub(super) fn force_sync(_: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    let mut has_begun = false;
    if let Ok(account) = Account::of_this_process() {
        for (project, _) in sync::targets(store.directory()) {
            // A project that is not there yet keeps no other from it.
            has_begun |= sync::begin(store, &project, account.clone()).is_ok();
        }
    }
    Reply::of(&has_begun)
}
