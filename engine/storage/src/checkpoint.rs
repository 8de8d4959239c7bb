//! Moving the write-ahead log into the file, on a thread beside the one that writes.

use std::cell::Cell;
use std::io;
use std::thread::JoinHandle;

use rusqlite::Connection;

use crate::connection::open_to_checkpoint;
use crate::error::Location;

/// So many pages are added to the log before it is moved into the file again: 16 MB.
const PAGES_BETWEEN: i32 = 4_000;
/// The log begins anew only when all of it was moved, which never happens beside a writer that goes on and on:
/// from this length the writer itself moves the little that is left.
const LONGEST_LOG_PAGES: i32 = 16_000;
const STACK_BYTES: usize = 256 * 1024;

thread_local! {
    /// Pages in the log after the last commit of this thread's connection.
    static PAGES_IN_LOG: Cell<i32> = const { Cell::new(0) };
}

/// What a writer does about its log. SQLite would move it within a commit, while the callers wait.
pub(crate) struct Checkpoints {
    location: Location,
    /// Length of the log when it was last moved.
    moved_at_pages: i32,
    beside: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Takes over from SQLite on this connection, which must be the only one that its thread writes to.
    pub(crate) fn take_over(connection: &Connection, location: &Location) -> Self {
        PAGES_IN_LOG.set(0);
        connection.wal_hook(Some(|_, pages| {
            PAGES_IN_LOG.set(pages);
            Ok(())
        }));
        Self { location: location.clone(), moved_at_pages: 0, beside: None }
    }

    /// Begins to move the log if it has grown enough. To be called between commits, when nobody waits.
    pub(crate) fn tend(&mut self, connection: &Connection) {
        let pages = PAGES_IN_LOG.get();
        if pages < self.moved_at_pages {
            self.moved_at_pages = 0;
        }
        let is_long = pages >= LONGEST_LOG_PAGES;
        let is_due = pages - self.moved_at_pages >= PAGES_BETWEEN
            || (is_long && self.moved_at_pages < LONGEST_LOG_PAGES);
        let is_moving = self.beside.as_ref().is_some_and(|thread| !thread.is_finished());
        if !is_due || (is_moving && !is_long) {
            return;
        }
        self.moved_at_pages = pages;
        self.wait();
        if !is_long {
            self.beside = self.move_beside().ok();
        }
        if self.beside.is_none() {
            report(&self.location, move_log(connection));
        }
    }

    /// Waits for the thread beside, if there is one.
    fn wait(&mut self) {
        if let Some(thread) = self.beside.take() {
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
    }

    fn move_beside(&self) -> io::Result<JoinHandle<()>> {
        let location = self.location.clone();
        std::thread::Builder::new().name("paceline-checkpoint".into()).stack_size(STACK_BYTES).spawn(
            move || {
                let moved = open_to_checkpoint(&location).and_then(|connection| move_log(&connection));
                report(&location, moved);
            },
        )
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.wait();
    }
}

/// Moves as much as readers let it, without waiting for them.
fn move_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// What fails is tried again when the log has grown further.
fn report(location: &Location, moved: rusqlite::Result<()>) {
    if let Err(error) = moved {
        tracing::debug!(project = location.project, %error, "the log is not moved into the file");
    }
}
