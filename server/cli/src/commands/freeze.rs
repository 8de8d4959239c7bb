//! `paceline freeze`: a project as a folder that any web server shows, and as a static Space.

mod answers;
mod site;

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use paceline_hub::parquet::{Contents, Exported, SnapshotFile, snapshot};
use paceline_hub::remote::Account;
use paceline_hub::sync::{PublishOptions, publish};
use paceline_query::Engine;
use paceline_schema::Timestamp;
use paceline_schema::artifact::BlobDigest;
use paceline_storage::{Durability, Store};
use serde_json::json;

use super::open_store;
use crate::arguments::{FreezeArguments, PartOfSnapshot};
use crate::failure::Failure;
use crate::output;

/// Tables that hold what belongs to a part that can be left out.
const OF_CONSOLE: &[&str] = &["paceline_console"];
const OF_ENVIRONMENT: &[&str] = &["paceline_environments", "paceline_runs", "paceline_ranks"];

/// Freezes.
pub(crate) fn run(arguments: &FreezeArguments) -> Result<(), Failure> {
    let store = open_store(&arguments.directory, Durability::Process, false)?;
    refuse_frontend(arguments.frontend.as_deref())?;
    let Some(out) = &arguments.out else {
        let of_source = arguments.space_id.as_ref().map(|space| format!("{space}_static"));
        let space = arguments.new_space_id.clone().or(of_source);
        let options = PublishOptions {
            space: space.as_deref(),
            is_private: !arguments.public,
            replaces: arguments.replace,
        };
        return to_space(&store, &arguments.project, &arguments.without, options, arguments.json);
    };
    let exported = freeze(&store, &arguments.project, &arguments.without, out)?;
    if arguments.json {
        return Ok(output::json_indented(&exported)?);
    }
    let Exported { project, files, rows, bytes, .. } = exported;
    let (count, out) = (files.len(), out.display());
    output::line(&format!("Froze '{project}' into '{out}': {rows} rows, {count} files, {bytes} bytes."))?;
    Ok(output::line(&format!("Any web server shows it, as `python -m http.server --directory {out}`."))?)
}

/// Brings a snapshot of a project to a static Space, and tells of it.
pub(super) fn to_space(
    store: &Store,
    project: &str,
    without: &[PartOfSnapshot],
    options: PublishOptions<'_>,
    as_json: bool,
) -> Result<(), Failure> {
    let account = Account::of_this_process()?;
    let into = |folder: &Path| freeze(store, project, without, folder).map(drop);
    let published = publish(store, project, &account, options, into)?;
    if as_json {
        return Ok(output::json_line(&published)?);
    }
    let who = if published.private { "private" } else { "public" };
    let (url, files, sent) = (&published.url, published.files, published.sent_bytes);
    Ok(output::line(&format!("{project}: {files} files at {url} ({who}, {sent} bytes of large files sent)"))?)
}

/// A page of somebody else's making would have to read what ours reads.
pub(super) fn refuse_frontend(frontend: Option<&Path>) -> Result<(), Failure> {
    match frontend {
        None => Ok(()),
        Some(_) => Err(Failure::new(
            "`--frontend` is not supported for Spaces: a snapshot shows its own page",
            "`paceline freeze --out DIR` writes a folder whose page can be changed",
        )),
    }
}

/// Writes a snapshot of a project into a folder.
fn freeze(store: &Store, project: &str, without: &[PartOfSnapshot], out: &Path) -> Result<Exported, Failure> {
    let project = store.project(project)?;
    let engine = Engine::new(store.clone());
    let frozen = Freezing { engine, project: project.name().to_owned(), without };
    let files = frozen.files()?;
    let left_out = [(PartOfSnapshot::Console, OF_CONSOLE), (PartOfSnapshot::Environment, OF_ENVIRONMENT)];
    let left_out: Vec<&str> = left_out
        .into_iter()
        .filter(|(part, _)| without.contains(part))
        .flat_map(|(_, tables)| tables.iter().copied())
        .collect();
    Ok(snapshot(&project, out, &left_out, files)?)
}

/// A project on its way into a folder.
struct Freezing<'a> {
    engine: Engine,
    project: String,
    without: &'a [PartOfSnapshot],
}

impl Freezing<'_> {
    fn has(&self, part: PartOfSnapshot) -> bool {
        !self.without.contains(&part)
    }

    /// Everything beside the tables.
    fn files(&self) -> Result<Vec<SnapshotFile>, Failure> {
        let frozen_at = now();
        let mut files = site::files(frozen_at)?;
        files.extend(self.answers(frozen_at)?);
        files.push(json_file("config.json", &self.config(frozen_at)));
        files.push(json_file("runs.json", &self.runs_of_peer()?));
        files.push(json_file("settings.json", &paceline_http::snapshot_settings()));
        files.push(site::card(&self.project));
        if self.has(PartOfSnapshot::Media) {
            for file in self.engine.store().media_files(&self.project)? {
                files.push(copy(format!("media/{}", file.name), file.path));
            }
        }
        if self.has(PartOfSnapshot::Artifacts) {
            files.extend(self.blobs()?);
        }
        Ok(files)
    }

    /// What tells a page that it has no server; the peer's, with our fields after its own.
    fn config(&self, frozen_at: Timestamp) -> serde_json::Value {
        json!({
            "mode": "static",
            "project": self.project,
            "private": false,
            "version": paceline_http::PEER_VERSION,
            "frozen_at": frozen_at,
        })
    }

    /// The runs with rows, oldest first, as the peer's page lists them.
    fn runs_of_peer(&self) -> Result<serde_json::Value, Failure> {
        let mut listed = Vec::new();
        for run in self.engine.runs(&self.project)?.into_iter().rev() {
            let choice = paceline_schema::RunChoice::Id(run.run_id.clone());
            if let Some(overview) = self.engine.run_overview(&self.project, &choice)? {
                listed.push(json!({
                    "id": run.run_id, "name": run.run, "created_at": run.created_at,
                    "last_step": overview.last_step, "log_count": overview.rows,
                }));
            }
        }
        Ok(listed.into())
    }

    /// The files of all versions that are kept here, each once.
    fn blobs(&self) -> Result<Vec<SnapshotFile>, Failure> {
        let blobs = self.engine.store().blobs(&self.project);
        let mut digests = std::collections::BTreeSet::new();
        for artifact in self.engine.artifacts(&self.project)? {
            for version in artifact.versions {
                let spec = format!("v{}", version.version);
                let record = self.engine.artifact(&self.project, &artifact.name, Some(&spec))?;
                let kept = record.manifest.into_iter().filter(|entry| entry.reference.is_none());
                digests.extend(kept.map(|entry| entry.digest));
            }
        }
        let digests = digests.into_iter().filter_map(|digest| BlobDigest::new(digest).ok());
        let kept = digests.filter(|digest| blobs.contains(digest)).map(|digest| {
            let name = digest.as_str();
            copy(format!("artifacts/blobs/sha256/{}/{name}", &name[..2]), blobs.path(&digest))
        });
        Ok(kept.collect())
    }
}

fn copy(path: String, source: std::path::PathBuf) -> SnapshotFile {
    SnapshotFile { path, contents: Contents::CopyOf(source), once: false }
}

fn json_file(path: &str, value: &serde_json::Value) -> SnapshotFile {
    SnapshotFile {
        path: path.to_owned(),
        contents: Contents::Bytes(value.to_string().into_bytes()),
        once: false,
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
