//! Finds out what a run is made with, outside of its process and beside the draining: packages and git.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use paceline_journal::Owner;
use paceline_journal::process::{Liveness, liveness};
use paceline_schema::environment::{
    EnvironmentReport, LONGEST_DIFF_BYTES, RECORDED_PACKAGES, RunEnvironment, Survey,
};
use paceline_schema::event::RunKey;
use paceline_schema::{Destination, Event, Timestamp};
use paceline_storage::Batch;

/// A repository that takes git longer than this has no state to be recorded.
const GIT_PATIENCE: Duration = Duration::from_secs(10);
/// Files that are made to hold secrets; their changes are not kept.
const SECRET_FILES: [&str; 8] =
    [".env*", "*.pem", "*.key", "id_rsa*", "id_ed25519*", "*credentials*", "*secret*", ".netrc"];

/// What was found out of one run.
pub(crate) struct Surveyed {
    pub(crate) project: String,
    /// Where the run is kept; absent for the tables of the directory.
    pub(crate) destination: Option<Destination>,
    pub(crate) batch: Batch,
}

/// Surveys under way, each on a thread of its own.
pub(crate) struct Surveys {
    sender: Sender<Surveyed>,
    receiver: Receiver<Surveyed>,
    pending: usize,
    /// The start that was surveyed last, by run: the processes that share one run on one host share its survey.
    begun: HashMap<String, Timestamp>,
}

/// Starts of one job lie closer together than this.
const ONE_JOB_SECONDS: f64 = 60.0;

impl Surveys {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver, pending: 0, begun: HashMap::new() }
    }

    /// Begins to survey for a journal whose process lives and asks for it. Later the code may have changed.
    pub(crate) fn begin(&mut self, project: &str, owner: &Owner) {
        let Some(start) = &owner.start else { return };
        let (Some(survey), Some(environment)) = (&start.survey, &start.environment) else { return };
        let is_known = |begun: &Timestamp| start.time.seconds_since(*begun).abs() < ONE_JOB_SECONDS;
        let same = self.begun.get(&owner.run.id).is_some_and(|begun| start.rank > 0 && is_known(begun));
        if same || liveness(&owner.process) != Liveness::Alive {
            return;
        }
        self.begun.insert(owner.run.id.clone(), start.time);
        let (survey, environment, sender) = (survey.clone(), environment.clone(), self.sender.clone());
        let (run, destination) = (owner.run.clone(), owner.destination.clone());
        let project = project.to_owned();
        let work = move || {
            let report = surveyed(&survey, *environment);
            // Nobody listens any more when the companion ends.
            let _ = sender.send(Surveyed { project, destination, batch: batch(run, report) });
        };
        // Without a thread the run keeps what its process said itself.
        if std::thread::Builder::new().name("paceline-survey".to_owned()).spawn(work).is_ok() {
            self.pending += 1;
        }
    }

    /// What has been found out since the last call.
    pub(crate) fn take(&mut self) -> Vec<Surveyed> {
        let found: Vec<Surveyed> = self.receiver.try_iter().collect();
        self.pending -= found.len();
        found
    }

    /// Something is still being found out, which takes no longer than git is given.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending > 0
    }
}

fn batch(run: RunKey, report: EnvironmentReport) -> Batch {
    Batch { run, events: vec![Event::Environment(Box::new(report))] }
}

