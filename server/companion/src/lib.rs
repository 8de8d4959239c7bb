//! Brings what trainers have journaled to the tables, samples the machine, and watches the trainers end.
//!
//! One process does this for a data directory at a time: a companion that a trainer started, or a server.
//! Whoever it is holds the directory's lock, and may be killed at any moment: the journals are the truth.

mod detach;
mod drainer;
mod exit;
mod names;
mod open;
mod sampler;
mod service;

pub use drainer::drain_leftovers;
pub use open::open_run;
pub use service::{Background, run_standalone};
