//! The runtime embedded in a trainer: encode, append, start the companion. No Python, no SQLite, no network.
//!
//! A [`Recorder`] is one run in one process. What it is told stands in the journal before the call returns;
//! the companion, a process of its own, brings it to the tables.

mod companion;
mod last_values;
mod recorder;

pub use companion::{Companion, CompanionError};
pub use last_values::LastValues;
pub use paceline_journal::Written;
pub use paceline_journal::process::current as current_process;
pub use paceline_journal::record::Body;
pub use recorder::{FinishReport, Recorder, RunOptions};
