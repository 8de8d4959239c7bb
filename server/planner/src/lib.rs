//! Training plans, pure: what a dataset serves, which method, weights, machine and batch, how long and for how much.
//!
//! [`plan()`] answers for a model and a number of rows, every number with its source; [`inspect`] says what a dataset serves. Nothing here reads a file,
//! asks the network or knows the time: facts come in as values. The types that leave stand in
//! `paceline_schema::plan`.

pub mod adapters;
pub mod choice;
pub mod cost;
mod dataset;
mod error;
pub mod group;
pub mod hardware;
pub mod memory;
pub mod model;
pub mod packing;
mod plan;
mod preflight;
mod rewards;
mod script;
pub mod steps;

pub use choice::Wishes;
pub use dataset::{LONGEST_NAME, MOST_COLUMNS, Sample, inspect};
pub use error::PlanError;
pub use hardware::{FLAVORS, Flavor, flavor};
pub use model::{ModelFacts, parameters_in_head, parameters_of, parse_size, weight_files};
pub use plan::{COMPLETION_TOKENS, MAX_LENGTH, PriceNow, Request, check_rows, plan};
pub use preflight::{ModelPlace, Output, Owner, PreflightFacts, preflight};
pub use script::{Places, Rows, script};
