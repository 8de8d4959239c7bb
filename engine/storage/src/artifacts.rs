//! Artifacts: versions are recorded here, read in `reading`, followed from run to run in `lineage`.
//!
//! Source of what becomes of versions, aliases and links: the peer's `SQLiteStorage.commit_artifact_version`
//! and `insert_run_artifact_link`.

mod lineage;
mod reading;
mod run_links;

use std::collections::HashSet;

use paceline_schema::artifact::{
    ArtifactRecord, BlobDigest, Direction, LATEST, Manifest, ManifestEntry, check_alias, check_artifact_name,
};
use paceline_schema::{ProjectName, Timestamp, canonical_project};
use rusqlite::{Connection, OptionalExtension, params};

use crate::blobs::{Blobs, sha256_text};
use crate::error::{ChangeError, StorageError};
use crate::project::Project;
use crate::rows::text;
use crate::store::Store;

/// A run as whoever made or used an artifact names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ArtifactRun {
    /// Stable id.
    pub id: Option<String>,
    /// Display name.
    pub name: Option<String>,
}

/// A version to record.
#[derive(Debug, Clone, PartialEq)]
pub struct NewVersion {
    /// Name of the artifact.
    pub name: String,
    /// What kind of thing it is; the same for all its versions.
    pub artifact_type: String,
    /// Free text; what was noted before stays when this is none.
    pub description: Option<String>,
    /// Whatever is to be noted with the version.
    pub metadata: Option<serde_json::Value>,
    /// Its files. Their blobs are there already.
    pub manifest: Manifest,
    /// Names that are to point at it; none of them moves back to an older version.
    pub aliases: Vec<String>,
    /// The run that made it.
    pub producer: ArtifactRun,
    /// All other versions of the artifact go, with the blobs only they needed.
    pub overwrite: bool,
}

impl NewVersion {
    fn check(&self) -> Result<(), StorageError> {
        check_artifact_name(&self.name)?;
        self.aliases.iter().try_for_each(|alias| check_alias(alias))?;
        if self.artifact_type.is_empty() {
            return Err(StorageError::ArtifactType {
                artifact: self.name.clone(),
                recorded: None,
                given: String::new(),
            });
        }
        Ok(())
    }

    /// The text to store; nothing for what says nothing.
    fn metadata_text(&self) -> Option<String> {
        let says_something = |value: &serde_json::Value| match value {
            serde_json::Value::Null => false,
            serde_json::Value::Bool(flag) => *flag,
            serde_json::Value::Number(number) => number.as_f64() != Some(0.0),
            serde_json::Value::String(text) => !text.is_empty(),
            serde_json::Value::Array(list) => !list.is_empty(),
            serde_json::Value::Object(object) => !object.is_empty(),
        };
        self.metadata.as_ref().filter(|value| says_something(value)).map(ToString::to_string)
    }
}

impl Project {
    /// Removes those of the blobs that no version needs. Whoever records a version looks for its blobs in a
    /// transaction as well, so none goes that was just found.
    fn remove_unneeded_blobs(&self, candidates: HashSet<BlobDigest>) -> Result<(), StorageError> {
        let blobs = self.blobs();
        self.change("remove blobs", move |connection| {
            let needed = needed_blobs(connection, None)?;
            for digest in candidates.difference(&needed) {
                if let Err(error) = blobs.remove(digest) {
                    tracing::warn!(%digest, %error, "a blob cannot be removed");
                }
            }
            Ok(())
        })
    }
}

impl Store {
    /// Records a version of an artifact; its project is made where it is missing. The files of one that is
    /// there already make no new version: its metadata is replaced where there is some, and its aliases are
    /// added.
    ///
    /// # Errors
    /// `InvalidArtifact` and `ArtifactType` when a rule is broken, `BlobsMissing` when files are not there,
    /// else as [`Project::append`].
    pub fn log_artifact(
        &self,
        project: &ProjectName,
        version: NewVersion,
        time: Timestamp,
    ) -> Result<ArtifactRecord, StorageError> {
        version.check()?;
        let blobs = self.blobs(project.as_str());
        // Nothing is made for what cannot be recorded.
        require_blobs(&blobs, &version.manifest)?;
        let project = self.project_for_writing(project)?;
        let (record, obsolete) = project.change("log an artifact", move |connection| {
            require_blobs(&blobs, &version.manifest)?;
            log_version(connection, &version, &time.to_string())
        })?;
        if !obsolete.is_empty()
            && let Err(error) = project.remove_unneeded_blobs(obsolete)
        {
            tracing::warn!(project = project.name(), %error, "blobs of overwritten versions are still there");
        }
        Ok(record)
    }

