//! Files on the peer's wire: uploaded first, then named by the call that uses them.

use serde::{Deserialize, Serialize};

/// What `POST /api/upload` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UploadedFiles {
    /// A handle for each file, in the order of the files; each is good for one call within an hour.
    pub paths: Vec<String>,
}

/// An uploaded file as a call names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileData {
    /// The handle the upload was answered with.
    pub path: String,
    /// Name of the file where it came from.
    #[serde(default)]
    pub orig_name: Option<String>,
    /// Says what kind of object this is; the peer's client sends it, its server does not look.
    #[serde(default)]
    pub meta: FileDataMark,
}

/// The mark that tells a [`FileData`] from other objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDataMark {
    /// Always `gradio.FileData`.
    #[serde(rename = "_type", default = "file_data_type")]
    pub kind: String,
}

impl Default for FileDataMark {
    fn default() -> Self {
        Self { kind: file_data_type() }
    }
}

fn file_data_type() -> String {
    "gradio.FileData".to_owned()
}
