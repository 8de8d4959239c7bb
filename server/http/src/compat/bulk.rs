//! The writes of the peer's client: rows, samples of the machine, alerts.

use paceline_storage::{StorageError, Store, Stream};
use serde_json::json;

use super::call::{Call, Reply};
use super::entries::{Entry, PeerAlert, PeerRow, PeerSample, Sorter};
use crate::error::ApiError;
use crate::ingest::{self, read_elements};

/// Entries that are read before the writer is given them.
const ROWS_PER_PART: usize = 128;

/// `bulk_log`: rows of any runs and projects.
pub(super) fn bulk_log(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    append::<PeerRow>(call, store, "logs")
}

/// `bulk_log_system`: samples of the machine.
pub(super) fn bulk_log_system(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    append::<PeerSample>(call, store, "logs")
}

/// `bulk_alert`: alerts.
pub(super) fn bulk_alert(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    append::<PeerAlert>(call, store, "alerts")
}

/// `log`: one row, as old clients send it.
pub(super) fn log(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    call.require_hf_token()?;
    let mut entry = json!({});
    for name in ["project", "run", "run_id", "metrics", "step"] {
        entry[name] = call.get(name)?;
    }
    store_entries::<PeerRow>(call, store, &json!([entry]).to_string())
}

fn append<E: Entry>(call: &Call<'_>, store: &Store, argument: &str) -> Result<Reply, ApiError> {
    let array = call.text(argument)?.unwrap_or("[]");
    call.require_hf_token()?;
    store_entries::<E>(call, store, array)
}

/// Stores the entries of a JSON array, all or none of a project. Where they are many of one project whose writer has
/// nothing else to do, it stores the first of them while the rest are read.
fn store_entries<E: Entry>(call: &Call<'_>, store: &Store, array: &str) -> Result<Reply, ApiError> {
    let mut sorter = Sorter::new(call.arrived);
    let mut stream = None;
    let mut is_whole = false;
    read_elements::<E>(array, |row, entry| {
        sorter.push(row, entry)?;
        if (row + 1) % ROWS_PER_PART == 0 && !is_whole {
            is_whole = !hand_on(&mut sorter, &mut stream, store)?;
        }
        Ok(())
    })?;
    if let Some(stream) = stream {
        if !is_whole && can_stream(&sorter) {
            append_to(&stream, &mut sorter);
            stream.commit()?;
            return Reply::nothing();
        }
        drop(stream);
        sorter = Sorter::new(call.arrived);
        read_elements::<E>(array, |row, entry| sorter.push(row, entry))?;
    }
    for (project, batches) in sorter.take() {
        ingest::append(store, &project, batches)?;
    }
    Reply::nothing()
}

/// Gives the writer what was read. False where it takes no parts, or these cannot be stored apart.
fn hand_on(sorter: &mut Sorter, stream: &mut Option<Stream>, store: &Store) -> Result<bool, ApiError> {
    let Some(project) = sorter.only_project().filter(|_| sorter.has_all_steps()) else { return Ok(false) };
    if stream.is_none() {
        // A project is not begun by rows that may yet be refused.
        *stream = match store.project(project.as_str()) {
            Err(StorageError::ProjectNotFound { .. }) => None,
            found => found?.begin_stream()?,
        };
    }
    if let Some(stream) = stream {
        append_to(stream, sorter);
    }
    Ok(stream.is_some())
}

/// A row without a step gets the one after the largest of the run, whatever steps stand in the same call.
fn can_stream(sorter: &Sorter) -> bool {
    sorter.only_project().is_some() && sorter.has_all_steps()
}

fn append_to(stream: &Stream, sorter: &mut Sorter) {
    for (_, batches) in sorter.take() {
        stream.append(batches);
    }
}
