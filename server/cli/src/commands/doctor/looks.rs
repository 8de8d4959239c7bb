//! The single looks of the doctor.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::Look;
use crate::arguments::DirectoryArgument;
use crate::commands::open_engine;
use crate::commands::shim::python::Python;
use crate::failure::Failure;

/// What the system puts behind the path of a program whose file is another one by now.
const REPLACED: &str = " (deleted)";

fn well(name: &'static str, message: impl Into<String>) -> Look {
    Look { name, healthy: true, message: message.into(), cure: None }
}

fn ill(name: &'static str, message: impl Into<String>, cure: impl Into<String>) -> Look {
    Look { name, healthy: false, message: message.into(), cure: Some(cure.into()) }
}

/// The command `trackio` that a shell would find is this program.
pub(super) fn commands() -> Look {
    let name = "commands";
    let here = env::current_exe().and_then(|path| path.canonicalize()).unwrap_or_default();
    let told = format!("this is paceline {} at `{}`", env!("CARGO_PKG_VERSION"), here.display());
    let Some(found) = on_path("trackio") else {
        return ill(
            name,
            format!("{told}; no command `trackio` is on the search path"),
            "activate the environment that Paceline is installed into, or add its `bin` to PATH",
        );
    };
    let is_beside = found.canonicalize().is_ok_and(|path| path.parent() == here.parent());
    if is_beside {
        return well(name, format!("{told}, and `trackio` is the same"));
    }
    ill(
        name,
        format!("{told}; the command `trackio` that a shell finds is another one, `{}`", found.display()),
        "put the folder of this program first in PATH, or take the other one away: `pip uninstall trackio`",
    )
}

fn on_path(name: &str) -> Option<PathBuf> {
    let name = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(&name)).find(|path| path.is_file())
}

/// What `import trackio` gives is ours.
pub(super) fn python(given: Option<&Path>) -> Look {
    let name = "python";
    let checked = Python::asked(given).and_then(|python| {
        python.expect_paceline()?;
        Ok(python)
    });
    match checked {
        Ok(python) => match both_installed(&python) {
            None => well(name, format!("`import trackio` of `{}` is Paceline's", python.program.display())),
            Some(other) => ill(
                name,
                format!("beside Paceline the package `trackio` is installed too, at `{}`", other.display()),
                format!(
                    "`{0} -m pip uninstall trackio`, then `{0} -m pip install --force-reinstall paceline`",
                    python.program.display()
                ),
            ),
        },
        Err(Failure::Error { message, hint }) => ill(name, message, hint.unwrap_or_default()),
        Err(Failure::AnsweredNo | Failure::Exit(_) | Failure::OutputClosed) => {
            ill(name, "no Python answers", "`--python PYTHON` names one")
        }
    }
}

/// What pip wrote of the real one, if it is there: its files and ours have the same names, and the one that was
/// installed last has won.
fn both_installed(python: &Python) -> Option<PathBuf> {
    let entries = fs::read_dir(python.site_packages()).ok()?;
    let of_trackio = entries.flatten().map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("trackio-") && name.ends_with(".dist-info")
    });
    // Ours carries such a folder as well, so that libraries find it; it lists no files of its own.
    of_trackio.into_iter().find(|path| {
        let record = fs::read_to_string(path.join("RECORD")).unwrap_or_default();
        record.lines().any(|line| line.starts_with("trackio/"))
    })
}

/// A training can write into the data directory.
pub(super) fn directory(directory: &Path) -> Look {
    let name = "directory";
    let shown = directory.display();
    // Where it is not there yet, the folder that would hold it decides.
    let nearest = directory.ancestors().find(|folder| folder.exists()).unwrap_or(directory);
    if !nearest.is_dir() {
        let message =
            format!("`{}` is no folder, and the data directory `{shown}` is to lie there", nearest.display());
        return ill(name, message, "set TRACKIO_DIR to a folder, or move the file away");
    }
    let probe = nearest.join(format!(".paceline-probe-{}", std::process::id()));
    match fs::write(&probe, b"probe").and_then(|()| fs::remove_file(&probe)) {
        Ok(()) if nearest == directory => well(name, format!("the data directory `{shown}` can be written")),
        Ok(()) => well(name, format!("the data directory `{shown}` is not there yet and can be made")),
        Err(error) => ill(
            name,
            format!("the data directory `{shown}` cannot be written: {error}"),
            "give it to the user who trains (`chown`), free space on its disk, or set TRACKIO_DIR to another folder",
        ),
    }
}

