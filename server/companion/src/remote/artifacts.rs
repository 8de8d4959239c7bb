//! Artifacts and project files of a server, for a training that waits for the answer.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use paceline_schema::artifact::{BlobDigest, InvalidArtifact, Manifest};
use paceline_schema::artifact_request::{ArtifactCall, BlobPaths, LogArtifact, UploadProgress, UseArtifact};
use paceline_schema::{Destination, ErrorCode, Operation, canonical_project};
use paceline_storage::{Blobs, StorageError, Store};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::fault::{Fault, FaultKind};

/// Pauses before the next attempts at a server that is away.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_millis(1_000), Duration::from_millis(2_000)];
/// A blob may be large and a line slow; that nothing moves at all is the end of it.
const STILLNESS_PATIENCE: Duration = Duration::from_secs(60);

/// Why a server's artifacts cannot be had: a sentence, and a word to decide by.
#[derive(Debug)]
pub struct ArtifactRefusal {
    /// A sentence with the names it is about.
    pub message: String,
    /// The kind of trouble.
    pub code: ErrorCode,
}

/// Is told how far an upload is, from the thread that uploads.
pub type Told = Arc<dyn Fn(UploadProgress) + Send + Sync>;

/// Answers a question about the artifacts of a project that a server has. Blobs that are fetched stay in
/// `store`, as those of its own projects do; `told` hears of files that are uploaded.
///
/// # Errors
/// What the server says, when it is away for longer than a few seconds, and what keeps files from being read
/// and written here.
pub fn ask_server_for_artifact(
    store: &Store,
    destination: &Destination,
    project: &str,
    call: ArtifactCall,
    told: Told,
) -> Result<Value, ArtifactRefusal> {
    let server = ArtifactServer { client: Client::new(destination.clone()), project, told };
    match call {
        ArtifactCall::Log(version) => server.log(version),
        ArtifactCall::Use(wanted) => server.use_version(&wanted),
        ArtifactCall::Fetch { blobs } => server.fetch(&store.blobs(project), &blobs),
        ArtifactCall::SaveFiles { files } => server.save_files(&files),
        ArtifactCall::RenameRun { run, new_name } => server.call(
            Operation::RenameRun,
            &json!({"project": project, "old_name": run.name, "new_name": new_name, "run_id": run.id}),
        ),
    }
}

struct ArtifactServer<'a> {
    client: Client,
    project: &'a str,
    told: Told,
}

/// What `check_artifact_blobs` answers.
#[derive(Deserialize)]
struct PresentBlobs {
    present: Vec<String>,
}

