//! Every read use case: projects, runs, status with ETA, series, rows.
//!
//! Transports call [`Engine`] and nothing below it. Status and lists are made from the heads of the runs
//! and never read rows; what depends on the time of asking is a pure function of heads, record and clock.

mod alerts;
mod artifacts;
mod changes;
mod condition;
mod earlier_runs;
mod engine;
mod error;
mod eta;
mod findings;
mod level;
mod m4;
mod many_runs;
mod moments;
mod overview;
mod projects;
mod rows;
mod runs;
mod sentence;
mod series;
mod sql;
mod state;
mod status;
mod thin;
mod thinned;
mod totals;
mod traces;
mod trend;

pub use changes::{Changes, Place};
pub use condition::Condition as WaitCondition;
pub use engine::Engine;
pub use error::QueryError;
pub use overview::{ProjectContents, RunMention, RunOverview};
pub use sentence::{duration, figure};
pub use thinned::ThinRequest;
