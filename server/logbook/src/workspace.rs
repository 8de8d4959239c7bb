//! Files beside the logbook that belong to it: what commands left, and what changed since a session was attached.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::fault::LogbookFault;
use crate::folder::{Logbook, in_logbook};
use crate::json::Json;
use crate::moment::{self, Moment};
use crate::recording::{artifact_kind, walk};

const WORKSPACE_FILE: &str = "workspace.json";
const IMPORTED_FILE: &str = "imported_workspace.json";
const BUCKET_FOLDER: &str = "workspace";
/// Where a preview has the files.
const PREVIEW_ADDRESS: &str = "/__trackio_workspace__/";
const MOST_ENTRIES: usize = 50_000;
const SKIPPED_FOLDERS: [&str; 5] = ["__pycache__", "node_modules", "venv", "env", "site-packages"];

/// A file as it was found.
#[derive(Debug, Clone)]
struct Found {
    bytes: u64,
    changed: i64,
    modified_at: Option<String>,
    kind: &'static str,
}

impl Logbook {
    /// Brings the list of files up to date.
    pub(crate) fn refresh_workspace(&self, sessions: &[Json], references: &Json) -> Result<(), LogbookFault> {
        let metadata = self.metadata()?;
        let publication = metadata.get("workspace_publication").as_text();
        let is_published = matches!(publication, Some("public" | "private"));
        let bucket = metadata.get("workspace_bucket").as_filled().filter(|_| is_published);
        let mut files = BTreeMap::new();
        let imported = self.object(IMPORTED_FILE);
        for file in imported.get("files").items() {
            if let Some(path) = file.get("path").as_filled() {
                let mut file = file.clone();
                file.set("local_url", Json::Null);
                file.set("imported", true);
                files.insert(path.to_owned(), file);
            }
        }
        let root = self.workspace();
        for tracked in metadata.get("local_path_artifacts").items() {
            let Some((path, found)) = self.tracked(tracked) else { continue };
            let more = [("sessions", Json::List(Vec::new())), ("captured_by", "logbook-run".into())];
            files.insert(path.clone(), told(&path, &found, &more, bucket));
        }
        if !sessions.is_empty() {
            let sources: HashSet<PathBuf> = sessions
                .iter()
                .filter_map(|session| Path::new(session.get("source_path").as_filled()?).canonicalize().ok())
                .collect();
            let before: Vec<_> = sessions
                .iter()
                .filter_map(|session| session.get("id").as_text())
                .map(|id| (id, self.object(&baseline_file(id))))
                .collect();
            for (path, found) in self.look_through()? {
                if root.join(&path).canonicalize().is_ok_and(|path| sources.contains(&path)) {
                    continue;
                }
                let is_changed = |baseline: &Json| {
                    let known = baseline.get("files").get(&path);
                    known.get("size").as_whole() != i64::try_from(found.bytes).ok()
                        || known.get("mtime_ns").as_whole() != Some(found.changed)
                };
                let touched: Vec<&str> =
                    before.iter().filter(|(_, baseline)| is_changed(baseline)).map(|(id, _)| *id).collect();
                if !touched.is_empty() {
                    let told = told(&path, &found, &[("sessions", touched.into())], bucket);
                    files.insert(path, told);
                }
            }
        }
        let total: i64 = files.values().filter_map(|file| file.get("size").as_whole()).sum();
        let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bucket = bucket.map(Json::from).unwrap_or_else(|| imported.get("bucket_id").clone());
        let mut workspace = Json::object([
            ("schema_version", 1_i64.into()),
            ("generated_at", Json::Null),
            ("root_name", name.into()),
            ("bucket_id", bucket),
            ("file_count", files.len().into()),
            ("total_size", total.into()),
            ("files", Json::List(files.into_values().collect())),
            ("hub_refs", references.clone()),
        ]);
        // The time tells of the last change, not of the last look.
        let mut before = self.object(&in_logbook(WORKSPACE_FILE));
        let known = before.get("generated_at").clone();
        before.set("generated_at", Json::Null);
        let is_same = before.sorted() == workspace.sorted() && known.is_truthy();
        workspace.set("generated_at", if is_same { known } else { moment::now().into() });
        self.write_json(&in_logbook(WORKSPACE_FILE), &workspace)
    }

