//! The memory that runs take which are not stored, counted over all projects of a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What may be taken, and what is.
#[derive(Debug)]
pub(crate) struct SeriesMemory {
    limit_bytes: usize,
    used_bytes: AtomicUsize,
}

impl SeriesMemory {
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, used_bytes: AtomicUsize::default() }
    }

    pub(crate) fn limit_bytes(&self) -> usize {
        self.limit_bytes
    }

    /// More is taken than may be.
    pub(crate) fn is_over(&self) -> bool {
        self.used_bytes.load(Ordering::Relaxed) > self.limit_bytes
    }
}

/// What one run takes; given back when it goes.
#[derive(Debug, Default)]
pub(crate) struct Share {
    bytes: usize,
    of: Option<Arc<SeriesMemory>>,
}

impl Share {
    /// It takes so much now.
    pub(crate) fn set(&mut self, memory: &Arc<SeriesMemory>, bytes: usize) {
        self.give_back();
        memory.used_bytes.fetch_add(bytes, Ordering::Relaxed);
        *self = Self { bytes, of: Some(Arc::clone(memory)) };
    }

    fn give_back(&mut self) {
        if let Some(memory) = self.of.take() {
            memory.used_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.give_back();
    }
}
