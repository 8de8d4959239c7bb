//! How a server gives memory back to the system: it answers small questions for days and large ones now and then.

/// Larger pieces are taken from the system one by one and given back at once; glibc's own measure would grow with the
/// largest answer so far, whose memory then stays.
#[cfg(target_env = "gnu")]
const LARGE_BYTES: i32 = 128 << 10;
/// Heaps that threads share; glibc would make up to eight for each processor, each with what it ever needed at once.
#[cfg(target_env = "gnu")]
const HEAPS: i32 = 2;

/// Must be called before the server starts its threads. Other allocators are left as they are.
pub(crate) fn give_back_early() {
    #[cfg(target_env = "gnu")]
    for (setting, value) in [
        (libc::M_ARENA_MAX, HEAPS),
        (libc::M_MMAP_THRESHOLD, LARGE_BYTES),
        (libc::M_TRIM_THRESHOLD, LARGE_BYTES),
    ] {
        #[allow(unsafe_code, reason = "the standard library has no settings of its allocator")]
        // SAFETY: it takes two numbers and may be called at any time.
        unsafe {
            libc::mallopt(setting, value);
        }
    }
}