impl ArtifactServer<'_> {
    fn log(&self, version: LogArtifact) -> Result<Value, ArtifactRefusal> {
        let manifest = Manifest::new(version.manifest)?;
        self.send_blobs(manifest.blobs(), &version.files)?;
        let mut arguments = json!({
            "project": self.project, "name": version.name, "type": version.artifact_type,
            "description": version.description, "metadata": version.metadata, "manifest": manifest.entries(),
            "aliases": version.aliases, "run_name": version.run.name, "run_id": version.run.id,
        });
        if version.overwrite {
            // Servers before 0.40 know no such argument.
            arguments["overwrite"] = Value::Bool(true);
        }
        self.call(Operation::LogArtifact, &arguments)
    }

    /// Uploads the blobs that the server has not.
    fn send_blobs(
        &self,
        blobs: &[BlobDigest],
        files: &BTreeMap<String, PathBuf>,
    ) -> Result<(), ArtifactRefusal> {
        if blobs.is_empty() {
            return Ok(());
        }
        let digests: Vec<&str> = blobs.iter().map(BlobDigest::as_str).collect();
        let asked = json!({"project": self.project, "digests": digests});
        let answer = self.call(Operation::CheckArtifactBlobs, &asked)?;
        let PresentBlobs { present } = serde_json::from_value(answer).map_err(|error| ArtifactRefusal {
            message: format!("`{}` lists blobs in an unknown form: {error}", self.client.destination()),
            code: ErrorCode::Internal,
        })?;
        let mut missing = Vec::new();
        for digest in digests {
            if !present.iter().any(|there| there == digest) {
                let file = files.get(digest).ok_or_else(|| missing_blob(digest))?;
                missing.push((digest, digest, file.as_path()));
            }
        }
        self.upload(&missing, |digest, staged| {
            let upload = json!({"project": self.project, "digest": digest, "uploaded_file": staged});
            let uploads = json!({"project": self.project, "uploads": [upload]});
            self.client.call_with(Operation::BulkUploadArtifactBlob, &uploads)
        })
    }

    /// Uploads files, each known to us by a key and to the server by a name, and lets `place` put each where
    /// it belongs.
    fn upload(
        &self,
        files: &[(&str, &str, &Path)],
        place: impl Fn(&str, Value) -> Result<Value, Fault>,
    ) -> Result<(), ArtifactRefusal> {
        let bytes_of = |file: &Path| fs::metadata(file).map_or(0, |about| about.len());
        let total_bytes = files.iter().map(|(_, _, file)| bytes_of(file)).sum();
        let mut bytes_before = 0;
        for (key, name, file) in files {
            patiently(|| {
                let told = Arc::clone(&self.told);
                let sent =
                    move |bytes| told(UploadProgress { sent_bytes: bytes_before + bytes, total_bytes });
                let staged = self.client.stage(file, name, sent)?.ok_or_else(|| gone(file))?;
                place(key, staged)
            })?;
            bytes_before += bytes_of(file);
        }
        Ok(())
    }

    fn use_version(&self, wanted: &UseArtifact) -> Result<Value, ArtifactRefusal> {
        let UseArtifact { run, run_project: _, name, spec, artifact_type } = wanted;
        let asked = json!({"project": self.project, "name": name, "spec": spec});
        let record = self.call(Operation::GetArtifactManifest, &asked)?;
        if record.is_null() {
            let (spec, server) = (spec.as_deref().unwrap_or("latest"), self.client.destination());
            let message =
                format!("artifact `{name}:{spec}` is not in project `{}` of `{server}`", self.project);
            return Err(ArtifactRefusal { message, code: ErrorCode::ArtifactNotFound });
        }
        let recorded = record["type"].as_str().unwrap_or_default();
        if let Some(artifact_type) = artifact_type
            && artifact_type != recorded
        {
            let message = format!("artifact `{name}` is of type `{recorded}`, not `{artifact_type}`");
            return Err(ArtifactRefusal { message, code: ErrorCode::InvalidRequest });
        }
        if let Some(run) = run {
            let used = json!({
                "project": self.project, "version_id": record["version_id"], "run_name": run.name, "run_id": run.id,
            });
            self.call(Operation::LogArtifactUse, &used)?;
        }
        Ok(record)
    }

    fn fetch(&self, blobs: &Blobs, wanted: &BTreeMap<String, u64>) -> Result<Value, ArtifactRefusal> {
        let mut paths = BTreeMap::new();
        for (digest, size) in wanted {
            let name = BlobDigest::new(digest.as_str())?;
            let path = blobs.path(&name);
            if !blobs.contains(&name) {
                let partial = path.with_file_name(format!("{digest}.partial.{:016x}", fastrand::u64(..)));
                let fetched = patiently(|| self.fetch_to(digest, *size, &partial));
                let taken =
                    fetched.and_then(|()| blobs.take_in(&name, &partial).map_err(ArtifactRefusal::from));
                // Moved away by now, unless something failed.
                let _ = fs::remove_file(&partial);
                taken?;
            }
            paths.insert(digest.clone(), path);
        }
        Ok(json!(BlobPaths { paths }))
    }

    fn fetch_to(&self, digest: &str, size: u64, file: &Path) -> Result<(), Fault> {
        let path = format!("/artifact_blob/{}/{digest}", canonical_project(self.project));
        let request = self.client.request("GET", &path).body(Vec::new());
        let request = request.map(|request| self.client.unhurried(request, STILLNESS_PATIENCE));
        let mut response = self.client.exchange(request)?;
        let cut = |error: io::Error| {
            Fault::new(FaultKind::Away, format!("the contents `{digest}` do not arrive whole: {error}"))
        };
        if let Some(folder) = file.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(cut)?;
        }
        let mut target = File::create(file).map_err(cut)?;
        // Who sends more fills the disk with something else.
        let mut body = response.body_mut().as_reader().take(size.saturating_add(1));
        if io::copy(&mut body, &mut target).map_err(cut)? > size {
            let message =
                format!("the contents `{digest}` are longer than the {size} bytes of their manifest");
            return Err(Fault::new(FaultKind::Request { row: None }, message));
        }
        Ok(())
    }

    fn save_files(&self, files: &BTreeMap<String, PathBuf>) -> Result<Value, ArtifactRefusal> {
        let own_name = |name: &'_ str| name.rsplit_once('/').map_or(0, |(folder, _)| folder.len() + 1);
        let files: Vec<_> = files
            .iter()
            .map(|(name, file)| (name.as_str(), &name[own_name(name)..], file.as_path()))
            .collect();
        self.upload(&files, |name, staged| {
            let upload = json!({
                "project": self.project, "run": null, "run_id": null, "step": null,
                "relative_path": name.rsplit_once('/').map(|(folder, _)| folder), "uploaded_file": staged,
            });
            self.client.call_with(Operation::BulkUploadMedia, &json!({"uploads": [upload]}))
        })?;
        Ok(json!({}))
    }

    fn call(&self, operation: Operation, arguments: &Value) -> Result<Value, ArtifactRefusal> {
        patiently(|| self.client.call_with(operation, arguments))
    }
}

