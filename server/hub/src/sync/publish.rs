//! One sync: the Dataset is looked at, and brought to the present state of the project by one commit.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, SystemTime};

use paceline_schema::dataset_sync::SyncError;
use paceline_schema::{SyncTarget, Timestamp};
use paceline_storage::{Project, Store};
use serde::Serialize;

use super::card;
use super::fault::SyncFault;
use super::place::{self, Lock, Place, Record};
use crate::parquet::{Manifest, update};
use crate::remote::{
    Account, Change, Head, HubFault, HubFaultKind, LocalFile, RemoteFile, Repository, RepositoryId,
    RepositoryKind, digest_text,
};

/// Looks at the Dataset in one sync, where others commit to it or answers are lost.
pub(crate) const MOST_LOOKS: u32 = 6;
/// After a failure that passes: the first pause, which doubles, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);
/// A longer manifest of another project is not fetched for the sake of the card.
const LARGEST_OTHER_BYTES: u64 = 8 << 20;
pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const CARD: &str = "README.md";

/// How a sync is done.
#[derive(Debug, Clone, Copy, Default)]
pub struct SyncOptions {
    /// Rows of another origin in the Dataset give way to those that are here.
    pub replaces: bool,
    /// What is known of the Dataset that the project follows into stays what a status tells.
    pub once: bool,
}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Synced {
    /// The project.
    pub project: String,
    /// The Dataset, with its owner.
    pub dataset: String,
    /// Its page.
    pub url: String,
    /// Nobody sees it but who may.
    pub private: bool,
    /// The commit that holds the present state.
    pub commit: String,
    /// Whether this sync made it; else there was nothing new.
    pub changed: bool,
    /// Rows that are there, of all tables.
    pub rows: u64,
    /// Files that hold them.
    pub files: usize,
    /// Bytes of these files.
    pub bytes: u64,
    /// Bytes that were sent: what the Hub had was not.
    pub sent_bytes: u64,
}

/// Brings a Dataset to the present state of a project; made where there is none. Waits for another sync of the
/// project.
///
/// # Errors
/// What kept it from its end; the Dataset then is as it was, or as it was to become.
pub fn sync(
    store: &Store,
    project: &str,
    target: &SyncTarget,
    account: &Account,
    options: SyncOptions,
) -> Result<Synced, SyncFault> {
    let project = store.project(project)?;
    let place = Place::new(store.directory(), project.name());
    let lock = place.lock()?;
    locked_sync(&project, &place, lock, target, account, options)
}

/// Begins a sync of a project to its Dataset on a thread of its own; one that is under way goes on.
///
/// # Errors
/// When it has none, or the sync cannot begin.
pub fn begin(store: &Store, project: &str, account: Account) -> Result<(), SyncFault> {
    let project = store.project(project)?;
    let target = place::target(store.directory(), project.name())
        .ok_or_else(|| SyncFault::NoDataset { project: project.name().to_owned() })?;
    let place = Place::new(store.directory(), project.name());
    let Some(lock) = place.try_lock()? else { return Ok(()) };
    let folder = store.directory().to_owned();
    let work = move || {
        let options = SyncOptions::default();
        if let Err(fault) = locked_sync(&project, &place, lock, &target, &account, options) {
            tracing::warn!(project = project.name(), %fault, hint = fault.hint(), "a project is not synced");
        }
    };
    let spawned = std::thread::Builder::new().name("paceline-sync".to_owned()).spawn(work);
    spawned.map(drop).map_err(|error| SyncFault::local(&folder, &error))
}

