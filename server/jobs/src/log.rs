//! What a job prints, as lines with their times: written by its supervisor, read by whoever asks.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use paceline_schema::Timestamp;
use paceline_schema::jobs::JobLine;
use paceline_schema::redact::REDACTED;

/// What is kept of what a job prints; the rest is counted.
const MAX_LOG_BYTES: u64 = 256 << 20;
/// A longer line is kept in pieces.
const LONGEST_LINE: usize = 16 << 10;
/// Lines by which the end of a job is explained, and which a full log ends with.
const LAST_LINES: usize = 200;
/// A shorter secret would be found in words that have nothing to do with it.
const SHORTEST_SECRET: usize = 6;
/// A log is searched from its end in pieces of this size.
const PIECE: u64 = 64 << 10;
/// Ends of lines for who does not read bytes, with what JSON writes in their place.
const LINE_ENDS: [(char, &str); 3] =
    [('\u{85}', "\\u0085"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")];
/// How often the file of a full log says by its time that the job still prints.
const SIGN_INTERVAL: Duration = Duration::from_secs(1);

/// Takes what a job prints and writes lines.
#[derive(Debug)]
pub(crate) struct LogWriter {
    file: File,
    secrets: Vec<String>,
    /// Bytes of a long line that wait for the next piece: a secret may begin in them.
    held_back: usize,
    unfinished: Vec<u8>,
    /// A line ended with `\r`, which `\n` may follow.
    after_return: bool,
    bytes: u64,
    most_bytes: u64,
    /// Bytes that could not be kept.
    lost: u64,
    /// Why, the first time.
    failure: Option<String>,
    /// Lines since the log is full.
    left_out: usize,
    last_sign: Option<Instant>,
    last: VecDeque<String>,
}

impl LogWriter {
    /// Goes on at the end of the file. Values of `secrets` are not written.
    pub(crate) fn open(path: &Path, secrets: impl Iterator<Item = String>) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).open(path)?;
        let bytes = file.metadata()?.len();
        // A key of several lines is printed as lines.
        let parts = |secret: String| {
            let lines: Vec<String> = secret.lines().map(|line| line.trim().to_owned()).collect();
            lines.into_iter().chain([secret])
        };
        let secrets = secrets.flat_map(parts).filter(|secret| secret.len() >= SHORTEST_SECRET);
        let mut secrets: Vec<String> = secrets.filter(|secret| !secret.contains('\n')).collect();
        // One that holds another one goes first.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        let longest = secrets.first().map_or(0, String::len);
        Ok(Self {
            file,
            secrets,
            held_back: longest.saturating_sub(1).min(LONGEST_LINE),
            unfinished: Vec::new(),
            after_return: false,
            bytes,
            most_bytes: MAX_LOG_BYTES,
            lost: 0,
            failure: None,
            left_out: 0,
            last_sign: None,
            last: VecDeque::new(),
        })
    }

    /// Takes bytes as they come; progress bars, which go back to the begin of their line, make lines too.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let is_second_half = self.after_return && piece == b"\n";
            self.after_return = piece.ends_with(b"\r");
            if is_second_half {
                continue;
            }
            for part in piece.chunks(LONGEST_LINE) {
                self.unfinished.extend_from_slice(part);
                while self.unfinished.len() > LONGEST_LINE + self.held_back {
                    self.cut_line();
                }
            }
            if matches!(piece.last(), Some(b'\n' | b'\r')) {
                self.finish_line();
            }
        }
    }

    /// Writes what has no end of line yet.
    pub(crate) fn finish_line(&mut self) {
        let line = std::mem::take(&mut self.unfinished);
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\n', '\r']);
        // A progress bar's way back.
        let is_nothing = text.is_empty() && (line.is_empty() || line.ends_with(b"\r"));
        if !is_nothing {
            self.keep(text);
        }
    }

    /// Writes the begin of a line that is too long. Secrets are hidden first, so that none is cut in two.
    fn cut_line(&mut self) {
        for secret in &self.secrets {
            self.unfinished = without(std::mem::take(&mut self.unfinished), secret.as_bytes());
        }
        if self.unfinished.len() <= LONGEST_LINE + self.held_back {
            return;
        }
        let mut end = self.unfinished.len().saturating_sub(self.held_back).min(LONGEST_LINE);
        // Not within a character, which has three further bytes at most.
        let is_within = |end: usize| self.unfinished.get(end).is_some_and(|byte| byte & 0xC0 == 0x80);
        for _ in 0..3 {
            end -= usize::from(end > 1 && is_within(end));
        }
        let rest = self.unfinished.split_off(end);
        let line = std::mem::replace(&mut self.unfinished, rest);
        self.keep(&String::from_utf8_lossy(&line));
    }

    /// Keeps a line of the job while there is room.
    fn keep(&mut self, text: &str) {
        let Some(line) = self.line(text) else { return };
        if self.bytes < self.most_bytes {
            self.write(&line);
            return;
        }
        if self.left_out == 0 {
            let mebibytes = self.most_bytes >> 20;
            self.say(&format!(
                "===== the log is full ({mebibytes} MiB): of what comes now the last {LAST_LINES} lines are kept, at the end"
            ));
        }
        self.left_out += 1;
        self.lost += line.len() as u64;
        // Whether a job still prints is told by the time of this file.
        if self.last_sign.is_none_or(|last| last.elapsed() >= SIGN_INTERVAL) {
            self.last_sign = Some(Instant::now());
            let _ = self.file.set_modified(SystemTime::now());
        }
    }

    /// Writes a line of the supervisor, also into a log that is full.
    pub(crate) fn say(&mut self, text: &str) {
        if let Some(line) = self.line(text) {
            self.write(&line);
        }
    }

    /// Writes the last lines that a full log has left out.
    pub(crate) fn say_last(&mut self) {
        let ours = |line: &&String| !line.starts_with("=====");
        let lines: Vec<String> = self.last.iter().rev().filter(ours).take(self.left_out).cloned().collect();
        self.left_out = 0;
        for line in lines.iter().rev() {
            self.say(line);
        }
    }

    /// A line as it stands in the file, without secrets.
    fn line(&mut self, text: &str) -> Option<Vec<u8>> {
        let mut data = text.to_owned();
        for secret in &self.secrets {
            if data.contains(secret.as_str()) {
                data = data.replace(secret.as_str(), REDACTED);
            }
        }
        if self.last.len() == LAST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(data.clone());
        let line = JobLine { data, timestamp: Some(Timestamp::from(SystemTime::now())) };
        let mut line = serde_json::to_string(&line).ok()?;
        // Readers of events take these for ends of lines, Hugging Face's own client among them.
        for (character, escaped) in LINE_ENDS {
            if line.contains(character) {
                line = line.replace(character, escaped);
            }
        }
        line.push('\n');
        Some(line.into_bytes())
    }

    fn write(&mut self, line: &[u8]) {
        match self.file.write_all(line) {
            Ok(()) => self.bytes += line.len() as u64,
            Err(error) => {
                self.lost += line.len() as u64;
                // Half a line would spoil the next one.
                let _ = self.file.set_len(self.bytes);
                self.failure.get_or_insert_with(|| error.to_string());
            }
        }
    }

    /// The last lines.
    pub(crate) fn last(&self) -> Vec<String> {
        self.last.iter().cloned().collect()
    }

    /// What is not kept, in words; nothing where everything is.
    pub(crate) fn missing(&self) -> Option<String> {
        let full = || format!("its log is full, at {} MiB", self.most_bytes >> 20);
        let why = self.failure.clone().unwrap_or_else(full);
        (self.lost > 0).then(|| format!("{} bytes of what it printed are not kept ({why})", self.lost))
    }
}

