//! The processes of a job: all that descend from its supervisor, or, where that is gone, that carry the job's id.
//!
//! A group alone is not all of a job: launchers of several GPUs start each worker in a session of its own.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use paceline_journal::process::{self, Liveness, liveness};
use paceline_schema::ProcessIdentity;
use paceline_schema::env::PACELINE_JOB_ID;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

/// Commands of our own program that outlive who called for them: they serve a whole directory, or are jobs themselves.
const OF_OTHERS: [&str; 2] = ["companion", "job-runner"];
/// How long what is ended by force may take to be gone; a process that waits for a disk takes its time.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// A row of the table of processes.
#[derive(Debug, Clone, Copy)]
struct Row {
    pid: u32,
    parent: u32,
    group: u32,
    start_ticks: u64,
    /// It waits for its parent to take notice.
    has_ended: bool,
}

/// Where the processes of a job are found.
#[derive(Debug, Clone)]
pub(crate) enum Family {
    /// Below its supervisor, which is this process and adopts who loses its parent.
    Own {
        /// The process that the supervisor waits for by itself.
        first: u32,
        /// Our program.
        program: PathBuf,
    },
    /// By the job's id in their environment, and by the group of the first one while that lives.
    Lost {
        /// Id of the job.
        id: String,
        /// Its first process.
        first: ProcessIdentity,
        /// Our program.
        program: PathBuf,
    },
}

impl Family {
    /// Those that live. Who was adopted and has ended is taken notice of.
    pub(crate) fn living(&self) -> Vec<u32> {
        match self {
            Self::Own { first, program } => {
                let own = std::process::id();
                let table = table();
                let adopted = table.iter().filter(|row| row.parent == own && row.has_ended);
                for row in adopted.filter(|row| row.pid != *first) {
                    let _ = waitpid(pid(row.pid), WaitOptions::NOHANG);
                }
                below(own, &table, program)
            }
            Self::Lost { id, first, program } => lost(id, first, program),
        }
    }

    /// Sends a signal to each of these.
    pub(crate) fn signal(processes: &[u32], signal: Signal) {
        for pid in processes.iter().filter_map(|number| pid(*number)) {
            // Whoever has ended meanwhile is not there any more.
            let _ = kill_process(pid, signal);
        }
    }

    /// Ends by force whatever lives, also what it starts meanwhile; whether nothing is left.
    pub(crate) fn kill(&self) -> bool {
        let until = Instant::now() + PATIENCE;
        loop {
            let living = self.living();
            if living.is_empty() {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            Self::signal(&living, Signal::KILL);
            thread::sleep(PAUSE);
        }
    }
}

fn pid(number: u32) -> Option<Pid> {
    i32::try_from(number).ok().and_then(Pid::from_raw)
}

/// All that descend from a process and live, without what our own program does for others.
fn below(ancestor: u32, table: &[Row], program: &Path) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<&Row>> = HashMap::new();
    for row in table {
        children.entry(row.parent).or_default().push(row);
    }
    let (mut found, mut open) = (Vec::new(), vec![ancestor]);
    while let Some(parent) = open.pop() {
        for row in children.remove(&parent).unwrap_or_default() {
            if !row.has_ended && !is_of_others(row.pid, program) {
                found.push(row.pid);
                open.push(row.pid);
            }
        }
    }
    found
}

/// Those of a job without a supervisor. A group is its own while its first process lives: later its number may be another's.
fn lost(id: &str, first: &ProcessIdentity, program: &Path) -> Vec<u32> {
    let here = process::current();
    if (&first.boot_id, &first.host) != (&here.boot_id, &here.host) {
        return Vec::new();
    }
    let mark = format!("{PACELINE_JOB_ID}={id}");
    let first_lives = liveness(first) == Liveness::Alive;
    let is_meant = |row: &&Row| {
        !row.has_ended
            && row.start_ticks >= first.start_ticks
            && (first_lives && row.group == first.pid || carries(row.pid, &mark))
            && !is_of_others(row.pid, program)
    };
    table().iter().filter(is_meant).map(|row| row.pid).collect()
}

fn carries(pid: u32, variable: &str) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|one| one == variable.as_bytes())
}

fn is_of_others(pid: u32, program: &Path) -> bool {
    let runs = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    // One that was replaced meanwhile is told as `paceline (deleted)`.
    let runs = runs.to_string_lossy();
    if Path::new(runs.trim_end_matches(" (deleted)")).file_name() != program.file_name() {
        return false;
    }
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let word = command.split(|byte| *byte == 0).nth(1).unwrap_or_default();
    OF_OTHERS.iter().any(|other| other.as_bytes() == word)
}

/// All processes of the machine.
fn table() -> Vec<Row> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(row).collect()
}

fn row(pid: u32) -> Option<Row> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // After the name, which may hold anything: state, parent, group; the start is the 20th.
    let name_ends = stat.iter().rposition(|byte| *byte == b')')?;
    let fields: Vec<&str> = str::from_utf8(&stat[name_ends + 1..]).ok()?.split_ascii_whitespace().collect();
    Some(Row {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        start_ticks: fields.get(19)?.parse().ok()?,
        has_ended: matches!(fields.first(), Some(&("Z" | "X"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command};

    /// A process with a child in a session of its own.
    fn launcher(id: &str) -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", "setsid sleep 600 & wait"]).env(PACELINE_JOB_ID, id);
        command.spawn().expect("sh runs")
    }

    fn until_there_are<T: PartialEq + std::fmt::Debug>(wanted: &T, look: impl Fn() -> T) {
        let until = Instant::now() + Duration::from_secs(30);
        while look() != *wanted {
            assert!(Instant::now() < until, "{:?}", look());
            thread::sleep(PAUSE);
        }
    }

    #[test]
    fn who_left_the_group_is_found_and_ended() {
        let mut first = launcher("0123456789abcdef01234567");
        let below = |pid| below(pid, &table(), Path::new("/bin/paceline"));
        until_there_are(&1, || below(first.id()).len());
        assert!(below(std::process::id()).contains(&first.id()));
        let family = Family::Lost {
            id: "0123456789abcdef01234567".to_owned(),
            first: process::of(first.id()).expect("it runs"),
            program: "/bin/paceline".into(),
        };
        assert_eq!(family.living().len(), 2);
        first.kill().expect("it is ours");
        first.wait().expect("it ends");
        assert_eq!(family.living().len(), 1, "the worker lives on without its launcher");
        assert!(family.kill() && family.living().is_empty());
    }

    #[test]
    fn what_our_program_does_for_others_is_not_the_jobs() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("paceline");
        // `sh companion` is a shell that runs the file of that name.
        fs::copy(fs::canonicalize("/bin/sh").expect("a shell"), &program).expect("copied");
        let (companion, other) = (folder.path().join("companion"), folder.path().join("other"));
        for file in [&companion, &other] {
            fs::write(file, "read line\n").expect("written");
        }
        for (word, expected) in [("companion", true), ("other", false)] {
            let mut command = Command::new(&program);
            command.arg(word).current_dir(folder.path()).stdin(std::process::Stdio::piped());
            let mut child = command.spawn().expect("it runs");
            until_there_are(&expected, || is_of_others(child.id(), Path::new("/usr/bin/paceline")));
            child.kill().and_then(|()| child.wait()).expect("it ends");
        }
    }
}
