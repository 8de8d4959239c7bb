//! `paceline artifact`: what a training asks about artifacts, answered from the data directory or a server.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use paceline_companion::{ArtifactRefusal, Told, ask_server_for_artifact};
use paceline_schema::artifact::{ArtifactRecord, BlobDigest, Manifest};
use paceline_schema::artifact_request::{
    ArtifactCall, ArtifactRequest, BlobPaths, LogArtifact, Refused, UploadProgress, UseArtifact,
};
use paceline_schema::{ErrorCode, ProjectName, Timestamp};
use paceline_storage::{ArtifactRun, Durability, NewVersion, Store};
use serde::Serialize;

use crate::arguments::ArtifactArguments;
use crate::failure::Failure;
use crate::output;

/// Answers one question. A refusal is an answer too, with exit status 1.
pub(crate) fn run(arguments: &ArtifactArguments) -> Result<(), Failure> {
    let request: ArtifactRequest = serde_json::from_reader(io::stdin().lock()).map_err(|error| {
        Failure::new(
            format!("standard input holds no question about artifacts: {error}"),
            "trainings ask by themselves: `trackio.log_artifact`",
        )
    })?;
    let directory = std::path::absolute(arguments.directory.directory())?;
    match answer(directory, request) {
        Ok(answer) => Ok(output::json_line(&answer)?),
        Err(ArtifactRefusal { message, code }) => {
            output::json_line(&Refused { error: message, code: code.as_str().to_owned() })?;
            Err(Failure::AnsweredNo)
        }
    }
}

/// What a question is answered with.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Version(Box<ArtifactRecord>),
    Blobs(BlobPaths),
    OfServer(serde_json::Value),
    Nothing {},
}

fn answer(directory: std::path::PathBuf, request: ArtifactRequest) -> Result<Answer, ArtifactRefusal> {
    let store = Store::open(directory, Durability::Power)?;
    let project = project_name(&request.project)?;
    if let Some(server) = &request.server {
        let told = if request.tells_progress { upload_lines() } else { Arc::new(|_| ()) };
        return ask_server_for_artifact(&store, server, &request.project, request.call, told)
            .map(Answer::OfServer);
    }
    match request.call {
        ArtifactCall::Log(version) => log(&store, &project, version).map(Box::new).map(Answer::Version),
        ArtifactCall::Use(wanted) => use_version(&store, &project, wanted).map(Box::new).map(Answer::Version),
        ArtifactCall::Fetch { blobs } => blob_paths(&store, &project, blobs.keys()).map(Answer::Blobs),
        // They are where they belong already.
        ArtifactCall::SaveFiles { files: _ } => Ok(Answer::Nothing {}),
        ArtifactCall::RenameRun { run, new_name } => {
            store.project(project.as_str())?.rename_run(&run.id, &new_name)?;
            Ok(Answer::Nothing {})
        }
    }
}

/// Says how far an upload is, whenever another thousandth is done.
fn upload_lines() -> Told {
    let said = AtomicU64::new(u64::MAX);
    Arc::new(move |progress: UploadProgress| {
        let thousandths = progress.sent_bytes * 1_000 / progress.total_bytes.max(1);
        if said.swap(thousandths, Ordering::Relaxed) != thousandths {
            // Whoever no longer listens hears no answer either.
            let _ = output::json_line(&progress);
        }
    })
}

fn log(
    store: &Store,
    project: &ProjectName,
    version: LogArtifact,
) -> Result<ArtifactRecord, ArtifactRefusal> {
    let manifest = Manifest::new(version.manifest)?;
    let blobs = store.blobs(project.as_str());
    for digest in manifest.blobs() {
        if let Some(file) = version.files.get(digest.as_str()) {
            blobs.copy_in(digest, file)?;
        }
    }
    let version = NewVersion {
        name: version.name,
        artifact_type: version.artifact_type,
        description: version.description,
        metadata: version.metadata,
        manifest,
        aliases: version.aliases,
        producer: ArtifactRun { id: Some(version.run.id), name: Some(version.run.name) },
        overwrite: version.overwrite,
    };
    Ok(store.log_artifact(project, version, now())?)
}

fn use_version(
    store: &Store,
    project: &ProjectName,
    wanted: UseArtifact,
) -> Result<ArtifactRecord, ArtifactRefusal> {
    let UseArtifact { run, run_project, name, spec, artifact_type } = wanted;
    let owner = store.project(project.as_str())?;
    let found = owner.read(|reader| reader.artifact(&name, spec.as_deref()))?;
    let Some(record) = found else {
        let spec = spec.unwrap_or_else(|| "latest".to_owned());
        let message = format!("artifact `{name}:{spec}` is not in project `{}`", project.as_str());
        return Err(ArtifactRefusal { message, code: ErrorCode::ArtifactNotFound });
    };
    if let Some(artifact_type) = artifact_type
        && artifact_type != record.artifact_type
    {
        let message =
            format!("artifact `{name}` is of type `{}`, not `{artifact_type}`", record.artifact_type);
        return Err(ArtifactRefusal { message, code: ErrorCode::InvalidRequest });
    }
    if let Some(run) = run {
        let run = ArtifactRun { id: Some(run.id), name: Some(run.name) };
        let run_project = project_name(&run_project)?;
        store.log_artifact_use(project.as_str(), record.version_id, &run, Some(&run_project), now())?;
    }
    Ok(record)
}

fn blob_paths<'a>(
    store: &Store,
    project: &ProjectName,
    digests: impl Iterator<Item = &'a String>,
) -> Result<BlobPaths, ArtifactRefusal> {
    let blobs = store.blobs(project.as_str());
    let mut paths = std::collections::BTreeMap::new();
    for digest in digests {
        let name = BlobDigest::new(digest.as_str())?;
        if !blobs.contains(&name) {
            let message = format!("the contents `{digest}` are not in project `{}`", project.as_str());
            return Err(ArtifactRefusal { message, code: ErrorCode::FileNotFound });
        }
        paths.insert(digest.clone(), blobs.path(&name));
    }
    Ok(BlobPaths { paths })
}

fn project_name(name: &str) -> Result<ProjectName, ArtifactRefusal> {
    ProjectName::new(name)
        .map_err(|error| ArtifactRefusal { message: error.to_string(), code: ErrorCode::InvalidName })
}

fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}
