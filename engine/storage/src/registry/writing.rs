//! Registries made and changed: each change with its event, in one transaction.

use std::time::{Duration, Instant, SystemTime};

use paceline_journal::FileLock;
use paceline_schema::Timestamp;
use paceline_schema::artifact::{LATEST, check_alias};
use paceline_schema::registry::{
    CollectionLink, NewLink, REGISTRY_PREFIX, Registry, check_collection_name, check_registry_name,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::events::{Event, Linker, Source};
use super::{CREATED_AT, DESCRIPTION, RegistryError, collections};
use crate::connection::Backoff;
use crate::error::{ChangeError, StorageError};
use crate::migrate::complete_registry;
use crate::rows::{optional_text, text};
use crate::store::Store;

/// How long another program may change the registry.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);

/// A collection to make where it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCollection {
    /// Name.
    pub name: String,
    /// What kind of artifacts it holds; fixed once it is there.
    pub collection_type: String,
    /// Free text; what was noted before stays when this is none.
    pub description: Option<String>,
}

impl NewCollection {
    fn check(&self) -> Result<(), StorageError> {
        check_collection_name(&self.name)?;
        if self.collection_type.is_empty() {
            return Err(type_refused(&self.name, None, ""));
        }
        Ok(())
    }
}

impl Store {
    /// Makes a registry.
    ///
    /// # Errors
    /// `Registry` when its name cannot be used or is taken, else as [`Project::append`](crate::Project::append).
    pub fn create_registry(&self, name: &str, description: Option<&str>) -> Result<Registry, StorageError> {
        check_registry_name(name).map_err(RegistryError::Name)?;
        let (name, description) = (name.to_owned(), description.map(str::to_owned));
        let file = self.registry_for_writing(&name)?;
        let _lock = self.lock_registry(&name)?;
        file.change("make a registry", move |connection| {
            if is_registry(connection)? {
                return Err(refused(RegistryError::Taken { registry: name.clone() }));
            }
            complete_registry(connection)?;
            let time = now();
            let created_at = time.to_string();
            for (key, value) in [(CREATED_AT, Some(&created_at)), (DESCRIPTION, description.as_ref())] {
                connection.execute(
                    "INSERT OR REPLACE INTO project_metadata (key, value) SELECT ?1, ?2 WHERE ?2 IS NOT NULL",
                    params![key, value],
                )?;
            }
            Event::CreateRegistry { registry: &name }.store(connection, time)?;
            Ok(Registry { name: name.clone(), description: description.clone(), created_at })
        })
    }

    /// Makes a collection where it is missing, and describes it anew where it is there.
    ///
    /// # Errors
    /// `Registry` when there is no such registry or the collection is of another type, `InvalidArtifact` for a
    /// name that cannot be used, else as [`Project::append`](crate::Project::append).
    pub fn create_collection(&self, registry: &str, collection: NewCollection) -> Result<(), StorageError> {
        collection.check()?;
        self.change_registry(registry, "make a collection", move |connection, registry, time| {
            ensure_collection(connection, registry, &collection, time).map(drop)
        })
    }

    /// Links a version into a collection, which is made where it is missing, and points aliases at it. One that is
    /// there already stays; the aliases move all the same, also to an older version. `latest` is always at the
    /// newest.
    ///
    /// # Errors
    /// As [`Self::create_collection`], and `InvalidArtifact` for an alias that cannot be used.
    pub fn link_version(&self, link: NewLink) -> Result<CollectionLink, StorageError> {
        let collection = NewCollection {
            name: link.collection.clone(),
            collection_type: link.artifact_type.clone(),
            description: None,
        };
        collection.check()?;
        link.aliases.iter().try_for_each(|alias| check_alias(alias))?;
        let registry = link.registry.clone();
        self.change_registry(&registry, "link a version", move |connection, registry, time| {
            let collection_id = ensure_collection(connection, registry, &collection, time)?;
            let version = ensure_link(connection, &link, collection_id, time)?;
            for alias in link.aliases.iter().filter(|alias| *alias != LATEST) {
                promote(connection, &link, collection_id, alias, version, time)?;
            }
            let collections = collections(connection)?;
            let links = collections.into_iter().filter(|found| found.name == link.collection);
            let linked = links.flat_map(|found| found.links).find(|link| link.collection_version == version);
            Ok(linked.ok_or(rusqlite::Error::QueryReturnedNoRows)?)
        })
    }

    /// Takes a version out of a collection, with the aliases at it. Its number is never given again; `latest` moves
    /// to the highest version that remains.
    ///
    /// # Errors
    /// `Registry` when there is no such version, else as [`Project::append`](crate::Project::append).
    pub fn unlink_version(&self, registry: &str, collection: &str, version: i64) -> Result<(), StorageError> {
        let collection = collection.to_owned();
        self.change_registry(registry, "unlink a version", move |connection, registry, time| {
            unlink(connection, registry, &collection, version, time)
        })
    }

