//! Brings what trainers have journaled to the tables or to the servers their runs name, samples the machine, and
//! watches the trainers end.
//!
//! One process does this for a data directory at a time: a companion that a trainer started, or a server.
//! Whoever it is holds the directory's lock, and may be killed at any moment: the journals are the truth.

mod detach;
mod drainer;
mod exit;
mod inbox;
mod journals;
mod log;
mod names;
mod open;
mod remote;
mod sampler;
mod service;
mod sink;
mod survey;
mod tracked;
mod webhooks;

pub use drainer::drain_leftovers;
pub use open::open_run;
pub use remote::{ArtifactRefusal, ServerReader, ServerRefusal, Told, ask_server_for_artifact};
pub use sampler::sample_machine;
pub use service::{Background, is_attended, run_standalone};
pub use webhooks::keep_webhook;
