//! A Dataset, a static Space or a model on the Hub: whether it is there, which files it holds, and their content.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use serde_json::{Value, json};
use ureq::http::HeaderMap;

use super::account::Account;
use super::attempts::patiently;
use super::client::{Client, JSON, Payload};
use super::fault::{HubFault, HubFaultKind};
use super::file::digest;
use super::names::{RepositoryId, in_address};

/// The one branch that is read and written.
pub(crate) const BRANCH: &str = "main";
/// Files that are read whole into memory are cards and manifests; that of a project with very many media is long.
const LARGEST_TEXT_BYTES: u64 = 256 << 20;
/// Pages of a listing; a Hub that gives more leads in a circle.
pub(super) const MOST_PAGES: u32 = 10_000;

/// What a repository is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepositoryKind {
    /// Rows.
    Dataset,
    /// Files that the Hub shows as a web server would.
    StaticSpace,
    /// Weights and what they are loaded with.
    Model,
}

/// What the Hub calls a Space whose files it shows as they are.
pub(crate) const STATIC: &str = "static";

impl RepositoryKind {
    /// The Hub's word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Dataset => "dataset",
            Self::StaticSpace => "space",
            Self::Model => "model",
        }
    }
}

/// A repository, spoken to as an account.
#[derive(Debug)]
pub struct Repository {
    pub(crate) client: Client,
    kind: RepositoryKind,
    id: String,
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            RepositoryKind::Dataset => write!(f, "Dataset `{}`", self.id),
            RepositoryKind::StaticSpace => write!(f, "Space `{}`", self.id),
            RepositoryKind::Model => write!(f, "model `{}`", self.id),
        }
    }
}

/// The newest state of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Id of the commit.
    pub commit: String,
    /// Nobody sees it but who may.
    pub is_private: bool,
    /// How a Space is run.
    pub sdk: Option<String>,
}

/// A file of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its path.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its content, where it lies in the store for large files.
    pub sha256: Option<String>,
}

impl Repository {
    /// Names a repository; asks who the token belongs to where no owner was named.
    ///
    /// # Errors
    /// When that cannot be asked.
    pub fn open(account: Account, kind: RepositoryKind, id: &RepositoryId) -> Result<Self, HubFault> {
        let client = Client::new(account);
        if id.owner.is_some() {
            return Ok(Self { client, kind, id: id.to_string() });
        }
        let doing = "asking the Hub whose token it is";
        let (said, _) = patiently(|| client.json("GET", "/api/whoami-v2", &Payload::Nothing, doing))?;
        let owner = said["name"].as_str().ok_or_else(|| HubFault::strange(doing))?;
        // What the Hub says becomes part of addresses, so it is looked at as what a person gives.
        let id: RepositoryId = id.owned_by(owner).to_string().parse()?;
        Ok(Self { client, kind, id: id.to_string() })
    }

    pub(crate) fn kind(&self) -> RepositoryKind {
        self.kind
    }

    /// Where it lies on the Hub, below its address: models stand at the root.
    pub(crate) fn path(&self) -> String {
        match self.kind {
            RepositoryKind::Dataset | RepositoryKind::StaticSpace => self.path_of_api(),
            RepositoryKind::Model => self.id.clone(),
        }
    }

    /// Where it is spoken of, below `/api/`.
    pub(crate) fn path_of_api(&self) -> String {
        format!("{}s/{}", self.kind.as_str(), self.id)
    }

