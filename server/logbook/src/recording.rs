//! A command that was run, as cells: what it was, its scripts, what it printed, how it ended, the files it left.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use crate::adding::{LANGUAGES, code_of, ending};
use crate::cell::{CellKind, fenced};
use crate::fault::LogbookFault;
use crate::folder::Logbook;
use crate::words::shell_line;

/// The most characters of what a command printed that are kept: the first and the last ones.
const OUTPUT_HEAD: usize = 2_000;
const OUTPUT_TAIL: usize = 18_000;
/// The most files and folders that are looked through.
const MOST_ENTRIES: usize = 50_000;
/// The most files of one command that become cells, the largest ones.
const MOST_FILES: usize = 10;
const SKIPPED_FOLDERS: [&str; 5] = ["__pycache__", "node_modules", "venv", "env", "site-packages"];

/// Kinds of files that are artifacts, by the ending of their name.
const ARTIFACTS: [(&str, &str); 20] = [
    ("pt", "model"),
    ("pth", "model"),
    ("ckpt", "model"),
    ("safetensors", "model"),
    ("gguf", "model"),
    ("onnx", "model"),
    ("pkl", "model"),
    ("joblib", "model"),
    ("h5", "model"),
    ("tflite", "model"),
    ("pb", "model"),
    ("npz", "dataset"),
    ("npy", "dataset"),
    ("parquet", "dataset"),
    ("csv", "dataset"),
    ("tsv", "dataset"),
    ("arrow", "dataset"),
    ("jsonl", "dataset"),
    ("feather", "dataset"),
    ("msgpack", "dataset"),
];

/// Which kind of artifact a file is, by its name.
pub(crate) fn artifact_kind(path: &Path) -> Option<&'static str> {
    let ending = ending(path);
    ARTIFACTS.iter().find_map(|(known, kind)| (*known == ending).then_some(*kind))
}

/// What a command printed: the first and the last of it, however long it is.
#[derive(Debug, Default)]
pub struct Printed {
    head: String,
    head_length: usize,
    tail: VecDeque<char>,
    length: usize,
    /// Bytes of a character that is not whole yet.
    unfinished: Vec<u8>,
    after_return: bool,
}

impl Printed {
    /// Takes what comes next.
    pub fn add(&mut self, bytes: &[u8]) {
        self.unfinished.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.unfinished);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    text.chars().for_each(|c| self.push(c));
                    return;
                }
                Err(error) => {
                    let (sound, after) = rest.split_at(error.valid_up_to());
                    String::from_utf8_lossy(sound).chars().for_each(|c| self.push(c));
                    match error.error_len() {
                        Some(length) => {
                            self.push(char::REPLACEMENT_CHARACTER);
                            rest = &after[length..];
                        }
                        None => {
                            self.unfinished = after.to_vec();
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Lines end with `\n` alone.
    fn push(&mut self, c: char) {
        let follows_return = std::mem::replace(&mut self.after_return, c == '\r');
        if c == '\n' && follows_return {
            return;
        }
        let c = if c == '\r' { '\n' } else { c };
        self.length += 1;
        if self.head_length < OUTPUT_HEAD {
            self.head.push(c);
            self.head_length += 1;
            return;
        }
        if self.tail.len() == OUTPUT_TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(c);
    }

    /// The text, with a word about what is left out.
    pub fn finish(mut self) -> String {
        if !self.unfinished.is_empty() {
            self.push(char::REPLACEMENT_CHARACTER);
        }
        let left_out = self.length.saturating_sub(OUTPUT_HEAD + OUTPUT_TAIL);
        if left_out > 0 {
            self.head.push_str(&format!("\n... [{left_out} chars elided] ...\n"));
        }
        self.head.extend(self.tail);
        self.head
    }
}

/// A command that has ended.
#[derive(Debug)]
pub struct Ran {
    /// The words.
    pub command: Vec<String>,
    /// What it printed.
    pub output: String,
    /// Its exit status; of a signal that ended it, the number below 0.
    pub exit_code: i32,
    /// How long it took.
    pub duration: Duration,
}

/// Files that were there before a command, by path with when they were changed and their length.
#[derive(Debug)]
pub struct FilesBefore {
    folder: PathBuf,
    files: BTreeMap<PathBuf, (u128, u64)>,
}

impl FilesBefore {
    /// Looks through a folder; nothing where it holds too much.
    pub fn of(folder: &Path) -> Option<Self> {
        Some(Self { folder: folder.to_owned(), files: files_in(folder)? })
    }

    /// Files that are new or changed, the largest first.
    fn changed(&self) -> Vec<(PathBuf, u64)> {
        let now = files_in(&self.folder).unwrap_or_default();
        let mut changed: Vec<_> = now
            .into_iter()
            .filter(|(path, stamp)| stamp.1 > 0 && self.files.get(path) != Some(stamp))
            .map(|(path, (_, bytes))| (path, bytes))
            .collect();
        changed.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        changed
    }
}

fn files_in(folder: &Path) -> Option<BTreeMap<PathBuf, (u128, u64)>> {
    let mut found = BTreeMap::new();
    walk(folder, MOST_ENTRIES, &|name| !SKIPPED_FOLDERS.contains(&name), &mut |path, metadata| {
        if artifact_kind(path).is_some() {
            let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
            found.insert(path.to_owned(), (changed.as_nanos(), metadata.len()));
        }
        Some(())
    })
    .then_some(found)
}

/// Calls with every plain file below a folder, no link followed; false where it holds more entries than `most`.
pub(crate) fn walk(
    folder: &Path,
    most: usize,
    enters: &dyn Fn(&str) -> bool,
    found: &mut dyn FnMut(&Path, &std::fs::Metadata) -> Option<()>,
) -> bool {
    let mut seen = 0;
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if kind.is_dir() {
                if name.starts_with('.') || !enters(&name) {
                    continue;
                }
                waiting.push(entry.path());
            }
            seen += 1;
            if seen > most {
                return false;
            }
            if kind.is_file()
                && let Ok(metadata) = entry.metadata()
            {
                found(&entry.path(), &metadata);
            }
        }
    }
    true
}

