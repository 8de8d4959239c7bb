//! Learns how a process that is not our child ended.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// It left with this status.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

/// A hold on a process that outlives it.
#[derive(Debug)]
pub(crate) struct ExitWatch {
    descriptor: OwnedFd,
}

/// The kernel's `struct pidfd_info` in its first version.
#[repr(C)]
#[derive(Debug, Default)]
struct PidfdInfo {
    mask: u64,
    cgroup_id: u64,
    /// pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid.
    identity: [u32; 11],
    exit_code: i32,
}

/// `PIDFD_GET_INFO`, `_IOWR(0xFF, 11, struct pidfd_info)`, Linux 6.13; the exit status is there from 6.15 on.
const PIDFD_GET_INFO: libc::c_ulong = 0xC040_FF0B;
const PIDFD_INFO_EXIT: u64 = 1 << 3;

impl ExitWatch {
    /// Takes hold of a live process; `None` where the kernel does not offer it or the process is gone.
    pub(crate) fn new(pid: u32) -> Option<Self> {
        #[allow(unsafe_code, reason = "the standard library watches only children")]
        // SAFETY: a plain system call; a descriptor it returns is ours alone.
        unsafe {
            let descriptor = libc::syscall(libc::SYS_pidfd_open, libc::c_long::from(pid), 0);
            let descriptor = libc::c_int::try_from(descriptor).ok().filter(|descriptor| *descriptor >= 0)?;
            Some(Self { descriptor: OwnedFd::from_raw_fd(descriptor) })
        }
    }

    /// How it ended; `None` while it lives, while its parent has not asked for its status, and on older
    /// kernels.
    pub(crate) fn status(&self) -> Option<ExitStatus> {
        let mut info = PidfdInfo { mask: PIDFD_INFO_EXIT, ..PidfdInfo::default() };
        #[allow(unsafe_code, reason = "see above")]
        // SAFETY: the structure has the size the request number names.
        let status = unsafe { libc::ioctl(self.descriptor.as_raw_fd(), PIDFD_GET_INFO, &raw mut info) };
        if status != 0 || info.mask & PIDFD_INFO_EXIT == 0 {
            return None;
        }
        // The form of wait(2).
        Some(match info.exit_code & 0x7f {
            0 => ExitStatus::Code(info.exit_code >> 8 & 0xff),
            signal => ExitStatus::Signal(signal),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn the_status_of_an_ended_process_is_learned() {
        let mut child = Command::new("sleep").arg("60").spawn().expect("sleep runs");
        let Some(watch) = ExitWatch::new(child.id()) else { panic!("the system has no pidfd") };
        assert_eq!(watch.status(), None, "it runs");
        child.kill().expect("ours");
        child.wait().expect("it ends");
        // Older kernels do not tell.
        assert!(matches!(watch.status(), Some(ExitStatus::Signal(libc::SIGKILL)) | None));
        let mut child = Command::new("sh").args(["-c", "exit 7"]).spawn().expect("sh runs");
        let watch = ExitWatch::new(child.id());
        child.wait().expect("it ends");
        assert!(matches!(watch.and_then(|watch| watch.status()), Some(ExitStatus::Code(7)) | None));
    }
}
