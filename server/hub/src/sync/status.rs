//! How a project and its Dataset stand to each other.

use paceline_schema::{SyncState, SyncStatus};
use paceline_storage::{StorageError, Store};

use super::place::{Place, target};

/// How a project and its Dataset stand to each other.
///
/// # Errors
/// When there is no such project, or its file cannot be read.
pub fn status(store: &Store, project: &str) -> Result<SyncStatus, StorageError> {
    let project = store.project(project)?;
    let place = Place::new(store.directory(), project.name());
    let record = place.record();
    let target = target(store.directory(), project.name());
    let numbers = project.tables(|tables| tables.numbers("metrics"))?;
    let newest = numbers.map_or(0, |numbers| *numbers.end());
    let rows_behind = u64::try_from(newest.saturating_sub(record.through)).unwrap_or_default();
    let has_dataset = target.is_some() || record.last_commit.is_some() || record.error.is_some();
    let state = if !has_dataset {
        SyncState::Off
    } else if place.is_busy() {
        SyncState::Syncing
    } else if record.error.is_some() {
        SyncState::Failed
    } else if rows_behind > 0 || record.last_commit.is_none() {
        SyncState::Behind
    } else {
        SyncState::Synced
    };
    let dataset = Some(record.dataset).filter(|name| !name.is_empty());
    Ok(SyncStatus {
        project: project.name().to_owned(),
        state,
        dataset: dataset.or_else(|| target.as_ref().map(|target| target.dataset.clone())),
        url: record.url,
        last_commit: record.last_commit,
        last_sync_at: record.last_sync_at,
        rows_synced: record.rows,
        rows_behind: if has_dataset { rows_behind } else { 0 },
        next_try_at: record.next_try_at.filter(|_| target.is_some()),
        last_error: record.error,
    })
}
