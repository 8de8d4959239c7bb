//! One commit: several files come and go at once, on top of a state that was looked at.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::attempts::patiently;
use super::client::{JSON, Payload};
use super::fault::{HubFault, HubFaultKind};
use super::file::{LocalFile, SAMPLE_BYTES};
use super::repository::{BRANCH, Repository};

const NDJSON: &str = "application/x-ndjson";
/// Files asked for in one request.
const BATCH_FILES: usize = 256;
/// The Hub's own limit for what stands in a commit itself.
const LARGEST_INLINE_BYTES: u64 = 10 << 20;
/// All of them together, in one commit: it is made in memory, where each takes a third more.
const MOST_INLINE_BYTES: u64 = 256 << 20;
const CARD: &str = "README.md";

/// What is to become of a path of a repository.
#[derive(Debug, Clone)]
pub enum Change {
    /// It holds what the file holds.
    File(LocalFile),
    /// It holds this text.
    Text(String),
    /// It is no more.
    Gone,
}

/// A commit that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Its id.
    pub commit: String,
    /// Bytes of large files that were sent for it: what the Hub had already was not.
    pub sent_bytes: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UploadMode {
    path: String,
    upload_mode: String,
    #[serde(default)]
    should_ignore: bool,
}

impl Repository {
    /// Makes all changes or none, when the newest state is still `parent`. An answer that does not arrive leaves open
    /// which: look at the head then.
    ///
    /// # Errors
    /// `Conflict` when somebody else was first; else what kept it from being made.
    pub fn commit(
        &self,
        parent: &str,
        title: &str,
        changes: &BTreeMap<String, Change>,
    ) -> Result<Committed, HubFault> {
        match changes.get(CARD) {
            Some(Change::Text(card)) => self.check_card(card)?,
            Some(Change::File(file)) => self.check_card(&String::from_utf8_lossy(&small(CARD, file)?))?,
            Some(Change::Gone) | None => {}
        }
        let modes = self.upload_modes(changes)?;
        let is_large = |path: &String| modes.get(path).is_some_and(|mode| mode == "lfs");
        let large: Vec<&LocalFile> = changes
            .iter()
            .filter_map(|(path, change)| match change {
                Change::File(file) if file.bytes > 0 && is_large(path) => Some(file),
                Change::File(_) | Change::Text(_) | Change::Gone => None,
            })
            .collect();
        let inline_bytes = changes.iter().map(|(path, change)| match change {
            Change::Gone => 0,
            Change::Text(text) => text.len() as u64,
            Change::File(file) => file.bytes * u64::from(!is_large(path)),
        });
        expect_inline(inline_bytes.sum())?;
        let sent_bytes = self.send_large(&large)?;
        let header = json!({"summary": title, "description": "", "parentCommit": parent});
        let mut body = Vec::new();
        let mut add = |line: &Value| {
            body.extend_from_slice(line.to_string().as_bytes());
            body.push(b'\n');
        };
        add(&json!({"key": "header", "value": header}));
        for (path, change) in changes {
            add(&match change {
                Change::Gone => json!({"key": "deletedFile", "value": {"path": path}}),
                Change::Text(text) => inline(path, text.as_bytes()),
                Change::File(file) if file.bytes > 0 && is_large(path) => json!({
                    "key": "lfsFile",
                    "value": {"path": path, "algo": "sha256", "oid": file.sha256, "size": file.bytes},
                }),
                Change::File(file) => inline(path, &small(path, file)?),
            });
        }
        let doing = format!("making a commit in {self}");
        let path = format!("/api/{}/commit/{BRANCH}", self.path_of_api());
        let payload = Payload::Bytes { kind: NDJSON, bytes: &body };
        // Sent once: whether a lost answer was a good one shows at the head.
        let (said, _) = self.client.json("POST", &path, &payload, &doing)?;
        let commit = said["commitOid"].as_str().ok_or_else(|| HubFault::strange(&doing))?;
        Ok(Committed { commit: commit.to_owned(), sent_bytes })
    }