    /// Lets `change` change a registry that is there, at a time that no earlier change is later than.
    fn change_registry<T: Send + 'static>(
        &self,
        name: &str,
        context: &'static str,
        mut change: impl FnMut(&Connection, &str, Timestamp) -> Result<T, ChangeError> + Send + 'static,
    ) -> Result<T, StorageError> {
        check_registry_name(name).map_err(RegistryError::Name)?;
        let registry = name.to_owned();
        let missing = RegistryError::NotFound { registry: registry.clone() };
        let file = match self.project(&format!("{REGISTRY_PREFIX}{name}")) {
            Err(StorageError::ProjectNotFound { .. }) => return Err(missing.into()),
            found => found?,
        };
        let _lock = self.lock_registry(name)?;
        file.change(context, move |connection| {
            if !is_registry(connection)? {
                return Err(refused(missing.clone()));
            }
            complete_registry(connection)?;
            change(connection, &registry, now())
        })
    }
}

impl Store {
    /// Keeps the peer out: it reads the next number before it begins the transaction that takes it.
    fn lock_registry(&self, name: &str) -> Result<FileLock, StorageError> {
        let path = self.directory().join(format!("{REGISTRY_PREFIX}{name}.lock"));
        let (begun, mut backoff) = (Instant::now(), Backoff::new());
        while begun.elapsed() < LOCK_PATIENCE {
            match FileLock::try_acquire(&path) {
                Ok(Some(lock)) => return Ok(lock),
                Ok(None) => backoff.pause(),
                Err(error) => return Err(StorageError::from_write(&path, &error)),
            }
        }
        Err(StorageError::Busy { project: format!("{REGISTRY_PREFIX}{name}") })
    }
}

/// Read when the file is locked, so that events stand in the order of their times.
fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}

fn is_registry(connection: &Connection) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM project_metadata WHERE key = ?1")?.exists([CREATED_AT])
}

fn refused(error: RegistryError) -> ChangeError {
    StorageError::from(error).into()
}

fn type_refused(collection: &str, recorded: Option<String>, given: &str) -> StorageError {
    let (collection, given) = (collection.to_owned(), given.to_owned());
    RegistryError::CollectionType { collection, recorded, given }.into()
}

/// Id of the collection.
fn ensure_collection(
    connection: &Connection,
    registry: &str,
    new: &NewCollection,
    time: Timestamp,
) -> Result<i64, ChangeError> {
    let found = connection
        .query_row("SELECT id, type, description FROM collections WHERE name = ?1", [&new.name], |row| {
            Ok((row.get::<_, i64>(0)?, text(row, 1)?, optional_text(row, 2)?))
        })
        .optional()?;
    let Some((id, recorded_type, recorded)) = found else {
        let description = new.description.as_deref();
        connection.execute(
            "INSERT INTO collections (name, type, description, next_version, created_at) VALUES (?1, ?2, ?3, 0, ?4)",
            params![new.name, new.collection_type, description, time.to_string()],
        )?;
        let id = connection.last_insert_rowid();
        let (collection, collection_type) = (new.name.as_str(), new.collection_type.as_str());
        Event::CreateCollection { registry, collection, collection_type, description }
            .store(connection, time)?;
        return Ok(id);
    };
    if recorded_type != new.collection_type {
        return Err(type_refused(&new.name, Some(recorded_type), &new.collection_type).into());
    }
    if let Some(description) = new.description.as_deref().filter(|new| recorded.as_deref() != Some(*new)) {
        connection
            .execute("UPDATE collections SET description = ?2 WHERE id = ?1", params![id, description])?;
        Event::Update { registry, collection: &new.name, description }.store(connection, time)?;
    }
    Ok(id)
}

/// Number of the version in the collection.
fn ensure_link(
    connection: &Connection,
    link: &NewLink,
    collection_id: i64,
    time: Timestamp,
) -> Result<i64, ChangeError> {
    let there = connection
        .query_row(
            "SELECT collection_version FROM collection_links WHERE collection_id = ?1 AND source_project = ?2 \
             AND source_artifact = ?3 AND source_version = ?4",
            params![collection_id, link.source_project, link.source_artifact, link.source_version],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(version) = there {
        return Ok(version);
    }
    let version: i64 = connection.query_row(
        "UPDATE collections SET next_version = next_version + 1 WHERE id = ?1 RETURNING next_version - 1",
        [collection_id],
        |row| row.get(0),
    )?;
    connection.execute(
        "INSERT INTO collection_links (collection_id, collection_version, source_project, source_artifact, \
         source_version, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            collection_id,
            version,
            link.source_project,
            link.source_artifact,
            link.source_version,
            time.to_string()
        ],
    )?;
    point_alias(connection, collection_id, LATEST, version)?;
    let event = Event::Link {
        registry: &link.registry,
        collection: &link.collection,
        source: source_of(link),
        source_space_id: None,
        source_bucket_id: None,
        source_server_base_url: None,
        by: linker_of(link),
        collection_version: version,
    };
    event.store(connection, time)?;
    Ok(version)
}

