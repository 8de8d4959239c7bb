//! The folder of a logbook, `.trackio/logbook`, and everything that is read from or written into it.
//!
//! It is opened once and never left again, by a link as little as by a name. Files are replaced whole. Whoever
//! changes something holds a lock on the folder `.trackio`; the peer has none, so the time between reading and
//! writing is kept short.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use crate::fault::LogbookFault;
use crate::json::Json;
use crate::manifest::PRIVATE;
use crate::moment;

/// Holds the logbook and what belongs to it, in the folder that is worked in.
pub(crate) const PROJECT_FOLDER: &str = ".trackio";
/// The logbook itself, inside [`PROJECT_FOLDER`].
pub(crate) const LOGBOOK_FOLDER: &str = "logbook";
/// The first page, inside [`LOGBOOK_FOLDER`].
pub(crate) const INDEX_FILE: &str = "pages/index.md";
const METADATA_FILE: &str = "metadata.json";
/// More is no file that a logbook is made of.
const LARGEST_FILE: u64 = 256 << 20;

/// A logbook on disk.
#[derive(Debug)]
pub struct Logbook {
    /// The folder `.trackio`.
    project: PathBuf,
    files: Dir,
}

/// Held while something is changed.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "it is held, and let go with its owner")] Option<File>);

impl Logbook {
    /// The logbook of a folder or of the nearest one above it.
    ///
    /// # Errors
    /// When the folder that has one cannot be opened.
    pub fn find(start: &Path) -> Result<Option<Self>, LogbookFault> {
        let start = start.canonicalize().map_err(failed(start))?;
        let found = start.ancestors().map(|folder| folder.join(PROJECT_FOLDER));
        let mut found = found.filter(|project| project.join(LOGBOOK_FOLDER).join(INDEX_FILE).is_file());
        found.next().map(Self::open).transpose()
    }