/// Tries again while the server is away, for a few seconds.
fn patiently<T>(mut attempt: impl FnMut() -> Result<T, Fault>) -> Result<T, ArtifactRefusal> {
    for pause in PAUSES {
        match attempt() {
            Err(Fault { kind: FaultKind::Away, retry_after, .. }) => {
                std::thread::sleep(retry_after.map_or(pause, |asked| asked.min(STILLNESS_PATIENCE)));
            }
            answered => return answered.map_err(ArtifactRefusal::from),
        }
    }
    attempt().map_err(ArtifactRefusal::from)
}

fn gone(file: &Path) -> Fault {
    Fault::new(FaultKind::Request { row: None }, format!("there is no file `{}` any more", file.display()))
}

fn missing_blob(digest: &str) -> ArtifactRefusal {
    ArtifactRefusal {
        message: format!("the contents `{digest}` are neither here nor on the server"),
        code: ErrorCode::FileNotFound,
    }
}

impl From<Fault> for ArtifactRefusal {
    fn from(fault: Fault) -> Self {
        let code = match fault.kind {
            FaultKind::Away => ErrorCode::Busy,
            FaultKind::Refused => ErrorCode::Unauthorized,
            FaultKind::Request { .. } => ErrorCode::InvalidRequest,
            FaultKind::Unclear => ErrorCode::Internal,
            FaultKind::Missing => ErrorCode::FileNotFound,
        };
        Self { message: fault.to_string(), code }
    }
}

impl From<StorageError> for ArtifactRefusal {
    fn from(error: StorageError) -> Self {
        Self { message: error.to_string(), code: error.code() }
    }
}

impl From<InvalidArtifact> for ArtifactRefusal {
    fn from(error: InvalidArtifact) -> Self {
        Self { message: error.to_string(), code: ErrorCode::InvalidRequest }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;

    use paceline_schema::DestinationKind;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn no_more_is_taken_than_the_manifest_tells_of() {
        let contents = [7; 1_000];
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let answer_all = move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                    head.push(byte[0]);
                }
                // The client may have seen enough before the end.
                let _ =
                    stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n");
                let _ = stream.write_all(&contents);
            }
        };
        std::thread::Builder::new().name("answers".to_owned()).spawn(answer_all).expect("a thread");
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let store = Store::open(scratch.path(), paceline_storage::Durability::Process).expect("it opens");
        let server = Destination::new(DestinationKind::Server, &format!("http://{address}"), None);
        let server = server.expect("an address");
        let digest: String = Sha256::digest(contents).iter().map(|byte| format!("{byte:02x}")).collect();
        let fetch = |size| {
            let call = ArtifactCall::Fetch { blobs: BTreeMap::from([(digest.clone(), size)]) };
            ask_server_for_artifact(&store, &server, "p", call, Arc::new(|_| ()))
        };
        let refused = fetch(999).expect_err("it is longer");
        assert!(refused.message.contains("longer than the 999 bytes"), "{}", refused.message);
        let folder = store.blobs("p").path(&BlobDigest::new(digest.as_str()).expect("a digest"));
        let folder = folder.parent().expect("one").to_owned();
        assert_eq!(fs::read_dir(&folder).expect("it is read").count(), 0, "nothing of it is left");
        fetch(1_000).expect("it is what the manifest tells of");
    }
}