fn surveyed(survey: &Survey, mut environment: RunEnvironment) -> EnvironmentReport {
    environment.packages = packages(&survey.search_path);
    environment.processors =
        std::thread::available_parallelism().ok().and_then(|count| u32::try_from(count.get()).ok());
    environment.system = std::fs::read_to_string("/proc/sys/kernel/osrelease")
        .ok()
        .map(|release| format!("Linux {}", release.trim()));
    let mut diff = None;
    if let Some(directory) = environment.directory.clone() {
        let git = |arguments: &[&str]| git(Path::new(&directory), arguments);
        let word = |arguments: &[&str]| {
            git(arguments).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        environment.git_branch = word(&["rev-parse", "--abbrev-ref", "HEAD"]);
        if environment.git_branch.is_some() {
            environment.git_remote =
                word(&["config", "--get", "remote.origin.url"]).map(|url| without_credentials(&url));
            let excluded: Vec<String> =
                SECRET_FILES.iter().map(|name| format!(":(top,exclude,icase,glob)**/{name}")).collect();
            let mut arguments =
                vec!["diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD", "--", ":(top)"];
            arguments.extend(excluded.iter().map(String::as_str));
            let changes = git(&arguments);
            environment.git_dirty = changes.as_ref().map(|changes| !changes.is_empty());
            diff = changes.filter(|changes| survey.keeps_diff && !changes.is_empty());
        }
    }
    EnvironmentReport { environment, diff }.trimmed()
}

/// Versions of the recorded packages: the names of their `.dist-info` folders tell them.
fn packages(search_path: &[String]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for folder in search_path {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(".dist-info"));
            let Some((name, version)) = name.and_then(|name| name.split_once('-')) else { continue };
            let name = name.to_ascii_lowercase().replace(['_', '.'], "-");
            if RECORDED_PACKAGES.contains(&name.as_str()) {
                // What Python finds first counts.
                found.entry(name).or_insert_with(|| version.to_owned());
            }
        }
    }
    found
}

/// What git says in a folder; `None` outside a repository, without git, and when it takes too long. No hook, monitor
/// or pager of the repository is run, and no lock taken.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let mut child = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "core.fsmonitor=false", "-c", "core.pager=cat"])
        .args(arguments)
        .envs([("GIT_OPTIONAL_LOCKS", "0"), ("GIT_TERMINAL_PROMPT", "0"), ("LC_ALL", "C")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let output = child.stdout.take().and_then(|pipe| read_bounded(pipe, 2 * LONGEST_DIFF_BYTES));
    let is_whole = output.as_ref().is_some_and(|(_, is_whole)| *is_whole);
    if !is_whole {
        // It may be gone already.
        let _ = child.kill();
    }
    let status = child.wait().ok()?;
    let (bytes, _) = output?;
    (status.success() || !is_whole).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// What comes through a pipe, up to `most` bytes, and whether that is all; `None` when it takes too long.
fn read_bounded(mut pipe: impl Read + AsRawFd, most: usize) -> Option<(Vec<u8>, bool)> {
    let deadline = Instant::now() + GIT_PATIENCE;
    let (mut bytes, mut chunk) = (Vec::new(), [0; 1 << 16]);
    while bytes.len() < most {
        let left = deadline.saturating_duration_since(Instant::now()).as_millis() as libc::c_int;
        let mut poll = libc::pollfd { fd: pipe.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        #[allow(unsafe_code, reason = "the standard library reads pipes without a time limit only")]
        // SAFETY: one descriptor that lives through the call.
        let ready = unsafe { libc::poll(&raw mut poll, 1, left) };
        match ready {
            0 => return None,
            1 => match pipe.read(&mut chunk).ok()? {
                0 => return Some((bytes, true)),
                count => bytes.extend_from_slice(&chunk[..count]),
            },
            // A signal for handlers.
            _ => {}
        }
    }
    Some((bytes, false))
}

/// An address without a user's name and password before the host.
fn without_credentials(url: &str) -> String {
    match url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?))) {
        Some((scheme, (user, rest))) if !user.contains('/') => format!("{scheme}://{rest}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_read_off_the_names_of_folders() {
        let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
        for name in
            ["torch-2.9.1+cpu.dist-info", "huggingface_hub-2.4.0.dist-info", "unknown-1.dist-info", "numpy"]
        {
            std::fs::create_dir(folders[0].path().join(name)).expect("it is made");
        }
        std::fs::create_dir(folders[1].path().join("torch-1.0.dist-info")).expect("it is made");
        let path: Vec<String> = folders
            .iter()
            .map(|folder| folder.path().display().to_string())
            .chain(["/nowhere".to_owned()])
            .collect();
        let found: Vec<_> = packages(&path).into_iter().collect();
        let pair = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(found, [pair("huggingface-hub", "2.4.0"), pair("torch", "2.9.1+cpu")]);
    }

    #[test]
    fn addresses_lose_their_credentials() {
        assert_eq!(without_credentials("https://me:secret@host/a/b@c"), "https://host/a/b@c");
        assert_eq!(without_credentials("https://host/a@b"), "https://host/a@b");
        assert_eq!(without_credentials("git@host:a/b.git"), "git@host:a/b.git");
    }
}
