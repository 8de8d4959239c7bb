//! Notices that somebody committed something to a project, whoever it was.

use std::sync::Arc;

use rusqlite::Connection;

use crate::connection::{FileIdentity, open_reader};
use crate::error::StorageError;
use crate::project::{Project, ProjectFile};

/// Asks the file itself, so that commits of the companion and of other programs count as well.
pub struct Watch {
    file: Arc<ProjectFile>,
    identity: FileIdentity,
    connection: Connection,
    /// SQLite's counter of the commits of others, as this connection saw it last.
    version: Option<i64>,
}

impl Project {
    /// Begins to watch the file.
    ///
    /// # Errors
    /// `ProjectNotFound`, or when the file cannot be read.
    pub fn watch(&self) -> Result<Watch, StorageError> {
        let file = self.shared_file();
        let missing = || StorageError::ProjectNotFound { project: file.location.project.clone() };
        let identity = file.identity()?.ok_or_else(missing)?;
        let connection = open_reader(&file.location)
            .map_err(|error| file.location.explain("watch it", error).while_reading())?;
        Ok(Watch { file, identity, connection, version: None })
    }
}

impl Watch {
    /// Whether something was committed since the last time of asking; true the first time, and from the moment
    /// on that another file stands in the place of this one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn has_changed(&mut self) -> Result<bool, StorageError> {
        if self.file.identity()? != Some(self.identity) {
            return Ok(true);
        }
        let version = self
            .connection
            .pragma_query_value(None, "data_version", |row| row.get::<_, i64>(0))
            .map_err(|error| self.file.location.explain("watch it", error))?;
        Ok(self.version.replace(version) != Some(version))
    }
}
