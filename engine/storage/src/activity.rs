//! What this process has stored and how often it waited for others, counted since it began.

use std::sync::atomic::{AtomicU64, Ordering};

static ROWS_STORED: AtomicU64 = AtomicU64::new(0);
static ROWS_DUPLICATE: AtomicU64 = AtomicU64::new(0);
static LOCK_WAITS: AtomicU64 = AtomicU64::new(0);

/// Counts over all projects of this process; each only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Rows that were committed.
    pub rows_stored: u64,
    /// Rows that were there already, by their `log_id`.
    pub rows_duplicate: u64,
    /// Times a file was found locked by another connection and was asked for again.
    pub lock_waits: u64,
}

/// The counts now.
#[must_use]
pub fn activity() -> Activity {
    Activity {
        rows_stored: ROWS_STORED.load(Ordering::Relaxed),
        rows_duplicate: ROWS_DUPLICATE.load(Ordering::Relaxed),
        lock_waits: LOCK_WAITS.load(Ordering::Relaxed),
    }
}

pub(crate) fn count_rows(stored: u64, duplicate: u64) {
    ROWS_STORED.fetch_add(stored, Ordering::Relaxed);
    ROWS_DUPLICATE.fetch_add(duplicate, Ordering::Relaxed);
}

pub(crate) fn count_lock_wait() {
    LOCK_WAITS.fetch_add(1, Ordering::Relaxed);
}
