//! Runs that only links to artifacts tell of.

use paceline_schema::Timestamp;
use rusqlite::{Row, named_params};

use super::Reader;
use crate::error::StorageError;
use crate::rows::{optional_text, text, time};

/// A run as a link to an artifact names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedRun {
    /// Its id, where the link has one.
    pub run_id: Option<String>,
    /// Its name.
    pub run_name: String,
    /// Time of its first link.
    pub created_at: Option<Timestamp>,
}

impl LinkedRun {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            run_id: optional_text(row, 0)?,
            run_name: text(row, 1)?,
            created_at: time(row.get_ref(2)?),
        })
    }
}

impl Reader<'_> {
    /// The runs that used or made artifacts of this project or, as far as this project keeps it, of others:
    /// those of this project first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn linked_runs(&self) -> Result<Vec<LinkedRun>, StorageError> {
        let select = |table: &str, scope: &str| {
            format!(
                "SELECT run_id, run_name, min(created_at) FROM {table} WHERE run_name IS NOT NULL AND {scope} \
                 AND :project = :project GROUP BY run_id, run_name"
            )
        };
        let local = self.shape.links.map(|links| select("run_artifact_links", links.scope));
        let external = self.shape.has_external_links.then(|| select("external_run_artifact_links", "TRUE"));
        let mut linked = Vec::new();
        for sql in local.iter().chain(&external) {
            let mut read = || -> rusqlite::Result<()> {
                let mut statement = self.connection.prepare_cached(sql)?;
                let project = named_params! { ":project": self.location.project };
                for run in statement.query_map(project, LinkedRun::of)? {
                    linked.push(run?);
                }
                Ok(())
            };
            read().map_err(self.explain("read the links to its artifacts"))?;
        }
        Ok(linked)
    }
}
