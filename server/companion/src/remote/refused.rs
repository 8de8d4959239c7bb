//! Keeps what a server will not take, so that it does not hold back the rest and is not lost either.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use paceline_journal::layout::{create_private_folder, own_folder};
use paceline_schema::canonical_project;
use serde_json::value::RawValue;

/// The file of one project's refused entries, one JSON object a line.
#[derive(Debug)]
pub(crate) struct Refused {
    folder: PathBuf,
}

#[derive(serde::Serialize)]
struct Line<'a> {
    server: &'a str,
    call: &'a str,
    reason: &'a str,
    entry: &'a RawValue,
}

impl Refused {
    pub(crate) fn new(directory: &Path) -> Self {
        Self { folder: own_folder(directory).join("damaged") }
    }

    /// Keeps an entry, as JSON text, and says so in the log.
    pub(crate) fn keep(&self, project: &str, server: &str, call: &str, reason: &str, entry: &str) {
        let path = self.folder.join(format!("{}-refused.jsonl", canonical_project(project)));
        match self.append(&path, server, call, reason, entry) {
            Ok(()) => {
                tracing::warn!(project, call, reason, kept = %path.display(), "the server will not take an entry")
            }
            Err(error) => {
                tracing::error!(project, call, reason, entry, %error, "the server will not take an entry, and it cannot be kept")
            }
        }
    }

    fn append(&self, path: &Path, server: &str, call: &str, reason: &str, entry: &str) -> io::Result<()> {
        create_private_folder(&self.folder)?;
        let entry = serde_json::from_str(entry).map_err(io::Error::other)?;
        let mut line = serde_json::to_vec(&Line { server, call, reason, entry }).map_err(io::Error::other)?;
        line.push(b'\n');
        OpenOptions::new().create(true).append(true).mode(0o600).open(path)?.write_all(&line)
    }
}