/// Points an alias at a version; nothing happens when it is there already.
fn promote(
    connection: &Connection,
    link: &NewLink,
    collection_id: i64,
    alias: &str,
    version: i64,
    time: Timestamp,
) -> rusqlite::Result<()> {
    let previous_version = version_of_alias(connection, collection_id, alias)?;
    if previous_version == Some(version) {
        return Ok(());
    }
    point_alias(connection, collection_id, alias, version)?;
    let event = Event::Promote {
        registry: &link.registry,
        collection: &link.collection,
        alias,
        source: source_of(link),
        by: linker_of(link),
        collection_version: version,
        previous_version,
    };
    event.store(connection, time)
}

fn unlink(
    connection: &Connection,
    registry: &str,
    collection: &str,
    version: i64,
    time: Timestamp,
) -> Result<(), ChangeError> {
    let collection_id: Option<i64> = connection
        .query_row("SELECT id FROM collections WHERE name = ?1", [collection], |row| row.get(0))
        .optional()?;
    let Some(collection_id) = collection_id else {
        let (registry, collection) = (registry.to_owned(), collection.to_owned());
        return Err(refused(RegistryError::CollectionNotFound { registry, collection }));
    };
    let link = connection
        .query_row(
            "SELECT id, source_project, source_artifact, source_version FROM collection_links \
             WHERE collection_id = ?1 AND collection_version = ?2",
            [collection_id, version],
            |row| Ok((row.get::<_, i64>(0)?, text(row, 1)?, text(row, 2)?, row.get::<_, i64>(3)?)),
        )
        .optional()?;
    let Some((link_id, source_project, source_artifact, source_version)) = link else {
        let (registry, collection) = (registry.to_owned(), collection.to_owned());
        return Err(refused(RegistryError::VersionNotFound { registry, collection, version }));
    };
    let mut removed_aliases = connection
        .prepare_cached("DELETE FROM collection_aliases WHERE link_id = ?1 RETURNING alias")?
        .query_map([link_id], |row| text(row, 0))?
        .collect::<rusqlite::Result<Vec<String>>>()?;
    removed_aliases.sort_unstable();
    connection.execute("DELETE FROM collection_links WHERE id = ?1", [link_id])?;
    if removed_aliases.iter().any(|alias| alias == LATEST) {
        let highest: Option<i64> = connection.query_row(
            "SELECT max(collection_version) FROM collection_links WHERE collection_id = ?1",
            [collection_id],
            |row| row.get(0),
        )?;
        if let Some(highest) = highest {
            point_alias(connection, collection_id, LATEST, highest)?;
        }
    }
    let event = Event::Unlink {
        registry,
        collection,
        collection_version: version,
        source: Source { source_project: &source_project, source_artifact: &source_artifact, source_version },
        removed_aliases: &removed_aliases,
        latest_version: version_of_alias(connection, collection_id, LATEST)?,
    };
    Ok(event.store(connection, time)?)
}

fn version_of_alias(
    connection: &Connection,
    collection_id: i64,
    alias: &str,
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT l.collection_version FROM collection_aliases a JOIN collection_links l ON l.id = a.link_id \
             WHERE a.collection_id = ?1 AND a.alias = ?2",
        )?
        .query_row(params![collection_id, alias], |row| row.get(0))
        .optional()
}

fn point_alias(
    connection: &Connection,
    collection_id: i64,
    alias: &str,
    version: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO collection_aliases (collection_id, alias, link_id) \
             SELECT ?1, ?2, id FROM collection_links WHERE collection_id = ?1 AND collection_version = ?3",
        )?
        .execute(params![collection_id, alias, version])?;
    Ok(())
}

fn source_of(link: &NewLink) -> Source<'_> {
    Source {
        source_project: &link.source_project,
        source_artifact: &link.source_artifact,
        source_version: link.source_version,
    }
}

fn linker_of(link: &NewLink) -> Linker<'_> {
    let run = link.run.as_ref();
    Linker { run_name: run.map(|run| run.name.as_str()), run_id: run.map(|run| run.id.as_str()) }
}
