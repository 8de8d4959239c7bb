//! The reading end of a journal: every record once, in order, whatever state its writer left it in.
//!
//! Reading and committing are two steps, so that the next records can be read while the last are stored.
//! What was read counts as delivered only after [`Drain::commit`]; a drainer that dies between the two makes the next one read the same records again, and their ids make
//! that harmless.

use std::fs;
use std::io::{self, Seek, Write};
use std::path::PathBuf;

use paceline_schema::Event;
use paceline_schema::webhook::WebhookCall;

use crate::error::{At, JournalError};
use crate::file_lock::FileLock;
use crate::layout::{JournalPath, create_private_folder, own_folder, segment_numbers, segment_path};
use crate::owner::Owner;
use crate::record::{ALIGNMENT, HEAD_BYTES, Place, read_place};
use crate::segment::SegmentReader;

const DRAIN_FILE: &str = "drain";
/// The segment whose first record has number 1.
const FIRST_SEGMENT: u32 = 1;
/// Read at once; a record that is longer is read by itself.
const WINDOW_BYTES: usize = 256 << 10;
/// A length beyond this is damage.
const LARGEST_RECORD_BYTES: usize = 1 << 30;

/// Why the records of a journal cannot be delivered at the moment; `None` while they can.
#[must_use]
pub fn delivery_problem(journal: &std::path::Path) -> Option<String> {
    fs::read_to_string(journal.join(DRAIN_FILE)).ok().filter(|problem| !problem.is_empty())
}

/// A journal being drained by this process alone.
#[derive(Debug)]
pub struct Drain {
    journal: JournalPath,
    owner: Option<Owner>,
    /// Its file holds the reason while records cannot be delivered.
    lock: FileLock,
    has_problem: bool,
    segment: Option<OpenSegment>,
    /// Segments read to their end, to be removed with the next commit; `true` for damaged ones.
    finished: Vec<(u32, bool)>,
    last_sequence: Option<u64>,
    committed_sequence: Option<u64>,
    lost: u64,
    moved: bool,
    window: Window,
}

/// Bytes read ahead of the position in the open segment.
#[derive(Debug, Default)]
struct Window {
    bytes: Vec<u8>,
    start: usize,
}

#[derive(Debug)]
struct OpenSegment {
    number: u32,
    reader: SegmentReader,
    position: u64,
    damaged: bool,
}

/// How far a journal was read at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The open segment and the place in it.
    segment: Option<(u32, u64)>,
    /// The last segment that was read to its end.
    finished: Option<u32>,
    sequence: Option<u64>,
}

/// What one read brought.
#[derive(Debug, Default)]
pub struct Drained {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Requests that alerts among them ask for, each with an id of its own.
    pub webhooks: Vec<(String, WebhookCall)>,
    /// The journal is at its end: its writer is gone and nothing is left to read.
    pub ended: bool,
}

enum Step {
    /// A record was read, or a damaged place passed over.
    Advanced,
    SegmentEnded,
    NothingNow,
}

