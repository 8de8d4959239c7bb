//! Projects of a Dataset, brought to this machine.

use std::collections::BTreeMap;
use std::path::Path;

use paceline_schema::{ProjectName, SyncTarget};
use paceline_storage::{StorageError, Store};
use serde::Serialize;

use super::fault::SyncFault;
use super::place::{Place, Record};
use super::publish::{MANIFEST, holds, now};
use crate::parquet::{
    Imported, Manifest, ParquetError, files_of_import, import, is_file_of_peer, project_of_file,
};
use crate::remote::{Account, RemoteFile, Repository, RepositoryId, RepositoryKind, digest_text};

/// What became of a project of a Dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullStep {
    /// It was brought here.
    Brought(Pulled),
    /// One of that name is here already, and stays as it is.
    Stays {
        /// The name.
        project: String,
    },
}

/// A project that was brought here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pulled {
    /// What became of it here.
    #[serde(flatten)]
    pub imported: Imported,
    /// The Dataset, with its owner.
    pub dataset: String,
    /// The commit it was taken from.
    pub commit: String,
}

/// Makes projects of what a Dataset holds: of the one called `source`, here called `name`, or of all that are not here, so
/// that a pull that broke off goes on. Each is whole or not there, and `told` as soon as it is; what comes later is synced
/// from here, where it was. Fetched are the files that its manifest names, and nothing where a project of that name is here.
///
/// # Errors
/// When the Dataset cannot be read or holds no such project, or nothing but what is here; and what `told` returns.
pub fn pull<E: From<SyncFault>>(
    store: &Store,
    target: &SyncTarget,
    account: &Account,
    (source, name): (Option<&str>, Option<&str>),
    mut told: impl FnMut(PullStep) -> Result<(), E>,
) -> Result<(), E> {
    let id: RepositoryId = target.dataset.parse().map_err(SyncFault::from)?;
    let opened = Repository::open(account.clone(), RepositoryKind::Dataset, &id);
    let dataset = opened.map_err(SyncFault::from)?;
    let nothing =
        || SyncFault::NothingThere { dataset: dataset.id().to_owned(), project: source.map(str::to_owned) };
    let head = dataset.head().map_err(SyncFault::from)?.ok_or_else(nothing)?;
    let files = dataset.files(&head.commit).map_err(SyncFault::from)?;
    let mut projects = projects(&files);
    projects.retain(|project, _| source.is_none_or(|source| source == project));
    if projects.is_empty() {
        return Err(nothing().into());
    }
    let (mut chosen, mut are_here) = (Vec::new(), Vec::new());
    for (project, origin) in projects {
        let here = ProjectName::new(name.filter(|_| source.is_some()).unwrap_or(&project))
            .map_err(SyncFault::Name)?;
        match store.expect_no_project(&here) {
            Ok(()) => chosen.push((project, origin, here)),
            Err(StorageError::ProjectExists { project }) if source.is_none() => are_here.push(project),
            Err(error) => return Err(SyncFault::from(error).into()),
        }
    }
    for project in are_here {
        if chosen.is_empty() {
            return Err(SyncFault::from(StorageError::ProjectExists { project }).into());
        }
        told(PullStep::Stays { project })?;
    }
    let from = Source { dataset: &dataset, commit: &head.commit, files: &files };
    for (project, origin, here) in chosen {
        told(PullStep::Brought(from.bring(store, &project, &origin, &here)?))?;
    }
    Ok(())
}

/// What is pulled from.
struct Source<'a> {
    dataset: &'a Repository,
    commit: &'a str,
    files: &'a [RemoteFile],
}

