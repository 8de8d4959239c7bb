//! Why a job ended, in a sentence that says what to do: from how its process ended and from its last lines.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use paceline_query::duration;

/// Characters of an error's own words.
const LONGEST_QUOTE: usize = 200;
const KILLED: i32 = 9;
const ENDED: i32 = 15;
const FILE_TOO_LARGE: i32 = 25;

/// How the process of a job ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ending {
    /// By itself, or by somebody outside.
    Exited(ExitStatus),
    /// After its time was over.
    TimedOut {
        /// The time it was given, seconds.
        seconds: u64,
    },
    /// Since it used too much memory.
    Memory {
        /// What it used, bytes.
        used: u64,
        /// What it may, bytes.
        limit: u64,
    },
    /// Since somebody asked for it.
    Canceled,
    /// Since its supervisor was told to end, as all processes are when the machine is shut down.
    Dismissed,
}

/// Says it; nothing for a job that ended as it should.
pub(crate) fn explain(ending: Ending, last: &[String], id: &str) -> Option<String> {
    match ending {
        Ending::Canceled => Some("canceled as somebody asked".to_owned()),
        Ending::Dismissed => Some(
            "canceled as its supervisor was told to end, which happens when the machine is shut down: submit it again, it goes on \
             from its last checkpoint where it has one"
                .to_owned(),
        ),
        Ending::TimedOut { seconds } => Some(format!(
            "it was ended after {}, the time it was given; give it more (`--timeout 2h`, `timeout=\"2h\"`), and let it save \
             checkpoints so that it can go on from one",
            duration(seconds as f64)
        )),
        Ending::Memory { used, limit } => Some(format!(
            "it used {} of memory, more than the {} it may; {LESS_MEMORY}, or allow it more with `--memory`",
            gigabytes(used),
            gigabytes(limit)
        )),
        Ending::Exited(status) if status.success() => None,
        Ending::Exited(status) => Some(failed(status, last, id)),
    }
}

const LESS_MEMORY: &str = "a batch of 1 with more `gradient_accumulation_steps`, `gradient_checkpointing`, shorter rows \
    (`max_length`) or LoRA need less";

fn failed(status: ExitStatus, last: &[String], id: &str) -> String {
    let signal = status.signal();
    let said = said(last);
    let quote = said.as_deref().map(|line| format!(": `{line}`")).unwrap_or_default();
    let has = |words: &[&str]| last.iter().rev().any(|line| words.iter().any(|word| line.contains(word)));
    if has(&["No space left on device", "Disk quota exceeded", "os error 28"]) {
        return format!(
            "the disk is full{quote}; make room, or save less: `save_total_limit=1`, and no cache of what can be made again"
        );
    }
    if signal == Some(FILE_TOO_LARGE) || has(&["File too large"]) {
        return format!(
            "a file grew larger than the system allows{quote}; `ulimit -f` of whoever serves sets the limit"
        );
    }
    if has(&["OutOfMemoryError", "out of memory", "MemoryError", "Cannot allocate memory"]) {
        return format!("it ran out of memory{quote}; {LESS_MEMORY}");
    }
    if signal == Some(KILLED) {
        return format!("it was killed (signal 9), as the system does when memory runs out; {LESS_MEMORY}");
    }
    if let Some(module) = last
        .iter()
        .rev()
        .find_map(|line| line.split_once("No module named '")?.1.split_once('\'').map(|(module, _)| module))
    {
        return format!(
            "Python has no module `{module}`; name it among the dependencies: `# dependencies = [\"…\"]` at the head of the \
             script, or `--with`"
        );
    }
    if has(&["401 Client Error", "403 Client Error", "GatedRepoError", "RepositoryNotFoundError"]) {
        return format!(
            "the Hub refused it{quote}; give the job a token that may do this, as a secret: \
             `secrets={{\"HF_TOKEN\": …}}`, `--secret HF_TOKEN`"
        );
    }
    let how = match (signal, status.code()) {
        (Some(ENDED), _) => "somebody ended it (signal 15)".to_owned(),
        (Some(signal), _) => format!("it crashed (signal {signal})"),
        (None, Some(code)) => format!("it ended with exit code {code}"),
        (None, None) => "it failed".to_owned(),
    };
    format!("{how}{quote}; `paceline jobs logs {id}` has all it said")
}

/// The line that says most: that of the exception, else the last one with words.
fn said(last: &[String]) -> Option<String> {
    let is_exception = |line: &&String| {
        let name = line.split([':', ' ']).next().unwrap_or_default();
        let name = name.rsplit('.').next().unwrap_or_default();
        !line.starts_with(' ')
            && ["Error", "Exception", "Interrupt", "Exit"].iter().any(|ending| name.ends_with(ending))
    };
    let is_ours = |line: &&String| line.starts_with("=====");
    let lines = || last.iter().rev().filter(|line| !line.trim().is_empty() && !is_ours(line));
    let found = lines().find(is_exception).or_else(|| lines().next())?;
    Some(found.trim().replace('`', "'").chars().take(LONGEST_QUOTE).collect())
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(code: i32, signal: i32, last: &[&str]) -> String {
        let last: Vec<String> = last.iter().map(|line| (*line).to_owned()).collect();
        let status = ExitStatus::from_raw(code << 8 | signal);
        explain(Ending::Exited(status), &last, "ID").expect("it failed")
    }

    #[test]
    fn every_end_says_what_to_do() {
        let traceback =
            ["Traceback (most recent call last):", "  File \"x.py\"", "ValueError: bad `x`", "note: bye"];
        assert_eq!(
            explained(1, 0, &traceback),
            "it ended with exit code 1: `ValueError: bad 'x'`; `paceline jobs logs ID` has all it said"
        );
        for (code, signal, last, part) in [
            (1, 0, "OSError: [Errno 28] No space left on device", "save_total_limit"),
            (1, 0, "torch.OutOfMemoryError: CUDA out of memory.", "gradient_checkpointing"),
            (1, 0, "MemoryError", "it ran out of memory: `MemoryError`"),
            (0, 9, "", "signal 9"),
            (0, 11, "", "it crashed (signal 11)"),
            (0, 15, "", "somebody ended it"),
            (0, 25, "", "ulimit -f"),
            (1, 0, "ModuleNotFoundError: No module named 'peft'", "no module `peft`"),
            (1, 0, "HfHubHTTPError: 403 Client Error: Forbidden", "--secret HF_TOKEN"),
        ] {
            let message = explained(code, signal, &[last]);
            assert!(message.contains(part), "{part}: {message}");
        }
        assert_eq!(explain(Ending::Exited(ExitStatus::from_raw(0)), &[], "ID"), None);
        let late = explain(Ending::TimedOut { seconds: 5_400 }, &[], "ID").expect("it failed");
        assert!(late.contains("after 1 h 30 min") || late.contains("--timeout"), "{late}");
        let much = explain(Ending::Memory { used: 3_000_000_000, limit: 2_000_000_000 }, &[], "ID")
            .expect("it failed");
        assert!(much.contains("3.0 GB") && much.contains("2.0 GB") && much.contains("--memory"), "{much}");
    }
}
