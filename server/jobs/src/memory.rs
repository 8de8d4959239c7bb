//! How much memory the processes of a group use.

use std::fs;

/// Bytes in memory, of all processes of a group together. What they share is counted once where that makes the
/// difference to `limit`.
pub(crate) fn of_group(group: u32, limit: u64) -> u64 {
    let members = members(group);
    let quick: u64 = members.iter().filter_map(|pid| resident(*pid)).sum();
    if quick <= limit {
        return quick;
    }
    // Slower, and each shared page stands for its share.
    members.iter().filter_map(|pid| proportional(*pid).or_else(|| resident(*pid))).sum()
}

/// Memory of the machine, bytes.
pub(crate) fn of_machine() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/meminfo").ok()?, "MemTotal:")
}

fn members(group: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| group_of(*pid) == Some(group)).collect()
}

fn group_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name, which may hold anything: state, parent, group.
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(2)?.parse().ok()
}

fn resident(pid: u32) -> Option<u64> {
    kibibytes(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS:")
}

fn proportional(pid: u32) -> Option<u64> {
    kibibytes(&fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?, "Pss:")
}

fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_found_in_its_group() {
        let own = std::process::id();
        let group = group_of(own).expect("it has one");
        assert!(members(group).contains(&own));
        let all = of_group(group, u64::MAX);
        assert!(all > 1 << 20 && all < of_machine().expect("known"), "{all}");
        assert!(of_group(group, 0) > 1 << 20);
    }
}