/// The same for whoever holds the lock.
fn locked_sync(
    project: &Project,
    place: &Place,
    lock: Lock,
    target: &SyncTarget,
    account: &Account,
    options: SyncOptions,
) -> Result<Synced, SyncFault> {
    let mut record = place.record();
    let followed = options.once.then(|| record.dataset.clone());
    let done = Work { project, place, lock: &lock, target, options }.sync(account, &mut record);
    place.remove_files();
    let now = now();
    let pause = match &done {
        Ok(_) => {
            (record.failures, record.error) = (0, None);
            Duration::from_secs(target.interval_seconds.into())
        }
        Err(fault) => {
            record.failures += 1;
            record.error = Some(SyncError { error: fault.to_string(), hint: fault.hint(), time: now });
            pause_after(fault, record.failures)
        }
    };
    record.next_try_at =
        (target.interval_seconds > 0).then(|| Timestamp(now.0.saturating_add(pause.as_micros() as i64)));
    if let Some(followed) = followed {
        record.turn_to(&followed);
    }
    let kept = place.keep(&record, &lock);
    drop(lock);
    // What was done stays done, and what kept it tells more than what kept it from being written down.
    done.and_then(|synced| kept.map(|()| synced))
}

/// How long the next attempt is put off.
fn pause_after(fault: &SyncFault, failures: u32) -> Duration {
    let asked = match fault {
        SyncFault::Hub(fault) => fault.retry_after.unwrap_or_default(),
        SyncFault::Files(_)
        | SyncFault::Storage(_)
        | SyncFault::Foreign { .. }
        | SyncFault::NothingThere { .. }
        | SyncFault::Name(_)
        | SyncFault::NoDataset { .. } => Duration::ZERO,
    };
    let most = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
    // Many machines do not come back together.
    asked.min(LONGEST_PAUSE).max(most.mul_f64(0.5 + fastrand::f64() / 2.0))
}

struct Work<'a> {
    project: &'a Project,
    place: &'a Place,
    lock: &'a Lock,
    target: &'a SyncTarget,
    options: SyncOptions,
}

/// How an attempt ended.
enum Attempt {
    Done(Synced),
    /// Somebody else was first, or whether the commit was made is not known: the head tells.
    Unclear(HubFault),
}

/// What a look at the Dataset found.
struct Found {
    head: Head,
    files: Vec<RemoteFile>,
    manifest: Option<String>,
    card: Option<String>,
}