impl Logbook {
    /// The page that a run goes to, before it begins.
    ///
    /// # Errors
    /// When it cannot be found or made.
    pub fn page_for_run(&self, page: Option<&str>) -> Result<String, LogbookFault> {
        let _lock = self.lock()?;
        self.page_for_cell(page)
    }

    /// Adds a cell of a command that has ended, and one for each file it left.
    ///
    /// # Errors
    /// When a page cannot be written.
    pub fn add_run(
        &self,
        page: &str,
        title: Option<&str>,
        ran: &Ran,
        scripts: &[PathBuf],
        before: Option<&FilesBefore>,
    ) -> Result<(), LogbookFault> {
        let mut left = before.map(FilesBefore::changed).unwrap_or_default();
        let words: Vec<&str> = ran.command.iter().map(String::as_str).collect();
        let seconds = ran.duration.as_secs_f64();
        let mut body = fenced("bash", &format!("$ {}", shell_line(&words)));
        body.push_str(&format!("exit {} · {seconds:.1}s\n\n", ran.exit_code));
        if left.len() > MOST_FILES {
            body.push_str(&format!(
                "{} output files detected; recording the {MOST_FILES} largest.\n\n",
                left.len()
            ));
            left.truncate(MOST_FILES);
        }
        // A script may be gone or changed by what it did; what is left of it is told.
        body.push_str(&scripts.iter().filter_map(|script| code_of(script).ok()).collect::<String>());
        body.push_str(&fenced("output", &ran.output));
        let usual = || {
            let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let command = name(Path::new(ran.command.first().map_or("", String::as_str)));
            let script = scripts.first().map(|script| format!(" {}", name(script))).unwrap_or_default();
            format!("Run: {command}{script} (exit {})", ran.exit_code)
        };
        let title = title.map_or_else(usual, str::to_owned);
        let more = [
            ("command", words.into()),
            ("exit_code", i64::from(ran.exit_code).into()),
            ("duration_s", ((seconds * 1000.0).round() / 1000.0).into()),
        ];
        let _lock = self.lock()?;
        self.append(page, CellKind::Code, Some(title), &body, &more)?;
        for (path, bytes) in left {
            let kind = artifact_kind(&path).unwrap_or("model");
            // One that is gone again is no artifact.
            let _ = self.add_file(page, &shown_path(&path), &path, bytes, kind);
        }
        Ok(())
    }
}

/// Words of a command that are files of code, each once.
pub fn scripts_of(command: &[String]) -> Vec<PathBuf> {
    let mut known = HashSet::new();
    let files = command.iter().map(PathBuf::from);
    let is_code =
        |path: &PathBuf| path.is_file() && LANGUAGES.iter().any(|(known, _)| *known == ending(path));
    files.filter(is_code).filter(|path| path.canonicalize().is_ok_and(|path| known.insert(path))).collect()
}

/// A path as a page shows it: from the working folder where it lies below.
fn shown_path(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let below = here.as_deref().and_then(|here| path.strip_prefix(here).ok());
    below.unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(parts: &[&[u8]]) -> String {
        let mut printed = Printed::default();
        parts.iter().for_each(|part| printed.add(part));
        printed.finish()
    }

    #[test]
    fn what_is_printed_is_text_however_it_comes() {
        assert_eq!(
            printed(&[b"a\r", b"\nb\rc", b"\xc3", b"\xa4\xff", b"d\xe2\x82"]),
            "a\nb\nc\u{e4}\u{fffd}d\u{fffd}"
        );
        assert_eq!(printed(&[]), "");
    }

    #[test]
    fn the_middle_of_a_long_output_is_left_out() {
        let whole = "x".repeat(OUTPUT_HEAD + OUTPUT_TAIL);
        assert_eq!(printed(&[whole.as_bytes()]), whole);
        let told = printed(&[whole.as_bytes(), b"yyy"]);
        assert!(told.contains("x\n... [3 chars elided] ...\nx") && told.ends_with("xyyy"), "{told}");
    }

    #[test]
    fn files_that_changed_are_told_by_size() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("venv")).expect("made");
        std::fs::write(at("old.csv"), "1").expect("written");
        let before = FilesBefore::of(folder.path()).expect("few files");
        std::fs::write(at("small.csv"), "12").expect("written");
        std::fs::write(at("large.pt"), "1234").expect("written");
        std::fs::write(at("empty.pt"), "").expect("written");
        std::fs::write(at("note.txt"), "12345").expect("written");
        std::fs::write(at("venv/x.pt"), "12345").expect("written");
        assert_eq!(before.changed(), [(at("large.pt"), 4), (at("small.csv"), 2)]);
    }
}
