//! Artifacts: what a project has, which version is meant, where it came from; and registries of them.

use paceline_schema::artifact::{
    ArtifactConsumer, ArtifactRecord, ArtifactSummary, ArtifactVersions, Lineage, RunArtifactCounts,
    RunArtifacts,
};
use paceline_schema::registry::{REGISTRY_PREFIX, Registry, RegistryDetails};
use paceline_schema::similar::similar;
use paceline_storage::{ArtifactRun, Reader, StorageError};

use crate::engine::Engine;
use crate::error::QueryError;

impl Engine {
    /// The artifacts of a project with their versions, by type and name.
    ///
    /// # Errors
    /// When the project is not there or cannot be read.
    pub fn artifacts(&self, project: &str) -> Result<Vec<ArtifactVersions>, QueryError> {
        self.read(project, |reader, _| Ok(reader.artifacts()?))
    }

    /// The artifacts of a project at a glance, by name.
    ///
    /// # Errors
    /// As [`Self::artifacts`].
    pub fn artifact_summaries(&self, project: &str) -> Result<Vec<ArtifactSummary>, QueryError> {
        let mut summaries: Vec<_> = self.artifacts(project)?.into_iter().map(summary).collect();
        summaries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(summaries)
    }

    /// One artifact with its versions.
    ///
    /// # Errors
    /// As [`Self::artifacts`], and when there is no such artifact.
    pub fn artifact_versions(&self, project: &str, name: &str) -> Result<ArtifactVersions, QueryError> {
        self.read(project, |reader, project| {
            let artifacts = reader.artifacts()?;
            let names: Vec<String> = artifacts.iter().map(|artifact| artifact.name.clone()).collect();
            let found = artifacts.into_iter().find(|artifact| artifact.name == name);
            found.ok_or_else(|| not_found(project, name, &names).into())
        })
    }

    /// A version of an artifact with its files: the newest, or the one that `spec` names (`v3`, or an alias).
    ///
    /// # Errors
    /// As [`Self::artifacts`], and when there is no such version.
    pub fn artifact(
        &self,
        project: &str,
        name: &str,
        spec: Option<&str>,
    ) -> Result<ArtifactRecord, QueryError> {
        self.read(project, |reader, project| find(reader, project, name, spec))
    }

    /// The versions and runs that one version is joined with; empty for a version that is not there.
    ///
    /// # Errors
    /// As [`Self::artifacts`].
    pub fn artifact_lineage(&self, project: &str, version_id: i64) -> Result<Lineage, QueryError> {
        self.read(project, |reader, _| Ok(reader.artifact_lineage(version_id)?))
    }

    /// The same for a version by its name.
    ///
    /// # Errors
    /// As [`Self::artifact`].
    pub fn lineage_of(&self, project: &str, name: &str, spec: Option<&str>) -> Result<Lineage, QueryError> {
        self.read(project, |reader, project| {
            let version = find(reader, project, name, spec)?;
            Ok(reader.artifact_lineage(version.version_id)?)
        })
    }

    /// The runs that used a version, oldest first.
    ///
    /// # Errors
    /// As [`Self::artifacts`].
    pub fn artifact_consumers(
        &self,
        project: &str,
        version_id: i64,
    ) -> Result<Vec<ArtifactConsumer>, QueryError> {
        self.read(project, |reader, _| Ok(reader.artifact_consumers(version_id)?))
    }

    /// What the run with this id and name used and made; nothing for one that is not there.
    ///
    /// # Errors
    /// As [`Self::artifacts`].
    pub fn linked_artifacts(&self, project: &str, run: &ArtifactRun) -> Result<RunArtifacts, QueryError> {
        self.read(project, |reader, _| Ok(reader.run_artifacts(run)?))
    }

    /// What a run, by id or name, used and made.
    ///
    /// # Errors
    /// As [`Self::artifacts`], and when there is no such run.
    pub fn run_artifacts(&self, project: &str, run: &str) -> Result<RunArtifacts, QueryError> {
        self.read(project, |reader, _| {
            let run = reader.find_run(run)?;
            let run = ArtifactRun { id: Some(run.run_id), name: Some(run.run_name) };
            Ok(reader.run_artifacts(&run)?)
        })
    }

    /// How many versions each run used and made.
    ///
    /// # Errors
    /// As [`Self::artifacts`].
    pub fn run_artifact_counts(&self, project: &str) -> Result<Vec<RunArtifactCounts>, QueryError> {
        self.read(project, |reader, _| Ok(reader.run_artifact_counts()?))
    }

    /// The registries of the data directory, by name.
    ///
    /// # Errors
    /// When the directory or one of them cannot be read.
    pub fn registries(&self) -> Result<Vec<Registry>, QueryError> {
        let mut registries = Vec::new();
        for name in self.store().registries()? {
            let file = format!("{REGISTRY_PREFIX}{name}");
            match self.read(&file, |reader, _| Ok(reader.registry(&name)?)) {
                Ok(registry) => registries.extend(registry),
                // Deleted since the names were read.
                Err(QueryError::Storage(StorageError::ProjectNotFound { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(registries)
    }

    /// A registry with all that is in it; `None` when there is none of this name.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn registry(&self, name: &str) -> Result<Option<RegistryDetails>, QueryError> {
        let read = self.read(&format!("{REGISTRY_PREFIX}{name}"), |reader, _| {
            let Some(registry) = reader.registry(name)? else { return Ok(None) };
            Ok(Some(RegistryDetails {
                registry,
                bucket_id: None,
                collections: reader.collections()?,
                events: reader.registry_events()?,
            }))
        });
        match read {
            Err(QueryError::Storage(StorageError::ProjectNotFound { .. })) => Ok(None),
            read => read,
        }
    }
}

fn find(
    reader: &Reader<'_>,
    project: &str,
    name: &str,
    spec: Option<&str>,
) -> Result<ArtifactRecord, QueryError> {
    if let Some(record) = reader.artifact(name, spec)? {
        return Ok(record);
    }
    let artifacts = reader.artifacts()?;
    let error = match artifacts.iter().find(|artifact| artifact.name == name) {
        // The artifact is there, so the names alike are those of its versions.
        Some(artifact) => {
            let spec = spec.unwrap_or("latest");
            let newest = artifact.versions.iter().take(SIMILAR_VERSIONS);
            StorageError::ArtifactNotFound {
                project: project.to_owned(),
                artifact: format!("{name}:{spec}"),
                similar: newest.map(|version| format!("{name}:v{}", version.version)).collect(),
            }
        }
        None => {
            let names: Vec<String> = artifacts.iter().map(|artifact| artifact.name.clone()).collect();
            not_found(project, name, &names)
        }
    };
    Err(error.into())
}

/// Versions that are offered in place of one that is not there.
const SIMILAR_VERSIONS: usize = 3;

fn not_found(project: &str, name: &str, names: &[String]) -> StorageError {
    StorageError::ArtifactNotFound {
        project: project.to_owned(),
        artifact: name.to_owned(),
        similar: similar(name, names.iter().map(String::as_str)),
    }
}

fn summary(artifact: ArtifactVersions) -> ArtifactSummary {
    let mut aliases: Vec<String> =
        artifact.versions.iter().flat_map(|version| version.aliases.iter().cloned()).collect();
    aliases.sort_unstable();
    aliases.dedup();
    ArtifactSummary {
        size_bytes: artifact.versions.first().map(|newest| newest.size_bytes),
        name: artifact.name,
        artifact_type: artifact.artifact_type,
        description: artifact.description,
        num_versions: artifact.num_versions,
        latest_version: artifact.latest_version,
        aliases,
        created_at: artifact.created_at,
    }
}