/// Bytes with every occurrence of a secret replaced.
fn without(bytes: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    let mut rest = bytes.as_slice();
    let mut hidden = Vec::new();
    while let Some(place) = rest.windows(secret.len()).position(|window| window == secret) {
        hidden.extend_from_slice(&rest[..place]);
        hidden.extend_from_slice(REDACTED.as_bytes());
        rest = &rest[place + secret.len()..];
    }
    if hidden.is_empty() {
        return bytes;
    }
    hidden.extend_from_slice(rest);
    hidden
}

/// Reads the log of a job, which may still grow.
#[derive(Debug)]
pub struct LogReader {
    file: File,
    unfinished: Vec<u8>,
}

impl LogReader {
    /// From the begin on, or the last `tail` lines.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open(path: &Path, tail: Option<usize>) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let begin = match tail {
            Some(lines) => place_of_last(&mut file, lines)?,
            None => 0,
        };
        file.seek(SeekFrom::Start(begin))?;
        Ok(Self { file, unfinished: Vec::new() })
    }

    /// The next whole lines as they stand in the file, each a JSON text: none where what came has no end of line yet, `None`
    /// where nothing came. At most so many bytes are read at once.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&mut self, most_bytes: usize) -> io::Result<Option<Vec<String>>> {
        let taken = (&self.file).take(most_bytes as u64).read_to_end(&mut self.unfinished)?;
        if taken == 0 {
            return Ok(None);
        }
        let Some(end) = self.unfinished.iter().rposition(|byte| *byte == b'\n') else {
            return Ok(Some(Vec::new()));
        };
        let rest = self.unfinished.split_off(end + 1);
        let lines = std::mem::replace(&mut self.unfinished, rest);
        let lines = lines[..end].split(|byte| *byte == b'\n');
        Ok(Some(lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect()))
    }
}