    /// The same where there has to be one.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub fn require(start: &Path) -> Result<Self, LogbookFault> {
        let none = || LogbookFault::NoLogbook { start: start.to_owned() };
        Self::find(start)?.ok_or_else(none)
    }

    /// Makes a logbook in a folder that has none; without a title it has the folder's name.
    ///
    /// # Errors
    /// When there is one already, or it cannot be written.
    pub fn create(folder: &Path, title: Option<&str>, space: Option<&str>) -> Result<Self, LogbookFault> {
        let folder = folder.canonicalize().map_err(failed(folder))?;
        let project = folder.join(PROJECT_FOLDER);
        std::fs::create_dir_all(&project).map_err(failed(&project))?;
        let logbook = Self::open(project)?;
        let _lock = logbook.lock()?;
        if logbook.exists(&in_logbook(INDEX_FILE)) {
            return Err(LogbookFault::Exists { place: logbook.root() });
        }
        let own_name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        let title = title.map(one_line).filter(|title| !title.is_empty());
        let title = title.or(own_name).unwrap_or_else(|| "Experiment".to_owned());
        let first = format!(
            "# {title}\n\n## Pages\n\n| Page |\n| --- |\n| Add a page with `trackio logbook page \"...\"` |\n"
        );
        let metadata = Json::object([
            ("space_id", space.into()),
            ("emoji", "🎯".into()),
            ("created_at", moment::now().into()),
        ]);
        logbook.write_metadata(&metadata)?;
        logbook.write(&in_logbook(INDEX_FILE), first.as_bytes())?;
        logbook.refresh()?;
        Ok(logbook)
    }

    fn open(project: PathBuf) -> Result<Self, LogbookFault> {
        let files = Dir::open_ambient_dir(&project, ambient_authority()).map_err(failed(&project))?;
        Ok(Self { project, files })
    }

    /// The folder `.trackio`.
    pub fn project(&self) -> &Path {
        &self.project
    }

    /// The folder that is worked in.
    pub fn workspace(&self) -> &Path {
        self.project.parent().unwrap_or(&self.project)
    }

    /// The folder of the logbook itself.
    pub fn root(&self) -> PathBuf {
        self.project.join(LOGBOOK_FOLDER)
    }

    /// Keeps other writers of ours away until it is dropped.
    pub(crate) fn lock(&self) -> Result<Lock, LogbookFault> {
        // Where folders cannot be locked, nothing keeps two writers apart, as with the peer.
        let Ok(folder) = File::open(&self.project) else { return Ok(Lock(None)) };
        match folder.lock() {
            Ok(()) => Ok(Lock(Some(folder))),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(Lock(None)),
            Err(error) => Err(failed(&self.project)(error)),
        }
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.files.metadata(path).is_ok_and(|metadata| metadata.is_file())
    }

    /// Length and time of change, in nanoseconds of 1970; nothing where there is no such file.
    pub(crate) fn stamp(&self, path: &str) -> Option<(u64, u128)> {
        let metadata = self.files.metadata(path).ok()?;
        let changed = metadata.modified().ok()?.into_std().duration_since(std::time::UNIX_EPOCH).ok()?;
        Some((metadata.len(), changed.as_nanos()))
    }

    /// The bytes of a file; nothing where there is none.
    pub(crate) fn bytes(&self, path: &str) -> Result<Option<Vec<u8>>, LogbookFault> {
        let place = self.project.join(path);
        let file = match self.files.open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&place)(error)),
        };
        let length = file.metadata().map_err(failed(&place))?.len();
        if length > LARGEST_FILE {
            return Err(LogbookFault::TooLarge { path: place, bytes: length, limit: LARGEST_FILE });
        }
        let mut bytes = Vec::new();
        file.take(LARGEST_FILE).read_to_end(&mut bytes).map_err(failed(&place))?;
        Ok(Some(bytes))
    }

    /// The text of a file, its lines ended by `\n` alone; nothing where there is none.
    pub(crate) fn text(&self, path: &str) -> Result<Option<String>, LogbookFault> {
        let Some(bytes) = self.bytes(path)? else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(|_| LogbookFault::Damaged {
            path: self.project.join(path),
            reason: "it is not text in UTF-8".to_owned(),
        })?;
        Ok(Some(if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text }))
    }

    /// The JSON object of a file that is derived or may be missing: whatever is no object is as good as none.
    pub(crate) fn object(&self, path: &str) -> Json {
        let text = self.text(path).ok().flatten();
        let value = text.and_then(|text| Json::parse(&text).ok());
        value.filter(|value| matches!(value, Json::Object(_))).unwrap_or_default()
    }

    /// What the logbook keeps about itself.
    pub(crate) fn metadata(&self) -> Result<Json, LogbookFault> {
        let Some(text) = self.text(METADATA_FILE)? else { return Ok(Json::Object(Vec::new())) };
        let damaged =
            |reason: String| LogbookFault::Damaged { path: self.project.join(METADATA_FILE), reason };
        match Json::parse(&text) {
            Ok(value @ Json::Object(_)) => Ok(value),
            Ok(_) => Err(damaged("it is no JSON object".to_owned())),
            Err(error) => Err(damaged(error.to_string())),
        }
    }

    pub(crate) fn write_metadata(&self, metadata: &Json) -> Result<(), LogbookFault> {
        self.write(METADATA_FILE, metadata.pretty().as_bytes())
    }

    /// Names the Space that the logbook is published to.
    ///
    /// # Errors
    /// When the file that says it cannot be read or written.
    pub fn set_space(&self, space: &str) -> Result<(), LogbookFault> {
        let _lock = self.lock()?;
        let mut metadata = self.metadata()?;
        metadata.set("space_id", space);
        self.write_metadata(&metadata)
    }

    /// Writes a document, unless it is there as it is.
    pub(crate) fn write_json(&self, path: &str, value: &Json) -> Result<(), LogbookFault> {
        let rendered = value.pretty();
        if self.bytes(path)?.is_some_and(|bytes| bytes == rendered.as_bytes()) {
            return Ok(());
        }
        self.write(path, rendered.as_bytes())
    }

    /// Puts a file in its place whole; folders on the way to it are made.
    pub(crate) fn write(&self, path: &str, bytes: &[u8]) -> Result<(), LogbookFault> {
        let failed = failed(&self.project.join(path));
        let (folder, name) =
            path.rsplit_once('/').map_or((None, path), |(folder, name)| (Some(folder), name));
        let opened;
        let folder = if let Some(folder) = folder {
            self.files.create_dir_all(folder).map_err(&failed)?;
            opened = self.files.open_dir(folder).map_err(&failed)?;
            &opened
        } else {
            &self.files
        };
        let unfinished = format!(".{name}.{}.new", moment::random_hexadecimal(8));
        let written = || -> io::Result<()> {
            let mut options = OpenOptions::new();
            #[cfg(unix)]
            if is_private(path) {
                cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
            }
            let mut file = folder.open_with(&unfinished, options.write(true).create_new(true))?;
            if let Ok(known) = folder.metadata(name) {
                file.set_permissions(known.permissions())?;
            }
            file.write_all(bytes)?;
            drop(file);
            folder.rename(&unfinished, folder, name)
        };
        written().map_err(|error| {
            // Whatever is left of it is in nobody's way.
            let _ = folder.remove_file(&unfinished);
            failed(error)
        })
    }

    /// Names of files and folders in a folder with whether each is a folder; none where there is no such folder.
    pub(crate) fn entries(&self, path: &str) -> Vec<(String, bool)> {
        let Ok(entries) = self.files.read_dir(path) else { return Vec::new() };
        let entry = |entry: io::Result<cap_std::fs::DirEntry>| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            Some((name, entry.file_type().ok()?.is_dir()))
        };
        entries.filter_map(entry).collect()
    }

    /// When a file was made or its name changed, in nanoseconds of 1970, as far as the system tells.
    #[cfg(unix)]
    pub(crate) fn changed_at(&self, path: &str) -> i128 {
        use cap_std::fs::MetadataExt;
        let metadata = self.files.metadata(path);
        metadata.map_or(0, |metadata| {
            i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec())
        })
    }

    /// When a file was changed, in nanoseconds of 1970.
    #[cfg(not(unix))]
    pub(crate) fn changed_at(&self, path: &str) -> i128 {
        self.stamp(path).map_or(0, |(_, changed)| i128::try_from(changed).unwrap_or_default())
    }

    /// Takes a file away; none is as good.
    pub(crate) fn remove_file(&self, path: &str) -> Result<(), LogbookFault> {
        match self.files.remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed(&self.project.join(path))(error))
            }
            _ => Ok(()),
        }
    }

    /// Takes a folder away with all in it; none is as good.
    pub(crate) fn remove_folder(&self, path: &str) -> Result<(), LogbookFault> {
        match self.files.remove_dir_all(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed(&self.project.join(path))(error))
            }
            _ => Ok(()),
        }
    }
}

/// A path inside the logbook as one inside `.trackio`.
pub(crate) fn in_logbook(path: &str) -> String {
    format!("{LOGBOOK_FOLDER}/{path}")
}

/// Sessions of agents and lists of files are for their user alone.
#[cfg(unix)]
fn is_private(path: &str) -> bool {
    PRIVATE.iter().any(|private| path.starts_with(private.trim_start_matches('/')))
}

/// A title stands on one line.
pub(crate) fn one_line(text: &str) -> String {
    text.trim()
        .split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

pub(crate) fn failed(path: &Path) -> impl Fn(io::Error) -> LogbookFault + use<> {
    let path = path.to_owned();
    move |reason| LogbookFault::File { path: path.clone(), reason }
}
