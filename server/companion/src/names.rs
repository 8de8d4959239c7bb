//! Chooses names for runs that were given none.

use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use paceline_journal::{FileLock, layout};

const ADJECTIVES: [&str; 32] = [
    "amber", "brisk", "calm", "clear", "copper", "crisp", "early", "even", "fair", "fleet", "gentle",
    "golden", "hardy", "keen", "light", "lively", "lucid", "mellow", "nimble", "noble", "patient", "plain",
    "quick", "quiet", "silver", "sleek", "snug", "steady", "subtle", "swift", "tidy", "vivid",
];
const NOUNS: [&str; 31] = [
    "anchor", "aspen", "beacon", "brook", "cedar", "cliff", "comet", "cove", "delta", "ember", "fern",
    "fjord", "glade", "harbor", "heron", "isle", "lagoon", "larch", "maple", "mesa", "orbit", "osprey",
    "pine", "reef", "ridge", "sail", "spruce", "summit", "tern", "tide", "willow",
];
/// Another process holds the counter for microseconds; more than this means it is stuck.
const PATIENCE: Duration = Duration::from_secs(2);

/// The name with a number: `calm-cedar-7`. Names of neighbouring numbers differ in both words.
fn name(number: u64) -> String {
    let word = |list: &[&'static str]| list[(number % list.len() as u64) as usize];
    format!("{}-{}-{number}", word(&ADJECTIVES), word(&NOUNS))
}

/// The name of a run that several processes share and none gives a name: each finds the same by its id.
pub(crate) fn of_shared_run(run_id: &str) -> String {
    let digits: String = run_id.chars().filter(char::is_ascii_hexdigit).take(6).collect();
    name(u64::from_str_radix(&digits, 16).unwrap_or(0) % 100_000)
}

/// A name no run of the project has, and that nobody else is given: a counter file keeps them apart.
pub(crate) fn choose(directory: &Path, project: &str, is_taken: impl Fn(&str) -> bool) -> io::Result<String> {
    let folder = layout::own_folder(directory).join("names");
    layout::create_private_folder(&folder)?;
    let mut counter = lock(&folder.join(project))?;
    let mut text = String::new();
    counter.file().read_to_string(&mut text)?;
    let first: u64 = text.trim().parse().unwrap_or(0);
    let number = (first..).find(|number| !is_taken(&name(*number))).unwrap_or(first);
    counter.file().set_len(0)?;
    counter.file().rewind()?;
    write!(counter.file(), "{}", number + 1)?;
    Ok(name(number))
}

fn lock(path: &Path) -> io::Result<FileLock> {
    let begun = Instant::now();
    loop {
        if let Some(lock) = FileLock::try_acquire(path)? {
            return Ok(lock);
        }
        if begun.elapsed() > PATIENCE {
            return Err(io::ErrorKind::TimedOut.into());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_runs_get_one_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let names: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        (0..20)
                            .map(|_| {
                                choose(folder.path(), "p", |name| name == "amber-anchor-0").expect("chooses")
                            })
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
        });
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), 160);
        assert!(!names.contains(&"amber-anchor-0".to_owned()), "it is taken");
    }
}
