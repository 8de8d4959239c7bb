//! What a person says of a run: its labels, notes and colour.

use paceline_schema::event::RunKey;
use paceline_schema::run::RunEdit;
use rusqlite::params;

use crate::apply::ensure_recorded;
use crate::error::StorageError;
use crate::project::Project;

impl Project {
    /// Records what `edit` says of the run; what it leaves out stays, and so does
    /// its name.
    ///
    /// # Errors
    /// As [`Project::append`].
    pub fn describe_run(&self, run: &RunKey, edit: &RunEdit) -> Result<(), StorageError> {
        let (run, edit) = (run.clone(), edit.clone());
        self.change("describe a run", move |connection| {
            ensure_recorded(connection, &run, None)?;
            let tags = edit.tags.as_ref().map(|tags| serde_json::Value::from(tags.as_slice()).to_string());
            connection.execute(
                "UPDATE paceline_runs SET tags = coalesce(?2, tags), \
                 notes = iif(?3 IS NULL, notes, nullif(?3, '')), colour_slot = coalesce(?4, colour_slot) \
                 WHERE run_id = ?1",
                params![run.id, tags, edit.notes, edit.colour_slot],
            )?;
            Ok(())
        })
    }
}
