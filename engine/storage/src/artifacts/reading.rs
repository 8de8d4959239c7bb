//! What is recorded of artifacts, read leniently.

use std::collections::HashMap;

use paceline_schema::artifact::{
    ArtifactConsumer, ArtifactRecord, ArtifactVersions, LATEST, VersionSummary, version_of_spec,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::StorageError;
use crate::reader::Reader;
use crate::rows::{optional_text, text};

impl Reader<'_> {
    /// All artifacts with their versions, by type and name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn artifacts(&self) -> Result<Vec<ArtifactVersions>, StorageError> {
        if !self.shape.has_artifacts {
            return Ok(Vec::new());
        }
        all(self.connection).map_err(self.explain("list its artifacts"))
    }

    /// A version of an artifact: the newest, or the one that `spec` names (`v3`, or an alias).
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn artifact(&self, name: &str, spec: Option<&str>) -> Result<Option<ArtifactRecord>, StorageError> {
        if !self.shape.has_artifacts {
            return Ok(None);
        }
        resolve(self.connection, name, spec)
            .and_then(|id| id.map_or(Ok(None), |id| record_of(self.connection, id)))
            .map_err(self.explain("read an artifact"))
    }

    /// Whether there is a version with this id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn has_artifact_version(&self, version_id: i64) -> Result<bool, StorageError> {
        if !self.shape.has_artifacts {
            return Ok(false);
        }
        self.connection
            .prepare_cached("SELECT 1 FROM artifact_versions WHERE id = ?1")
            .and_then(|mut statement| statement.exists([version_id]))
            .map_err(self.explain("find a version of an artifact"))
    }

    /// The runs that used a version, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn artifact_consumers(&self, version_id: i64) -> Result<Vec<ArtifactConsumer>, StorageError> {
        let Some(table) = self.shape.links else { return Ok(Vec::new()) };
        let sql = format!(
            "SELECT run_name, run_id, {}, created_at FROM run_artifact_links \
             WHERE artifact_version_id = ?1 AND direction = 'input' ORDER BY created_at, id",
            table.run_project
        );
        let read = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let consumers = statement.query_map([version_id], |row| {
                Ok(ArtifactConsumer {
                    run_name: optional_text(row, 0)?,
                    run_id: optional_text(row, 1)?,
                    project: optional_text(row, 2)?.unwrap_or_else(|| self.location.project.clone()),
                    created_at: text(row, 3)?,
                })
            })?;
            consumers.collect()
        };
        read().map_err(self.explain("list who used an artifact"))
    }
}

fn all(connection: &Connection) -> rusqlite::Result<Vec<ArtifactVersions>> {
    let mut aliases: HashMap<i64, Vec<String>> = HashMap::new();
    let mut statement = connection
        .prepare_cached("SELECT artifact_version_id, alias FROM artifact_aliases ORDER BY rowid")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        aliases.entry(row.get(0)?).or_default().push(text(row, 1)?);
    }

    let mut versions: HashMap<i64, Vec<VersionSummary>> = HashMap::new();
    let mut statement = connection.prepare_cached(
        "SELECT artifact_id, id, version, size_bytes, json_array_length(manifest), created_at \
         FROM artifact_versions ORDER BY artifact_id, version DESC",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let version_id = row.get(1)?;
        versions.entry(row.get(0)?).or_default().push(VersionSummary {
            version_id,
            version: row.get(2)?,
            aliases: aliases.remove(&version_id).unwrap_or_default(),
            size_bytes: row.get(3)?,
            num_files: row.get(4)?,
            created_at: text(row, 5)?,
        });
    }

    let mut statement = connection.prepare_cached(
        "SELECT id, name, type, description, created_at FROM artifacts ORDER BY type, name",
    )?;
    let artifacts = statement.query_map([], |row| {
        let versions = versions.remove(&row.get(0)?).unwrap_or_default();
        Ok(ArtifactVersions {
            name: text(row, 1)?,
            artifact_type: text(row, 2)?,
            description: optional_text(row, 3)?,
            created_at: text(row, 4)?,
            num_versions: versions.len() as u64,
            latest_version: versions.first().map(|newest| newest.version),
            versions,
        })
    })?;
    artifacts.collect()
}

/// Id of the version that is meant.
fn resolve(connection: &Connection, name: &str, spec: Option<&str>) -> rusqlite::Result<Option<i64>> {
    let spec = spec.filter(|spec| !spec.is_empty()).unwrap_or(LATEST);
    match version_of_spec(spec) {
        Some(version) => connection
            .prepare_cached(
                "SELECT av.id FROM artifact_versions av JOIN artifacts a ON a.id = av.artifact_id \
                 WHERE a.name = ?1 AND av.version = ?2",
            )?
            .query_row(params![name, version], |row| row.get(0))
            .optional(),
        None => connection
            .prepare_cached(
                "SELECT av.id FROM artifact_aliases aa JOIN artifacts a ON a.id = aa.artifact_id \
                 JOIN artifact_versions av ON av.id = aa.artifact_version_id \
                 WHERE a.name = ?1 AND aa.alias = ?2",
            )?
            .query_row(params![name, spec], |row| row.get(0))
            .optional(),
    }
}

/// A version with all that is recorded of it.
pub(super) fn record_of(
    connection: &Connection,
    version_id: i64,
) -> rusqlite::Result<Option<ArtifactRecord>> {
    let aliases: Vec<String> = connection
        .prepare_cached("SELECT alias FROM artifact_aliases WHERE artifact_version_id = ?1 ORDER BY rowid")?
        .query_map([version_id], |row| text(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    connection
        .prepare_cached(
            "SELECT a.id, av.id, av.version, a.name, a.type, a.description, av.manifest, av.manifest_digest, \
             av.metadata, av.size_bytes, av.producer_run_id, av.producer_run_name, av.created_at \
             FROM artifact_versions av JOIN artifacts a ON a.id = av.artifact_id WHERE av.id = ?1",
        )?
        .query_row([version_id], |row| record(row, aliases))
        .optional()
}

fn record(row: &Row<'_>, aliases: Vec<String>) -> rusqlite::Result<ArtifactRecord> {
    Ok(ArtifactRecord {
        artifact_id: row.get(0)?,
        version_id: row.get(1)?,
        version: row.get(2)?,
        name: text(row, 3)?,
        artifact_type: text(row, 4)?,
        description: optional_text(row, 5)?,
        manifest: serde_json::from_str(&text(row, 6)?).unwrap_or_default(),
        manifest_digest: text(row, 7)?,
        metadata: optional_text(row, 8)?.and_then(|json| serde_json::from_str(&json).ok()),
        size_bytes: row.get(9)?,
        producer_run_id: optional_text(row, 10)?,
        producer_run_name: optional_text(row, 11)?,
        created_at: text(row, 12)?,
        aliases,
    })
}
