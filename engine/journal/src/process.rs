//! Which process writes a journal, and whether it still lives.

use std::fs;

use paceline_schema::ProcessIdentity;

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
    of(pid).unwrap_or_else(|| ProcessIdentity { pid, start_ticks: 0, boot_id: boot_id(), host: host() })
}

/// The identity of a process of this machine; `None` when it has ended, or the system does not say.
#[must_use]
pub fn of(pid: u32) -> Option<ProcessIdentity> {
    Some(ProcessIdentity { pid, start_ticks: start_ticks(pid)?, boot_id: boot_id(), host: host() })
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
        Some(ticks) if ticks == process.start_ticks => Liveness::Alive,
        // A container shares the boot id of its host but not the process table.
        _ if process.host != host() => Liveness::Elsewhere,
        _ => Liveness::Gone,
    }
}

/// Start time of a live process in clock ticks since boot (`/proc/<pid>/stat`, field 22).
fn start_ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command name stands in parentheses and may hold anything, so fields count from the last one.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
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
        let identity = ProcessIdentity { pid, start_ticks: start_ticks(pid).expect("it runs"), ..current() };
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
}
