//! The module `wandb` in one folder: what stands there under that name, and ours, written and removed.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use paceline_http::PEER_VERSION;

const SOURCE: &str = include_str!("wandb.py");
/// By these words in its file the module is known as ours, whichever version made it.
const MARK: &str = "`paceline shim wandb` made this file";
/// By this text in the file `INSTALLER` the metadata is.
const INSTALLER: &str = "paceline\n";
const METADATA_FILES: [&str; 4] = ["INSTALLER", "METADATA", "WHEEL", "RECORD"];

/// The module `wandb`, with the metadata that says so to installers, in a folder of modules.
pub(super) struct Module<'a> {
    folder: &'a Path,
}

/// What stands in the folder under the name.
#[derive(Default)]
struct Standing {
    /// The folder of our module, when it is there.
    module: Option<PathBuf>,
    /// Our metadata; more than one folder of them after a change of version.
    metadata: Vec<PathBuf>,
    /// Something of the name that is not ours.
    other: Option<PathBuf>,
}

impl<'a> Module<'a> {
    /// The one in `folder`, whether it is there or not.
    pub(super) fn in_folder(folder: &'a Path) -> Self {
        Self { folder }
    }

    /// Something named `wandb` in the folder that is not ours.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(super) fn other(&self) -> io::Result<Option<PathBuf>> {
        Ok(self.standing()?.other)
    }

    /// Writes ours, in the place of ours of another version. What the file of the module says comes last.
    ///
    /// # Errors
    /// When files cannot be written; whatever was written is known as ours.
    pub(super) fn write(&self) -> io::Result<()> {
        let metadata = self.folder.join(format!("wandb-{PEER_VERSION}.dist-info"));
        let name = metadata.file_name().unwrap_or_default().to_string_lossy();
        fs::create_dir_all(&metadata)?;
        fs::create_dir_all(self.folder.join("wandb"))?;
        write(&metadata.join("INSTALLER"), INSTALLER)?;
        write(
            &metadata.join("METADATA"),
            &format!(
                "Metadata-Version: 2.1\nName: wandb\nVersion: {PEER_VERSION}\n\
             Summary: The module trackio of paceline under the name wandb\nRequires-Dist: paceline\n"
            ),
        )?;
        write(
            &metadata.join("WHEEL"),
            "Wheel-Version: 1.0\nGenerator: paceline\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )?;
        // With a list of the files pip and uv can take the module away, too. They do without the digests.
        let files = METADATA_FILES.map(|file| format!("{name}/{file},,\n")).concat();
        write(&metadata.join("RECORD"), &format!("wandb/__init__.py,,\n{files}"))?;
        for before in self.standing()?.metadata.iter().filter(|before| **before != metadata) {
            remove_metadata(before)?;
        }
        write(&self.folder.join("wandb").join("__init__.py"), SOURCE)
    }

    /// Removes ours and nothing else. `true` when there was something.
    ///
    /// # Errors
    /// When files cannot be removed.
    pub(super) fn remove(&self) -> io::Result<bool> {
        let standing = self.standing()?;
        if let Some(module) = &standing.module {
            remove_file(&module.join("__init__.py"))?;
            remove_bytecode(&module.join("__pycache__"))?;
            remove_when_empty(module)?;
        }
        for metadata in &standing.metadata {
            remove_metadata(metadata)?;
        }
        Ok(standing.module.is_some() || !standing.metadata.is_empty())
    }

    fn standing(&self) -> io::Result<Standing> {
        let mut standing = Standing::default();
        for path in entries(self.folder)? {
            let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            let is_metadata =
                name.starts_with("wandb-") && (name.ends_with(".dist-info") || name.ends_with(".egg-info"));
            if name == "wandb" && is_our_module(&path) {
                standing.module = Some(path);
            } else if is_metadata && contains(&path.join("INSTALLER"), INSTALLER) {
                standing.metadata.push(path);
            } else if is_metadata || name == "wandb.py" || (name == "wandb" && !is_left_over(&path)?) {
                standing.other.get_or_insert(path);
            }
        }
        Ok(standing)
    }
}

/// Whether a file of the module `wandb` is ours.
pub(super) fn is_our_file(path: &Path) -> bool {
    contains(path, MARK)
}

fn is_our_module(module: &Path) -> bool {
    is_our_file(&module.join("__init__.py"))
}

/// Whether a folder has nothing but what uninstalling leaves: no files, or bytecode.
fn is_left_over(module: &Path) -> io::Result<bool> {
    Ok(module.is_dir() && entries(module)?.iter().all(|path| path.ends_with("__pycache__")))
}

fn contains(path: &Path, text: &str) -> bool {
    fs::read_to_string(path).is_ok_and(|content| content.contains(text))
}

/// Paths of what a folder holds, in order; nothing when it is not there.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => {
            let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
            paths.sort();
            Ok(paths)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Writes a file unless it has this content, since a process may be reading it.
fn write(path: &Path, content: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|before| before == content) {
        Ok(())
    } else {
        fs::write(path, content)
    }
}

fn remove_metadata(metadata: &Path) -> io::Result<()> {
    // The file by which it is known goes last, so that a removal that was cut off can be taken up.
    METADATA_FILES.iter().rev().try_for_each(|file| remove_file(&metadata.join(file)))?;
    remove_when_empty(metadata)
}

fn remove_bytecode(folder: &Path) -> io::Result<()> {
    for path in entries(folder)? {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if name.starts_with("__init__.") && name.ends_with(".pyc") {
            remove_file(&path)?;
        }
    }
    remove_when_empty(folder)
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn remove_when_empty(folder: &Path) -> io::Result<()> {
    if folder.is_dir() && entries(folder)?.is_empty() { fs::remove_dir(folder) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_says_whose_it_is() {
        assert!(SOURCE.contains(MARK));
    }
}
