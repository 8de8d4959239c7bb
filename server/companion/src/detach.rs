//! Leaves the process that started us, so that neither its terminal nor its end reaches us.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::AsRawFd;

/// Goes on in a child of its own session; the process itself ends here, with status 0.
///
/// Must be called while the process has one thread.
///
/// # Errors
/// When the system cannot fork.
pub(crate) fn detach() -> io::Result<()> {
    #[allow(unsafe_code, reason = "the standard library does not fork")]
    // SAFETY: there is one thread, so the child may go on as any process; the parent leaves at once,
    // without running exit handlers that are the child's.
    unsafe {
        match libc::fork() {
            -1 => return Err(io::Error::last_os_error()),
            0 => {}
            _ => libc::_exit(0),
        }
        libc::setsid();
    }
    // A working directory keeps its file system from being unmounted.
    std::env::set_current_dir("/")
}

/// Closes standard output: whoever reads it has the whole answer now.
pub(crate) fn close_standard_output() -> io::Result<()> {
    let nowhere = OpenOptions::new().write(true).open("/dev/null")?;
    #[allow(unsafe_code, reason = "the standard library does not replace its own descriptors")]
    // SAFETY: both descriptors are open; output of ours goes nowhere from here on.
    let status = unsafe { libc::dup2(nowhere.as_raw_fd(), libc::STDOUT_FILENO) };
    if status == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
