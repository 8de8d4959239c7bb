//! Registries: collections of versions under one name, each registry a file `registry-<name>.db`.
//!
//! They are read here and written in `writing`, as the peer's `RegistryStorage` does. A file without the mark of
//! a finished creation is no registry.

mod events;
mod writing;

use std::collections::HashMap;

use paceline_schema::ErrorCode;
use paceline_schema::registry::{Collection, CollectionLink, InvalidRegistryName, Registry, RegistryEvent};
use rusqlite::{Connection, OptionalExtension};

use crate::error::StorageError;
use crate::reader::Reader;
use crate::rows::{optional_text, text};

pub use writing::NewCollection;

/// Why something cannot be done with a registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// Its name cannot be used.
    #[error(transparent)]
    Name(#[from] InvalidRegistryName),
    /// There is no such registry.
    #[error(
        "registry `{registry}` is not in the data directory; make it with `trackio.Api().create_registry(\"{registry}\")`"
    )]
    NotFound {
        /// Its name.
        registry: String,
    },
    /// There is one of that name.
    #[error("registry `{registry}` is there already; `trackio.Api().registry(\"{registry}\")` gives it")]
    Taken {
        /// Its name.
        registry: String,
    },
    /// The registry has no such collection.
    #[error("collection `{collection}` is not in registry `{registry}`")]
    CollectionNotFound {
        /// Name of the registry.
        registry: String,
        /// Name of the collection.
        collection: String,
    },
    /// All versions of a collection are of one type.
    #[error("collection `{collection}` cannot take artifacts of type `{given}`: {}", match recorded {
        Some(recorded) => format!("it is of type `{recorded}`; choose another collection or that type"),
        None => "a type is needed".to_owned(),
    })]
    CollectionType {
        /// Name of the collection.
        collection: String,
        /// The type it has.
        recorded: Option<String>,
        /// The type it was to have.
        given: String,
    },
    /// The collection has no such version.
    #[error("version `v{version}` is not in collection `{collection}` of registry `{registry}`")]
    VersionNotFound {
        /// Name of the registry.
        registry: String,
        /// Name of the collection.
        collection: String,
        /// Number in the collection.
        version: i64,
    },
}

impl RegistryError {
    /// The code of the API.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Name(_) => ErrorCode::InvalidName,
            Self::NotFound { .. } | Self::CollectionNotFound { .. } | Self::VersionNotFound { .. } => {
                ErrorCode::ArtifactNotFound
            }
            Self::Taken { .. } => ErrorCode::NameTaken,
            Self::CollectionType { .. } => ErrorCode::InvalidRequest,
        }
    }
}

/// Key of the mark in `project_metadata`; its value is the time of creation.
const CREATED_AT: &str = "registry_created_at";
const DESCRIPTION: &str = "registry_description";

impl Reader<'_> {
    /// The registry that this file is; `None` when it is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn registry(&self, name: &str) -> Result<Option<Registry>, StorageError> {
        let read = || -> rusqlite::Result<_> {
            if !self.has_table("project_metadata")? {
                return Ok(None);
            }
            let value = |key: &str| {
                self.connection
                    .prepare_cached("SELECT value FROM project_metadata WHERE key = ?1")?
                    .query_row([key], |row| text(row, 0))
                    .optional()
            };
            let Some(created_at) = value(CREATED_AT)? else { return Ok(None) };
            Ok(Some(Registry { name: name.to_owned(), description: value(DESCRIPTION)?, created_at }))
        };
        read().map_err(self.explain("read a registry"))
    }

    /// The collections of a registry, by type and name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn collections(&self) -> Result<Vec<Collection>, StorageError> {
        let read = || {
            if self.has_table("collections")? { collections(self.connection) } else { Ok(Vec::new()) }
        };
        read().map_err(self.explain("list the collections of a registry"))
    }

    /// What was done to a registry, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn registry_events(&self) -> Result<Vec<RegistryEvent>, StorageError> {
        let read = || {
            if self.has_table("registry_events")? { events(self.connection) } else { Ok(Vec::new()) }
        };
        read().map_err(self.explain("list the events of a registry"))
    }

    fn has_table(&self, name: &str) -> rusqlite::Result<bool> {
        self.connection
            .prepare_cached("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1")?
            .exists([name])
    }
}

fn collections(connection: &Connection) -> rusqlite::Result<Vec<Collection>> {
    let mut aliases: HashMap<i64, Vec<String>> = HashMap::new();
    let mut statement =
        connection.prepare_cached("SELECT link_id, alias FROM collection_aliases ORDER BY alias")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        aliases.entry(row.get(0)?).or_default().push(text(row, 1)?);
    }

    let mut links: HashMap<i64, Vec<CollectionLink>> = HashMap::new();
    let mut statement = connection.prepare_cached(
        "SELECT collection_id, id, collection_version, source_project, source_artifact, source_version, \
         source_space_id, source_bucket_id, source_server_base_url, created_at \
         FROM collection_links ORDER BY collection_id, collection_version DESC",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        links.entry(row.get(0)?).or_default().push(CollectionLink {
            aliases: aliases.remove(&row.get(1)?).unwrap_or_default(),
            collection_version: row.get(2)?,
            source_project: text(row, 3)?,
            source_artifact: text(row, 4)?,
            source_version: row.get(5)?,
            source_space_id: optional_text(row, 6)?,
            source_bucket_id: optional_text(row, 7)?,
            source_server_base_url: optional_text(row, 8)?,
            created_at: text(row, 9)?,
        });
    }

    let mut statement = connection.prepare_cached(
        "SELECT id, name, type, description, created_at FROM collections ORDER BY type, name",
    )?;
    let found = statement.query_map([], |row| {
        let links = links.remove(&row.get(0)?).unwrap_or_default();
        Ok(Collection {
            name: text(row, 1)?,
            collection_type: text(row, 2)?,
            description: optional_text(row, 3)?,
            created_at: text(row, 4)?,
            num_links: links.len() as u64,
            latest_version: links.first().map(|newest| newest.collection_version),
            links,
        })
    })?;
    found.collect()
}

fn events(connection: &Connection) -> rusqlite::Result<Vec<RegistryEvent>> {
    let mut statement = connection
        .prepare_cached("SELECT id, event_uid, ts, kind, payload FROM registry_events ORDER BY id")?;
    let found = statement.query_map([], |row| {
        Ok(RegistryEvent {
            id: row.get(0)?,
            event_uid: optional_text(row, 1)?,
            ts: text(row, 2)?,
            kind: text(row, 3)?,
            payload: serde_json::from_str(&text(row, 4)?).unwrap_or_default(),
        })
    })?;
    found.collect()
}
