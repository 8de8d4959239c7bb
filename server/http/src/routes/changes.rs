//! Runs edited and deleted, projects deleted.

use actix_web::web::Path;
use actix_web::{delete, patch};
use paceline_schema::RunDetail;
use paceline_schema::event::RunKey;
use paceline_schema::run::RunEdit;

use super::{BodyErrors, CommonErrors, Conflict, Done, NotFound, ProjectPath, RunPath, WriteErrors};
use crate::access::AdminAccess;
use crate::body::JsonObject;
use crate::error::ApiError;
use crate::examples;
use crate::ingest::check_run_name;
use crate::state::{Answer, State};

/// Most labels of a run.
const MAX_TAGS: usize = 100;
/// Bytes of a label.
const MAX_TAG_BYTES: usize = 512;
/// Bytes of the notes.
const MAX_NOTES_BYTES: usize = 64 << 10;
/// Colours; there are fewer, and they begin again.
const MAX_COLOUR_SLOT: u32 = 65_535;

/// Changes name, labels, notes and colour of a run; what the body leaves out stays.
///
/// The rows and the media of the run are renamed with it.
#[utoipa::path(
    operation_id = "edit_run",
    tag = "runs",
    params(RunPath),
    security(("admin_token" = [])),
    request_body(content = RunEdit, description = "What changes.", example = json!(examples::run_edit())),
    responses(
        (status = 200, description = "The run as it is now.", body = RunDetail, example = json!(examples::run_detail())),
        CommonErrors, NotFound, Conflict, BodyErrors, WriteErrors
    )
)]
#[patch("/projects/{project}/runs/{run}")]
pub(crate) async fn edit_run(
    _: AdminAccess,
    state: State,
    path: Path<RunPath>,
    JsonObject(mut edit): JsonObject<RunEdit>,
) -> Result<Answer, ApiError> {
    check(&edit)?;
    edit.tags.iter_mut().for_each(|tags| tags.retain(|tag| !tag.is_empty()));
    let (project, run) = (path.project.clone(), path.run.clone());
    let run_id = state
        .store(move |store| {
            let project = store.project(&project)?;
            let record = project.read(|reader| reader.find_run(&run))?;
            // Not every name can be one, and what is refused changes nothing.
            let run = match &edit.name {
                Some(name) => project.rename_run(&record.run_id, name)?,
                None => RunKey { id: record.run_id, name: record.run_name },
            };
            project.describe_run(&run, &edit)?;
            Ok(run.id)
        })
        .await?;
    state.read(move |engine| engine.run(&path.project, &run_id)).await
}

/// Deletes a run: its rows, config, samples, alerts, traces and media. Versions of artifacts it made stay.
#[utoipa::path(
    operation_id = "delete_run",
    tag = "runs",
    params(RunPath),
    security(("admin_token" = [])),
    responses(
        (status = 200, description = "It is gone.", body = Done, example = json!(Done {})),
        CommonErrors, NotFound, WriteErrors
    )
)]
#[delete("/projects/{project}/runs/{run}")]
pub(crate) async fn delete_run(
    _: AdminAccess,
    state: State,
    path: Path<RunPath>,
) -> Result<Answer, ApiError> {
    state
        .write(move |store| {
            store.project(&path.project)?.delete_run(&path.run)?;
            Ok(Done {})
        })
        .await
}

/// Deletes a project with everything that belongs to it.
#[utoipa::path(
    operation_id = "delete_project",
    tag = "projects",
    params(ProjectPath),
    security(("admin_token" = [])),
    responses(
        (status = 200, description = "It is gone.", body = Done, example = json!(Done {})),
        CommonErrors, NotFound, WriteErrors
    )
)]
#[delete("/projects/{project}")]
pub(crate) async fn delete_project(
    _: AdminAccess,
    state: State,
    path: Path<ProjectPath>,
) -> Result<Answer, ApiError> {
    state
        .write(move |store| {
            store.delete_project(&path.project)?;
            Ok(Done {})
        })
        .await
}

fn check(edit: &RunEdit) -> Result<(), ApiError> {
    if let Some(name) = &edit.name {
        check_run_name(name)?;
        if name.starts_with(char::is_whitespace) {
            return Err(ApiError::invalid(format!("`{name}` cannot be the name of a run"))
                .with_hint("choose one that does not begin with a space"));
        }
    }
    if let Some(tags) = &edit.tags {
        if tags.len() > MAX_TAGS {
            return Err(ApiError::invalid(format!("{} tags are more than {MAX_TAGS}", tags.len())));
        }
        if let Some(tag) = tags.iter().find(|tag| tag.len() > MAX_TAG_BYTES) {
            return Err(ApiError::invalid(format!(
                "a tag of {} bytes is longer than {MAX_TAG_BYTES}",
                tag.len()
            )));
        }
    }
    if let Some(notes) = edit.notes.as_ref().filter(|notes| notes.len() > MAX_NOTES_BYTES) {
        return Err(ApiError::invalid(format!(
            "notes of {} bytes are longer than {MAX_NOTES_BYTES}",
            notes.len()
        )));
    }
    if let Some(slot) = edit.colour_slot.filter(|slot| *slot > MAX_COLOUR_SLOT) {
        return Err(ApiError::invalid(format!("`colour_slot` is {slot}, more than {MAX_COLOUR_SLOT}")));
    }
    Ok(())
}
