//! Which process writes a journal, and whether it still lives.

use std::{fs, io};

use paceline_schema::ProcessIdentity;

/// A start time that could not be read.
const UNKNOWN_START: u64 = 0;

/// What can be said of a process from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// It runs.
    Alive,
    /// It ended, or the machine was started anew since.
    Gone,
    /// It runs on another host, or the system does not say.
    Elsewhere,
}

/// The identity of this process.
#[must_use]
pub fn current() -> ProcessIdentity {
    let pid = std::process::id();
    of(pid).unwrap_or_else(|| ProcessIdentity {
        pid,
        start_ticks: UNKNOWN_START,
        boot_id: boot_id(),
        host: host(),
    })
}

/// The identity of a process of this machine; `None` when it has ended, or the system does not say.
#[must_use]
pub fn of(pid: u32) -> Option<ProcessIdentity> {
    let start_ticks = start_ticks(pid).ok().flatten()?;
    Some(ProcessIdentity { pid, start_ticks, boot_id: boot_id(), host: host() })
}

/// Whether the process still lives. A process that ended and waits for its parent counts as gone.
#[must_use]
pub fn liveness(process: &ProcessIdentity) -> Liveness {
    let here = boot_id();
    if process.boot_id.is_empty() || here.is_empty() {
        return Liveness::Elsewhere;
    }
    if process.boot_id != here {
        // The same host under another boot: nothing of that boot lives. Another host: nothing is known.
        return if process.host == host() { Liveness::Gone } else { Liveness::Elsewhere };
    }
    match start_ticks(process.pid) {
        // Who could not tell when it began has a place in the process table all the same.
        Ok(Some(ticks)) if ticks == process.start_ticks || process.start_ticks == UNKNOWN_START => {
            Liveness::Alive
        }
        // A container shares the boot id of its host but not the process table.
        _ if process.host != host() => Liveness::Elsewhere,
        Ok(_) => Liveness::Gone,
        // A table that cannot be read, as with too many files open, says nothing of anybody.
        Err(_) => Liveness::Elsewhere,
    }
}

/// Start time of a process in clock ticks since boot (`/proc/<pid>/stat`, field 22); `None` when it has ended.
fn start_ticks(pid: u32) -> io::Result<Option<u64>> {
    match fs::read(format!("/proc/{pid}/stat")) {
        Ok(stat) => start_ticks_of(&stat),
        // It ended, before the file was opened or after.
        Err(error)
            if error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn start_ticks_of(stat: &[u8]) -> io::Result<Option<u64>> {
    let odd = || io::Error::from(io::ErrorKind::InvalidData);
    // The command name stands in parentheses and may hold anything, also half a character, so fields count from the
    // last one.
    let name_ends = stat.iter().rposition(|byte| *byte == b')').ok_or_else(odd)?;
    let fields = str::from_utf8(&stat[name_ends + 1..]).map_err(|_| odd())?;
    let mut fields = fields.split_ascii_whitespace();
    if matches!(fields.next(), Some("Z" | "X")) {
        return Ok(None);
    }
    let ticks = fields.nth(18).and_then(|ticks| ticks.parse().ok());
    ticks.map(Some).ok_or_else(odd)
}

fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|text| text.trim().to_owned())
        .unwrap_or_default()
}

fn host() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").map(|text| text.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_alive_until_it_ends() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep runs");
        let pid = child.id();
        let identity = ProcessIdentity {
            pid,
            start_ticks: start_ticks(pid).expect("readable").expect("it runs"),
            ..current()
        };
        assert_eq!(liveness(&identity), Liveness::Alive);
        assert_eq!(liveness(&ProcessIdentity { start_ticks: 1, ..identity.clone() }), Liveness::Gone);
        assert_eq!(
            liveness(&ProcessIdentity { boot_id: "other".into(), host: "far".into(), ..identity.clone() }),
            Liveness::Elsewhere
        );
        child.kill().expect("it is ours");
        child.wait().expect("it ends");
        assert_eq!(liveness(&identity), Liveness::Gone);
    }

    #[test]
    fn a_process_may_be_called_anything_and_its_name_may_be_cut_within_a_character() {
        let fields = "S 1 1 1 0 -1 4194304 1 0 0 0 1 2 0 0 20 0 1 0 7231 1 1";
        for name in ["python3", "a) Z 1 (b", "обучение"] {
            let stat = [b"42 (", &name.as_bytes()[..name.len().min(15)], b") ", fields.as_bytes()].concat();
            assert_eq!(start_ticks_of(&stat).expect("it can be read"), Some(7231), "{name}");
        }
        assert_eq!(start_ticks_of(b"42 (python3) Z 1 1").expect("it can be read"), None);
        assert!(start_ticks_of(b"").is_err() && start_ticks_of(b"42 (python3) S 1").is_err());
    }

    #[test]
    fn who_could_not_read_its_own_start_lives_while_its_pid_does() {
        let unknown = ProcessIdentity { start_ticks: UNKNOWN_START, ..current() };
        assert_eq!(liveness(&unknown), Liveness::Alive);
        // No process has this number: it is beyond the largest that the kernel gives.
        assert_eq!(liveness(&ProcessIdentity { pid: u32::MAX, ..unknown }), Liveness::Gone);
    }
}
