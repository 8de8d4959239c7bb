//! Tells a forked child that the journal it holds is its parent's.
//!
//! A child inherits descriptors, and with them the owner's lock, but neither the mappings (they are marked
//! so) nor the threads. Forks made in C are seen as well as Python's, since the C library calls us.

use std::os::fd::RawFd;
use std::sync::Once;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

/// How many forks lie between this process and the one that loaded the library.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// Descriptors a child must close, so that a dead parent's locks do not live on in it. Runs that are open
/// at once in one process are few; beyond these the child keeps a lock until it ends.
const TRACKED: usize = 256;
static DESCRIPTORS: [AtomicI32; TRACKED] = [const { AtomicI32::new(-1) }; TRACKED];

/// The generation of this process.
pub(crate) fn generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

/// Closes `descriptor` in children that are forked while the guard lives.
#[derive(Debug)]
pub(crate) struct CloseInChild {
    slot: Option<usize>,
}

impl CloseInChild {
    pub(crate) fn new(descriptor: RawFd) -> Self {
        static REGISTER: Once = Once::new();
        REGISTER.call_once(|| {
            #[allow(unsafe_code, reason = "the C library's fork hook has no safe form")]
            // SAFETY: `in_child` only touches atomics and calls `close`, both allowed after fork.
            unsafe {
                libc::pthread_atfork(None, None, Some(in_child));
            }
        });
        let slot = DESCRIPTORS.iter().position(|slot| {
            slot.compare_exchange(-1, descriptor, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        });
        Self { slot }
    }
}

impl Drop for CloseInChild {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            DESCRIPTORS[slot].store(-1, Ordering::Relaxed);
        }
    }
}

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    for slot in &DESCRIPTORS {
        let descriptor = slot.swap(-1, Ordering::Relaxed);
        if descriptor >= 0 {
            #[allow(
                unsafe_code,
                reason = "the owner of the descriptor is forgotten in the child, never dropped"
            )]
            // SAFETY: the descriptor was open in the parent and nothing in the child uses it: writers of
            // another generation are forgotten before they are touched.
            unsafe {
                libc::close(descriptor);
            }
        }
    }
}
