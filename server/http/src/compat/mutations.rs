//! Runs renamed and deleted, projects replaced, syncs asked for, as the peer's page does.

use paceline_schema::upload::FileData;
use paceline_schema::{ErrorCode, ProjectName};
use paceline_storage::{StorageError, Store};

use super::call::{Call, Reply};
use crate::error::ApiError;
use crate::ingest::check_run_name;

/// `upload_db_to_space`: replaces the rows of a project by those of an uploaded file.
pub(super) fn upload_database(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    call.require_hf_token()?;
    let project = ProjectName::new(&call.get::<String>("project")?)?;
    let staged = call.state.uploads.take(&call.get::<FileData>("uploaded_db")?)?;
    store.project_for_writing(&project)?.replace(staged.path())?;
    Reply::nothing()
}

/// `delete_run`: whether there was such a run.
pub(super) fn delete_run(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    let project: String = call.get("project")?;
    let Some(run) = call.run()? else { return Reply::of(&false) };
    match store.project(&project).and_then(|project| project.delete_run(&run)) {
        Ok(_) => Reply::of(&true),
        Err(StorageError::ProjectNotFound { .. } | StorageError::RunNotFound { .. }) => Reply::of(&false),
        Err(error) => Err(error.into()),
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
    let run = call.get::<Option<String>>("run_id")?.filter(|id| !id.is_empty()).unwrap_or(old_name);
    store.project(&project)?.rename_run(&run, new_name)?;
    Reply::of(&true)
}

/// `force_sync`: whether anything was synced. What was acknowledged is on the disk already, and no Dataset is
/// synced to.
pub(super) fn force_sync(_: &Call<'_>, _: &Store) -> Result<Reply, ApiError> {
    Reply::of(&false)
}
