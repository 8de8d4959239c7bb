//! How much time and memory a statement may take.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// Bytes SQLite may hold more than at the start. Sorting goes to temporary files long before.
const MEMORY_LIMIT_BYTES: i64 = 256 << 20;

/// What a statement may take, and what it took too much of.
pub(super) struct Budget {
    deadline: Instant,
    limit: Duration,
    /// Of all connections of the process: SQLite counts them together.
    memory_at_start: i64,
    spent_on: AtomicU8,
}

const NOTHING: u8 = 0;
const TIME: u8 = 1;
const MEMORY: u8 = 2;

impl Budget {
    /// Begins now.
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            deadline: Instant::now() + limit,
            limit,
            memory_at_start: memory_used(),
            spent_on: AtomicU8::new(NOTHING),
        }
    }

    /// Whether the statement has to end.
    pub(super) fn is_spent(&self) -> bool {
        if Instant::now() >= self.deadline {
            self.spent_on.store(TIME, Ordering::Relaxed);
        } else if memory_used() - self.memory_at_start > MEMORY_LIMIT_BYTES {
            self.spent_on.store(MEMORY, Ordering::Relaxed);
        }
        self.spent_on.load(Ordering::Relaxed) != NOTHING
    }

    /// Why it had to end, if it had to.
    pub(super) fn spent_on(&self) -> Option<String> {
        match self.spent_on.load(Ordering::Relaxed) {
            NOTHING => None,
            TIME => Some(format!("the statement takes longer than {} seconds", self.limit.as_secs_f64())),
            _ => Some(format!("the statement needs more than {} MiB of memory", MEMORY_LIMIT_BYTES >> 20)),
        }
    }
}

fn memory_used() -> i64 {
    #[expect(unsafe_code, reason = "the function has no safe form; it takes nothing and reads a counter")]
    unsafe {
        rusqlite::ffi::sqlite3_memory_used()
    }
}
