//! Leaves the process that started us, so that neither its terminal nor its end reaches us, and we not its pace.

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

/// How much everything else on the machine goes first: a tenth of a processor is left where trainings take it all.
const NICENESS: i32 = 10;

/// Lets trainings go first wherever they and this process want the same processor. What the system does not
/// grant is done without.
pub(crate) fn give_way() {
    #[allow(unsafe_code, reason = "the standard library knows no priorities")]
    // SAFETY: it takes and returns numbers; zero is our own group, which holds this process alone since `detach`.
    unsafe {
        libc::setpriority(libc::PRIO_PGRP, 0, NICENESS);
    }
    // Where Linux shares processors between sessions first, niceness counts within ours only.
    let _ = std::fs::write("/proc/self/autogroup", NICENESS.to_string());
}

/// Closes standard output: whoever reads it has the whole answer now.
pub(crate) fn close_standard_output() -> io::Result<()> {
    let nowhere = OpenOptions::new().write(true).open("/dev/null")?;
    #[allow(unsafe_code, reason = "the standard library does not replace its own descriptors")]
    // SAFETY: both descriptors are open; output of ours goes nowhere from here on.
    let status = unsafe { libc::dup2(nowhere.as_raw_fd(), libc::STDOUT_FILENO) };
    if status == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