    /// Records that a run used a version of an artifact of `project`; the run may belong to another project.
    ///
    /// # Errors
    /// `ProjectNotFound` and `ArtifactNotFound` when there is no such version, else as [`Project::append`].
    pub fn log_artifact_use(
        &self,
        project: &str,
        version_id: i64,
        run: &ArtifactRun,
        run_project: Option<&ProjectName>,
        time: Timestamp,
    ) -> Result<(), StorageError> {
        let owner = self.project(project)?;
        let (time, consumer) = (time.to_string(), run_project.map(|name| name.as_str().to_owned()));
        let link = UseLink { run: run.clone(), run_project: consumer, version_id, time };
        let (source_project, recorded) = (owner.name().to_owned(), link.clone());
        let used = owner.change("record the use of an artifact", move |connection| {
            let used =
                used_version(connection, version_id)?.ok_or_else(|| StorageError::ArtifactNotFound {
                    project: source_project.clone(),
                    artifact: format!("version id {version_id}"),
                    similar: Vec::new(),
                })?;
            insert_link(connection, &recorded, Direction::Input)?;
            Ok(used)
        })?;
        let Some(consumer) = run_project.filter(|name| name.as_str() != owner.name()) else { return Ok(()) };
        let source_project = canonical_project(project);
        self.project_for_writing(consumer)?.change("record the use of an artifact", move |connection| {
            connection.execute(
                "INSERT OR IGNORE INTO external_run_artifact_links (run_id, run_name, source_project, \
                 source_version_id, source_artifact, source_type, source_version, source_size_bytes, \
                 direction, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'input', ?9)",
                params![
                    link.run.id,
                    link.run.name,
                    source_project,
                    link.version_id,
                    used.artifact,
                    used.artifact_type,
                    used.version,
                    used.size_bytes,
                    link.time
                ],
            )?;
            Ok(())
        })
    }
}

fn require_blobs(blobs: &Blobs, manifest: &Manifest) -> Result<(), StorageError> {
    let missing: Vec<String> =
        manifest.blobs().iter().filter(|digest| !blobs.contains(digest)).map(ToString::to_string).collect();
    if missing.is_empty() { Ok(()) } else { Err(StorageError::BlobsMissing { digests: missing }) }
}

/// A link between a run and a version.
#[derive(Clone)]
struct UseLink {
    run: ArtifactRun,
    /// Canonical name of the run's project, where that was said.
    run_project: Option<String>,
    version_id: i64,
    time: String,
}

struct UsedVersion {
    artifact: String,
    artifact_type: String,
    version: i64,
    size_bytes: i64,
}

fn used_version(connection: &Connection, version_id: i64) -> rusqlite::Result<Option<UsedVersion>> {
    connection
        .query_row(
            "SELECT a.name, a.type, av.version, av.size_bytes FROM artifact_versions av \
             JOIN artifacts a ON a.id = av.artifact_id WHERE av.id = ?1",
            [version_id],
            |row| {
                Ok(UsedVersion {
                    artifact: text(row, 0)?,
                    artifact_type: text(row, 1)?,
                    version: row.get(2)?,
                    size_bytes: row.get(3)?,
                })
            },
        )
        .optional()
}

