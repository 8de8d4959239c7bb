//! The writing end of a journal: one run in one process.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use paceline_schema::event::RunKey;
use paceline_schema::{Destination, RunStart};

use crate::drain::delivery_problem;
use crate::error::JournalError;
use crate::fork;
use crate::record::{HEAD_BYTES, Kind, encode_head, record_bytes};
use crate::segment::Segment;
use crate::spares::Spares;

/// Rows kept in memory while no segment can be made, a full disk for instance: about 230,000 of ten metrics.
const OVERFLOW_LIMIT_BYTES: usize = 64 << 20;
/// A segment that fills sooner than this asks for more and larger ones.
const FAST_SEGMENT: Duration = Duration::from_secs(1);

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It stands in a segment and survives the process.
    Journaled,
    /// No segment can be made now; it is in memory and goes to one as soon as there is room.
    Held,
    /// Neither a segment nor memory had room.
    Dropped,
}

/// Appends the records of one run. Not for use in a forked child: see [`Journal::is_inherited`].
#[derive(Debug)]
pub struct Journal {
    spares: Spares,
    active: Option<Segment>,
    active_since: Instant,
    overflow: Overflow,
    sequence: u64,
    last_time_us: i64,
    generation: u64,
}

#[derive(Debug, Default)]
struct Overflow {
    records: VecDeque<(Kind, [u8; HEAD_BYTES], Box<[u8]>)>,
    bytes: usize,
    dropped: u64,
}

impl Journal {
    /// Begins the journal of `run` under the data directory. `start` says that the end of this process is
    /// the end of the run, and is the first record; a forked child has none. `destination` is the server the
    /// records go to, if they go to one. Never fails: what cannot be
    /// journaled yet is held in memory, and [`Journal::problem`] says why.
    #[must_use]
    pub fn create(
        directory: &std::path::Path,
        project: &str,
        run: &RunKey,
        start: Option<&RunStart>,
        destination: Option<&Destination>,
    ) -> Self {
        let spares = Spares::start(directory, project, run, start, destination);
        let active = spares.take();
        let mut journal = Self {
            spares,
            active,
            active_since: Instant::now(),
            overflow: Overflow::default(),
            sequence: 0,
            last_time_us: 0,
            generation: fork::generation(),
        };
        // A structure of strings and numbers always has a JSON form.
        if let Some(body) = start.and_then(|start| serde_json::to_vec(start).ok()) {
            journal.append(Kind::Start, 0, &body);
        }
        journal
    }

    /// This process is a forked child and the journal is its parent's: forget it, do not drop it.
    #[must_use]
    pub fn is_inherited(&self) -> bool {
        self.generation != fork::generation()
    }

    /// Appends a record that is stamped with the time of the call.
    #[inline]
    pub fn append(&mut self, kind: Kind, step: i64, body: &[u8]) -> Written {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64);
        // Ids are made of the time and must ascend, also when the clock is set back.
        self.last_time_us = now.max(self.last_time_us);
        self.sequence += 1;
        let head = encode_head(self.sequence, kind, self.last_time_us, step, body);
        if self.overflow.records.is_empty()
            && let Some(active) = &mut self.active
            && active.has_room(body)
            && active.append(&head, body).is_ok()
        {
            return Written::Journaled;
        }
        self.append_slowly(kind, head, body)
    }

    #[cold]
    fn append_slowly(&mut self, kind: Kind, head: [u8; HEAD_BYTES], body: &[u8]) -> Written {
        self.flush_overflow();
        if self.overflow.records.is_empty() && self.place(&head, body) {
            return Written::Journaled;
        }
        self.overflow.push(kind, head, body)
    }

    /// Moves records from memory to segments, as far as there is room now; `true` when none is left.
    pub fn flush_overflow(&mut self) -> bool {
        while let Some((kind, head, body)) = self.overflow.records.pop_front() {
            if !self.place(&head, &body) {
                self.overflow.records.push_front((kind, head, body));
                return false;
            }
            self.overflow.bytes -= record_bytes(&body);
        }
        true
    }

    /// Puts a record into the active segment, or the next one when it is full.
    fn place(&mut self, head: &[u8; HEAD_BYTES], body: &[u8]) -> bool {
        if let Some(active) = &mut self.active {
            if active.has_room(body) {
                return active.append(head, body).is_ok();
            }
            if self.active_since.elapsed() < FAST_SEGMENT {
                self.spares.expect_many();
            }
        }
        let Some(mut next) = self.next_segment(body) else { return false };
        let placed = next.append(head, body).is_ok();
        if let Some(full) = self.active.replace(next) {
            full.seal();
            self.spares.retire(full);
        }
        self.active_since = Instant::now();
        placed
    }

    fn next_segment(&self, body: &[u8]) -> Option<Segment> {
        let next = self.spares.take()?;
        if next.has_room(body) {
            return Some(next);
        }
        next.seal();
        self.spares.retire(next);
        self.spares.take_large(record_bytes(body))
    }

    /// Every record so far is committed by the drainer.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        // Segments are drained in order, so the active one tells for all.
        self.overflow.records.is_empty()
            && self.active.as_ref().is_none_or(|active| active.done() >= active.end())
    }

    /// Bytes of the active segment the drainer has committed, to see whether it makes progress.
    #[must_use]
    pub fn drained_mark(&self) -> (u32, u64) {
        self.active.as_ref().map_or((0, 0), |active| (active.number, active.done()))
    }

    /// Time of the newest record, microseconds since 1970.
    #[must_use]
    pub fn last_time_us(&self) -> i64 {
        self.last_time_us
    }

    /// Rows held in memory now, and rows dropped for want of room since the start.
    #[must_use]
    pub fn overflow(&self) -> (usize, u64) {
        let held = self.overflow.records.iter().filter(|(kind, ..)| *kind == Kind::Row).count();
        (held, self.overflow.dropped)
    }

    /// Why the drainer cannot bring records to the tables at the moment.
    #[must_use]
    pub fn delivery_problem(&self) -> Option<String> {
        delivery_problem(&self.spares.folder()?)
    }

    /// Why segments cannot be made at the moment.
    #[must_use]
    pub fn problem(&self) -> Option<Arc<JournalError>> {
        self.spares.problem()
    }
}

impl Overflow {
    fn push(&mut self, kind: Kind, head: [u8; HEAD_BYTES], body: &[u8]) -> Written {
        let bytes = record_bytes(body);
        if self.bytes + bytes > OVERFLOW_LIMIT_BYTES {
            self.dropped += u64::from(kind == Kind::Row);
            return Written::Dropped;
        }
        self.bytes += bytes;
        self.records.push_back((kind, head, body.into()));
        Written::Held
    }
}
