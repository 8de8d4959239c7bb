//! The files of one job: what was ordered, how it stands, what it printed. Readable by their owner alone, never with a secret.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use paceline_schema::jobs::{JobExpectation, JobSpec, JobStage};
use paceline_schema::{ProcessIdentity, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::fault::JobFault;

/// Kept free of what a full disk would take: removed to make room for the last words.
const RESERVE_BYTES: usize = 16 << 10;

/// What was ordered, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) id: String,
    pub(crate) namespace: String,
    pub(crate) created_at: Timestamp,
    /// Without secrets.
    pub(crate) spec: JobSpec,
    pub(crate) secret_names: Vec<String>,
    /// Memory it may use, bytes.
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) expected: Option<JobExpectation>,
    /// Where it runs; in a folder of its own when absent.
    #[serde(default)]
    pub(crate) workplace: Option<PathBuf>,
    /// Name of the script that lies in the folder of its own.
    #[serde(default)]
    pub(crate) script: Option<String>,
    /// Folder with our `trackio`, for scripts that import it.
    pub(crate) package: Option<PathBuf>,
    /// The data directory.
    pub(crate) directory: PathBuf,
    /// The program that drains journals.
    pub(crate) program: PathBuf,
}

/// How it stands; written by its supervisor alone once that has begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) stage: JobStage,
    pub(crate) message: Option<String>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
    /// First process of the group that the job is.
    pub(crate) process: Option<ProcessIdentity>,
}

/// The folder of a job.
#[derive(Debug, Clone)]
pub(crate) struct JobFolder(PathBuf);

impl JobFolder {
    /// That of an id below the folder of all jobs; `None` for what is no id.
    pub(crate) fn of(jobs: &Path, id: &str) -> Option<Self> {
        is_id(id).then(|| Self(jobs.join(id)))
    }

    /// One that is known to be it.
    pub(crate) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The job's own folder, where it runs unless it was told another one.
    pub(crate) fn work(&self) -> PathBuf {
        self.file("work")
    }

    /// Programs that stand before those of the machine.
    pub(crate) fn programs(&self) -> PathBuf {
        self.file("bin")
    }

    /// Modules that Python finds first.
    pub(crate) fn modules(&self) -> PathBuf {
        self.file("modules")
    }

    /// What it printed.
    pub(crate) fn output(&self) -> PathBuf {
        self.file("output.jsonl")
    }

    /// Held by the supervisor as long as it lives.
    pub(crate) fn lock(&self) -> PathBuf {
        self.file("lock")
    }

    /// What the supervisor itself has to say.
    pub(crate) fn complaints(&self) -> PathBuf {
        self.file("supervisor.log")
    }

    /// Makes the folder with all that the supervisor needs.
    pub(crate) fn make(&self, kept: &Kept) -> Result<(), JobFault> {
        for folder in [self.0.clone(), self.work(), self.programs(), self.modules()] {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
            made.map_err(JobFault::at(&folder))?;
        }
        let reserve = self.file("reserve");
        private(&reserve)
            .and_then(|mut file| file.write_all(&[b' '; RESERVE_BYTES]))
            .map_err(JobFault::at(&reserve))?;
        private(&self.output()).map_err(JobFault::at(&self.output()))?;
        self.replace("spec.json", kept)?;
        let stage = JobStage::Scheduling;
        self.set_state(&State { stage, message: None, started_at: None, finished_at: None, process: None })
    }

    /// Puts a file into the folder that the job runs in; a name that leads elsewhere is none.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), JobFault> {
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
            return Err(JobFault::unusable(format!(
                "`{}` cannot be the name of a script",
                name.escape_default()
            )));
        }
        let path = self.work().join(name);
        private(&path).and_then(|mut file| file.write_all(bytes)).map_err(JobFault::at(&path))
    }

    /// Takes away a job that never began.
    pub(crate) fn discard(&self) {
        // What cannot be removed shows as a job that never began.
        let _ = fs::remove_dir_all(&self.0);
    }

    pub(crate) fn kept(&self) -> Result<Kept, JobFault> {
        self.read("spec.json")
    }

    pub(crate) fn state(&self) -> Result<State, JobFault> {
        self.read("state.json")
    }

    /// Writes how it stands; on a full disk in the place of the reserve.
    pub(crate) fn set_state(&self, state: &State) -> Result<(), JobFault> {
        let written = self.replace("state.json", state);
        if written.is_err() && state.stage.has_ended() && self.free_reserve() {
            return self.replace("state.json", state);
        }
        written
    }

    /// Gives the disk back what was kept for the last words; whether there was any.
    pub(crate) fn free_reserve(&self) -> bool {
        fs::remove_file(self.file("reserve")).is_ok()
    }

    /// Somebody wants it to end.
    pub(crate) fn ask_to_cancel(&self) -> Result<(), JobFault> {
        let path = self.file("cancel");
        private(&path).map(drop).map_err(JobFault::at(&path))
    }

    pub(crate) fn is_asked_to_cancel(&self) -> bool {
        self.file("cancel").exists()
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<T, JobFault> {
        let path = self.file(name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let id = self.0.file_name().unwrap_or_default().to_string_lossy().into_owned();
                return Err(JobFault::NotFound { id });
            }
            Err(error) => return Err(JobFault::at(&path)(error)),
        };
        serde_json::from_slice(&bytes).map_err(|error| JobFault::Damaged { path, reason: error.to_string() })
    }

    /// A file as a whole: whoever reads sees the one before or this one.
    fn replace(&self, name: &str, value: &impl Serialize) -> Result<(), JobFault> {
        let (path, unfinished) = (self.file(name), self.file(&format!("{name}.new")));
        let write = || -> io::Result<()> {
            let mut file = private(&unfinished)?;
            file.write_all(&serde_json::to_vec_pretty(value)?)?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)
        };
        write().map_err(JobFault::at(&path))
    }
}

/// A new, empty file for its owner alone.
pub(crate) fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// 24 hexadecimal digits, as Hugging Face's ids are.
fn is_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_never_a_path() {
        let jobs = Path::new("/jobs");
        assert!(JobFolder::of(jobs, "0123456789abcdef01234567").is_some());
        for text in
            ["", "..", "../../0123456789abcdef0123", "0123456789ABCDEF01234567", "0123456789abcdef0123456/"]
        {
            assert!(JobFolder::of(jobs, text).is_none(), "{text}");
        }
    }
}
