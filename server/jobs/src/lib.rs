//! Jobs: a command with its time, its log and its end, run by this machine or by Hugging Face.
//!
//! [`Backend`] is what both have in common: [`ThisMachine`] and [`HuggingFace`], whose wire is spoken by the crate of the Hub.
//! [`LocalJobs`] submits, lists and cancels; what it knows stands in files below `.paceline/jobs`, so that any process
//! of the directory's owner can answer, and none has to stay. Each job has a supervisor, a process in a session of its
//! own ([`supervise`]), which writes down what the job prints and how it ended while servers come and go. [`report()`] tells
//! a job together with the run that it logs into.

mod backend;
mod check;
mod command;
mod diagnosis;
mod fault;
mod folder;
mod hardware;
mod local;
mod log;
mod memory;
mod orders;
mod processes;
mod report;
mod supervisor;

pub use backend::{Backend, HuggingFace, ThisMachine};
pub use fault::JobFault;
pub use hardware::hardware;
pub use local::{LocalJobs, OWNER, Order, Script, Workshop};
pub use log::LogReader;
pub use orders::{UV_IMAGE, UvScript, resolved, timeout};
pub use report::{report, reports, usd_so_far};
pub use supervisor::supervise;