    /// Its name, with its owner.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its page on the Hub.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}/{}", self.client.account().endpoint(), self.path())
    }

    /// Its newest state; `None` where there is no such repository.
    ///
    /// # Errors
    /// When the Hub does not say.
    pub fn head(&self) -> Result<Option<Head>, HubFault> {
        let doing = format!("reading the state of {self}");
        let path = format!("/api/{}/revision/{BRANCH}", self.path_of_api());
        let said = match patiently(|| self.client.json("GET", &path, &Payload::Nothing, &doing)) {
            Ok((said, _)) => said,
            Err(fault) if fault.kind == HubFaultKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let commit = said["sha"].as_str().ok_or_else(|| HubFault::strange(&doing))?;
        Ok(Some(Head {
            commit: commit.to_owned(),
            is_private: said["private"].as_bool().unwrap_or(false),
            sdk: said["sdk"].as_str().map(str::to_owned),
        }))
    }

    /// Makes it; that it is there already is fine. Gives whether it was made now.
    ///
    /// # Errors
    /// When the Hub does not let it be made.
    pub fn create(&self, is_private: bool) -> Result<bool, HubFault> {
        let doing = format!("making {self}");
        let (owner, name) = self.id.split_once('/').unwrap_or(("", &self.id));
        let visibility = if is_private { "private" } else { "public" };
        let mut body = json!({"name": name, "organization": owner, "visibility": visibility, "type": self.kind.as_str()});
        if self.kind == RepositoryKind::StaticSpace {
            body["sdk"] = STATIC.into();
        }
        let bytes = body.to_string().into_bytes();
        let payload = Payload::Bytes { kind: JSON, bytes: &bytes };
        match patiently(|| self.client.json("POST", "/api/repos/create", &payload, &doing)) {
            Ok(_) => Ok(true),
            Err(fault) if fault.kind == HubFaultKind::Conflict => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Every file of a state.
    ///
    /// # Errors
    /// When the Hub does not list them.
    pub fn files(&self, commit: &str) -> Result<Vec<RemoteFile>, HubFault> {
        let doing = format!("listing the files of {self}");
        let mut path = format!("/api/{}/tree/{commit}?recursive=true&expand=false", self.path_of_api());
        let mut files = Vec::new();
        for _ in 0..MOST_PAGES {
            let (page, headers) = patiently(|| self.client.json("GET", &path, &Payload::Nothing, &doing))?;
            let entries = page.as_array().ok_or_else(|| HubFault::strange(&doing))?;
            files.extend(entries.iter().filter_map(remote_file));
            match next_page(&headers, self.client.account().endpoint()) {
                NextPage::At(next) => path = next,
                NextPage::None => return Ok(files),
                // A part of the files must not be taken for all of them.
                NextPage::Elsewhere => break,
            }
        }
        Err(HubFault::strange(&doing))
    }

    /// The content of a file of text, which is read whole.
    ///
    /// # Errors
    /// When the Hub does not give it, or it is no text of a size that can be.
    pub fn text(&self, commit: &str, file: &RemoteFile) -> Result<String, HubFault> {
        let doing = format!("reading `{}` of {self}", file.path);
        if file.bytes > LARGEST_TEXT_BYTES {
            return Err(HubFault::new(
                HubFaultKind::Unusable,
                format!("`{}` of {self} has {} bytes, too many to be read", file.path, file.bytes),
                "look at what wrote it",
            ));
        }
        let address = self.address_of(commit, &file.path);
        let bytes = patiently(|| {
            let mut response = self.client.send("GET", &address, &Payload::Nothing, &[], &doing)?;
            let (limit, mut bytes) = (file.bytes.saturating_add(1), Vec::new());
            let read = response.body_mut().as_reader().take(limit).read_to_end(&mut bytes);
            let whole = read.and_then(|_| {
                let is_short = (bytes.len() as u64) < file.bytes;
                if is_short { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
            });
            whole.map_err(|error| self.client.away(&ureq::Error::Io(error), &doing))
        })?;
        if bytes.len() as u64 > file.bytes {
            return Err(HubFault::strange(&doing));
        }
        String::from_utf8(bytes).map_err(|_| HubFault::strange(&doing))
    }

    /// Brings a file to this machine: what a broken line has left of it is gone on with, and what arrives is what
    /// the Hub lists, or it is not kept.
    ///
    /// # Errors
    /// When the Hub does not give it, or it cannot be written.
    pub fn download(&self, commit: &str, file: &RemoteFile, to: &Path) -> Result<(), HubFault> {
        let doing = format!("fetching `{}` of {self}", file.path);
        let local = |error: io::Error| HubFault::local(to, &error);
        File::create(to).map_err(local)?;
        patiently(|| self.download_rest(commit, file, to, &doing))?;
        let (bytes, sha256) = File::open(to).and_then(|mut file| digest(&mut file)).map_err(local)?;
        if bytes == file.bytes && file.sha256.as_ref().is_none_or(|wanted| *wanted == sha256) {
            return Ok(());
        }
        // Nobody is to take it for the file.
        let _ = std::fs::remove_file(to);
        Err(HubFault::new(
            HubFaultKind::Away,
            format!("{doing} gave {bytes} bytes that are not the file"),
            "try again",
        ))
    }

    fn download_rest(
        &self,
        commit: &str,
        wanted: &RemoteFile,
        to: &Path,
        doing: &str,
    ) -> Result<(), HubFault> {
        let local = |error: io::Error| HubFault::local(to, &error);
        let mut file = OpenOptions::new().append(true).open(to).map_err(local)?;
        let have = file.metadata().map_err(local)?.len();
        if have >= wanted.bytes {
            return Ok(());
        }
        let headers = if have > 0 { vec![("range", format!("bytes={have}-"))] } else { Vec::new() };
        let address = self.address_of(commit, &wanted.path);
        let mut response = self.client.send("GET", &address, &Payload::Nothing, &headers, doing)?;
        if have > 0 && response.status().as_u16() != 206 {
            file.set_len(0).map_err(local)?;
        }
        let have = if response.status().as_u16() == 206 { have } else { 0 };
        // One more than there can be tells that it is not the file.
        let mut reader =
            response.body_mut().as_reader().take(wanted.bytes.saturating_sub(have).saturating_add(1));
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read =
                reader.read(&mut buffer).map_err(|error| self.client.away(&ureq::Error::Io(error), doing))?;
            if read == 0 {
                break;
            }
            file.write_all(&buffer[..read]).map_err(local)?;
        }
        file.sync_all().map_err(local)?;
        let have = file.metadata().map_err(local)?.len();
        if have < wanted.bytes {
            let broken = io::Error::from(io::ErrorKind::UnexpectedEof);
            return Err(self.client.away(&ureq::Error::Io(broken), doing));
        }
        Ok(())
    }

    fn address_of(&self, commit: &str, path: &str) -> String {
        let endpoint = self.client.account().endpoint();
        format!("{endpoint}/{}/resolve/{commit}/{}", self.path(), in_address(path))
    }
}

/// A file of a listing; a folder is none.
fn remote_file(entry: &Value) -> Option<RemoteFile> {
    if entry["type"].as_str() != Some("file") {
        return None;
    }
    Some(RemoteFile {
        path: entry["path"].as_str()?.to_owned(),
        bytes: entry["size"].as_u64()?,
        sha256: entry["lfs"]["oid"].as_str().map(str::to_owned),
    })
}

/// What follows a page of a listing.
#[derive(Debug, PartialEq)]
pub(super) enum NextPage {
    None,
    /// A path on the same Hub.
    At(String),
    /// There is more, and not where it is looked for.
    Elsewhere,
}

pub(super) fn next_page(headers: &HeaderMap, endpoint: &str) -> NextPage {
    let Some(links) = headers.get("link") else { return NextPage::None };
    let Ok(links) = links.to_str() else { return NextPage::Elsewhere };
    let is_next = |link: &&str| {
        let relations = link.split(';').skip(1).map(|part| part.trim().replace('"', ""));
        relations.into_iter().any(|relation| relation == "rel=next")
    };
    let Some(link) = links.split(',').find(is_next) else {
        // An address may hold a comma.
        return if links.contains("next") { NextPage::Elsewhere } else { NextPage::None };
    };
    let address = link.split(';').next().unwrap_or_default().trim();
    let address = address.strip_prefix('<').and_then(|address| address.strip_suffix('>'));
    let path = address.map(|address| address.strip_prefix(endpoint).unwrap_or(address));
    match path {
        Some(path) if path.starts_with('/') => NextPage::At(path.to_owned()),
        Some(_) | None => NextPage::Elsewhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_goes_on_at_the_same_hub_or_is_no_listing() {
        let next = |link: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("link", link.parse().expect("a header"));
            next_page(&headers, "https://hub")
        };
        assert_eq!(next_page(&HeaderMap::new(), "https://hub"), NextPage::None);
        assert_eq!(next(r#"<https://hub/a?b=c>; rel="next""#), NextPage::At("/a?b=c".to_owned()));
        assert_eq!(next(r#"</a>; rel="prev", </b>; rel=next"#), NextPage::At("/b".to_owned()));
        assert_eq!(next(r#"</a>; rel="prev""#), NextPage::None);
        for other in [
            r#"<https://other/a>; rel="next""#,
            r#"<https://hub.other/a>; rel="next""#,
            r#"</a,b>; rel="next""#,
            r#"a; rel="next""#,
        ] {
            assert_eq!(next(other), NextPage::Elsewhere, "{other}");
        }
    }
}
