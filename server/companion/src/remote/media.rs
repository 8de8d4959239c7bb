//! The files that rows name: images, sounds, films, also inside tables. They go to the server before the row.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use paceline_schema::event::RunKey;
use paceline_schema::{Metrics, Operation, Value};
use serde_json::json;

use super::client::Client;
use super::fault::{Fault, FaultKind};

const MEDIA_FOLDER: &str = "media";
/// What every value with a file has in its text.
const FILE_KEY: &str = "\"file_path\"";

/// Files of rows of this data directory.
#[derive(Debug)]
pub(crate) struct Media {
    folder: PathBuf,
    /// On the server already, while their rows are not.
    sent: HashSet<String>,
}

impl Media {
    pub(crate) fn new(directory: &Path) -> Self {
        Self { folder: directory.join(MEDIA_FOLDER), sent: HashSet::new() }
    }

    /// Sends the files that the values of a row name. One that is not there, or that the server will not
    /// take, is said and does not hold back the row.
    ///
    /// # Errors
    /// When the server is away.
    pub(crate) fn send(
        &mut self,
        client: &Client,
        project: &str,
        run: &RunKey,
        metrics: &Metrics,
    ) -> Result<(), Fault> {
        for (key, value) in metrics {
            let Value::Json(text) = value else { continue };
            if !text.contains(FILE_KEY) {
                continue;
            }
            let mut named = Vec::new();
            collect(&serde_json::from_str(text).unwrap_or_default(), &mut named);
            for name in named {
                if self.sent.contains(&name) {
                    continue;
                }
                match self.send_file(client, project, run, &name) {
                    Ok(true) => {}
                    Ok(false) => tracing::warn!(
                        project,
                        run = run.name,
                        key,
                        file = name,
                        "a file that a row names is not there"
                    ),
                    Err(fault) if matches!(fault.kind, FaultKind::Request { .. } | FaultKind::Missing) => {
                        tracing::warn!(project, run = run.name, key, file = name, %fault, "the server will not take a file");
                    }
                    Err(fault) => return Err(fault),
                }
                self.sent.insert(name);
            }
        }
        Ok(())
    }

    /// The rows are there too.
    pub(crate) fn forget_sent(&mut self) {
        self.sent.clear();
    }

    fn send_file(&self, client: &Client, project: &str, run: &RunKey, name: &str) -> Result<bool, Fault> {
        let path = Path::new(name);
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Ok(false);
        }
        // <project>/<run>/<step>/<file>, and the server puts it under the same name.
        let mut parts: Vec<&str> = name.split('/').skip(1).collect();
        let (file, step) =
            (parts.pop().unwrap_or_default(), parts.pop().and_then(|step| step.parse::<i64>().ok()));
        let Some(step) = step else { return Ok(false) };
        let Some(staged) = client.stage(&self.folder.join(path), file, |_| ())? else { return Ok(false) };
        let upload = json!({
            "project": project, "run": parts.join("/"), "run_id": run.id, "step": step, "relative_path": null,
            "uploaded_file": staged,
        });
        client.call_with(Operation::BulkUploadMedia, &json!({"uploads": [upload]}))?;
        Ok(true)
    }
}

/// Every `file_path` of a typed value, however deep.
fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(object) => {
            let is_typed = object
                .get("_type")
                .and_then(|kind| kind.as_str())
                .is_some_and(|kind| kind.starts_with("trackio."));
            if let Some(path) = object.get("file_path").and_then(|path| path.as_str()).filter(|_| is_typed) {
                found.push(path.to_owned());
            }
            object.values().for_each(|value| collect(value, found));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|value| collect(value, found)),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_tables_too() {
        let value = json!({"_type": "trackio.table", "_value": [
            {"a": 1, "b": {"_type": "trackio.image", "file_path": "p/r/0/x.png", "caption": null}},
            {"b": [{"_type": "trackio.image", "file_path": "p/r/0/y.png"}], "c": {"file_path": "/etc/passwd"}},
        ]});
        let mut found = Vec::new();
        collect(&value, &mut found);
        assert_eq!(found, ["p/r/0/x.png", "p/r/0/y.png"]);
    }
}
