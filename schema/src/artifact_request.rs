//! What a training asks of the program beside it about artifacts and files: one JSON object on its standard
//! input, and one answer on its standard output.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Destination;
use crate::artifact::ManifestEntry;
use crate::event::RunKey;

/// A question about the artifacts and files of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArtifactRequest {
    /// The project, in any spelling.
    pub project: String,
    /// Server that has the project; absent when the data directory has.
    pub server: Option<Destination>,
    /// Whether [`UploadProgress`] is wanted before the answer, line by line.
    #[serde(default)]
    pub tells_progress: bool,
    /// What is asked.
    #[serde(flatten)]
    pub call: ArtifactCall,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum ArtifactCall {
    /// Store a version; the answer is an [`ArtifactRecord`](crate::artifact::ArtifactRecord).
    Log(LogArtifact),
    /// Find a version and note the run that uses it; the answer is an
    /// [`ArtifactRecord`](crate::artifact::ArtifactRecord).
    Use(UseArtifact),
    /// Bring blobs to the data directory; the answer is [`BlobPaths`].
    Fetch {
        /// How many bytes each is long, by its digest.
        blobs: BTreeMap<String, u64>,
    },
    /// Bring files to the server's files of the project; the answer is an empty object.
    SaveFiles {
        /// Where each lies on this machine, by its path among the files of the project.
        files: BTreeMap<String, PathBuf>,
    },
    /// Give a run another name; the answer is an empty object.
    RenameRun {
        /// The run, under its name so far.
        run: RunKey,
        /// Its new name.
        new_name: String,
    },
}

/// A version to store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogArtifact {
    /// The run that made it.
    pub run: RunKey,
    /// Name of the artifact.
    pub name: String,
    /// What kind of thing it is.
    #[serde(rename = "type")]
    pub artifact_type: String,
    /// Free text.
    pub description: Option<String>,
    /// Whatever was noted with it.
    pub metadata: Option<serde_json::Value>,
    /// Its files and references.
    pub manifest: Vec<ManifestEntry>,
    /// Where the contents lie on this machine, by their digests.
    pub files: BTreeMap<String, PathBuf>,
    /// Names that are to point at it.
    pub aliases: Vec<String>,
    /// All other versions go.
    pub overwrite: bool,
}

/// A version to find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseArtifact {
    /// The run that uses it; absent when it is looked for by no run, and nothing is noted.
    pub run: Option<RunKey>,
    /// The project of that run.
    pub run_project: String,
    /// Name of the artifact.
    pub name: String,
    /// A version `v3` or an alias; the newest version when absent.
    pub spec: Option<String>,
    /// What kind of thing it must be.
    #[serde(rename = "type")]
    pub artifact_type: Option<String>,
}

/// Where blobs lie on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobPaths {
    /// Absolute path of each, by its digest.
    pub paths: BTreeMap<String, PathBuf>,
}

/// How far an upload to a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadProgress {
    /// Bytes of files sent so far.
    pub sent_bytes: u64,
    /// Bytes of all files that are sent.
    pub total_bytes: u64,
}

/// The answer when the program says no, with exit status 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// A sentence with a way out.
    pub error: String,
    /// A word to decide by.
    pub code: String,
}