impl Source<'_> {
    /// Makes the project `here` of one of the Dataset's.
    fn bring(
        &self,
        store: &Store,
        project: &str,
        origin: &Origin<'_>,
        here: &ProjectName,
    ) -> Result<Pulled, SyncFault> {
        let place = Place::new(store.directory(), here.as_str());
        let lock = place.lock()?;
        // Another pull may have made it.
        store.expect_no_project(here)?;
        let folder = place.files()?;
        let fetched = fetch(self.dataset, self.commit, project, origin, self.files, &folder);
        let imported = fetched.and_then(|text| Ok((text, import(&folder, Some(project), store, here)?)));
        place.remove_files();
        let (text, imported) = imported?;
        if let Some(text) = text
            && project == here.as_str()
        {
            place.keep(&record(self.dataset, self.commit, &text), &lock)?;
        }
        drop(lock);
        let (dataset, commit) = (self.dataset.id().to_owned(), self.commit.to_owned());
        Ok(Pulled { imported, dataset, commit })
    }
}

/// How a project lies in a Dataset.
enum Origin<'a> {
    /// As its manifest says.
    Ours(&'a RemoteFile),
    /// In files with the peer's names.
    Peers,
}

/// What a sync from here needs to know to go on.
fn record(dataset: &Repository, commit: &str, text: &str) -> Record {
    let manifest = Manifest::from_json(text.as_bytes(), Path::new(MANIFEST)).ok();
    Record {
        dataset: dataset.id().to_owned(),
        url: Some(dataset.address()),
        last_commit: Some(commit.to_owned()),
        last_sync_at: Some(now()),
        rows: manifest.as_ref().map_or(0, Manifest::rows),
        through: manifest.and_then(|manifest| Some(manifest.tables.get("metrics")?.through)).unwrap_or(0),
        manifests: vec![digest_text(text)],
        ..Record::default()
    }
}

/// The projects of a Dataset: those with a manifest, else those in the peer's form.
fn projects(files: &[RemoteFile]) -> BTreeMap<String, Origin<'_>> {
    let mut projects: BTreeMap<String, Origin<'_>> = BTreeMap::new();
    for file in files {
        // What the Hub lists is a stranger's word.
        if let Some((project, MANIFEST)) = file.path.split_once('/')
            && !matches!(project, "" | "." | "..")
        {
            projects.insert(project.to_owned(), Origin::Ours(file));
        }
    }
    for file in files.iter().filter(|file| !file.path.contains('/')) {
        if let Some(project) = project_of_file(&file.path) {
            projects.entry(project.to_owned()).or_insert(Origin::Peers);
        }
    }
    projects
}

/// Brings the files of a project to a folder, each at its path; its manifest comes first and says which. Gives its text.
fn fetch(
    dataset: &Repository,
    commit: &str,
    project: &str,
    origin: &Origin<'_>,
    files: &[RemoteFile],
    folder: &Path,
) -> Result<Option<String>, SyncFault> {
    let to = |path: &str| {
        let to = folder.join(path);
        let parent = to.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|error| SyncFault::local(parent, &error))?;
        Ok::<_, SyncFault>(to)
    };
    let Origin::Ours(listed) = origin else {
        for file in files.iter().filter(|file| is_file_of_peer(&file.path, project)) {
            dataset.download(commit, file, &to(&file.path)?)?;
        }
        return Ok(None);
    };
    let text = dataset.text(commit, listed)?;
    let own_path = Path::new(&listed.path);
    let manifest = Manifest::from_json(text.as_bytes(), own_path)?;
    if manifest.project != project {
        let reason = format!("is that of a project `{}`", manifest.project);
        return Err(ParquetError::unexpected(own_path, reason).into());
    }
    let there: BTreeMap<&str, &RemoteFile> = files.iter().map(|file| (file.path.as_str(), file)).collect();
    let mut wanted = Vec::new();
    for (path, (bytes, sha256)) in files_of_import(&manifest, own_path)? {
        let found = there.get(path).copied().filter(|file| holds(file, bytes, sha256)).ok_or_else(|| {
            let reason = "is missing in the Dataset, or is not the file that its manifest tells of";
            ParquetError::unexpected(Path::new(path), reason)
        })?;
        wanted.push(found);
    }
    let kept = to(&listed.path)?;
    std::fs::write(&kept, &text).map_err(|error| SyncFault::local(&kept, &error))?;
    for file in wanted {
        dataset.download(commit, file, &to(&file.path)?)?;
    }
    Ok(Some(text))
}
