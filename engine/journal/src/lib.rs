//! Append-only journal segments: written inside trainers, drained by whoever serves the directory.
//!
//! ```text
//! <data directory>/.paceline/
//!   companion.lock                      held by the process that drains this directory
//!   wake                                a counter that a waiting trainer moves
//!   journal/<project>/<nonce>/          one run in one process
//!     owner                             who writes; locked for the life of the process
//!     drain                             locked by whoever commits
//!     00000001.seg, 00000002.seg …      records
//! ```
//!
//! A record is complete when its length and checksum are there; they are published by one store after the
//! body. Whatever a killed process has published is in the page cache and is read by the next opener.

pub mod drain;
mod error;
mod file_lock;
mod fork;
pub mod layout;
mod log_id;
pub mod owner;
pub mod process;
pub mod record;
mod segment;
mod spares;
pub mod wake;
mod writer;

pub use drain::{Checkpoint, Drain, Drained};
pub use error::JournalError;
pub use file_lock::FileLock;
pub use log_id::log_id;
pub use owner::Owner;
pub use writer::{Journal, Written};