/// Where the last lines of a file begin.
fn place_of_last(file: &mut File, lines: usize) -> io::Result<u64> {
    let end = file.metadata()?.len();
    let (mut begin, mut found) = (end, 0);
    while begin > 0 {
        let from = begin.saturating_sub(PIECE);
        file.seek(SeekFrom::Start(from))?;
        let mut piece = Vec::new();
        (&*file).take(begin - from).read_to_end(&mut piece)?;
        for (place, byte) in piece.iter().enumerate().rev() {
            if *byte == b'\n' {
                found += 1;
                // The end of the last line is none before it.
                if found > lines {
                    return Ok(from + place as u64 + 1);
                }
            }
        }
        begin = from;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(lines: &[String]) -> Vec<String> {
        let parsed = lines.iter().map(|line| serde_json::from_str::<JobLine>(line).expect("a line").data);
        parsed.collect()
    }

    fn writer(path: &Path, secrets: &[&str]) -> LogWriter {
        File::create(path).expect("a file");
        LogWriter::open(path, secrets.iter().map(|secret| (*secret).to_owned())).expect("it opens")
    }

    fn all(path: &Path) -> Vec<String> {
        let mut reader = LogReader::open(path, None).expect("it opens");
        data(&reader.read(usize::MAX >> 1).expect("read").unwrap_or_default())
    }

    #[test]
    fn lines_come_back_without_secrets_and_from_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let mut log = writer(&path, &["hf_secret", "abc"]);
        log.take("one\ntwo hf_se".as_bytes());
        let mut reader = LogReader::open(&path, None).expect("it opens");
        let mut next = || reader.read(1 << 20).expect("read").map(|lines| data(&lines));
        assert_eq!(next(), Some(vec!["one".to_owned()]));
        assert_eq!(next(), None);
        log.take("cret abc\r\n 10%\r 20%\rgrün\n\nlast".as_bytes());
        log.finish_line();
        let rest = ["two [redacted] abc", " 10%", " 20%", "grün", "", "last"].map(str::to_owned);
        assert_eq!(next(), Some(rest.to_vec()));
        for (tail, expected) in [(0, 0), (2, 2), (7, 7), (100, 7)] {
            let lines =
                LogReader::open(&path, Some(tail)).and_then(|mut log| log.read(1 << 20)).expect("read");
            assert_eq!(lines.unwrap_or_default().len(), expected, "{tail}");
        }
        let mut slow = LogReader::open(&path, None).expect("it opens");
        let mut lines = Vec::new();
        while let Some(some) = slow.read(7).expect("read") {
            lines.extend(some);
        }
        assert_eq!(data(&lines).len(), 7, "pieces of lines are put together");
        assert_eq!(log.last().len(), 7);
    }

    #[test]
    fn secrets_are_hidden_over_lines_and_across_cuts() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let mut log = writer(&path, &["-----BEGIN KEY-----\n  c2VjcmV0\n-----END KEY-----", "hf_secret"]);
        log.take(b"-----BEGIN KEY-----\n  c2VjcmV0\n-----END KEY-----\n");
        assert_eq!(all(&path), ["[redacted]", "  [redacted]", "[redacted]"]);
        for before in LONGEST_LINE - 12..LONGEST_LINE + 12 {
            let mut log = writer(&path, &["hf_secret"]);
            let text = format!("{}hf_secret{}", "x".repeat(before), "y".repeat(LONGEST_LINE));
            // By halves, as a pipe gives them.
            let (first, second) = text.as_bytes().split_at(before + 4);
            log.take(first);
            log.take(second);
            log.take(b"\n");
            let lines = all(&path);
            assert!(lines.iter().all(|line| line.len() <= LONGEST_LINE + 10), "{before}");
            assert_eq!(lines.concat(), text.replace("hf_secret", REDACTED), "{before}");
        }
    }

    #[test]
    fn a_line_of_any_bytes_fits_into_what_is_read_at_once_and_ends_where_it_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let mut log = writer(&path, &[]);
        log.take(
            &[&[1; 80 << 10][..], "grün\na".as_bytes(), "ü".repeat(20 << 10).as_bytes(), b"\n"].concat(),
        );
        log.take("a\u{85}b\u{2028}c\u{2029}d\n".as_bytes());
        let file = std::fs::read_to_string(&path).expect("text");
        assert!(file.lines().all(|line| line.len() < 128 << 10));
        assert!(!file.contains(['\u{85}', '\u{2028}', '\u{2029}']));
        let lines = all(&path);
        assert_eq!(lines.last().map(String::as_str), Some("a\u{85}b\u{2028}c\u{2029}d"));
        assert!(!lines.concat().contains('\u{FFFD}') && lines.concat().contains("grün"));
    }

    #[test]
    fn a_full_log_says_so_and_ends_with_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let mut log = writer(&path, &[]);
        log.most_bytes = 1_000;
        for line in 0..1_000 {
            log.take(format!("line {line}\n").as_bytes());
        }
        let size = std::fs::metadata(&path).expect("there").len();
        assert!(size < 1_500, "{size}");
        assert!(log.missing().is_some_and(|words| words.contains("its log is full")));
        log.say_last();
        log.say("===== Job finished");
        let lines = all(&path);
        let full = lines.iter().position(|line| line.contains("the log is full")).expect("it says so");
        assert_eq!(lines[full + 1], format!("line {}", 1_000 - LAST_LINES));
        assert_eq!(lines[lines.len() - 2..], ["line 999", "===== Job finished"]);
    }
}
