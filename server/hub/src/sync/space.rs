//! A folder of files as a static Space: made where there is none, and brought to the folder's state by one commit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use paceline_storage::Store;
use serde::Serialize;

use super::fault::SyncFault;
use super::place::Place;
use super::publish::{CARD, MOST_LOOKS, is_unclear};
use crate::parquet::STAGING_FOLDER;
use crate::remote::{
    Account, Change, Head, HubFault, HubFaultKind, LocalFile, RemoteFile, Repository, RepositoryId,
    RepositoryKind, STATIC, pause,
};

/// What a Space was given by us: a digest for each file. What it does not name is somebody else's.
const PUBLISHED: &str = "paceline/published.json";
const INDEX: &str = "index.html";
/// What the Hub puts into a new Space.
const TEMPLATE: [&str; 4] = [".gitattributes", CARD, INDEX, "style.css"];
/// What stands in the page of such a template.
const TEMPLATE_SAYS: &str = "static Space";
/// Below folders of these names the Hub takes nothing.
const NOT_TAKEN: [&str; 2] = [".git", ".cache"];
/// Of a name of our own making.
const LONGEST_NAME: usize = 90;

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The Space, with its owner.
    pub space: String,
    /// Its page.
    pub url: String,
    /// Nobody sees it but who may.
    pub private: bool,
    /// The commit that holds the present state.
    pub commit: String,
    /// Files that are there.
    pub files: usize,
    /// Bytes that were sent: what the Hub had was not.
    pub sent_bytes: u64,
}

/// How a project is published.
#[derive(Debug, Clone, Copy)]
pub struct PublishOptions<'a> {
    /// The Space, as OWNER/NAME; one of the project's own when absent.
    pub space: Option<&'a str>,
    /// For a Space that is made now.
    pub is_private: bool,
    /// What it holds of somebody else may be written over.
    pub replaces: bool,
}

