//! Artifacts as the peer's client and page log and ask for them.

use paceline_query::Engine;
use paceline_schema::artifact::{BlobDigest, Lineage, Manifest, ManifestEntry};
use paceline_schema::upload::FileData;
use paceline_schema::{ErrorCode, ProjectName};
use paceline_storage::{ArtifactRun, NewVersion, Store};
use serde::{Deserialize, Serialize};

use super::call::{Call, Reply, or_default};
use crate::error::ApiError;

/// The blobs that are there, of those that were asked about.
#[derive(Serialize)]
struct PresentBlobs {
    present: Vec<String>,
}

/// A blob that was uploaded, and what it is said to be.
#[derive(Deserialize)]
struct UploadedBlob {
    digest: String,
    uploaded_file: FileData,
}

/// `check_artifact_blobs`: which blobs need not be uploaded.
pub(super) fn check_blobs(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    let blobs = store.blobs(&call.get::<String>("project")?);
    let asked: Vec<String> = call.get("digests")?;
    let asked = asked.into_iter().map(BlobDigest::new).collect::<Result<Vec<_>, _>>()?;
    let present = asked.iter().filter(|digest| blobs.contains(digest)).map(ToString::to_string).collect();
    Reply::of(&PresentBlobs { present })
}

/// `bulk_upload_artifact_blob`: uploaded files become blobs. All handles are used up, whatever comes of it.
pub(super) fn upload_blobs(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    call.require_hf_token()?;
    let project = ProjectName::new(&call.get::<String>("project")?)?;
    let uploads: Vec<UploadedBlob> = call.get("uploads")?;
    let waiting = &call.server()?.uploads;
    let taken: Vec<_> = uploads.iter().map(|upload| waiting.take(&upload.uploaded_file)).collect();
    let files = taken.into_iter().collect::<Result<Vec<_>, _>>()?;
    let blobs = store.blobs(project.as_str());
    for (upload, file) in uploads.iter().zip(&files) {
        blobs.take_in(&BlobDigest::new(upload.digest.as_str())?, file.path())?;
    }
    Reply::nothing()
}

/// `artifact_log`: records a version whose blobs are there.
pub(super) fn log(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    call.require_hf_token()?;
    let project = ProjectName::new(&call.get::<String>("project")?)?;
    let version = NewVersion {
        name: call.get("name")?,
        artifact_type: call.get("type")?,
        description: call.get("description")?,
        metadata: call.get("metadata")?,
        manifest: Manifest::new(call.get::<Vec<ManifestEntry>>("manifest")?)?,
        aliases: call.get::<Option<_>>("aliases")?.unwrap_or_default(),
        producer: run_of(call, "run_name")?,
        overwrite: call.get_or("overwrite", false)?,
    };
    Reply::of(&store.log_artifact(&project, version, call.arrived)?)
}

/// `log_artifact_use`: records that a run used a version.
pub(super) fn log_use(call: &Call<'_>, store: &Store) -> Result<Reply, ApiError> {
    call.require_hf_token()?;
    let (project, version_id) = (call.get::<String>("project")?, call.get("version_id")?);
    store.log_artifact_use(&project, version_id, &run_of(call, "run_name")?, None, call.arrived)?;
    Reply::nothing()
}

/// `get_artifact_manifest`: null for what is not there.
pub(super) fn manifest(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let (project, name) = (call.get::<String>("project")?, call.get::<String>("name")?);
    let spec: Option<String> = call.get("spec")?;
    let record = engine.artifact(&project, &name, spec.as_deref()).map(Some);
    Reply::of(&or_default(record)?)
}

/// `get_artifacts`: by name; empty for a project that is not there.
pub(super) fn summaries(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    Reply::of(&or_default(engine.artifact_summaries(&call.get::<String>("project")?))?)
}

/// `list_artifacts`: with their versions; empty for a project that is not there.
pub(super) fn list(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    Reply::of(&or_default(engine.artifacts(&call.get::<String>("project")?))?)
}

/// `get_run_artifacts`: what a run used and made; nothing for one that is not there.
pub(super) fn of_run(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let project: String = call.get("project")?;
    Reply::of(&or_default(engine.linked_artifacts(&project, &run_of(call, "run")?))?)
}

/// `get_run_artifact_counts`: how many versions each run used and made.
pub(super) fn counts(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    Reply::of(&or_default(engine.run_artifact_counts(&call.get::<String>("project")?))?)
}

/// `get_artifact_consumers`: the runs that used a version; none for one that is not there.
pub(super) fn consumers(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let (project, version_id) = (call.get::<String>("project")?, call.get("version_id")?);
    Reply::of(&or_default(engine.artifact_consumers(&project, version_id))?)
}

/// `get_artifact_lineage`: without nodes for a version that is not there.
pub(super) fn lineage(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let (project, version_id) = (call.get::<String>("project")?, call.get("version_id")?);
    match engine.artifact_lineage(&project, version_id).map_err(ApiError::from) {
        Err(error) if error.code() == ErrorCode::ProjectNotFound => {
            Reply::of(&Lineage::of_nothing(version_id))
        }
        lineage => Reply::of(&lineage?),
    }
}

/// The run a call names; an empty text names none.
fn run_of(call: &Call<'_>, name_parameter: &str) -> Result<ArtifactRun, ApiError> {
    let given = |name| Ok::<_, ApiError>(call.get::<Option<String>>(name)?.filter(|text| !text.is_empty()));
    Ok(ArtifactRun { id: given("run_id")?, name: given(name_parameter)? })
}