impl Drain {
    /// Takes a journal; `None` when another process drains it or it is gone.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub fn open(journal: &JournalPath) -> Result<Option<Self>, JournalError> {
        let lock_file = journal.path.join(DRAIN_FILE);
        let lock = match FileLock::try_acquire(&lock_file) {
            Ok(Some(lock)) => lock,
            Ok(None) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(JournalError::new("lock", &lock_file, error)),
        };
        Ok(Some(Self {
            owner: Owner::read(&journal.path),
            journal: journal.clone(),
            lock,
            has_problem: true,
            segment: None,
            finished: Vec::new(),
            last_sequence: None,
            committed_sequence: None,
            lost: 0,
            moved: false,
            window: Window::default(),
        }))
    }

    /// Where the journal stands and which project it belongs to.
    #[must_use]
    pub fn journal(&self) -> &JournalPath {
        &self.journal
    }

    /// Who writes the journal; `None` when that cannot be told any more.
    #[must_use]
    pub fn owner(&self) -> Option<&Owner> {
        self.owner.as_ref()
    }

    /// Records that are missing so far, by the gaps in their numbers.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Whether anything was committed since this was asked last.
    pub fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// Reads up to `limit` records beyond what was read before.
    ///
    /// # Errors
    /// When a file cannot be read; nothing is skipped, the next call tries again.
    pub fn read(&mut self, limit: usize) -> Result<Drained, JournalError> {
        // Asked first: what a writer published before it went is there to be read afterwards.
        let gone = Owner::is_gone(&self.journal.path);
        let mut drained = Drained::default();
        while drained.events.len() < limit {
            if self.segment.is_none() && !self.open_next(gone)? {
                drained.ended = gone;
                break;
            }
            match self.step(gone, &mut drained)? {
                Step::Advanced => {}
                Step::SegmentEnded => {
                    if let Some(segment) = self.segment.take() {
                        self.finished.push((segment.number, segment.damaged));
                    }
                    self.window.clear();
                }
                Step::NothingNow => break,
            }
        }
        Ok(drained)
    }

    /// Says why what was read could not be delivered, where the trainer that waits for it looks.
    ///
    /// # Errors
    /// When the file cannot be written; the trainer then waits for as long as it would for a slow disk.
    pub fn say_problem(&mut self, problem: &str) -> io::Result<()> {
        self.has_problem = true;
        let file = self.lock.file();
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(problem.as_bytes())
    }

    /// How far the journal is read now.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            segment: self.segment.as_ref().map(|segment| (segment.number, segment.position)),
            finished: self.finished.last().map(|(number, _)| *number),
            sequence: self.last_sequence,
        }
    }

    /// What was read up to the checkpoint is delivered: marks it and removes segments that are done with.
    ///
    /// # Errors
    /// When the mark cannot be written; the records will be read again.
    pub fn commit(&mut self, read: &Checkpoint) -> Result<(), JournalError> {
        let delivered = self.finished.iter().take_while(|(number, _)| Some(*number) <= read.finished).count();
        for (number, damaged) in self.finished.drain(..delivered).collect::<Vec<_>>() {
            let path = segment_path(&self.journal.path, number);
            if damaged {
                self.keep_damaged(&path)?;
            } else {
                ignore_missing(fs::remove_file(&path)).at("remove", &path)?;
            }
        }
        // A segment that was read to its end meanwhile is removed with the next commit and needs no mark.
        if let (Some(segment), Some((number, position))) = (&self.segment, read.segment)
            && segment.number == number
        {
            let path = segment_path(&self.journal.path, number);
            segment.reader.set_done(position).at("mark", &path)?;
        }
        if std::mem::take(&mut self.has_problem) {
            let path = self.journal.path.join(DRAIN_FILE);
            self.lock.file().set_len(0).at("clear", &path)?;
        }
        self.moved |= self.committed_sequence != read.sequence;
        self.committed_sequence = read.sequence;
        Ok(())
    }

    /// What was read since the last commit could not be delivered: read it again next time.
    pub fn rewind(&mut self) {
        self.segment = None;
        self.finished.clear();
        self.window.clear();
        self.last_sequence = self.committed_sequence;
    }

    /// Removes a journal that has ended and is committed.
    ///
    /// # Errors
    /// When its folder cannot be removed.
    pub fn remove(self) -> Result<(), JournalError> {
        let path = self.journal.path.clone();
        ignore_missing(fs::remove_dir_all(&path)).at("remove", &path)?;
        if let Some(parent) = path.parent() {
            // Fails, as it should, while the project has other journals.
            let _ = fs::remove_dir(parent);
        }
        Ok(())
    }

    fn open_next(&mut self, gone: bool) -> Result<bool, JournalError> {
        let numbers = segment_numbers(&self.journal.path).at("list", &self.journal.path)?;
        let last = self.finished.last().map_or(0, |(number, _)| *number);
        for number in numbers.into_iter().filter(|number| *number > last) {
            let path = segment_path(&self.journal.path, number);
            match SegmentReader::open(&path).at("open", &path)? {
                Some(reader) => {
                    let position = reader.done().at("read", &path)?;
                    if number == FIRST_SEGMENT && position == 0 {
                        self.last_sequence = Some(0);
                    }
                    self.segment = Some(OpenSegment { number, reader, position, damaged: false });
                    self.window.clear();
                    return Ok(true);
                }
                // Its owner died before it wrote the head, so nothing else was written either.
                None if gone => self.finished.push((number, false)),
                None => return Ok(false),
            }
        }
        Ok(false)
    }

    /// Looks at the next place of the open segment; a record there goes to `drained`.
    fn step(&mut self, gone: bool, drained: &mut Drained) -> Result<Step, JournalError> {
        let Some(segment) = &mut self.segment else { return Ok(Step::NothingNow) };
        let path = || segment_path(&self.journal.path, segment.number);
        let mut place = read_place(self.window.rest(), self.last_sequence);
        if !matches!(place, Place::Record(_)) {
            self.window.fill(segment).map_err(|error| JournalError::new("read", &path(), error))?;
            place = read_place(self.window.rest(), self.last_sequence);
        }
        if let Place::Record(record) = place {
            self.lost += self.last_sequence.map_or(0, |last| record.sequence - last - 1);
            self.last_sequence = Some(record.sequence);
            drained.events.extend(record.event(segment.reader.nonce));
            drained.webhooks.extend(record.webhook(segment.reader.nonce));
            segment.position += record.stride as u64;
            self.window.start += record.stride;
            return Ok(Step::Advanced);
        }
        let sealed = segment.reader.sealed().map_err(|error| JournalError::new("read", &path(), error))?;
        if sealed.is_some_and(|end| segment.position >= end) {
            return Ok(Step::SegmentEnded);
        }
        if sealed.is_none() && !gone {
            return Ok(Step::NothingNow);
        }
        // No writer will complete this place: look for the next whole record behind it.
        let skipped = find_record(segment, self.last_sequence)
            .map_err(|error| JournalError::new("read", &path(), error))?;
        self.window.clear();
        match skipped {
            Some(position) => {
                segment.position = position;
                segment.damaged = true;
                Ok(Step::Advanced)
            }
            None => Ok(Step::SegmentEnded),
        }
    }

    /// Moves a damaged segment out of the way, for whoever wants to look into it.
    fn keep_damaged(&self, path: &std::path::Path) -> Result<(), JournalError> {
        // <data directory>/.paceline/journal/<project>/<nonce>/<number>.seg
        let own: PathBuf = path.ancestors().nth(5).map(own_folder).unwrap_or_default();
        let folder = own.join("damaged");
        create_private_folder(&folder).at("create", &folder)?;
        let name = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let kept = folder.join(format!(
            "{}-{}-{}.bad",
            self.journal.project,
            name(self.journal.path.file_name()),
            name(path.file_stem())
        ));
        ignore_missing(fs::rename(path, &kept)).at("keep", path)
    }
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

