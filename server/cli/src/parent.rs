//! A server that a program started for itself ends with that program, however it ends.

use std::io;
use std::os::unix::process::parent_id;
use std::thread;
use std::time::Duration;

use paceline_http::Stopper;

/// How soon after its parent the server ends.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// Stops the server once `parent` is no longer the parent of this process.
///
/// The kernel's own signal for this comes when the thread that started the process ends, which in an
/// interpreter is not the end of the program.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn end_with(parent: u32, stopper: Stopper) -> io::Result<()> {
    thread::Builder::new().name("paceline-parent".to_owned()).spawn(move || {
        while parent_id() == parent {
            thread::sleep(LOOK_INTERVAL);
        }
        stopper.stop();
    })?;
    Ok(())
}
