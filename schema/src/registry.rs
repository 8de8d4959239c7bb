//! Registries of artifacts as the peer's wire shows them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::artifact::{InvalidArtifact, check_word};
use crate::event::RunKey;

/// Registries are kept in files of this beginning; they are no projects.
pub const REGISTRY_PREFIX: &str = "registry-";

/// A registry at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    /// Name.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// When it was made, RFC 3339 in UTC.
    pub created_at: String,
}

/// A registry with all that is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegistryDetails {
    /// The registry.
    #[serde(flatten)]
    pub registry: Registry,
    /// The bucket of the Hub it is kept in; none for one of the data directory.
    pub bucket_id: Option<String>,
    /// Its collections, by type and name.
    pub collections: Vec<Collection>,
    /// What was done to it, oldest first.
    pub events: Vec<RegistryEvent>,
}

/// Versions of artifacts under one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// Name.
    pub name: String,
    /// What kind of artifacts it holds.
    #[serde(rename = "type")]
    pub collection_type: String,
    /// Free text.
    pub description: Option<String>,
    /// When it was made, RFC 3339 in UTC.
    pub created_at: String,
    /// How many versions it has.
    pub num_links: u64,
    /// Number of the newest one.
    pub latest_version: Option<i64>,
    /// Its versions, newest first.
    pub links: Vec<CollectionLink>,
}

/// A version of a collection: a version of an artifact of some project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionLink {
    /// Number in the collection, from 0.
    pub collection_version: i64,
    /// Project of the artifact.
    pub source_project: String,
    /// Name of the artifact.
    pub source_artifact: String,
    /// Number of its version.
    pub source_version: i64,
    /// The Space it lies in.
    pub source_space_id: Option<String>,
    /// The bucket it lies in.
    pub source_bucket_id: Option<String>,
    /// The server it lies on.
    pub source_server_base_url: Option<String>,
    /// Names that point at it now, sorted.
    pub aliases: Vec<String>,
    /// When it was linked, RFC 3339 in UTC.
    pub created_at: String,
}

/// A version of an artifact that is to be linked into a collection, which is made where it is missing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NewLink {
    /// Name of the registry.
    pub registry: String,
    /// Name of the collection.
    pub collection: String,
    /// What kind of artifact it is; a collection holds one kind.
    #[serde(rename = "type")]
    pub artifact_type: String,
    /// Project of the artifact.
    pub source_project: String,
    /// Name of the artifact.
    pub source_artifact: String,
    /// Number of its version.
    pub source_version: i64,
    /// Names that are to point at it.
    pub aliases: Vec<String>,
    /// The run that links it.
    pub run: Option<RunKey>,
}

/// Something that was done to a registry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegistryEvent {
    /// Position in the file.
    pub id: i64,
    /// Unique over all writers.
    pub event_uid: Option<String>,
    /// When, RFC 3339 in UTC.
    pub ts: String,
    /// What.
    pub kind: String,
    /// With what.
    pub payload: serde_json::Value,
}

/// Checks the name of a registry, which is part of a file name.
///
/// # Errors
/// When it is empty or has other characters than letters, digits, underscore and hyphen.
pub fn check_registry_name(name: &str) -> Result<(), InvalidRegistryName> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if !name.is_empty() && name.bytes().all(fits) {
        Ok(())
    } else {
        Err(InvalidRegistryName { name: name.chars().take(80).collect() })
    }
}

/// Checks the name of a collection.
///
/// # Errors
/// When it is empty or has other characters than letters, digits, dot, underscore and hyphen.
pub fn check_collection_name(name: &str) -> Result<(), InvalidArtifact> {
    check_word("collection name", name)
}

/// Why the name of a registry was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRegistryName {
    name: String,
}

impl fmt::Display for InvalidRegistryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        write!(
            f,
            "registry name `{name}` cannot be used: only letters, digits, `_` and `-` are allowed, at least one"
        )
    }
}

impl std::error::Error for InvalidRegistryName {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_registries() {
        for name in ["models", "a-b_C9"] {
            check_registry_name(name).expect(name);
        }
        for name in ["", "a.b", "../x", "ä", "a b", "a\n"] {
            check_registry_name(name).expect_err(name);
        }
    }
}
