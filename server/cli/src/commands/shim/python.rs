//! The Python a module is made for: which one, and what it says of itself.

use std::env;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde::Deserialize;

use crate::failure::Failure;

const PROBE: &str = include_str!("probe.py");
/// What our versions have and the peer's have not.
const OUR_VERSION: &str = "+paceline";

/// A Python and what it told.
#[derive(Debug)]
pub(in crate::commands) struct Python {
    /// The path or command by which it was started.
    pub(in crate::commands) program: PathBuf,
    /// Folder its modules are installed into.
    pub(super) site_packages: PathBuf,
    /// File of the module `wandb` that it finds, wherever that lies.
    pub(super) wandb: Option<PathBuf>,
    trackio: Option<String>,
}

#[derive(Deserialize)]
struct Told {
    site_packages: PathBuf,
    trackio: Option<String>,
    wandb: Option<PathBuf>,
}

impl Python {
    /// Asks the Python that was given, else the one whose environment holds this program, else the first one
    /// on the search path.
    ///
    /// # Errors
    /// When there is none, or what was started is none.
    pub(in crate::commands) fn asked(given: Option<&Path>) -> Result<Self, Failure> {
        let Some(given) = given else {
            for program in usual_interpreters() {
                if let Ok(output) = answer(&program) {
                    return Self::told(program, &output);
                }
            }
            return Err(Failure::new("no Python is found", "`--python PYTHON` names one"));
        };
        let output = answer(given).map_err(|error| {
            let reason = if error.kind() == ErrorKind::NotFound {
                "it is not there".to_owned()
            } else {
                error.to_string()
            };
            Failure::new(
                format!("`{}` cannot be started: {reason}", given.display()),
                "give `--python` the path of a Python, or a command that starts one",
            )
        })?;
        Self::told(given.to_owned(), &output)
    }

    fn told(program: PathBuf, output: &Output) -> Result<Self, Failure> {
        let answer = output.status.success().then(|| serde_json::from_slice::<Told>(&output.stdout));
        let Some(Ok(Told { site_packages, trackio, wandb })) = answer else {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().last().unwrap_or("it said nothing");
            return Err(Failure::new(
                format!("`{}` does not answer as a Python would: {last}", program.display()),
                "`--python PYTHON` names another one",
            ));
        };
        Ok(Self { program, site_packages, wandb, trackio })
    }

    /// Folder its modules are installed into.
    pub(in crate::commands) fn site_packages(&self) -> &Path {
        &self.site_packages
    }

    /// Whether our package is what `import trackio` gives there.
    ///
    /// # Errors
    /// When it is not, with what to do.
    pub(in crate::commands) fn expect_paceline(&self) -> Result<(), Failure> {
        let program = self.program.display();
        match &self.trackio {
            Some(version) if version.contains(OUR_VERSION) => Ok(()),
            Some(version) => Err(Failure::new(
                format!("the `trackio` of `{program}` is not Paceline's: its version is `{version}`"),
                format!("`{program} -m pip uninstall trackio`, then `{program} -m pip install paceline`"),
            )),
            None => Err(Failure::new(
                format!("`{program}` has no Paceline"),
                format!("`{program} -m pip install paceline`, or name another one by `--python PYTHON`"),
            )),
        }
    }
}

/// The interpreters to try: of the environment this program was installed into, then on the search path.
fn usual_interpreters() -> Vec<PathBuf> {
    let names = ["python3", "python"].map(|name| format!("{name}{}", env::consts::EXE_SUFFIX));
    let program = env::current_exe().and_then(|path| path.canonicalize()).ok();
    let beside = program.iter().flat_map(|program| names.iter().map(|name| program.with_file_name(name)));
    beside.chain(names.iter().map(PathBuf::from)).collect()
}

fn answer(program: &Path) -> io::Result<Output> {
    Command::new(program).args(["-c", PROBE]).stdin(Stdio::null()).output()
}