impl Work<'_> {
    fn sync(&self, account: &Account, record: &mut Record) -> Result<Synced, SyncFault> {
        let id: RepositoryId = self.target.dataset.parse()?;
        let dataset = Repository::open(account.clone(), RepositoryKind::Dataset, &id)?;
        record.turn_to(dataset.id());
        let mut looks = 1;
        loop {
            let fault = match self.attempt(&dataset, record)? {
                Attempt::Done(synced) => return Ok(synced),
                Attempt::Unclear(fault) => fault,
            };
            if looks >= MOST_LOOKS {
                return Err(fault.into());
            }
            tracing::debug!(project = self.project.name(), %fault, looks, "the Dataset is looked at again");
            crate::remote::pause(looks, fault.retry_after.unwrap_or_default());
            looks += 1;
        }
    }

    fn attempt(&self, dataset: &Repository, record: &mut Record) -> Result<Attempt, SyncFault> {
        let name = self.project.name();
        let manifest_path = format!("{name}/{MANIFEST}");
        let found = self.look(dataset, &manifest_path)?;
        self.check_origin(dataset, &found, record)?;
        let before = found
            .manifest
            .as_ref()
            .map(|text| Manifest::from_json(text.as_bytes(), Path::new(&manifest_path)))
            .transpose()?;
        // What no manifest names is somebody else's.
        let named: BTreeSet<String> =
            before.iter().flat_map(Manifest::files).map(|(_, file)| file.path.clone()).collect();
        let before = before.map(|manifest| whole(manifest, &found.files));
        let folder = self.place.files()?;
        let update = update(self.project, before.as_ref(), &folder)?;
        let manifest = update.manifest;
        let text = String::from_utf8(manifest.to_json()).unwrap_or_default();
        let mut changes = BTreeMap::new();
        let there: BTreeMap<&str, &RemoteFile> =
            found.files.iter().map(|file| (file.path.as_str(), file)).collect();
        let mut needed = BTreeSet::new();
        for (_, file) in manifest.files() {
            needed.insert(file.path.as_str());
            if there.get(file.path.as_str()).is_some_and(|remote| holds(remote, file.bytes, &file.sha256)) {
                continue;
            }
            let path = folder.join(&file.path);
            let local = LocalFile { path, bytes: file.bytes, sha256: file.sha256.clone() };
            changes.insert(file.path.clone(), Change::File(local));
        }
        // Those of the manifest that was there stand in the Dataset as they are; what is new may have the name of an old one.
        let new: BTreeSet<&str> = update.written.iter().map(String::as_str).collect();
        for file in manifest.media.iter().filter(|file| new.contains(file.path.as_str())) {
            let path = folder.join(&file.path);
            let local = LocalFile { path, bytes: file.bytes, sha256: file.sha256.clone() };
            changes.insert(file.path.clone(), Change::File(local));
        }
        let gone = there
            .keys()
            .copied()
            .filter(|path| named.contains(*path) && is_table_of(path, name) && !needed.contains(path));
        let gone =
            gone.chain(update.removed.iter().map(String::as_str).filter(|path| there.contains_key(path)));
        changes.extend(gone.map(|path| (path.to_owned(), Change::Gone)));
        if found.manifest.as_ref() != Some(&text) {
            // As a file it may be of any length.
            let path = folder.join(&manifest_path);
            let written =
                std::fs::create_dir_all(folder.join(name)).and_then(|()| std::fs::write(&path, &text));
            written.map_err(|error| SyncFault::local(&path, &error))?;
            changes.insert(manifest_path, Change::File(LocalFile::read(&path)?));
        }
        let projects = projects_with_manifest(&found.files);
        let others = self.manifests_for_card(dataset, &found)?;
        let card = card::write(found.card.as_deref(), self.project, &manifest, &projects, &others, dataset)?;
        if found.card.as_ref() != Some(&card) {
            changes.insert(CARD.to_owned(), Change::Text(card));
        }
        let sum = digest_text(&text);
        let mut synced = Synced {
            project: name.to_owned(),
            dataset: dataset.id().to_owned(),
            url: dataset.address(),
            private: found.head.is_private,
            commit: found.head.commit.clone(),
            changed: false,
            rows: manifest.rows(),
            files: manifest.files().count(),
            bytes: manifest.bytes(),
            sent_bytes: 0,
        };
        if !changes.is_empty() {
            // Should nobody see the end of the commit, the next look knows what it is looking at.
            record.know(&sum);
            self.place.keep(record, self.lock)?;
            let title = format!("Sync project {name}: {} rows", synced.rows);
            let made = match dataset.commit(&found.head.commit, &title, &changes) {
                Ok(made) => made,
                Err(fault) if is_unclear(&fault) => return Ok(Attempt::Unclear(fault)),
                Err(fault) => return Err(fault.into()),
            };
            synced = Synced { commit: made.commit, changed: true, sent_bytes: made.sent_bytes, ..synced };
        }
        record.url = Some(synced.url.clone());
        record.last_commit = Some(synced.commit.clone());
        record.last_sync_at = Some(now());
        record.rows = synced.rows;
        record.through = manifest.tables.get("metrics").map_or(0, |table| table.through);
        Ok(Attempt::Done(synced))
    }

    /// The newest state of the Dataset, which is made where it is missing.
    fn look(&self, dataset: &Repository, manifest_path: &str) -> Result<Found, SyncFault> {
        let head = match dataset.head()? {
            Some(head) => head,
            None => {
                dataset.create(self.target.private)?;
                dataset.head()?.ok_or_else(|| SyncFault::NothingThere {
                    dataset: dataset.id().to_owned(),
                    project: None,
                })?
            }
        };
        let files = dataset.files(&head.commit)?;
        // What is listed is there: to take it for missing would be to write over it.
        let text = |path: &str| {
            let file = files.iter().find(|file| file.path == path);
            file.map(|file| dataset.text(&head.commit, file)).transpose()
        };
        let (manifest, card) = (text(manifest_path)?, text(CARD)?);
        Ok(Found { head, files, manifest, card })
    }

    /// Rows that came from elsewhere are not taken away unasked.
    fn check_origin(
        &self,
        dataset: &Repository,
        found: &Found,
        record: &mut Record,
    ) -> Result<(), SyncFault> {
        let name = self.project.name();
        let has_files = || found.files.iter().any(|file| is_below(&file.path, name));
        let is_ours = match &found.manifest {
            Some(text) => {
                let sum = digest_text(text);
                let is_ours = self.options.replaces || record.knows(&sum);
                if is_ours {
                    record.know(&sum);
                }
                is_ours
            }
            None => self.options.replaces || !has_files(),
        };
        if is_ours {
            return Ok(());
        }
        Err(SyncFault::Foreign { project: name.to_owned(), dataset: dataset.id().to_owned() })
    }

    /// The manifests of the other projects that the card says nothing of: what it says of the others stays. One that cannot
    /// be used is left to the next sync of its own project.
    fn manifests_for_card(&self, dataset: &Repository, found: &Found) -> Result<Vec<Manifest>, SyncFault> {
        let mut others = Vec::new();
        for file in &found.files {
            let Some((project, MANIFEST)) = file.path.split_once('/') else { continue };
            let is_told = || found.card.as_deref().is_some_and(|card| card::tells_of(card, project));
            if project == self.project.name() || file.bytes > LARGEST_OTHER_BYTES || is_told() {
                continue;
            }
            let text = match dataset.text(&found.head.commit, file) {
                Ok(text) => text,
                Err(fault) if fault.kind == HubFaultKind::Unusable => continue,
                Err(fault) => return Err(fault.into()),
            };
            if let Ok(manifest) = Manifest::from_json(text.as_bytes(), Path::new(&file.path))
                && manifest.project == project
            {
                others.push(manifest);
            }
        }
        Ok(others)
    }
}

