//! How much memory the processes of a job use, looked at no more often than it takes to notice in time.

use std::fs;
use std::time::{Duration, Instant};

/// How often it is looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// The same where little is left.
const SHORT_INTERVAL: Duration = Duration::from_millis(250);
/// Little is left above this share of the limit.
const MUCH: f64 = 0.8;
/// What is shared is counted once at most so often: the system stops a process to count it.
const EXACT_INTERVAL: Duration = Duration::from_secs(5);

/// Watches a limit.
#[derive(Debug)]
pub(crate) struct MemoryWatch {
    limit: u64,
    next_exact: Instant,
}

impl MemoryWatch {
    /// With a limit in bytes.
    pub(crate) fn of(limit: u64) -> Self {
        Self { limit, next_exact: Instant::now() }
    }

    /// What these processes use together, bytes, where it is more than the limit; else when to look again.
    pub(crate) fn look(&mut self, processes: &[u32]) -> Result<u64, Duration> {
        let quick: u64 = processes.iter().filter_map(|pid| resident(*pid)).sum();
        if quick > self.limit && Instant::now() >= self.next_exact {
            self.next_exact = Instant::now() + EXACT_INTERVAL;
            // Slower, and each shared page stands for its share.
            let exact =
                processes.iter().filter_map(|pid| proportional(*pid).or_else(|| resident(*pid))).sum();
            if exact > self.limit {
                return Ok(exact);
            }
        }
        Err(if quick as f64 > self.limit as f64 * MUCH { SHORT_INTERVAL } else { LOOK_INTERVAL })
    }
}

/// Memory of the machine, bytes.
pub(crate) fn of_machine() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/meminfo").ok()?, "MemTotal:")
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
    fn more_than_the_limit_is_told_and_less_is_looked_at_again() {
        let own = [std::process::id()];
        let used = MemoryWatch::of(0).look(&own).expect("more than nothing");
        assert!(used > 1 << 20 && used < of_machine().expect("known"), "{used}");
        assert_eq!(MemoryWatch::of(u64::MAX).look(&own), Err(LOOK_INTERVAL));
        let resident = resident(own[0]).expect("it has some");
        assert_eq!(MemoryWatch::of(resident + resident / 8).look(&own), Err(SHORT_INTERVAL));
        let mut watch = MemoryWatch::of(1);
        assert!(watch.look(&own).is_ok());
        assert_eq!(watch.look(&own), Err(SHORT_INTERVAL), "what is shared is not counted again at once");
    }
}
