//! What a job prints, as lines with their times: written by its supervisor, read by whoever asks.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::SystemTime;

use paceline_schema::Timestamp;
use paceline_schema::jobs::JobLine;
use paceline_schema::redact::REDACTED;

/// What is kept of what a job prints; the rest is counted.
pub const MAX_LOG_BYTES: u64 = 256 << 20;
/// A longer line is kept in pieces.
const LONGEST_LINE: usize = 16 << 10;
/// Lines by which the end of a job is explained.
const LAST_LINES: usize = 200;
/// A shorter secret would be found in words that have nothing to do with it.
const SHORTEST_SECRET: usize = 6;
/// A log is searched from its end in pieces of this size.
const PIECE: u64 = 64 << 10;

/// Takes what a job prints and writes lines.
#[derive(Debug)]
pub(crate) struct LogWriter {
    file: File,
    secrets: Vec<String>,
    unfinished: Vec<u8>,
    /// A line ended with `\r`, which `\n` may follow.
    after_return: bool,
    bytes: u64,
    /// Bytes that could not be kept.
    pub(crate) lost: u64,
    /// Why, the first time.
    pub(crate) failure: Option<io::Error>,
    last: VecDeque<String>,
}

impl LogWriter {
    /// Goes on at the end of the file. Values of `secrets` are not written.
    pub(crate) fn open(path: &Path, secrets: impl Iterator<Item = String>) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).open(path)?;
        let bytes = file.metadata()?.len();
        let mut secrets: Vec<String> = secrets.filter(|secret| secret.len() >= SHORTEST_SECRET).collect();
        // One that holds another one goes first.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Ok(Self {
            file,
            secrets,
            unfinished: Vec::new(),
            after_return: false,
            bytes,
            lost: 0,
            failure: None,
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
            self.unfinished.extend_from_slice(piece);
            let is_whole = matches!(piece.last(), Some(b'\n' | b'\r'));
            if is_whole || self.unfinished.len() >= LONGEST_LINE {
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
            self.say(text);
        }
    }

    /// Writes one line.
    pub(crate) fn say(&mut self, text: &str) {
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
        let Ok(mut line) = serde_json::to_vec(&line) else { return };
        line.push(b'\n');
        if self.bytes >= MAX_LOG_BYTES {
            self.lost += line.len() as u64;
            return;
        }
        match self.file.write_all(&line) {
            Ok(()) => self.bytes += line.len() as u64,
            Err(error) => {
                self.lost += line.len() as u64;
                // Half a line would spoil the next one.
                let _ = self.file.set_len(self.bytes);
                self.failure.get_or_insert(error);
            }
        }
    }

    /// The last lines.
    pub(crate) fn last(&self) -> Vec<String> {
        self.last.iter().cloned().collect()
    }
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

    /// The next whole lines as they stand in the file, each a JSON text; none where no more has come. At most so many
    /// bytes are read at once.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&mut self, most_bytes: usize) -> io::Result<Vec<String>> {
        let mut lines = Vec::new();
        let taken = (&self.file).take(most_bytes as u64).read_to_end(&mut self.unfinished)?;
        if taken == 0 {
            return Ok(lines);
        }
        while let Some(end) = self.unfinished.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unfinished.drain(..=end).collect();
            lines.push(String::from_utf8_lossy(&line[..end]).into_owned());
        }
        Ok(lines)
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

    #[test]
    fn lines_come_back_without_secrets_and_from_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        File::create(&path).expect("a file");
        let mut log =
            LogWriter::open(&path, ["hf_secret".to_owned(), "abc".to_owned()].into_iter()).expect("it opens");
        log.take("one\ntwo hf_se".as_bytes());
        let mut reader = LogReader::open(&path, None).expect("it opens");
        assert_eq!(data(&reader.read(1 << 20).expect("read")), ["one"]);
        log.take("cret abc\r\n 10%\r 20%\rgrün\n\nlast".as_bytes());
        log.finish_line();
        let rest = data(&reader.read(1 << 20).expect("read"));
        assert_eq!(rest, ["two [redacted] abc", " 10%", " 20%", "grün", "", "last"]);
        for (tail, expected) in [(0, 0), (2, 2), (7, 7), (100, 7)] {
            let lines =
                LogReader::open(&path, Some(tail)).and_then(|mut log| log.read(1 << 20)).expect("read");
            assert_eq!(lines.len(), expected, "{tail}");
        }
        let mut slow = LogReader::open(&path, None).expect("it opens");
        let mut all = Vec::new();
        for _ in 0..10_000 {
            all.extend(slow.read(7).expect("read"));
        }
        assert_eq!(data(&all).len(), 7, "pieces of lines are put together");
        assert_eq!(log.last().len(), 7);
    }
}