/// Brings a static Space to the state of a project, as `freeze` writes it into a folder. A card that is there stays;
/// what an earlier time put there and this one does not is taken away.
///
/// # Errors
/// What kept it from its end; the Space then is as it was, or as it was to become.
pub fn publish<E: From<SyncFault>>(
    store: &Store,
    project: &str,
    account: &Account,
    options: PublishOptions<'_>,
    freeze: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<Published, E> {
    let project = store.project(project).map_err(SyncFault::from)?.name().to_owned();
    account.expect_token(&format!("bringing project `{project}` to a Space")).map_err(SyncFault::from)?;
    let name = match options.space {
        Some(space) => space.to_owned(),
        None => own_name(store.directory(), &project)?,
    };
    let id: RepositoryId = name.parse().map_err(SyncFault::from)?;
    let place = Place::new(store.directory(), &project);
    // Nobody else writes into the folder meanwhile.
    let lock = place.lock()?;
    let folder = place.files()?;
    let done = freeze(&folder).and_then(|()| {
        let title = format!("Snapshot of project {project}");
        Ok(publish_folder(&folder, account, &id, &title, options)?)
    });
    place.remove_files();
    drop(lock);
    done
}

fn publish_folder(
    folder: &Path,
    account: &Account,
    id: &RepositoryId,
    title: &str,
    options: PublishOptions<'_>,
) -> Result<Published, SyncFault> {
    let space = Repository::open(account.clone(), RepositoryKind::StaticSpace, id)?;
    let files = local_files(folder)?;
    let mut looks = 1;
    // What comes while it is being filled changes nothing about whose it is.
    let mut is_ours = options.replaces;
    loop {
        let fault = match attempt(&space, &files, title, options.is_private, &mut is_ours)? {
            Ok(published) => return Ok(published),
            Err(fault) => fault,
        };
        if looks >= MOST_LOOKS {
            return Err(fault.into());
        }
        pause(looks, fault.retry_after.unwrap_or_default());
        looks += 1;
    }
}

/// One look at the Space and one commit; whether that was made may be unclear.
fn attempt(
    space: &Repository,
    files: &BTreeMap<String, LocalFile>,
    title: &str,
    is_private: bool,
    is_ours: &mut bool,
) -> Result<Result<Published, HubFault>, SyncFault> {
    let (head, is_new) = look(space, is_private)?;
    let there = space.files(&head.commit)?;
    let listed: BTreeMap<&str, &RemoteFile> = there.iter().map(|file| (file.path.as_str(), file)).collect();
    let before = published_before(space, &head, &listed)?;
    if !is_new && !*is_ours && before.is_none() {
        expect_empty(space, &head, &listed)?;
    }
    *is_ours = true;
    let before = before.unwrap_or_default();
    let mut now: BTreeMap<&str, &str> = BTreeMap::new();
    let mut changes = BTreeMap::new();
    for (path, file) in files {
        // Once it is there it is the user's.
        if path == CARD && before.contains_key(CARD) && listed.contains_key(CARD) {
            now.insert(path, before.get(CARD).map_or("", String::as_str));
            continue;
        }
        now.insert(path, &file.sha256);
        let is_there = before.get(path) == Some(&file.sha256)
            && listed.get(path.as_str()).is_some_and(|remote| remote.bytes == file.bytes);
        if !is_there {
            changes.insert(path.clone(), Change::File(file.clone()));
        }
    }
    let is_gone = |path: &&String| !now.contains_key(path.as_str()) && listed.contains_key(path.as_str());
    changes.extend(before.keys().filter(is_gone).map(|path| (path.clone(), Change::Gone)));
    let mut published = Published {
        space: space.id().to_owned(),
        url: space.address(),
        private: head.is_private,
        commit: head.commit.clone(),
        files: now.len(),
        sent_bytes: 0,
    };
    if changes.is_empty() {
        return Ok(Ok(published));
    }
    // Names and digests are all there is, so this cannot fail.
    let text = serde_json::to_string(&now).unwrap_or_default();
    changes.insert(PUBLISHED.to_owned(), Change::Text(text));
    match space.commit(&head.commit, title, &changes) {
        Ok(made) => {
            (published.commit, published.sent_bytes) = (made.commit, made.sent_bytes);
            Ok(Ok(published))
        }
        Err(fault) if is_unclear(&fault) => Ok(Err(fault)),
        Err(fault) => Err(fault.into()),
    }
}

/// The newest state of the Space, and whether it was made for this.
fn look(space: &Repository, is_private: bool) -> Result<(Head, bool), SyncFault> {
    let (head, is_new) = match space.head()? {
        Some(head) => (head, false),
        None => {
            let is_new = space.create(is_private)?;
            let missing = || HubFault::strange(&format!("making {space}"));
            (space.head()?.ok_or_else(missing)?, is_new)
        }
    };
    match head.sdk.as_deref() {
        None | Some(STATIC) => Ok((head, is_new)),
        Some(sdk) => {
            let message = format!("{space} is there, and runs by `{}`", sdk.escape_debug());
            let hint = "only a static Space shows a snapshot: name another one, or one that is not there yet";
            Err(HubFault::new(HubFaultKind::Refused, message, hint).into())
        }
    }
}

/// The files that the Space was given by us, with their digests; `None` where it is none of ours.
fn published_before(
    space: &Repository,
    head: &Head,
    listed: &BTreeMap<&str, &RemoteFile>,
) -> Result<Option<BTreeMap<String, String>>, SyncFault> {
    let Some(file) = listed.get(PUBLISHED) else { return Ok(None) };
    let text = space.text(&head.commit, file)?;
    let strange = |_| HubFault::strange(&format!("reading `{PUBLISHED}` of {space}"));
    Ok(Some(serde_json::from_str(&text).map_err(strange)?))
}

/// Whether nobody has put anything there yet.
fn expect_empty(
    space: &Repository,
    head: &Head,
    listed: &BTreeMap<&str, &RemoteFile>,
) -> Result<(), SyncFault> {
    let foreign = listed.keys().find(|path| !TEMPLATE.contains(*path)).copied();
    let is_template = || match listed.get(INDEX) {
        Some(page) => space.text(&head.commit, page).map(|text| text.contains(TEMPLATE_SAYS)),
        None => Ok(true),
    };
    let foreign = match foreign {
        None if !is_template()? => Some(INDEX),
        foreign => foreign,
    };
    let Some(path) = foreign else { return Ok(()) };
    let message = format!("{space} holds `{}`, which did not come from here", path.escape_debug());
    let hint =
        "name another Space, or one that is not there yet; `--replace` writes over what has the same names";
    Err(HubFault::new(HubFaultKind::Refused, message, hint).into())
}

/// The name of a Space that belongs to a project alone: the project's with some letters that stay the same, in the file
/// where the peer keeps them.
fn own_name(directory: &Path, project: &str) -> Result<String, SyncFault> {
    let path = directory.join(format!("{project}.hash"));
    let local = |error| SyncFault::local(&path, &error);
    let made = format!("{:08x}", fastrand::u32(..));
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(made.as_bytes()));
    let letters = match written {
        Ok(()) => made,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => fs::read_to_string(&path).map_err(local)?,
        Err(error) => return Err(local(error)),
    };
    let exact = format!("{project}-{}", letters.trim());
    if exact.parse::<RepositoryId>().is_ok() {
        return Ok(exact);
    }
    // Names of projects may hold letters that names on the Hub may not.
    let plain: String = exact.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    let name = words.join("-");
    Ok(name
        .get(name.len().saturating_sub(LONGEST_NAME)..)
        .unwrap_or(&name)
        .trim_start_matches('-')
        .to_owned())
}

