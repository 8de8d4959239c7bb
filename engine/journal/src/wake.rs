//! A counter in shared memory that a waiting trainer moves, so that the drainer looks at once.

use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::layout::{create_private_folder, open_private, own_folder, wake_file};

const FILE_BYTES: usize = 4096;

/// The doorbell of a data directory.
#[derive(Debug)]
pub struct Wake {
    start: *mut libc::c_void,
}

#[allow(unsafe_code, reason = "the mapping holds one atomic word")]
// SAFETY: all access goes through the atomic.
unsafe impl Send for Wake {}
#[allow(unsafe_code, reason = "the mapping holds one atomic word")]
// SAFETY: all access goes through the atomic.
unsafe impl Sync for Wake {}

impl Wake {
    /// Opens the doorbell, made when missing.
    ///
    /// # Errors
    /// When the file cannot be made or mapped; waiting then has to rely on time-outs.
    pub fn open(directory: &Path) -> io::Result<Self> {
        create_private_folder(&own_folder(directory))?;
        let file = open_private(&wake_file(directory))?;
        file.set_len(FILE_BYTES as u64)?;
        #[allow(unsafe_code, reason = "two processes share one word only through a mapping")]
        // SAFETY: a fresh mapping of a file that is long enough.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                FILE_BYTES,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if start == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(Self { start }) }
    }

    /// Wakes whoever waits.
    pub fn ring(&self) {
        self.word().fetch_add(1, Ordering::Release);
        self.futex(libc::FUTEX_WAKE, i32::MAX as u32, std::ptr::null());
    }

    /// The counter as it stands; read it before looking for work, so that no ring is missed.
    #[must_use]
    pub fn value(&self) -> u32 {
        self.word().load(Ordering::Acquire)
    }

    /// Waits until the counter differs from `seen`, or the time is over.
    pub fn wait(&self, seen: u32, timeout: Duration) {
        let timeout = libc::timespec {
            tv_sec: timeout.as_secs() as libc::time_t,
            tv_nsec: timeout.subsec_nanos().into(),
        };
        self.futex(libc::FUTEX_WAIT, seen, &raw const timeout);
    }

    fn futex(&self, operation: libc::c_int, value: u32, timeout: *const libc::timespec) {
        #[allow(unsafe_code, reason = "the standard library's waits do not cross processes")]
        // SAFETY: the word lives as long as `self`; every result, a spurious return included, is fine.
        unsafe {
            libc::syscall(libc::SYS_futex, self.start, operation, value, timeout, std::ptr::null::<u32>(), 0);
        }
    }

    fn word(&self) -> &AtomicU32 {
        #[allow(unsafe_code, reason = "see above")]
        // SAFETY: the mapping is page-aligned and all processes use the word atomically.
        unsafe {
            AtomicU32::from_ptr(self.start.cast())
        }
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        #[allow(unsafe_code, reason = "see above")]
        // SAFETY: the mapping is ours and nothing refers to it any more.
        unsafe {
            libc::munmap(self.start, FILE_BYTES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_ring_ends_the_wait() {
        let folder = tempfile::tempdir().expect("a folder");
        let (waiter, ringer) =
            (Wake::open(folder.path()).expect("opens"), Wake::open(folder.path()).expect("opens"));
        let seen = waiter.value();
        ringer.ring();
        let begun = Instant::now();
        waiter.wait(seen, Duration::from_secs(30));
        assert!(begun.elapsed() < Duration::from_secs(10));
        assert_eq!(waiter.value(), seen.wrapping_add(1));
    }
}