    /// A file that a command left, where it is still there and below the folder of the logbook.
    fn tracked(&self, tracked: &Json) -> Option<(String, Found)> {
        let path = Path::new(tracked.get("abs_path").as_filled()?).canonicalize().ok()?;
        let below = path.strip_prefix(self.workspace()).ok()?.to_str()?.to_owned();
        let mut found = Found::of(&path, &std::fs::metadata(&path).ok()?)?;
        if let Some(kind) = tracked.get("artifact_type").as_text() {
            found.kind = if kind == "dataset" { "dataset" } else { "model" };
        }
        Some((below, found))
    }

    /// Artifacts in the folder of the logbook, by their path below it.
    fn look_through(&self) -> Result<BTreeMap<String, Found>, LogbookFault> {
        let root = self.workspace();
        let mut files = BTreeMap::new();
        let is_done =
            walk(root, MOST_ENTRIES, &|name| !SKIPPED_FOLDERS.contains(&name), &mut |path, metadata| {
                let below = path.strip_prefix(root).ok()?.to_str()?.to_owned();
                files.insert(below, Found::of(path, metadata)?);
                Some(())
            });
        if is_done {
            Ok(files)
        } else {
            Err(LogbookFault::TooManyFiles { place: root.to_owned(), limit: MOST_ENTRIES })
        }
    }

    /// Keeps how the files were when a session was attached.
    pub(crate) fn write_baseline(&self, session: &str) -> Result<(), LogbookFault> {
        let files = self.look_through()?.into_iter().map(|(path, found)| {
            let told = Json::object([
                ("size", found.bytes.into()),
                ("mtime_ns", found.changed.into()),
                ("modified_at", found.modified_at.into()),
                ("type", found.kind.into()),
            ]);
            (path, told)
        });
        let baseline = Json::object([
            ("schema_version", 1_i64.into()),
            ("session_id", session.into()),
            ("root", self.workspace().display().to_string().into()),
            ("files", Json::Object(files.collect())),
        ]);
        self.write_json(&baseline_file(session), &baseline)
    }

    pub(crate) fn remove_baseline(&self, session: &str) -> Result<(), LogbookFault> {
        self.remove_file(&baseline_file(session))
    }

    /// Takes a session out of the list of files that came with the logbook.
    pub(crate) fn forget_imported(&self, session: &str) -> Result<(), LogbookFault> {
        let mut imported = self.object(IMPORTED_FILE);
        if !imported.is_truthy() {
            return Ok(());
        }
        let mut files = imported.get("files").items().to_vec();
        for file in &mut files {
            if let Json::List(sessions) = file.get("sessions") {
                let rest: Vec<Json> =
                    sessions.iter().filter(|known| known.as_text() != Some(session)).cloned().collect();
                file.set("sessions", Json::List(rest));
            }
        }
        files.retain(|file| file.find("sessions").is_none_or(Json::is_truthy));
        imported.set("files", Json::List(files));
        self.write_json(IMPORTED_FILE, &imported)
    }
}

impl Found {
    fn of(path: &Path, metadata: &std::fs::Metadata) -> Option<Self> {
        let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(Self {
            bytes: metadata.len(),
            changed: i64::try_from(changed.as_nanos()).ok()?,
            modified_at: Moment::of_file(changed.as_secs_f64()).map(Moment::written),
            kind: artifact_kind(path).filter(|_| metadata.is_file())?,
        })
    }
}

fn baseline_file(session: &str) -> String {
    format!("workspace_baselines/{}.json", crate::trace::safe_id(session))
}

/// A file as the list tells it.
fn told(path: &str, found: &Found, more: &[(&str, Json)], bucket: Option<&str>) -> Json {
    let address = percent_encoded(path, true);
    let in_bucket =
        |bucket: &str| format!("https://huggingface.co/buckets/{bucket}#{BUCKET_FOLDER}/{address}");
    let download = |bucket: &str| {
        let path = percent_encoded(&format!("{BUCKET_FOLDER}/{path}"), false);
        format!("https://huggingface.co/buckets/{bucket}/resolve/{path}")
    };
    let mut told = Json::object([
        ("path", path.into()),
        ("name", path.rsplit('/').next().into()),
        ("type", found.kind.into()),
        ("size", found.bytes.into()),
        ("modified_at", found.modified_at.clone().into()),
    ]);
    more.iter().for_each(|(name, value)| told.set(name, value.clone()));
    told.set("local_url", format!("{PREVIEW_ADDRESS}{address}"));
    told.set("bucket_url", bucket.map(in_bucket));
    told.set("download_url", bucket.map(download));
    told
}

fn percent_encoded(path: &str, keeps_slash: bool) -> String {
    let keep =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || (keeps_slash && byte == b'/');
    path.bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