/// Every file of a folder by its path, with `/` between its parts.
fn local_files(folder: &Path) -> Result<BTreeMap<String, LocalFile>, SyncFault> {
    let (mut files, mut folders) = (BTreeMap::new(), BTreeSet::from([folder.to_owned()]));
    while let Some(inner) = folders.pop_first() {
        let failed = |error| SyncFault::local(&inner, &error);
        for entry in fs::read_dir(&inner).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
            let is_staging = inner == *folder && entry.file_name() == STAGING_FOLDER;
            if is_staging || NOT_TAKEN.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            if kind.is_dir() {
                folders.insert(path);
            } else if let Some(name) = path.strip_prefix(folder).ok().and_then(Path::to_str) {
                files.insert(name.to_owned(), LocalFile::read(&path)?);
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_begin_with_a_dot_are_files() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in
            ["media/p/files/.hydra/config.yaml", ".env", ".paceline-export/x", "media/p/files/.git/config"]
        {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("one")).expect("it is made");
            fs::write(path, "x").expect("it is written");
        }
        let found = local_files(folder.path()).expect("they are read");
        assert_eq!(found.keys().collect::<Vec<_>>(), [".env", "media/p/files/.hydra/config.yaml"]);
    }

    #[test]
    fn a_project_has_one_name_that_the_hub_takes() {
        let folder = tempfile::tempdir().expect("a folder");
        for project in ["digits", "größe", "a--b_", &"x".repeat(120)] {
            let name = own_name(folder.path(), project).expect("a name");
            assert!(name.parse::<RepositoryId>().is_ok(), "{name}");
            assert_eq!(own_name(folder.path(), project).expect("the same"), name);
        }
        fs::write(folder.path().join("p.hash"), "-_ab--c").expect("it is written");
        assert_eq!(own_name(folder.path(), "p").expect("a name"), "p-ab-c");
        fs::write(folder.path().join("q.hash"), "aB_c\n").expect("it is written");
        assert_eq!(own_name(folder.path(), "q").expect("the peer's own"), "q-aB_c");
    }
}