/// Records the version; the blobs that may have become unneeded with it.
fn log_version(
    connection: &Connection,
    new: &NewVersion,
    time: &str,
) -> Result<(ArtifactRecord, HashSet<BlobDigest>), ChangeError> {
    let artifact_id = ensure_artifact(connection, new, time)?;
    let newest: Option<i64> = connection.query_row(
        "SELECT max(version) FROM artifact_versions WHERE artifact_id = ?1",
        [artifact_id],
        |row| row.get(0),
    )?;
    let obsolete = match newest {
        Some(_) if new.overwrite => remove_versions(connection, artifact_id)?,
        _ => HashSet::new(),
    };
    let next = newest.map_or(0, |newest| newest.saturating_add(1));
    let (version_id, version, is_new) = ensure_version(connection, new, artifact_id, next, time)?;
    if is_new {
        point_alias(connection, artifact_id, LATEST, version_id, i64::MAX)?;
    }
    for alias in &new.aliases {
        point_alias(connection, artifact_id, alias, version_id, version)?;
    }
    let link = UseLink { run: new.producer.clone(), run_project: None, version_id, time: time.to_owned() };
    insert_link(connection, &link, Direction::Output)?;
    let record = reading::record_of(connection, version_id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    Ok((record, obsolete))
}

fn ensure_artifact(connection: &Connection, new: &NewVersion, time: &str) -> Result<i64, ChangeError> {
    let recorded = connection
        .query_row("SELECT id, type FROM artifacts WHERE name = ?1", [&new.name], |row| {
            Ok((row.get::<_, i64>(0)?, text(row, 1)?))
        })
        .optional()?;
    let Some((id, recorded_type)) = recorded else {
        connection.execute(
            "INSERT INTO artifacts (name, type, description, created_at) VALUES (?1, ?2, ?3, ?4)",
            params![new.name, new.artifact_type, new.description, time],
        )?;
        return Ok(connection.last_insert_rowid());
    };
    if recorded_type != new.artifact_type {
        return Err(StorageError::ArtifactType {
            artifact: new.name.clone(),
            recorded: Some(recorded_type),
            given: new.artifact_type.clone(),
        }
        .into());
    }
    if let Some(description) = &new.description {
        connection
            .execute("UPDATE artifacts SET description = ?2 WHERE id = ?1", params![id, description])?;
    }
    Ok(id)
}

/// Id and number of the version with these files, and whether it is new.
fn ensure_version(
    connection: &Connection,
    new: &NewVersion,
    artifact_id: i64,
    next: i64,
    time: &str,
) -> rusqlite::Result<(i64, i64, bool)> {
    let digest = sha256_text(&new.manifest.digest_text());
    let metadata = new.metadata_text();
    let same = connection
        .query_row(
            "SELECT id, version FROM artifact_versions WHERE artifact_id = ?1 AND manifest_digest = ?2",
            params![artifact_id, digest],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    if let Some((id, version)) = same {
        if metadata.is_some() {
            connection
                .execute("UPDATE artifact_versions SET metadata = ?2 WHERE id = ?1", params![id, metadata])?;
        }
        return Ok((id, version, false));
    }
    let manifest =
        serde_json::to_string(new.manifest.entries()).expect("texts and integers have a JSON form");
    connection.execute(
        "INSERT INTO artifact_versions (artifact_id, version, manifest_digest, manifest, metadata, size_bytes, \
         producer_run_id, producer_run_name, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            artifact_id,
            next,
            digest,
            manifest,
            metadata,
            new.manifest.size_bytes() as i64,
            new.producer.id,
            new.producer.name,
            time
        ],
    )?;
    Ok((connection.last_insert_rowid(), next, true))
}

/// Removes all versions of an artifact; the blobs they needed.
fn remove_versions(connection: &Connection, artifact_id: i64) -> rusqlite::Result<HashSet<BlobDigest>> {
    let obsolete = needed_blobs(connection, Some(artifact_id))?;
    for sql in [
        "DELETE FROM artifact_aliases WHERE artifact_id = ?1",
        "DELETE FROM run_artifact_links WHERE artifact_version_id IN \
         (SELECT id FROM artifact_versions WHERE artifact_id = ?1)",
        "DELETE FROM artifact_versions WHERE artifact_id = ?1",
    ] {
        connection.execute(sql, [artifact_id])?;
    }
    Ok(obsolete)
}

/// The blobs that the versions of one artifact need, or those of all.
fn needed_blobs(connection: &Connection, artifact_id: Option<i64>) -> rusqlite::Result<HashSet<BlobDigest>> {
    let mut statement =
        connection.prepare("SELECT manifest FROM artifact_versions WHERE ?1 IS NULL OR artifact_id = ?1")?;
    let mut rows = statement.query([artifact_id])?;
    let mut needed = HashSet::new();
    while let Some(row) = rows.next()? {
        let entries: Vec<ManifestEntry> = serde_json::from_str(&text(row, 0)?).unwrap_or_default();
        let files = entries.into_iter().filter(|entry| entry.reference.is_none());
        needed.extend(files.filter_map(|file| BlobDigest::new(file.digest).ok()));
    }
    Ok(needed)
}

/// Points an alias at a version, unless it points at one newer than `at_most` already.
fn point_alias(
    connection: &Connection,
    artifact_id: i64,
    alias: &str,
    version_id: i64,
    at_most: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO artifact_aliases (artifact_id, alias, artifact_version_id) VALUES (?1, ?2, ?3) \
             ON CONFLICT (artifact_id, alias) DO UPDATE SET artifact_version_id = excluded.artifact_version_id \
             WHERE coalesce((SELECT version FROM artifact_versions \
             WHERE id = artifact_aliases.artifact_version_id), -1) <= ?4",
        )?
        .execute(params![artifact_id, alias, version_id, at_most])?;
    Ok(())
}

fn insert_link(connection: &Connection, link: &UseLink, direction: Direction) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO run_artifact_links \
             (run_id, run_name, run_project, artifact_version_id, direction, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            link.run.id,
            link.run.name,
            link.run_project,
            link.version_id,
            direction.as_str(),
            link.time
        ])?;
    Ok(())
}