    /// The Hub reads the head of a card before it takes it.
    fn check_card(&self, card: &str) -> Result<(), HubFault> {
        let doing = format!("showing the card of {self}");
        let bytes = json!({"content": card, "repoType": self.kind().as_str()}).to_string().into_bytes();
        let payload = Payload::Bytes { kind: JSON, bytes: &bytes };
        let (said, _) = patiently(|| self.client.json("POST", "/api/validate-yaml", &payload, &doing))?;
        let errors: Vec<&str> = said["errors"].as_array().map_or_else(Vec::new, |errors| {
            errors.iter().filter_map(|error| error["message"].as_str()).collect()
        });
        if errors.is_empty() {
            return Ok(());
        }
        Err(HubFault::new(
            HubFaultKind::Unusable,
            format!("the Hub does not take the head of `{CARD}`: {}", errors.join("; ")),
            "mend what stands between its two lines `---`, or remove the file",
        ))
    }

    /// Whether the Hub wants each file in the commit itself (`regular`) or in the store for large ones (`lfs`).
    fn upload_modes(&self, changes: &BTreeMap<String, Change>) -> Result<BTreeMap<String, String>, HubFault> {
        let doing = format!("asking how the files of {self} are sent");
        let path = format!("/api/{}/preupload/{BRANCH}", self.path_of_api());
        let mut files = Vec::new();
        for (path, change) in changes {
            let (sample, size) = match change {
                Change::Gone => continue,
                Change::Text(text) => {
                    (text.as_bytes()[..text.len().min(SAMPLE_BYTES)].to_vec(), text.len() as u64)
                }
                Change::File(file) => (file.sample()?, file.bytes),
            };
            files.push(json!({"path": path, "sample": STANDARD.encode(sample), "size": size}));
        }
        let mut modes = BTreeMap::new();
        for files in files.chunks(BATCH_FILES) {
            let bytes = json!({"files": files}).to_string().into_bytes();
            let payload = Payload::Bytes { kind: JSON, bytes: &bytes };
            let (mut said, _) = patiently(|| self.client.json("POST", &path, &payload, &doing))?;
            let answered: Vec<UploadMode> =
                serde_json::from_value(said["files"].take()).map_err(|_| HubFault::strange(&doing))?;
            for mode in answered {
                if mode.should_ignore {
                    return Err(HubFault::new(
                        HubFaultKind::Unusable,
                        format!("`.gitignore` of {self} leaves out `{}`", mode.path),
                        "remove that line from it",
                    ));
                }
                modes.insert(mode.path, mode.upload_mode);
            }
        }
        Ok(modes)
    }
}

fn inline(path: &str, content: &[u8]) -> Value {
    json!({"key": "file", "value": {"content": STANDARD.encode(content), "path": path, "encoding": "base64"}})
}

/// Refuses more in the commit itself than is held in memory.
fn expect_inline(bytes: u64) -> Result<(), HubFault> {
    if bytes <= MOST_INLINE_BYTES {
        return Ok(());
    }
    Err(HubFault::new(
        HubFaultKind::Unusable,
        format!(
            "the Hub wants {bytes} bytes in the commit itself, more than the {MOST_INLINE_BYTES} that are sent so"
        ),
        "add a line for the most of these files to `.gitattributes` there: `*.json filter=lfs diff=lfs merge=lfs -text`",
    ))
}

/// The content of a file that stands in the commit itself.
fn small(path: &str, file: &LocalFile) -> Result<Vec<u8>, HubFault> {
    if file.bytes > LARGEST_INLINE_BYTES {
        return Err(HubFault::new(
            HubFaultKind::Unusable,
            format!("the Hub wants the {} bytes of `{path}` in the commit itself", file.bytes),
            format!(
                "add a line for it to `.gitattributes` there: `{} filter=lfs diff=lfs merge=lfs -text`",
                path.rsplit_once('.').map_or_else(|| path.to_owned(), |(_, ending)| format!("*.{ending}"))
            ),
        ));
    }
    std::fs::read(&file.path).map_err(|error| HubFault::local(&file.path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_has_its_bounds() {
        expect_inline(MOST_INLINE_BYTES).expect("it is held in memory");
        let fault = expect_inline(MOST_INLINE_BYTES + 1).expect_err("it is too much");
        assert!(fault.message.contains("268435457") && fault.hint.contains(".gitattributes"), "{fault:?}");
    }
}