/// The projects that the Dataset holds.
fn projects_with_manifest(files: &[RemoteFile]) -> BTreeSet<&str> {
    let parts = files.iter().filter_map(|file| file.path.split_once('/'));
    parts.filter(|(_, rest)| *rest == MANIFEST).map(|(project, _)| project).collect()
}

/// Whether a commit that failed so may have been made, or can be made on top of another one, before long.
pub(crate) fn is_unclear(fault: &HubFault) -> bool {
    matches!(fault.kind, HubFaultKind::Conflict | HubFaultKind::Away)
        && fault.retry_after.is_none_or(|asked| asked <= FIRST_PAUSE)
}

/// The manifest without tables and media of which a file is missing in the Dataset or another one: those are written
/// anew.
fn whole(mut manifest: Manifest, files: &[RemoteFile]) -> Manifest {
    let there: BTreeMap<&str, &RemoteFile> = files.iter().map(|file| (file.path.as_str(), file)).collect();
    let is_there = |path: &str, bytes: u64, sha256: &str| {
        there.get(path).is_some_and(|remote| holds(remote, bytes, sha256))
    };
    manifest
        .tables
        .retain(|_, table| table.files.iter().all(|file| is_there(&file.path, file.bytes, &file.sha256)));
    manifest.media.retain(|file| is_there(&file.path, file.bytes, &file.sha256));
    manifest
}

/// Whether a file lies in the folder of a project.
fn is_below(path: &str, project: &str) -> bool {
    path.strip_prefix(project).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether rows of that project lie in a file: media, in a folder beside those of the projects, lie deeper.
fn is_table_of(path: &str, project: &str) -> bool {
    let of_project = path.strip_prefix(project).and_then(|rest| rest.strip_prefix('/'));
    of_project.is_some_and(|rest| rest.ends_with(".parquet") && rest.split('/').count() <= 2)
}

/// Whether a file of the Dataset is the one that is meant.
pub(crate) fn holds(remote: &RemoteFile, bytes: u64, sha256: &str) -> bool {
    remote.bytes == bytes && remote.sha256.as_deref().is_none_or(|found| found == sha256)
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}