/// Whoever drains the directory is of this version.
pub(super) fn companion(directory: &Path) -> Look {
    let name = "companion";
    let here = env::current_exe().and_then(|path| path.canonicalize()).unwrap_or_default();
    let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    let mut seen = 0;
    for process in processes() {
        let arguments = process.arguments();
        let is_one = arguments.get(1).is_some_and(|word| word == "companion" || word == "serve")
            && arguments.windows(2).any(|pair| pair[0] == "--dir" && Path::new(&pair[1]) == directory);
        let Some(program) = process.program().filter(|_| is_one) else { continue };
        seen += 1;
        let text = program.to_string_lossy();
        if text.ends_with(REPLACED) || program != here {
            let program = text.trim_end_matches(REPLACED).to_owned();
            return ill(
                name,
                format!("process {} drains the directory with another program, `{program}`", process.id),
                format!(
                    "end it when no training runs: `kill {}`; the next training starts the new one",
                    process.id
                ),
            );
        }
    }
    well(
        name,
        if seen == 0 {
            "nobody drains the directory now"
        } else {
            "whoever drains the directory is of this version"
        },
    )
}

struct Process {
    id: u32,
    folder: PathBuf,
}

impl Process {
    fn arguments(&self) -> Vec<OsString> {
        let text = fs::read(self.folder.join("cmdline")).unwrap_or_default();
        let words = text.split(|byte| *byte == 0).filter(|word| !word.is_empty());
        words.map(|word| String::from_utf8_lossy(word).into_owned().into()).collect()
    }

    fn program(&self) -> Option<PathBuf> {
        fs::read_link(self.folder.join("exe")).ok()
    }
}

/// The processes of a Linux; none elsewhere.
fn processes() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        Some(Process { id, folder: entry.path() })
    })
}

/// Every project can be read.
pub(super) fn projects(directory: &DirectoryArgument) -> Look {
    let name = "projects";
    if !directory.directory().exists() {
        return well(name, "there are no projects yet");
    }
    let projects = match open_engine(directory).and_then(|engine| Ok(engine.projects()?)) {
        Ok(projects) => projects,
        Err(Failure::Error { message, hint }) => return ill(name, message, hint.unwrap_or_default()),
        Err(Failure::AnsweredNo | Failure::Exit(_) | Failure::OutputClosed) => {
            return well(name, "there are no projects yet");
        }
    };
    match projects.iter().find_map(|project| Some((&project.project, project.damaged.as_ref()?))) {
        None => well(name, format!("{} projects can be read", projects.len())),
        Some((project, damage)) => ill(
            name,
            format!("project `{project}` is damaged: {damage}"),
            format!(
                "move `{project}.db` away, with `{project}.db-wal` and `{project}.db-journal` where they are there; then put a \
                 copy of `{project}.db` in its place, or move `media/{project}` away as well, and `paceline pull` brings \
                 what was synced"
            ),
        ),
    }
}

/// No row waits for somebody to bring it to the tables.
pub(super) fn journals(directory: &Path) -> Look {
    let name = "journals";
    let folders = |path: &Path| -> Vec<PathBuf> {
        fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
            .collect()
    };
    let waiting = folders(&directory.join(".paceline/journal"))
        .iter()
        .map(|project| folders(project).len())
        .sum::<usize>();
    if waiting == 0 || paceline_companion::is_attended(directory) {
        return well(name, "no row waits for somebody to bring it to the tables");
    }
    ill(
        name,
        format!("{waiting} journals hold rows that nobody brings to the tables"),
        format!(
            "see `{}` for the reason; any command on the directory tries again",
            directory.join(".paceline/companion.log").display()
        ),
    )
}
