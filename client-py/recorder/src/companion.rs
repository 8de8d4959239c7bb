//! Starts the program that drains the journals, and asks it for the run to log into.

use std::fmt;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use paceline_journal::{FileLock, layout};
use paceline_schema::companion::{OpenReply, OpenRequest};

/// How long `init` waits for an answer. The program answers in milliseconds; a locked or very slow file
/// system must not hold the training up for longer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);
/// … and when the program has to ask a server, which it does for ten seconds at most.
const SERVER_ANSWER_PATIENCE: Duration = Duration::from_secs(15);

/// How to start the companion of a data directory.
#[derive(Debug, Clone)]
pub struct Companion {
    directory: PathBuf,
    binary: Option<PathBuf>,
}

/// Why the companion cannot be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompanionError {
    /// The program was not found, or starting it was switched off.
    NoBinary,
    /// It was found and did not do its work.
    Failed {
        /// Which program.
        binary: PathBuf,
        /// What it, or the system, said.
        reason: String,
    },
}

impl fmt::Display for CompanionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBinary => {
                write!(f, "the program `paceline` was not found beside Python, or is switched off")
            }
            Self::Failed { binary, reason } => write!(f, "`{}` did not start: {reason}", binary.display()),
        }
    }
}

impl Companion {
    /// For a data directory; `binary` is the program, absent when it was not found.
    #[must_use]
    pub fn new(directory: &Path, binary: Option<PathBuf>) -> Self {
        Self { directory: directory.to_owned(), binary }
    }

    /// Somebody drains the directory: a companion or a server.
    #[must_use]
    pub fn is_running(&self) -> bool {
        FileLock::is_held(&layout::companion_lock(&self.directory))
    }

    /// Starts a companion unless one runs.
    ///
    /// # Errors
    /// When there is no program or it does not start.
    pub fn ensure(&self) -> Result<(), CompanionError> {
        if self.is_running() { Ok(()) } else { self.start(None).map(drop) }
    }

    /// Asks for the run to log into, and starts a companion unless one runs.
    ///
    /// # Errors
    /// When there is no program, it does not start or gives no answer in time.
    pub fn open(&self, request: &OpenRequest) -> Result<OpenReply, CompanionError> {
        let answer = self.start(Some(request))?;
        serde_json::from_slice(&answer).map_err(|_| {
            let said = String::from_utf8_lossy(&answer);
            let said = said.trim();
            self.failed(if said.is_empty() {
                "no answer".to_owned()
            } else {
                format!("unexpected answer `{said}`")
            })
        })
    }

    fn start(&self, request: Option<&OpenRequest>) -> Result<Vec<u8>, CompanionError> {
        let binary = self.binary.as_ref().ok_or(CompanionError::NoBinary)?;
        let mut command = Command::new(binary);
        command.arg("companion").arg("--dir").arg(&self.directory);
        let question = request.map(serde_json::to_vec).transpose();
        let question = question.map_err(|error| self.failed(error.to_string()))?;
        // The question may hold a token, and everybody on the machine can read arguments.
        if question.is_some() {
            command.arg("--open").stdin(Stdio::piped());
        } else {
            command.stdin(Stdio::null());
        }
        // The process forks once more and its first half ends at once, so that no zombie is left to the
        // training and a Ctrl-C in its terminal does not reach the companion.
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(self.log())
            .spawn()
            .map_err(|error| self.failed(error.to_string()))?;
        if let (Some(question), Some(mut pipe)) = (question, child.stdin.take()) {
            // A program that does not read it does not answer either, which is said below.
            let _ = pipe.write_all(&question);
        }
        let asks_server = request.is_some_and(|request| request.destination.is_some());
        let patience = if asks_server { SERVER_ANSWER_PATIENCE } else { ANSWER_PATIENCE };
        let answer = child.stdout.take().map(|pipe| read_to_end(pipe, patience)).transpose();
        let status = child.wait().map_err(|error| self.failed(error.to_string()))?;
        if !status.success() {
            return Err(self.failed(status.to_string()));
        }
        answer.map(Option::unwrap_or_default).map_err(|error| self.failed(error.to_string()))
    }

    /// Where the companion's messages go: nowhere while the directory cannot be written.
    fn log(&self) -> Stdio {
        let path = layout::companion_log(&self.directory);
        let file = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
        file.map_or_else(|_| Stdio::null(), Stdio::from)
    }

    fn failed(&self, reason: String) -> CompanionError {
        CompanionError::Failed { binary: self.binary.clone().unwrap_or_default(), reason }
    }
}

/// Reads a pipe until the other side closes it or the time is over.
fn read_to_end(mut pipe: impl Read + AsRawFd, patience: Duration) -> std::io::Result<Vec<u8>> {
    let deadline = Instant::now() + patience;
    let mut text = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).as_millis() as libc::c_int;
        let mut poll = libc::pollfd { fd: pipe.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        #[allow(unsafe_code, reason = "the standard library reads pipes without a time limit only")]
        // SAFETY: one descriptor that lives through the call.
        let ready = unsafe { libc::poll(&raw mut poll, 1, left) };
        match ready {
            0 => return Err(std::io::ErrorKind::TimedOut.into()),
            1 => match pipe.read(&mut chunk)? {
                0 => return Ok(text),
                count => text.extend_from_slice(&chunk[..count]),
            },
            // A signal for the program's own handlers.
            _ => {}
        }
    }
}