impl Window {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.start = 0;
    }

    /// Reads from the segment's position on: nothing but a length while there is no record, else a window,
    /// or one whole record when that is longer.
    fn fill(&mut self, segment: &OpenSegment) -> io::Result<()> {
        self.start = 0;
        self.read(segment, ALIGNMENT)?;
        let length = self.bytes.first_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize);
        match length {
            0 => Ok(()),
            // A damaged length may say anything, so no more than there is gets memory.
            length => self.read(segment, length.clamp(WINDOW_BYTES, LARGEST_RECORD_BYTES)),
        }
    }

    fn read(&mut self, segment: &OpenSegment, wanted: usize) -> io::Result<()> {
        self.bytes.resize(wanted, 0);
        let filled = segment.reader.read(segment.position, &mut self.bytes)?;
        self.bytes.truncate(filled);
        Ok(())
    }
}

/// The place of the next whole record behind the segment's position.
fn find_record(segment: &OpenSegment, last_sequence: Option<u64>) -> io::Result<Option<u64>> {
    let mut position = segment.position + ALIGNMENT as u64;
    let mut window = vec![0; WINDOW_BYTES];
    loop {
        window.resize(WINDOW_BYTES, 0);
        let filled = segment.reader.read(position, &mut window)?;
        window.truncate(filled);
        if filled < HEAD_BYTES {
            return Ok(None);
        }
        let found = (0..filled - HEAD_BYTES + 1)
            .step_by(ALIGNMENT)
            .find(|offset| matches!(read_place(&window[*offset..], last_sequence), Place::Record(_)));
        if let Some(offset) = found {
            return Ok(Some(position + offset as u64));
        }
        if filled < WINDOW_BYTES {
            return Ok(None);
        }
        // Windows overlap by half, so that a record across the border of one is inside the next.
        position += (WINDOW_BYTES / 2) as u64;
    }
}

#[cfg(test)]
mod tests;
