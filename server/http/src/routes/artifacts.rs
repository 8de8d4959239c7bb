//! Artifacts: what a project has, one version with its files, where it came from, what a run used and made.

use actix_web::get;
use actix_web::web::Path;
use paceline_schema::artifact::{ArtifactRecord, ArtifactSummary, ArtifactVersions, Lineage, RunArtifacts};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{CommonErrors, NotFound, ProjectPath, RunPath};
use crate::error::ApiError;
use crate::examples;
use crate::state::{Answer, State};

/// Every artifact of a project.
#[derive(Serialize, ToSchema)]
pub(crate) struct Artifacts {
    /// By name.
    pub(crate) artifacts: Vec<ArtifactSummary>,
}

/// An artifact of a project.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ArtifactPath {
    /// Name of the project.
    #[param(example = "digits")]
    project: String,
    /// Name of the artifact.
    #[param(example = "model")]
    artifact: String,
}

/// A version of an artifact.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct VersionPath {
    /// Name of the project.
    #[param(example = "digits")]
    project: String,
    /// Name of the artifact.
    #[param(example = "model")]
    artifact: String,
    /// `v` and the number of the version, or an alias; `latest` is the newest.
    #[param(example = "latest")]
    version: String,
}

/// Lists the artifacts of a project.
#[utoipa::path(
    operation_id = "list_artifacts",
    tag = "artifacts",
    params(ProjectPath),
    responses(
        (status = 200, description = "Every artifact, by name.", body = Artifacts, example = json!(examples::artifacts())),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/artifacts")]
pub(crate) async fn list_artifacts(state: State, path: Path<ProjectPath>) -> Result<Answer, ApiError> {
    state.read(move |engine| Ok(Artifacts { artifacts: engine.artifact_summaries(&path.project)? })).await
}

/// Gets an artifact with all its versions, without their files.
#[utoipa::path(
    operation_id = "get_artifact",
    tag = "artifacts",
    params(ArtifactPath),
    responses(
        (
            status = 200,
            description = "The artifact; its versions newest first.",
            body = ArtifactVersions,
            example = json!(examples::artifact_versions())
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/artifacts/{artifact}")]
pub(crate) async fn get_artifact(state: State, path: Path<ArtifactPath>) -> Result<Answer, ApiError> {
    state.read(move |engine| engine.artifact_versions(&path.project, &path.artifact)).await
}

/// Gets one version of an artifact with its files.
///
/// A file without `ref` is downloaded from `/artifact_blob/{project}/{digest}`.
#[utoipa::path(
    operation_id = "get_artifact_version",
    tag = "artifacts",
    params(VersionPath),
    responses(
        (
            status = 200,
            description = "The version.",
            body = ArtifactRecord,
            example = json!(examples::artifact_record())
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/artifacts/{artifact}/{version}")]
pub(crate) async fn get_artifact_version(state: State, path: Path<VersionPath>) -> Result<Answer, ApiError> {
    state.read(move |engine| engine.artifact(&path.project, &path.artifact, Some(&path.version))).await
}

/// Gets what one version of an artifact came from and what came from it.
///
/// The nearest 1,000 versions and runs; `truncated` tells that there are more.
#[utoipa::path(
    operation_id = "get_artifact_lineage",
    tag = "artifacts",
    params(VersionPath),
    responses(
        (
            status = 200,
            description = "Versions and runs, and which made and used which.",
            body = Lineage,
            example = json!(examples::lineage())
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/artifacts/{artifact}/{version}/lineage")]
pub(crate) async fn get_artifact_lineage(state: State, path: Path<VersionPath>) -> Result<Answer, ApiError> {
    state.read(move |engine| engine.lineage_of(&path.project, &path.artifact, Some(&path.version))).await
}

/// Lists the artifacts that a run used and made.
#[utoipa::path(
    operation_id = "list_run_artifacts",
    tag = "artifacts",
    params(RunPath),
    responses(
        (
            status = 200,
            description = "What it used and what it made, oldest first.",
            body = RunArtifacts,
            example = json!(examples::run_artifacts())
        ),
        CommonErrors, NotFound
    )
)]
#[get("/projects/{project}/runs/{run}/artifacts")]
pub(crate) async fn list_run_artifacts(state: State, path: Path<RunPath>) -> Result<Answer, ApiError> {
    state.read(move |engine| engine.run_artifacts(&path.project, &path.run)).await
}
